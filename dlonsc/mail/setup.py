"""How this installation's letters leave, in words; no password is among them. No network is asked."""

from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings

from dlonsc.mail.transport import Server

SECURITY = {
    "smtp": "not encrypted: only for a server on the same machine or a private network",
    "smtp+starttls": "encrypted by STARTTLS; without it nothing is sent",
    "smtps": "encrypted from the first byte",
}


@dataclass(frozen=True)
class Advice:
    """A record of the sender's domain that receivers look for, and the command that shows it."""

    name: str
    why: str
    record: str
    example: str

    @property
    def command(self) -> str:
        return f"dig +short TXT {self.record}"


@dataclass(frozen=True)
class Setup:
    """`server` is empty in a sandbox: then no letter leaves."""

    server: str
    security: str
    signs_in: bool
    sender: str
    domain: str
    bounces: str
    returns: str
    per_second: float
    per_day: int

    @property
    def advice(self) -> tuple[Advice, ...]:
        return (
            Advice(
                "SPF",
                "names the servers that may send for the domain",
                self.domain,
                f"v=spf1 a:{self.server.partition(':')[0] or 'mail.workshop.example'} -all",
            ),
            Advice(
                "DKIM",
                "is the public key of the signature that your mail server adds; it tells you its selector",
                f"SELECTOR._domainkey.{self.domain}",
                "v=DKIM1; k=rsa; p=...",
            ),
            Advice(
                "DMARC",
                "says what receivers do with letters that neither of them covers",
                f"_dmarc.{self.domain}",
                f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{self.domain}",
            ),
        )


def is_sandbox() -> bool:
    """Whether letters are kept in the ledger and leave nowhere."""
    return not settings.MAIL_URL


def setup() -> Setup:
    """What the settings say."""
    server = None if is_sandbox() else Server.of(settings.MAIL_URL)
    sender = parseaddr(settings.MAIL_FROM)[1]
    local, _, domain = sender.rpartition("@")
    if settings.MAIL_PROVIDER:
        bounces = f"{settings.MAIL_PROVIDER} calls /mail/events/"
    else:
        bounces = "a mailbox is polled every two minutes" if settings.BOUNCE_MAILBOX else ""
    return Setup(
        server=f"{server.host}:{server.port}" if server else "",
        security=SECURITY[server.scheme] if server else "",
        signs_in=bool(server and server.user),
        sender=settings.MAIL_FROM,
        domain=domain,
        bounces=bounces,
        returns=f"{local}+...@{domain}",
        per_second=settings.MAIL_PER_SECOND,
        per_day=settings.MAIL_PER_DAY,
    )
