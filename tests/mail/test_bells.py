"""Bells only hurry; commands and tasks call the functions behind them."""

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import OperationalError
from django.core.management import CommandError, call_command

from dlonsc.mail import post as post_room
from dlonsc.mail.models import Message, Pause, State
from dlonsc.mail.post import Letterhead, post
from dlonsc.mail.tasks import deliver, sweep
from reviews.tasks import remind
from tests.factories import AT

HEAD = Letterhead(edition="dlonsc-2026", site_url="https://x")


def write(number: int, **words: Any) -> Message | None:
    return post(
        key=f"k{number}",
        to_email=f"p{number}@uni.example",
        letter="reviews/emails/unassigned",
        context={},
        head=HEAD,
        at=AT,
        **words,
    )


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """The numbers of the letters that a bell was rung for."""
    settings.RING_DOORBELLS = True
    heard: list[int] = []
    monkeypatch.setattr(deliver, "delay", heard.append)
    monkeypatch.setattr(post_room, "_silent_until", 0.0)
    return heard


@pytest.mark.django_db
def test_a_bell_is_rung_after_the_fact_is_committed_and_not_for_held_letters(
    rung: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = write(1)
        write(2, held_until=AT)
        write(1)
        before = list(rung)
    assert first is not None
    assert (before, rung) == ([], [first.pk])


@pytest.mark.django_db
def test_a_broker_that_is_down_is_asked_once_and_the_letters_stand(
    rung: list[int], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[int] = []

    def down(number: int) -> None:
        asked.append(number)
        raise OperationalError("nobody there")

    monkeypatch.setattr(deliver, "delay", down)
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(30):
            write(number)
    assert (len(asked), Message.objects.filter(state=State.QUEUED).count()) == (1, 30)


@pytest.mark.django_db
def test_the_tasks_deliver_one_letter_or_all(settings: Any) -> None:
    settings.MAIL_URL = ""
    first = write(1)
    write(2)
    assert first is not None
    deliver(first.pk)
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "queued"]
    sweep()
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "sent"]
    remind()
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_after_a_restore_what_was_written_before_the_backup_is_kept_back_by_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(4):
        write(number)
    later = AT + timedelta(hours=1)
    Message.objects.filter(key__endswith="3").update(created_at=later)
    Message.objects.filter(key__endswith="0").update(state=State.SENT)
    call_command("outbox", "pause", "--reason", "restored")
    for words in ([], ["--yes", "--edition", "other"], ["--yes"]):
        call_command("outbox", "cancel", "--before", "2026-03-01T13:00", *words)
    said = capsys.readouterr().out
    assert said.count("      2 unassigned\n") == 2
    assert "Nothing was changed." in said
    assert said.endswith("      2 unassigned\n2 letters cancelled.\n")
    found = list(Message.objects.order_by("key").values_list("state", flat=True))
    assert found == [State.SENT, State.CANCELLED, State.CANCELLED, State.QUEUED]
    assert Message.objects.order_by("key")[1].answer == (
        "cancelled by the administrator: written before 2026-03-01 13:00 UTC"
    )
    with pytest.raises(CommandError, match="Say --before with an instant"):
        call_command("outbox", "cancel")


@pytest.mark.django_db
def test_the_outbox_is_paused_looked_at_and_resumed_by_hand(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.MAIL_URL = ""
    write(1)
    call_command("outbox", "pause", "--reason", "restored from a backup")
    call_command("outbox", "pause")
    call_command("outbox", "drain")
    call_command("outbox", "status")
    said = capsys.readouterr().out
    assert (Pause.objects.count(), Message.objects.get().state) == (1, State.QUEUED)
    assert "      1 Queued\n" in said
    assert "restored from a backup (the administrator)" in said
    call_command("outbox", "resume")
    call_command("outbox", "resume")
    call_command("outbox", "drain")
    assert capsys.readouterr().out == "Resumed.\nIt was not paused.\n1 letters tried\n"
    assert Message.objects.get().state == State.SENT
