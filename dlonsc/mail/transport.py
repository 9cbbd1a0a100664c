"""Handing one letter to a mail server. What the server said decides; where it fell silent decides what we may assume.

Exactly once over SMTP is impossible: between the final dot and the server's 250 both sides may think differently
(RFC 1047; RFC 5321, 4.5.3.2.6 and 6.1). So the caller commits "handed over" before DATA, and silence after the text
was sent is reported as SILENT, never guessed.
"""

import smtplib
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
BEFORE_TEXT_SECONDS = 30.0
# RFC 5321 asks for patience after the final dot: giving up early only makes unknown outcomes.
AFTER_TEXT_SECONDS = 120.0
IDLE_SECONDS = 20.0
KEPT = "kept in the ledger: no mail server is configured"


class Outcome(StrEnum):
    SENT = "sent"
    LATER = "later"  # the server said so, or the text was never transmitted: it may be tried again
    REFUSED = "refused"
    SILENT = "silent"  # the text was transmitted and no answer came
    STOPPED = "stopped"  # the caller's last look said no
    UNREACHABLE = "unreachable"  # no conversation at all: nothing about this letter


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Envelope:
    """One recipient: with more, one refused address would vanish silently."""

    sender: str
    recipient: str
    data: bytes


# Called once, right before DATA; False stops the letter.
LastLook = Callable[[], bool]


class Transport(Protocol):
    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer: ...

    def close(self) -> None: ...


class KeepInLedger:
    """The embedded default: letters are read in the ledger and go nowhere."""

    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
        return Answer(Outcome.SENT, KEPT) if last_look() else Answer(Outcome.STOPPED, "stopped")

    def close(self) -> None:
        return


@dataclass(frozen=True)
class Server:
    """Where MAIL_URL points."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, url: str) -> "Server":
        """Parse smtp://user:password@host:port, smtp+starttls://... or smtps://...; raises ImproperlyConfigured."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ImproperlyConfigured("MAIL_URL must be smtp://, smtp+starttls:// or smtps:// with a host.")
        port = parts.port or SCHEMES[parts.scheme]
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


class Smtp:
    """A conversation with one server, kept open between letters."""

    def __init__(
        self, server: Server, *, before: float = BEFORE_TEXT_SECONDS, after: float = AFTER_TEXT_SECONDS
    ) -> None:
        self.server = server
        self.before, self.after = before, after
        self.session: smtplib.SMTP | None = None
        self.used_at = 0.0

    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
        """Hand the letter over. Never raises for anything a server or a network does."""
        try:
            session = self._opened()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Answer(Outcome.UNREACHABLE, said(error))
        try:
            return self._converse(session, envelope, last_look)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            self.close()
            return Answer(Outcome.LATER, f"before the text was sent: {said(error)}")

    def close(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            with suppress(smtplib.SMTPException, OSError):
                session.close()

    def _opened(self) -> smtplib.SMTP:
        """The open conversation, if it still answers; a new one otherwise."""
        if self.session is not None and time.monotonic() - self.used_at > IDLE_SECONDS:
            with suppress(smtplib.SMTPException, OSError):
                if self.session.noop()[0] == 250:
                    return self.session
            self.close()
        if self.session is None:
            self.session = self._connected()
        return self.session

    def _connected(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self.before, context=context)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=self.before)
        try:
            session.ehlo()
            if server.scheme == "smtp+starttls":
                # Raises when the server does not offer it: nothing is ever sent in the clear instead.
                session.starttls(context=context)
                session.ehlo()
            if server.user:
                session.login(server.user, server.password)
        except (smtplib.SMTPException, OSError):
            session.close()
            raise
        return session

    def _converse(self, session: smtplib.SMTP, envelope: Envelope, last_look: LastLook) -> Answer:
        for step, of in ((session.mail, envelope.sender), (session.rcpt, envelope.recipient)):
            code, words = step(of)
            if code not in {250, 251}:
                return self._refused(code, words)
        if not last_look():
            self._reset()
            return Answer(Outcome.STOPPED, "stopped")
        session.putcmd("data")
        code, words = session.getreply()
        if code != 354:
            return self._refused(code, words)
        return self._text(session, envelope.data)

    def _text(self, session: smtplib.SMTP, data: bytes) -> Answer:
        """Send the text. From its first byte on, silence is SILENT."""
        try:
            if session.sock is not None:
                session.sock.settimeout(self.after)
            session.send(dotted(data))
            code, words = session.getreply()
            if session.sock is not None:
                session.sock.settimeout(self.before)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Answer(Outcome.SILENT, f"after the text was sent: {said(error)}")
        self.used_at = time.monotonic()
        if code == 250:
            return Answer(Outcome.SENT, reply(code, words))
        return self._refused(code, words)

    def _refused(self, code: int, words: bytes) -> Answer:
        """4xx, greylisting among them, means later; everything else means no. -1 is no SMTP at all."""
        if code in {421, -1}:
            self.close()
        else:
            self._reset()
        later = 400 <= code < 500 or code == -1
        return Answer(Outcome.LATER if later else Outcome.REFUSED, reply(code, words))

    def _reset(self) -> None:
        self.used_at = time.monotonic()
        if self.session is None:
            return
        try:
            self.session.rset()
        except (smtplib.SMTPException, OSError):
            self.close()


def dotted(data: bytes) -> bytes:
    """The text as the wire wants it: CRLF ends, leading dots doubled, the lonely dot at the end (RFC 5321, 4.5.2)."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"\r\n".join(stuffed) + b"\r\n.\r\n"


def reply(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf-8', 'replace')}".strip()[:1000]


def said(error: Exception) -> str:
    """An error in words that a chair can read and an administrator can search for."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return reply(error.smtp_code, words if isinstance(words, bytes) else str(words).encode())
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the server closed the line"
    return f"{type(error).__name__}: {error}"[:1000]


def transport_for(url: str, *, before: float = BEFORE_TEXT_SECONDS, after: float = AFTER_TEXT_SECONDS) -> Transport:
    """The transport of MAIL_URL, with its patience in seconds; an empty one keeps every letter in the ledger."""
    return Smtp(Server.of(url), before=before, after=after) if url else KeepInLedger()
