"""What comes back: delivery reports (RFC 3464) from a mailbox or a pipe, and what a provider calls us with.

Nothing is ever answered.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Mail

from django.db import transaction

from dlonsc.mail.ledger import move
from dlonsc.mail.models import Message, State

TOKEN = re.compile(r"\+([0-9a-f]{32})@", re.IGNORECASE)
RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Report:
    """One recipient's part of a delivery report."""

    token: str
    message_id: str
    # Who did not get it, in small letters: as it was addressed, and where it was forwarded to.
    recipients: frozenset[str]
    action: str
    status: str
    diagnostic: str

    @property
    def is_final(self) -> bool:
        return self.action == "failed"


def parse(data: bytes, recipient: str = "") -> Report | None:
    """The report in a mail, or None when it is none. `recipient` is the envelope's, as a pipe knows it."""
    # By the old policy, which takes headers as they stand: the newer ones raise for addresses that are none.
    mail = message_from_bytes(data[:LIMIT])
    status = next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    blocks = [block for block in status.get_payload() if isinstance(block, Mail)]
    block = next((block for block in blocks if _header(block, "Action")), None)
    if block is None:
        return None
    found = STATUS.search(_header(block, "Status"))
    return Report(
        token=_token(mail, recipient),
        message_id=_returned_id(mail),
        recipients=frozenset(_address(block, name) for name in ("Original-Recipient", "Final-Recipient")),
        action=_header(block, "Action").lower(),
        status=found[0] if found else "",
        diagnostic=_header(block, "Diagnostic-Code")[:500],
    )


def _header(mail: Mail, name: str) -> str:
    """A header in one line; '' when there is none. PostgreSQL keeps no NUL."""
    return " ".join(str(mail.get(name, "")).replace("\x00", "").split())


def _address(block: Mail, name: str) -> str:
    """The address of a field such as "rfc822; person@uni.example"."""
    return _header(block, name).partition(";")[2].strip().strip("<>").lower()


def _token(mail: Mail, recipient: str) -> str:
    texts = [recipient, *(str(value) for name in RECIPIENT_HEADERS for value in mail.get_all(name, []))]
    found = TOKEN.search(" ".join(texts))
    return found[1].lower() if found else ""


def _returned_id(mail: Mail) -> str:
    """The Message-ID of our letter in the returned copy."""
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Mail):
                return _header(inner[0], "Message-ID")
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                return _header(message_from_bytes(text), "Message-ID")
    return ""


def letter_of(report: Report) -> Message | None:
    """By the token, which only our envelope holds; without it also the recipient must be ours.

    A Message-ID stands in every answer to a letter, so that by itself it proves nothing.
    """
    if report.token:
        return Message.objects.filter(return_token=report.token).first()
    if report.message_id:
        letters = Message.objects.filter(to_email__in=report.recipients)
        return letters.filter(**{"headers__Message-ID": report.message_id}).first()
    return None


@transaction.atomic
def receive(data: bytes, *, at: datetime, recipient: str = "") -> str:
    """Mark the letter that came back; returns what was done in words."""
    report = parse(data, recipient)
    if report is None:
        return "not a delivery report; nothing was done"
    message = letter_of(report)
    if message is None:
        return "a delivery report about a letter that is not in the ledger; nothing was done"
    if not report.is_final:
        return f"letter {message.pk} is reported as {report.action}; nothing was done"
    return came_back(message, status=report.status, words=report.diagnostic, at=at)


@transaction.atomic
def came_back(message: Message, *, status: str, words: str, at: datetime) -> str:
    """Mark a letter as returned; returns what was done."""
    told = f"{status} {words}".replace("\x00", "").strip()
    known = [State.SENT, State.UNKNOWN, State.HANDED_OVER]
    if not move(message, State.BOUNCED, of=known, at=at, answer=told):
        return f"letter {message.pk} is {message.state}; nothing was done"
    return f"letter {message.pk} came back: {told}"
