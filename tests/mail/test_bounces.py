"""A delivery report marks the right letter and its address; nothing else does."""

import io
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.mail.bounces import parse, receive
from dlonsc.mail.envelope import return_path
from dlonsc.mail.management.commands import bounce
from dlonsc.mail.models import Message, State
from tests.factories import AT

# The form of RFC 3464, appendix E; people and machines are invented.
REPORT = """\
From: MAILER-DAEMON@mail.uni.example
To: {to}
Subject: Delivery status
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.uni.example

Final-Recipient: rfc822; person@uni.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <person@uni.example>
  no such user

--b
Content-Type: {kind}

{returned}

--b--
"""


@pytest.fixture
def letter(db: None) -> Message:
    return Message.objects.create(
        key="k",
        kind="decision",
        to_email="person@uni.example",
        subject="s",
        text="t",
        state=State.SENT,
        headers={"Message-ID": "<abc@workshop.example>"},
        created_at=AT,
    )


def report(to: str = "dlonsc@workshop.example", **words: str) -> bytes:
    returned = "Message-ID: <unknown@elsewhere.example>\nSubject: s\n"
    defaults = {"action": "failed", "status": "5.1.1", "kind": "text/rfc822-headers", "returned": returned}
    return REPORT.format(to=to, **(defaults | words)).encode()


def test_the_letter_is_found_by_the_token_of_its_return_path_whatever_its_case(letter: Message) -> None:
    words = receive(report(return_path(letter).upper()), at=AT)
    letter.refresh_from_db()
    assert words == f"letter {letter.pk} came back: 5.1.1 smtp; 550 5.1.1 <person@uni.example> no such user"
    assert (letter.state, letter.changes.get().state) == (State.BOUNCED, "bounced")


def test_a_pipe_may_tell_the_recipient(letter: Message) -> None:
    receive(report(), at=AT, recipient=return_path(letter))
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_without_a_token_the_returned_message_id_finds_it(letter: Message, kind: str) -> None:
    receive(report(kind=kind, returned="Message-ID: <abc@workshop.example>\nSubject: s\n\ntext"), at=AT)
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_changes_nothing(letter: Message, action: str) -> None:
    receive(report(return_path(letter), action=action, status="4.4.1"), at=AT)
    letter.refresh_from_db()
    assert letter.state == State.SENT


def test_a_mailbox_that_was_full_too_long_brings_the_letter_back(letter: Message) -> None:
    receive(report(return_path(letter), status="4.2.2"), at=AT)
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


@pytest.mark.parametrize("state", [State.QUEUED, State.CANCELLED, State.FAILED, State.HELD])
def test_a_letter_that_never_left_cannot_come_back(letter: Message, state: State) -> None:
    Message.objects.filter(pk=letter.pk).update(state=state)
    receive(report(return_path(letter)), at=AT)
    letter.refresh_from_db()
    assert letter.state == state


def test_a_report_is_counted_once(letter: Message) -> None:
    for _ in range(2):
        receive(report(return_path(letter)), at=AT)
    assert letter.changes.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Subject: I am on holiday\r\n\r\nBack on Monday", "not a delivery report; nothing was done"),
        (report(), "a delivery report about a letter that is not in the ledger; nothing was done"),
        (b"", "not a delivery report; nothing was done"),
    ],
)
def test_everything_else_is_ignored(letter: Message, data: bytes, words: str) -> None:
    assert receive(data, at=AT) == words
    letter.refresh_from_db()
    assert letter.state == State.SENT


@pytest.mark.parametrize(
    "returned", ["text/plain\n\nMessage-ID: <1@x>", "message/rfc822\n\nSubject: no id in it", "message/rfc822\n\n"]
)
def test_a_report_without_token_and_message_id_belongs_to_no_letter(letter: Message, returned: str) -> None:
    kind, _, text = returned.partition("\n\n")
    data = report(to="us@workshop.example", kind=kind, returned=text)
    assert receive(data, at=AT).startswith("a delivery report about a letter that is not in the ledger")


def test_the_pipe_ends_well(
    letter: Message, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = io.BytesIO(report(return_path(letter)))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=data))
    call_command("bounce")
    assert capsys.readouterr().out.startswith(f"letter {letter.pk} came back: 5.1.1")


@pytest.mark.parametrize("to", ["a@[", '"', "a:;<", "<@", "undisclosed-recipients:;"])
def test_a_recipient_that_is_no_address_hides_no_report(letter: Message, to: str) -> None:
    receive(report(to, returned="Message-ID: <abc@workshop.example>\n"), at=AT)
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


def test_what_no_database_keeps_is_left_out_of_the_words(letter: Message) -> None:
    words = receive(report(return_path(letter)).replace(b"no such user", b"no\x00 such\x00 user"), at=AT)
    assert words == f"letter {letter.pk} came back: 5.1.1 smtp; 550 5.1.1 <person@uni.example> no such user"
    assert letter.changes.get().answer == "5.1.1 smtp; 550 5.1.1 <person@uni.example> no such user"


def test_the_pipe_ends_well_whatever_the_mail_and_asks_to_come_again_while_the_database_is_away(
    letter: Message, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(error: Exception) -> Callable[..., str]:
        def receive(*args: object, **words: object) -> str:
            raise error

        return receive

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    monkeypatch.setattr(bounce, "receive", failing(IndexError("a mail that nobody foresaw")))
    call_command("bounce")
    assert [row.getMessage() for row in caplog.records] == ["a mail in the pipe failed; the others go on"]
    monkeypatch.setattr(bounce, "receive", failing(OperationalError("the server closed the connection")))
    with pytest.raises(CommandError) as caught:
        call_command("bounce")
    assert caught.value.returncode == 75


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    parse(data)
    parse(b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
          b"Content-Type: message/delivery-status\r\n\r\n" + data + b"\r\n--b--\r\n")  # fmt: skip


def test_a_message_id_alone_returns_no_letter_for_it_stands_in_every_answer(letter: Message) -> None:
    returned = "Message-ID: <abc@workshop.example>\nSubject: s\n"
    forged = report(returned=returned).replace(b"rfc822; person@uni.example", b"rfc822; mallory@evil.example")
    assert receive(forged, at=AT) == "a delivery report about a letter that is not in the ledger; nothing was done"
    letter.refresh_from_db()
    assert letter.state == State.SENT
