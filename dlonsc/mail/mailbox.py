"""Polling a mailbox by IMAP for what came back. It reads and marks as seen; it deletes nothing and answers nothing.

For installations whose mail server cannot end in a pipe. A report that was read twice, by two beats or after a crash,
changes nothing more: the ledger moves a letter once.
"""

import imaplib
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from dlonsc.mail.apart import apart
from dlonsc.mail.bounces import LIMIT, receive

log = logging.getLogger(__name__)

SCHEMES = {"imaps": 993, "imap+starttls": 143, "imap": 143}
PATIENCE_SECONDS = 30.0
AT_ONCE = 200
UNREADABLE = "cannot be read; nothing was done"


@dataclass(frozen=True)
class Mailbox:
    """Where BOUNCE_MAILBOX points."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"

    @classmethod
    def of(cls, url: str) -> "Mailbox":
        """Parse imaps://user:password@host:port/folder (or imap+starttls://, imap://); raises ImproperlyConfigured."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not (parts.hostname and parts.username and parts.password):
            raise ImproperlyConfigured("BOUNCE_MAILBOX must be imaps://user:password@host/folder.")
        port = parts.port or SCHEMES[parts.scheme]
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username), unquote(parts.password), folder)


@contextmanager
def opened(box: Mailbox, patience: float = PATIENCE_SECONDS) -> Iterator[imaplib.IMAP4]:
    """The mailbox, signed in to and selected. Raises OSError or imaplib.IMAP4.error."""
    context = ssl.create_default_context()
    if box.scheme == "imaps":
        line: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=patience)
    else:
        line = imaplib.IMAP4(box.host, box.port, timeout=patience)
    try:
        if box.scheme == "imap+starttls":
            # Raises when the server does not offer it: the password never goes in the clear instead.
            line.starttls(context)
        line.login(box.user, box.password)
        answer, words = line.select(f'"{box.folder}"')
        if answer != "OK":
            raise imaplib.IMAP4.error(f"no folder {box.folder}: {words}")
        yield line
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            line.logout()


def poll(url: str, *, at: datetime, at_once: int = AT_ONCE) -> list[str]:
    """Read what is unseen in the mailbox, at most `at_once` mails; returns what was done with each, in words."""
    done: list[str] = []
    try:
        with opened(Mailbox.of(url)) as line:
            for number in unseen(line)[:at_once]:
                data, words = fetched(line, number), UNREADABLE
                with apart("a mail in the mailbox of returned letters"):
                    words = receive(data, at=at)
                done.append(words)
                # Only now: a crash in between reads it again. One that nobody can read is not read for ever.
                line.uid("store", number, "+FLAGS", r"(\Seen)")
    except (OSError, imaplib.IMAP4.error) as error:
        log.warning("the mailbox of returned letters could not be read: %s", error)
    return done


def unseen(line: imaplib.IMAP4) -> list[str]:
    found = line.uid("search", "UNSEEN")[1]
    return [number.decode() for part in found if part for number in part.split()]


def fetched(line: imaplib.IMAP4, number: str) -> bytes:
    """The beginning of one mail, as far as a report can be long; empty when it is gone."""
    parts = line.uid("fetch", number, f"(BODY.PEEK[]<0.{LIMIT}>)")[1]
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")
