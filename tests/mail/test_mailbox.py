"""Returned letters are fetched from a mailbox: each is read once, nothing is deleted, no fault stops the next poll."""

import logging
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from dlonsc.mail import bounces, mailbox
from dlonsc.mail.mailbox import Mailbox, poll
from dlonsc.mail.models import Message, State
from dlonsc.mail.tasks import poll_mailbox
from tests.factories import AT
from tests.mail.conftest import speaking
from tests.mail.imapserver import MailboxServer, holding
from tests.mail.test_bounces import report

CHAT = b"From: her@uni.example\r\nTo: us@workshop.example\r\nSubject: Hello\r\n\r\nWhen is the deadline?\r\n"


@pytest.fixture
def letters(db: None) -> list[Message]:
    return [
        Message.objects.create(
            key=f"k{number}",
            kind="decision",
            to_email=f"p{number}@uni.example",
            subject="s",
            text="t",
            state=State.SENT,
            return_token=f"{number:032x}",
            created_at=AT,
        )
        for number in range(3)
    ]


def returned(number: int) -> bytes:
    return report(to=f"us+{number:032x}@workshop.example")


def url_of(server: MailboxServer, scheme: str = "imap", folder: str = "INBOX", key: str = "secret") -> str:
    return f"{scheme}://us%40workshop.example:{key}@127.0.0.1:{server.server_address[1]}/{folder}"


def states() -> list[str]:
    return list(Message.objects.order_by("key").values_list("state", flat=True))


def test_reports_are_read_marked_as_seen_and_read_once(letters: list[Message]) -> None:
    with holding(returned(0), CHAT, returned(2)) as server:
        first, second = poll(url_of(server), at=AT), poll(url_of(server), at=AT)
    assert (len(first), first[1], second) == (3, "not a delivery report; nothing was done", [])
    assert (states(), server.seen) == ([State.BOUNCED, State.SENT, State.BOUNCED], {1, 2, 3})
    # Nothing is deleted, nothing is answered.
    assert {words.split()[0] for words in server.commands} == {b"CAPABILITY", b"LOGIN", b"SELECT", b"UID", b"LOGOUT"}
    assert server.logins[0] == b'LOGIN us@workshop.example "secret"'


def test_a_line_that_breaks_in_the_middle_costs_nothing_but_time(
    letters: list[Message], caplog: pytest.LogCaptureFixture
) -> None:
    with holding(returned(0), returned(1), returned(2)) as server:
        server.breaks_at = 2
        with caplog.at_level(logging.WARNING):
            assert len(poll(url_of(server), at=AT)) == 1
        assert "the mailbox of returned letters could not be read" in caplog.text
        assert len(poll(url_of(server), at=AT)) == 2
    assert states() == [State.BOUNCED] * 3


def test_a_mail_that_nobody_can_read_is_logged_once_and_stops_no_other(
    letters: list[Message], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def receive(data: bytes, *, at: datetime) -> str:
        if data == CHAT:
            raise IndexError("a mail that nobody foresaw")
        return bounces.receive(data, at=at)

    monkeypatch.setattr(mailbox, "receive", receive)
    with holding(CHAT, returned(1)) as server:
        first, second = poll(url_of(server), at=AT), poll(url_of(server), at=AT)
    assert (first[0], len(first), second, server.seen) == ("cannot be read; nothing was done", 2, [], {1, 2})
    assert states() == [State.SENT, State.BOUNCED, State.SENT]
    assert len([row for row in caplog.records if row.exc_info]) == 1


def test_while_the_database_is_away_no_mail_is_marked_as_read(
    letters: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(data: bytes, *, at: datetime) -> str:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(mailbox, "receive", receive)
    with holding(returned(1)) as server:
        with pytest.raises(OperationalError):
            poll(url_of(server), at=AT)
        assert server.seen == set()


def test_a_long_mailbox_is_read_in_portions(letters: list[Message]) -> None:
    with holding(*[returned(number) for number in range(3)]) as server:
        assert [len(poll(url_of(server), at=AT, at_once=2)) for _ in range(3)] == [2, 1, 0]


def test_a_mail_that_somebody_deleted_meanwhile_is_passed_over(letters: list[Message]) -> None:
    with holding(b"", returned(1)) as server:
        assert len(poll(url_of(server), at=AT)) == 2
    assert states() == [State.SENT, State.BOUNCED, State.SENT]


def test_another_folder_can_be_named(letters: list[Message]) -> None:
    with holding(returned(0)) as server:
        assert len(poll(url_of(server, folder="Returned%20letters"), at=AT)) == 1


@pytest.mark.parametrize("words", [{"key": "wrong"}, {"folder": "Nowhere"}, {"scheme": "imap+starttls"}])
def test_a_mailbox_that_refuses_is_logged_and_not_read(
    letters: list[Message], words: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with holding(returned(0)) as server, caplog.at_level(logging.WARNING):
        assert poll(url_of(server, **words), at=AT) == []
    assert (states()[0], len(caplog.records)) == (State.SENT, 1)
    assert "secret" not in caplog.text


def test_without_starttls_no_password_is_sent(letters: list[Message]) -> None:
    with holding() as server:
        poll(url_of(server, scheme="imap+starttls"), at=AT)
    assert server.logins == []


def test_over_tls_only_a_trusted_server_gets_the_password(
    letters: list[Message], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holding(returned(0), tls=speaking(certificate)) as server:
        assert (poll(url_of(server, scheme="imaps"), at=AT), server.logins) == ([], [])
        trusted = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr("dlonsc.mail.mailbox.ssl.create_default_context", lambda: trusted)
        assert len(poll(url_of(server, scheme="imaps"), at=AT)) == 1


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert poll("imap://us:secret@127.0.0.1:1/INBOX", at=AT) == []


@pytest.mark.parametrize(
    ("url", "box"),
    [
        ("imaps://us:pw@mail.example", Mailbox("imaps", "mail.example", 993, "us", "pw", "INBOX")),
        (
            "imap+starttls://us%40x:p%2Fw@mail.example/A%20B",
            Mailbox("imap+starttls", "mail.example", 143, "us@x", "p/w", "A B"),
        ),
        ("imap://us:pw@mail.example:1143/", Mailbox("imap", "mail.example", 1143, "us", "pw", "INBOX")),
    ],
)
def test_the_address_of_the_mailbox(url: str, box: Mailbox) -> None:
    assert Mailbox.of(url) == box


@pytest.mark.parametrize(
    "url", ["pop3://us:pw@mail.example", "imaps://mail.example", "imaps://us@mail.example", "imaps:x"]
)
def test_an_address_that_means_no_mailbox_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="BOUNCE_MAILBOX must be"):
        Mailbox.of(url)


def test_beat_reads_it_only_when_it_is_named(letters: list[Message], settings: Any) -> None:
    with holding(returned(0)) as server:
        settings.BOUNCE_MAILBOX = ""
        poll_mailbox()
        assert server.logins == []
        settings.BOUNCE_MAILBOX = url_of(server)
        poll_mailbox()
    assert states()[0] == State.BOUNCED
