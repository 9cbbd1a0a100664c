"""Letters per second through the whole path against a bare smtplib loop, in the same run, to the same server.

    DATABASE_URL=postgresql://... python bench/mail.py [letters]

It makes a database of its own beside the one of DATABASE_URL and drops it at the end. The whole path is: claim with
SKIP LOCKED, compose, talk, commit "handed over", hand over, commit the answer, two StateChange rows per letter.
"""

import os
import resource
import smtplib
import subprocess
import sys
import time
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dlonsc.settings")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVER = """
import asyncio, sys
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.text, self.rest = transport, False, b""
        transport.write(b"220 bench\\r\\n")
    def data_received(self, data):
        self.rest += data
        while True:
            if self.text:
                end = self.rest.find(b"\\r\\n.\\r\\n")
                if end < 0: return
                self.rest, self.text = self.rest[end + 5:], False
                self.transport.write(b"250 kept\\r\\n")
                continue
            line, found, rest = self.rest.partition(b"\\r\\n")
            if not found: return
            self.rest = rest
            self.text = line.lower() == b"data"
            quit = line.lower() == b"quit"
            self.transport.write(b"354 go on\\r\\n" if self.text else b"221 bye\\r\\n" if quit else b"250 ok\\r\\n")
async def main():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(words: str, letters: int, begun: float, cpu_begun: float) -> float:
    seconds = time.perf_counter() - begun
    each = (cpu() - cpu_begun) / letters * 1000
    print(f"{words:28s} {letters / seconds:8.1f} letters/s  {each:6.2f} ms CPU per letter")
    return letters / seconds


def bare(port: int, envelopes: list[tuple[str, str, bytes]]) -> float:
    begun, cpu_begun = time.perf_counter(), cpu()
    with smtplib.SMTP("127.0.0.1", port) as session:
        for sender, recipient, data in envelopes:
            session.sendmail(sender, [recipient], data)
    return measured("bare smtplib loop", len(envelopes), begun, cpu_begun)


def main(letters: int) -> None:
    django.setup()
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415

    databases = setup_databases(verbosity=0, interactive=False)
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        run(int(server.stdout.readline()), letters)
    finally:
        server.kill()
        server.wait()
        teardown_databases(databases, verbosity=0)


def run(port: int, letters: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415

    from dlonsc.mail import ledger  # noqa: PLC0415
    from dlonsc.mail.envelope import envelope  # noqa: PLC0415
    from dlonsc.mail.models import Message, State  # noqa: PLC0415
    from dlonsc.mail.post import Letterhead, post  # noqa: PLC0415
    from dlonsc.mail.transport import transport_for  # noqa: PLC0415

    settings.RING_DOORBELLS = False
    settings.MAIL_PER_SECOND = 0
    head = Letterhead(edition="bench", sender="Bench", reply_to="chairs@workshop.example")
    at = datetime.now(UTC)
    begun, cpu_begun = time.perf_counter(), cpu()
    with transaction.atomic():
        for number in range(letters):
            post(
                key=f"bench:{number}",
                to_email=f"p{number}@uni.example",
                to_name=f"Person {number}",
                letter="reviews/emails/unassigned",
                context={"removed": []},
                head=head,
                at=at,
            )
    print(f"database: {connection.vendor}, letters: {letters}")
    measured("written into the ledger", letters, begun, cpu_begun)
    envelopes = [(row.sender, row.recipient, row.data) for row in map(envelope, Message.objects.all().iterator())]
    loop = bare(port, envelopes)
    begun, cpu_begun = time.perf_counter(), cpu()
    transport = transport_for(f"smtp://127.0.0.1:{port}")
    ledger.drain(transport, seconds=3600)
    transport.close()
    whole = measured("whole path, one worker", letters, begun, cpu_begun)
    assert Message.objects.filter(state=State.SENT).count() == letters
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"whole path / bare loop: {whole / loop:.3f}; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
