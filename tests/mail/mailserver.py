"""A mail server that misbehaves on purpose."""

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 OK"
# What may happen, by name: when, and what.
HANG_BEFORE, HANG_AFTER, HANG_AND_KEEP = "hang before", "hang after", "hang after and keep"
DROP_BEFORE, DROP_AFTER, DROP_AND_KEEP = "drop before", "drop after", "drop after and keep"
Plan = Callable[[str, int], str]


def well_behaved(recipient: str, attempt: int) -> str:
    return OK


def cut(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


class MailServer:
    """Answers each attempt (from 0) to a recipient as the plan says; keeps what it answered 250 to, and what it kept.

    A plan's answer is a reply to RCPT ("450 greylisted"), a reply to the text ("text 552 too big"), or a name above.
    """

    def __init__(self, plan: Plan = well_behaved) -> None:
        self.plan = plan
        self.kept: list[tuple[str, str, bytes]] = []
        self.senders: list[str] = []
        self.recipients: list[list[str]] = []
        self.attempts: Counter[str] = Counter()
        self.answers: dict[str, str] = defaultdict(lambda: OK)
        self.lock = threading.Lock()
        self.seconds_per_letter = 0.0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: Any) -> str:
        with self.lock:
            answer = self.plan(address, self.attempts[address])
            self.attempts[address] += 1
            self.answers[address] = answer
        if answer == HANG_BEFORE:
            await asyncio.sleep(3600)
        if answer == DROP_BEFORE:
            cut(server)
        if answer[0].isdigit() and not answer.startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers[envelope.rcpt_tos[0]]
        if self.seconds_per_letter:
            await asyncio.sleep(self.seconds_per_letter)
        if answer in {OK, HANG_AND_KEEP, DROP_AND_KEEP}:
            self._keep(envelope)
        if answer in {HANG_AFTER, HANG_AND_KEEP}:
            await asyncio.sleep(3600)
        if answer in {DROP_AFTER, DROP_AND_KEEP}:
            cut(server)
        return answer.removeprefix("text ") if answer.startswith("text ") else OK

    def _keep(self, envelope: Envelope) -> None:
        data = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        mail = message_from_bytes(data, policy=default)
        with self.lock:
            self.senders.append(str(envelope.mail_from))
            self.recipients.append(list(envelope.rcpt_tos))
            self.kept.append((envelope.rcpt_tos[0], str(mail["Message-ID"]), data))

    @property
    def copies(self) -> Counter[str]:
        """How many copies each recipient got."""
        with self.lock:
            return Counter(recipient for recipient, _, _ in self.kept)

    def mails(self) -> list[Mail]:
        return [message_from_bytes(data, policy=default) for _, _, data in self.kept]


class AnyPort(Controller):
    """Listens where there is room; aiosmtpd's own first call would go to port 0."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def listening(server: MailServer, **words: Any) -> Iterator[str]:
    """Let it listen on a free port of 127.0.0.1; gives the MAIL_URL."""
    controller = AnyPort(server, hostname="127.0.0.1", port=0, **words)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop(no_assert=True)
