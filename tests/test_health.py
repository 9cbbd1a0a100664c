"""What a watcher is told: the process lives; what it stands on answers."""

import socket
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from dlonsc import health
from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State
from tests import factories

Usage = namedtuple("Usage", "total used free")


def letter(key: str, minutes_ago: int, state: State = State.QUEUED, edition: str = "") -> Message:
    not_before = timezone.now() - timedelta(minutes=minutes_ago)
    return Message.objects.create(
        key=key,
        edition=edition,
        kind="test",
        to_email="ada@uni.example",
        subject="s",
        text="t",
        state=state,
        not_before=not_before,
    )


def test_healthz_asks_nothing_but_the_process(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_says_ok_when_everything_answers(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["state"]) == (200, "ok")
    assert response.json()["letters"] == "ok: leave in time"


@pytest.mark.django_db
def test_letters_that_wait_too_long_are_told_but_visitors_may_come(client: Client) -> None:
    letter("new", 1)
    letter("old", 20)
    letter("held", 60, State.HELD)
    letter("sent", 60, State.SENT)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["state"]) == (200, "care")
    assert response.json()["letters"] == "care: some have waited for more than 15 minutes"


@pytest.mark.django_db
@pytest.mark.parametrize("pause", [{"edition": "dlonsc-2026"}, {}])
def test_a_chair_who_lets_letters_wait_does_not_read_whether_there_is_one_that_she_may_not_know_of(
    client: Client, pause: dict[str, str]
) -> None:
    ledger.pause(by="A chair in conflict", at=timezone.now(), **pause)
    before = client.get("/readyz").content
    letter("hidden", 20, edition="dlonsc-2026")
    assert client.get("/readyz").content == before


@pytest.mark.django_db
def test_nor_does_who_uses_up_the_letters_of_a_day(client: Client, settings: Any) -> None:
    settings.MAIL_PER_DAY = 1
    now = timezone.now()
    Message.objects.create(key="hers", to_email="ada@uni.example", subject="s", state=State.SENT, handed_over_at=now)
    before = client.get("/readyz").content
    letter("hidden", 20)
    assert client.get("/readyz").content == before


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.HANDED_OVER])
@pytest.mark.parametrize("kept", [{"edition": "dlonsc-2026"}, {}, None])
def test_nor_once_letters_leave_again(client: Client, settings: Any, state: State, kept: dict[str, str] | None) -> None:
    now = timezone.now()
    minutes = [now - timedelta(minutes=minute) for minute in (30, 1)]
    if kept is None:
        # The day's limit was used up a day ago.
        settings.MAIL_PER_DAY = 1
        sent = {"state": State.SENT, "handed_over_at": minutes[1] - timedelta(days=1)}
        Message.objects.create(key="hers", to_email="ada@uni.example", subject="s", **sent)
    else:
        ledger.pause(by="A chair in conflict", at=minutes[0], **kept)
        ledger.resume(by="A chair in conflict", at=minutes[1], **kept)
    before = client.get("/readyz").content
    hidden = letter("hidden", 20, state, edition="dlonsc-2026")
    Message.objects.filter(pk=hidden.pk).update(lease_until=now + timedelta(minutes=1))
    assert client.get("/readyz").content == before


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.GATHERED, State.SENDING, State.HANDED_OVER])
def test_a_letter_whose_worker_is_gone_or_that_nobody_collects_is_told(client: Client, state: State) -> None:
    row = letter("stuck", 20, state)
    Message.objects.filter(pk=row.pk).update(lease_until=row.not_before)
    assert client.get("/readyz").json()["state"] == "care"


@pytest.mark.django_db
def test_a_letter_for_later_is_not_waiting(client: Client) -> None:
    letter("tomorrow", -24 * 60)
    assert client.get("/readyz").json()["letters"] == "ok: leave in time"


@pytest.mark.django_db
def test_a_broker_that_is_down_is_care_not_down(client: Client, settings: Any, closed_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{closed_port}/0"  # type: ignore[attr-defined]
    response = client.get("/readyz")
    assert (response.status_code, response.json()["state"]) == (200, "care")
    assert response.json()["broker"] == "care: ConnectionError: letters and checks wait for the sweeper"


@pytest.mark.django_db
def test_a_full_disk_sends_visitors_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda folder: Usage(10**12, 10**12, 100 * 1024 * 1024))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["disk"]) == (503, "down: less than 500 MB free")


@pytest.mark.django_db
def test_everybody_may_ask_and_nobody_learns_what_others_upload(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for free in (7 * 10**9, 6 * 10**9):
        monkeypatch.setattr(health.shutil, "disk_usage", lambda folder, free=free: Usage(10**12, 10**12 - free, free))
        said.append(client.get("/readyz").content)
    assert said[0] == said[1]


@pytest.mark.django_db
def test_files_that_cannot_be_written_send_visitors_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "not" / "yet")  # type: ignore[attr-defined]
    asked: list[Path] = []
    monkeypatch.setattr(health.os, "access", lambda folder, mode: asked.append(folder) is not None)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["disk"]) == (503, "down: files cannot be written")
    assert asked == [tmp_path]


@pytest.mark.django_db
def test_a_database_that_is_down_sends_visitors_away(client: Client, broken_database: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "down: OperationalError"
    assert response.json()["letters"] == "down: the ledger does not answer"


@pytest.fixture
def broken_database(db: None) -> Iterator[None]:
    def refuse(*arguments: object) -> None:
        raise OperationalError("the server is away")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def words_of(client: Client, user: User) -> str:
    client.force_login(user)
    return " ".join(client.get("/health/").content.decode().split())


@pytest.mark.django_db
def test_the_page_says_what_the_nightly_job_found_without_naming_anything(client: Client, chair: Membership) -> None:
    now = timezone.now()
    assert "not asked yet" in words_of(client, chair.user)
    record("invariants_checked", by_id=None, by="nightly job", at=now - timedelta(days=3), detail={"breaches": 0})
    assert "all hold, but that is long ago" in words_of(client, chair.user)
    record("invariants_checked", by_id=None, by="nightly job", at=now - timedelta(hours=3), detail={"breaches": 0})
    page = words_of(client, chair.user)
    assert "<strong>Fine:</strong> asked" in page
    assert "long ago" not in page
    record("invariants_checked", by_id=None, by="nightly job", at=now, detail={"breaches": 2})
    assert "not all hold" in words_of(client, chair.user)


@pytest.mark.django_db
def test_the_page_is_for_chairs_and_administrators(client: Client, reviewer: Membership) -> None:
    client.force_login(reviewer.user)
    assert client.get("/health/").status_code == 404
    client.force_login(factories.make_user("root@workshop.example", is_superuser=True))
    assert client.get("/health/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("own", "<strong>Fine:</strong> answers; reads files without descriptors of its own and in a network without"),
        (
            "ours",
            "<strong>Fine:</strong> answers; reads files without descriptors of its own; this system allows it no",
        ),
        ("unknown", "<strong>Needs care:</strong> cannot be started: uploads wait for their check"),
    ],
)
def test_the_page_says_how_pdfs_are_read(
    client: Client, chair: Membership, monkeypatch: pytest.MonkeyPatch, network: str, words: str
) -> None:
    monkeypatch.setattr(health, "network_of_the_reader", lambda: network)
    assert words in words_of(client, chair.user)
