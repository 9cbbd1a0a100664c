"""From a row of the ledger to the bytes on the wire."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import salted_hmac

from dlonsc.mail.models import Message
from dlonsc.mail.providers import provider_header
from dlonsc.mail.transport import Envelope

# Headers of the row that are written as they are; the others are built here.
PLAIN = ("Message-ID", "References", "In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post")


class Wire(EmailPolicy):
    """Seven bits only: no server has to offer 8BITMIME."""

    def _fold(self, name: str, value: str, refold_binary: bool = False) -> str:
        # Folding would encode a long address or identifier as if it were words (RFC 2047, 5 forbids it), and no
        # receiver would find the button or the thread. Unfolded they stay below the 998 of RFC 5322, 2.1.1.
        if name in PLAIN and value.isascii():
            return f"{name}: {value}{self.linesep}"
        return str(super()._fold(name, value, refold_binary))  # type: ignore[misc]


WIRE = Wire(linesep="\r\n", cte_type="7bit")


def printable(text: str, limit: int = 300) -> str:
    """A header value: no line breaks, control or lone surrogate characters can get in."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:limit]


def message_id(key: str) -> str:
    """A stable Message-ID from a letter's key. Keyed, so that nobody can guess who is behind it from the header."""
    return f"<{salted_hmac('dlonsc.mail.message-id', key, algorithm='sha256').hexdigest()[:32]}@{settings.MAIL_DOMAIN}>"


def thread_id(thread: str) -> str:
    return f"<{salted_hmac('dlonsc.mail.thread', thread, algorithm='sha256').hexdigest()[:32]}@{settings.MAIL_DOMAIN}>"


def own_address() -> str:
    return parseaddr(settings.MAIL_FROM)[1]


def return_path(message: Message) -> str:
    """Where what cannot be delivered comes back to: our address with the letter's token (VERP)."""
    local, _, domain = own_address().rpartition("@")
    return f"{local}+{message.return_token}@{domain}"


def address(name: str, email: str) -> Address:
    local, _, domain = email.rpartition("@")
    return Address(printable(name, 200), username=local, domain=domain.encode("idna").decode())


def compose(message: Message) -> EmailMessage:
    """The letter as it leaves: plain text and HTML, nothing remote in it."""
    headers: dict[str, str] = message.headers
    letter = EmailMessage(policy=WIRE)
    letter["From"] = address(headers.get("From-Name") or parseaddr(settings.MAIL_FROM)[0], own_address())
    letter["To"] = address(message.to_name, message.to_email)
    letter["Subject"] = printable(message.subject)
    letter["Date"] = format_datetime(message.created_at)
    if headers.get("Reply-To"):
        letter["Reply-To"] = address("", headers["Reply-To"])
    for name in PLAIN:
        if headers.get(name):
            letter[name] = printable(headers[name], 900)
    if header := provider_header(message.return_token):
        letter[header[0]] = header[1]
    # RFC 3834: no holiday answer, no loop.
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content(message.text)
    if message.html:
        letter.add_alternative(message.html, subtype="html")
    return letter


def envelope(message: Message) -> Envelope:
    """The bytes and the two addresses of the conversation. Raises ValueError for what cannot be an address."""
    recipient = address("", message.to_email).addr_spec
    try:
        validate_email(recipient)
    except ValidationError as error:
        raise ValueError(f"{message.to_email} is no address that mail can reach") from error
    return Envelope(return_path(message), recipient, compose(message).as_bytes())
