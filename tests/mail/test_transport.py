"""What one conversation with a mail server comes to, whatever the server does."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from dlonsc.mail.transport import (
    KEPT,
    Answer,
    Envelope,
    KeepInLedger,
    Outcome,
    Server,
    Smtp,
    dotted,
    said,
    transport_for,
)
from tests.mail import mailserver
from tests.mail.conftest import speaking
from tests.mail.mailserver import MailServer, listening

HER = "her@uni.example"


@pytest.fixture
def server() -> MailServer:
    return MailServer()


@pytest.fixture
def smtp(server: MailServer) -> Iterator[Smtp]:
    with listening(server) as url:
        smtp = Smtp(Server.of(url), before=0.4, after=0.4)
        yield smtp
        smtp.close()


def letter(recipient: str = HER) -> Envelope:
    return Envelope("us+token@workshop.example", recipient, b"Message-ID: <1@x>\r\n\r\nHello\r\n.\r\n.dots\r\n")


def yes() -> bool:
    return True


@pytest.mark.parametrize(
    ("behaviour", "answer", "copies"),
    [
        ("250 OK", Answer(Outcome.SENT, "250 OK"), 1),
        ("450 greylisted", Answer(Outcome.LATER, "450 greylisted"), 0),
        ("451 try later", Answer(Outcome.LATER, "451 try later"), 0),
        ("421 closing", Answer(Outcome.LATER, "421 closing"), 0),
        ("550 no such user", Answer(Outcome.REFUSED, "550 no such user"), 0),
        ("text 451 local error", Answer(Outcome.LATER, "451 local error"), 0),
        ("text 452 full", Answer(Outcome.LATER, "452 full"), 0),
        ("text 552 too big", Answer(Outcome.REFUSED, "552 too big"), 0),
        ("text 554 spam", Answer(Outcome.REFUSED, "554 spam"), 0),
        (mailserver.HANG_BEFORE, Answer(Outcome.LATER, "before the text was sent: no answer in time"), 0),
        (mailserver.HANG_AFTER, Answer(Outcome.SILENT, "after the text was sent: no answer in time"), 0),
        (mailserver.HANG_AND_KEEP, Answer(Outcome.SILENT, "after the text was sent: no answer in time"), 1),
    ],
)
def test_what_the_server_does_and_what_is_made_of_it(
    server: MailServer, smtp: Smtp, behaviour: str, answer: Answer, copies: int
) -> None:
    server.plan = lambda recipient, attempt: behaviour
    assert smtp.deliver(letter(), yes) == answer
    assert server.copies[HER] == copies


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (mailserver.DROP_BEFORE, Outcome.LATER),
        (mailserver.DROP_AFTER, Outcome.SILENT),
        (mailserver.DROP_AND_KEEP, Outcome.SILENT),
    ],
)
def test_a_cut_line_is_harmless_before_the_text_and_unknown_after_it(
    server: MailServer, smtp: Smtp, behaviour: str, outcome: Outcome
) -> None:
    server.plan = lambda recipient, attempt: behaviour
    assert smtp.deliver(letter(), yes).outcome == outcome


@pytest.mark.parametrize(
    "behaviour",
    ["450 greylisted", "421 closing", "550 no", "text 552 big", mailserver.DROP_BEFORE, mailserver.HANG_AFTER],
)
def test_the_next_letter_is_not_hurt_by_the_one_before(server: MailServer, smtp: Smtp, behaviour: str) -> None:
    server.plan = lambda recipient, attempt: behaviour if recipient == HER else "250 OK"
    smtp.deliver(letter(), yes)
    assert smtp.deliver(letter("next@uni.example"), yes) == Answer(Outcome.SENT, "250 OK")
    assert server.copies == {"next@uni.example": 1}


def test_a_last_look_that_says_no_stops_the_letter_before_any_text(server: MailServer, smtp: Smtp) -> None:
    assert smtp.deliver(letter(), lambda: False).outcome == Outcome.STOPPED
    assert smtp.deliver(letter("next@uni.example"), yes).outcome == Outcome.SENT
    assert server.copies == {"next@uni.example": 1}


def test_the_last_look_comes_after_the_recipient_was_taken_and_once(server: MailServer, smtp: Smtp) -> None:
    looks: list[int] = []

    def look() -> bool:
        looks.append(server.attempts[HER])
        return True

    smtp.deliver(letter(), look)
    server.plan = lambda recipient, attempt: "550 no"
    smtp.deliver(letter(), look)
    assert looks == [1]


def test_the_text_arrives_as_it_was_dots_and_all(server: MailServer, smtp: Smtp) -> None:
    smtp.deliver(letter(), yes)
    assert server.kept[0][2] == letter().data


def test_one_envelope_one_recipient_and_our_return_path(server: MailServer, smtp: Smtp) -> None:
    smtp.deliver(letter(), yes)
    assert (server.recipients, server.senders) == ([[HER]], ["us+token@workshop.example"])


def test_a_server_that_is_not_there_says_nothing_about_the_letter() -> None:
    answer = Smtp(Server("smtp", "127.0.0.1", 1), before=0.4).deliver(letter(), yes)
    assert answer.outcome == Outcome.UNREACHABLE


def test_a_server_without_tls_gets_nothing_when_tls_was_asked_for(server: MailServer) -> None:
    with listening(server) as url:
        answer = Smtp(Server.of(url.replace("smtp:", "smtp+starttls:")), before=0.4).deliver(letter(), yes)
    assert (answer.outcome, server.copies) == (Outcome.UNREACHABLE, {})
    assert "STARTTLS" in answer.words


def test_a_refused_password_says_nothing_about_the_letter(server: MailServer) -> None:
    with listening(server) as url:
        answer = Smtp(Server.of(url.replace("//", "//user:pass@")), before=0.4).deliver(letter(), yes)
    assert (answer.outcome, server.copies) == (Outcome.UNREACHABLE, {})


def test_without_a_server_a_letter_stays_in_the_ledger() -> None:
    transport = transport_for("")
    assert isinstance(transport, KeepInLedger)
    assert transport.deliver(letter(), yes) == Answer(Outcome.SENT, KEPT)
    assert transport.deliver(letter(), lambda: False).outcome == Outcome.STOPPED
    transport.close()


# --- TLS --------------------------------------------------------------------------------------------------------------


class Anybody:
    """Takes every password and keeps it."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes]] = []

    def __call__(self, server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.seen.append((data.login, data.password))
        return AuthResult(success=True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_over_tls_a_trusted_server_gets_password_and_letter_and_an_untrusted_one_nothing(
    server: MailServer, certificate: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anybody = Anybody()
    words = {"authenticator": anybody, "auth_required": True}
    words |= (
        {"ssl_context": speaking(certificate), "auth_require_tls": False}
        if scheme == "smtps"
        else {"tls_context": speaking(certificate), "require_starttls": True}
    )
    with listening(server, **words) as url:
        address = url.replace("smtp://", f"{scheme}://us:secret@")
        # No authority that this machine trusts has signed it.
        untrusted = Smtp(Server.of(address), before=2).deliver(letter(), yes)
        trusted = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr("dlonsc.mail.transport.ssl.create_default_context", lambda: trusted)
        smtp = Smtp(Server.of(address), before=2, after=2)
        answer = smtp.deliver(letter(), yes)
        smtp.close()
    assert (untrusted.outcome, "CERTIFICATE_VERIFY_FAILED" in untrusted.words) == (Outcome.UNREACHABLE, True)
    assert (answer, server.copies) == (Answer(Outcome.SENT, "250 OK"), {HER: 1})
    assert anybody.seen == [(b"us", b"secret")]


# --- A conversation that stays open -----------------------------------------------------------------------------------


def test_an_open_conversation_is_used_again_and_asked_first_after_a_pause(
    server: MailServer, smtp: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlonsc.mail.transport.IDLE_SECONDS", -1.0)
    smtp.deliver(letter(), yes)
    first = smtp.session
    smtp.deliver(letter("next@uni.example"), yes)
    assert smtp.session is first
    assert first is not None
    # The server hung up while nothing was sent.
    first.close()
    assert smtp.deliver(letter("third@uni.example"), yes) == Answer(Outcome.SENT, "250 OK")
    assert smtp.session is not first
    assert server.copies == {HER: 1, "next@uni.example": 1, "third@uni.example": 1}


@contextmanager
def scripted(*lines: bytes) -> Iterator[Smtp]:
    """A server that says these lines, one for each line it hears, whatever that is, and then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with listener.accept()[0] as line, line.makefile("rb") as heard:
            for words in lines:
                line.sendall(words + b"\r\n")
                heard.readline()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    smtp = Smtp(Server("smtp", "127.0.0.1", listener.getsockname()[1]), before=2, after=2)
    yield smtp
    smtp.close()
    thread.join(5)
    listener.close()


def test_a_server_that_takes_the_recipient_and_refuses_the_text_before_it_is_sent() -> None:
    with scripted(b"220 hello", b"250 hello", b"250 ok", b"250 ok", b"452 no room now", b"250 ok") as smtp:
        assert smtp.deliver(letter(), yes) == Answer(Outcome.LATER, "452 no room now")


def test_a_server_that_hangs_up_after_its_no_costs_only_the_conversation() -> None:
    with scripted(b"220 hello", b"250 hello", b"250 ok", b"550 no such user") as smtp:
        assert smtp.deliver(letter(), yes) == Answer(Outcome.REFUSED, "550 no such user")
        assert smtp.session is None


def test_something_that_is_no_mail_server_is_tried_later() -> None:
    with scripted(b"220 hello", b"250 hello", b"what?") as smtp:
        answer = smtp.deliver(letter(), yes)
    assert (answer.outcome, answer.words[:2]) == (Outcome.LATER, "-1")


def test_a_letter_whose_address_cannot_be_said_is_kept_for_later(smtp: Smtp, server: MailServer) -> None:
    answer = smtp.deliver(letter("mü@uni.example"), yes)
    assert (answer.outcome, server.copies) == (Outcome.LATER, {})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (smtplib.SMTPAuthenticationError(535, b"no"), "535 no"),
        (smtplib.SMTPResponseException(535, "no"), "535 no"),
        (TimeoutError(), "no answer in time"),
        (OSError("the read operation timed out"), "no answer in time"),
        (smtplib.SMTPServerDisconnected("x"), "the server closed the line"),
        (ConnectionRefusedError("refused"), "ConnectionRefusedError: refused"),
    ],
)
def test_errors_are_told_in_words(error: Exception, words: str) -> None:
    assert said(error) == words


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("smtp", "mail.example", 25)),
        ("smtp+starttls://us%40x:p%3Aw@mail.example", Server("smtp+starttls", "mail.example", 587, "us@x", "p:w")),
        ("smtps://us:pw@mail.example:2465", Server("smtps", "mail.example", 2465, "us", "pw")),
    ],
)
def test_the_address_of_the_server(url: str, server: Server) -> None:
    assert Server.of(url) == server


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example", "smtp:mail.example"])
def test_an_address_that_means_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAIL_URL must be"):
        Server.of(url)


@given(st.binary(max_size=300))
def test_no_text_can_end_the_letter_early(data: bytes) -> None:
    wire = dotted(data)
    assert wire.endswith(b"\r\n.\r\n")
    body = wire[: -len(b".\r\n")]
    assert b"\r\n.\r\n" not in b"\r\n" + body
    lines = body.removesuffix(b"\r\n").split(b"\r\n")
    undone = b"\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert undone == plain.removesuffix(b"\n")
