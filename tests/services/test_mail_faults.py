"""A campaign with real worker processes on PostgreSQL and Redis, a mail server that misbehaves, and a killer."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections, transaction

from dlonsc.accounts.models import User
from dlonsc.editions.actions import set_deadline
from dlonsc.editions.calendar import Phase
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message, State
from dlonsc.mail.post import Letterhead, post
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT
from tests.mail import mailserver
from tests.mail.mailserver import OK, MailServer, Plan, listening

ROOT = Path(__file__).resolve().parents[2]
HEAD = Letterhead(edition="dlonsc-2026", sender="DLonSC 2026", reply_to="chairs@workshop.example")
OPEN = (State.HELD, State.QUEUED, State.SENDING, State.HANDED_OVER, State.RETRY)
LEASE = 1.5
POST = """
import sys, time, json, django
django.setup()
from django.db import transaction
from tests.services.test_mail_faults import write
begun = time.monotonic()
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    with transaction.atomic():
        write(number)
print(json.dumps(time.monotonic() - begun))
"""
RING = "import django; django.setup(); from dlonsc.mail.tasks import sweep; sweep.delay()"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]


def write(number: int, *, at_most_once: bool = True) -> Message | None:
    """Post letter number `number`; its key is its number."""
    return post(
        key=f"fault:{number}",
        to_email=f"p{number}@uni.example",
        to_name=f"Person {number}",
        letter="reviews/emails/unassigned",
        context={},
        head=HEAD,
        at=AT,
        at_most_once=at_most_once,
    )


def environment(mail_url: str, **more: str) -> dict[str, str]:
    """The workers' world: the database of this test, and our mail server."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    words = {"DATABASE_URL": database, "MAIL_URL": mail_url, "DJANGO_SETTINGS_MODULE": "dlonsc.settings"}
    return {**os.environ, **words, "PYTHONPATH": str(ROOT), **more}


@contextmanager
def program(*words: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own; whatever is left of its group is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def drain_words() -> tuple[str, ...]:
    return ("manage.py", "outbox", "drain", "--wait", "--seconds", "300", "--lease", str(LEASE), "--patience", "0.5")


def until(answer: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer():
            return True
        time.sleep(0.02)
    return False


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def nothing_open() -> bool:
    """No letter is on its way; letters that wait for a later try are due at once, so that a test need not wait."""
    Message.objects.filter(state=State.RETRY).update(not_before=AT)
    return not Message.objects.filter(state__in=OPEN).exists()


def cut_lines() -> None:
    """What a restart of PostgreSQL does to its clients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )


@contextmanager
def server_with(plan: Plan = mailserver.well_behaved, pause: float = 0.0) -> Iterator[tuple[MailServer, str]]:
    server = MailServer(plan)
    server.seconds_per_letter = pause
    with listening(server) as url:
        yield server, url


def campaign(letters: int, kills: int, *, seed: int) -> tuple[MailServer, Counter[str]]:
    """Send with two workers while one of them dies `kills` times, by SIGKILL or by losing its database."""
    dice = random.Random(seed)
    for number in range(letters):
        write(number)
    with server_with(pause=0.02) as (server, url):
        workers: list[subprocess.Popen[bytes]] = []
        env = environment(url)

        def start() -> None:
            words = [sys.executable, *drain_words()]
            quiet = subprocess.DEVNULL
            workers.append(
                subprocess.Popen(words, cwd=ROOT, env=env, stdout=quiet, stderr=quiet, start_new_session=True)
            )

        try:
            start()
            start()
            for turn in range(kills):
                seen = len(server.kept)
                assert until(lambda seen=seen: len(server.kept) > seen + 2 or nothing_open(), 60)  # type: ignore[misc]
                time.sleep(dice.random() * 0.06)
                if turn % 5 == 4:
                    cut_lines()
                victim = workers.pop(dice.randrange(len(workers)))
                kill(victim)
                start()
                for worker in [worker for worker in workers if worker.poll() is not None]:
                    workers.remove(worker)
                    start()
            assert until(nothing_open, 120), states()
        finally:
            for worker in workers:
                kill(worker)
    return server, states()


def check(server: MailServer, found: Counter[str], letters: int, deaths: int) -> None:
    copies = server.copies
    assert max(copies.values()) == 1, "a decision arrived twice"
    assert sum(found.values()) == letters
    assert set(found) <= {State.SENT, State.UNKNOWN}
    assert found[State.UNKNOWN] <= deaths
    sent = set(Message.objects.filter(state=State.SENT).values_list("to_email", flat=True))
    assert {recipient for recipient in sent if not copies[recipient]} == set(), "called sent and never arrived"


def test_a_campaign_survives_workers_that_are_killed() -> None:
    server, found = campaign(60, 5, seed=1)
    # A cut line takes both workers.
    check(server, found, 60, deaths=6)


@pytest.mark.long
def test_a_campaign_of_600_survives_30_kills() -> None:
    server, found = campaign(600, 30, seed=2)
    arrived = sum(server.copies[m.to_email] for m in Message.objects.filter(state=State.UNKNOWN))
    print(f"600 letters, 30 kills: {dict(found)}, {arrived} of the unknown had arrived")  # noqa: T201
    check(server, found, 600, deaths=36)


FATES = {
    OK: (State.SENT, 1),
    "450 greylisted": (State.SENT, 1),
    "451 try later": (State.SENT, 1),
    "421 closing": (State.SENT, 1),
    "text 452 full": (State.SENT, 1),
    "550 no such user": (State.FAILED, 0),
    "text 552 too big": (State.FAILED, 0),
    mailserver.HANG_BEFORE: (State.SENT, 1),
    mailserver.DROP_BEFORE: (State.SENT, 1),
    mailserver.DROP_AFTER: (State.UNKNOWN, 0),
    mailserver.DROP_AND_KEEP: (State.UNKNOWN, 1),
    mailserver.HANG_AND_KEEP: (State.UNKNOWN, 1),
}


def test_every_misbehaviour_of_a_mail_server_ends_as_the_table_says() -> None:
    """The first attempt meets the fate; a second one, if the ledger makes it, is answered 250."""
    fates = list(FATES)
    for number in range(2 * len(fates)):
        write(number)

    def plan(recipient: str, attempt: int) -> str:
        number = int(recipient[1:].partition("@")[0])
        return fates[number % len(fates)] if attempt == 0 else OK

    with server_with(plan) as (server, url):
        env = environment(url)
        with program(*drain_words(), env=env), program(*drain_words(), env=env):
            assert until(nothing_open, 90), states()
    found = {
        fate: {
            (m.state, server.copies[m.to_email]) for m in Message.objects.all() if int(m.key[6:]) % len(fates) == place
        }
        for place, fate in enumerate(fates)
    }
    assert found == {fate: {(str(state), copies)} for fate, (state, copies) in FATES.items()}


def test_send_pressed_twice_in_parallel_writes_and_sends_each_letter_once() -> None:
    barrier = threading.Barrier(2)
    written: list[int] = []

    def press() -> None:
        barrier.wait()
        try:
            for number in range(20):
                with transaction.atomic():
                    written.append(write(number) is not None)
        finally:
            connections.close_all()

    presses = [threading.Thread(target=press) for _ in range(2)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert (sum(written), Message.objects.count()) == (20, 20)
    with server_with() as (server, url):
        env = environment(url)
        with program(*drain_words(), env=env), program(*drain_words(), env=env):
            assert until(nothing_open, 60), states()
    assert server.copies == {f"p{number}@uni.example": 1 for number in range(20)}


# --- Redis ------------------------------------------------------------------------------------------------------------


class OwnRedis:
    """A Redis of our own, on its own port, that may be stopped and emptied."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until(self.answers, 10)

    def answers(self) -> bool:
        return self.command("ping") == "PONG"

    def command(self, *words: str) -> str:
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    server = OwnRedis(16479)
    yield server
    server.stop()


def run(*words: str, env: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def celery_words() -> tuple[str, ...]:
    return ("-m", "celery", "-A", "dlonsc", "worker", "--pool", "prefork", "--concurrency", "2", "-l", "WARNING")


def test_redis_stopped_and_emptied_loses_no_letter_and_keeps_no_page_waiting(redis: OwnRedis) -> None:
    with server_with() as (server, url):
        env = environment(url, REDIS_URL=redis.url)
        # Stopped: posting ten letters costs no more than the one bell that nobody heard.
        assert json.loads(run("-c", POST, "0", "10", env=env)) < 5
        redis.start()
        # Rung, and then the bells are gone.
        run("-c", POST, "10", "20", env=env)
        assert redis.command("llen", "letters") == "10"
        redis.command("flushall")
        with program(*celery_words(), env=env) as worker:
            # Rung with a worker there.
            run("-c", POST, "20", "30", env=env)
            rung = {f"p{number}@uni.example" for number in range(20, 30)}
            assert until(lambda: rung <= set(server.copies), 60), server.copies
            # Started anew. A worker that holds what it could not acknowledge ends; whoever watches it starts it again.
            redis.stop()
            redis.start()
            run("-c", POST, "30", "40", env=env)
            until(lambda: worker.poll() is not None, 5)
        with program(*celery_words(), env=env):
            # What beat does every twenty seconds.
            run("-c", RING, env=env)
            assert until(nothing_open, 60), states()
    assert server.copies == {f"p{number}@uni.example": 1 for number in range(40)}


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


class OwnPostgres:
    """A PostgreSQL of our own in one folder, that may be killed; PostgreSQL refuses to run as root."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.bin = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def call(self, program: str, *words: str) -> None:
        assert self.bin is not None
        other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*other, str(self.bin / program), "-D", str(self.folder / "data"), *words],
            cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def make(self) -> None:
        self.folder.chmod(0o777)
        self.call("initdb", "-U", "postgres", "--auth=trust", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self.call("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def kill(self) -> None:
        """Every line is cut and nothing is written first; what was committed is there after the next start."""
        self.call("pg_ctl", "-m", "immediate", "stop")


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = OwnPostgres(Path(folder), 15479)
        if server.bin is None:
            pytest.fail("initdb is not below /usr/lib/postgresql.")
        server.make()
        yield server
        with suppress(subprocess.CalledProcessError):
            server.kill()


LOOK = """
import json, django
django.setup()
from collections import Counter
from django.utils import timezone
from dlonsc.mail.models import Message
# Letters that wait for a later try are due at once, so that the test need not wait.
Message.objects.filter(state="retry").update(not_before=timezone.now())
print(json.dumps(Counter(Message.objects.values_list("state", flat=True))))
"""


def test_a_database_that_is_killed_twice_in_a_campaign_loses_no_letter_and_doubles_none(postgres: OwnPostgres) -> None:
    letters = 60
    with server_with(pause=0.02) as (server, url):
        env = environment(url, DATABASE_URL=postgres.url)
        run("manage.py", "migrate", "--verbosity", "0", env=env)
        run("-c", POST, "0", str(letters), env=env)
        for kept in (letters // 3, 2 * letters // 3):
            with program(*drain_words(), env=env) as worker:
                assert until(lambda kept=kept: len(server.kept) >= kept, 60)  # type: ignore[misc]
                postgres.kill()
                # It ends by itself, and whoever watches over it starts it again.
                assert until(lambda worker=worker: worker.poll() is not None, 30)  # type: ignore[misc]
            postgres.start()
        found: Counter[str] = Counter()

        def all_settled() -> bool:
            found.clear()
            found.update(json.loads(run("-c", LOOK, env=env)))
            return not any(found[state] for state in OPEN)

        with program(*drain_words(), env=env):
            assert until(all_settled, 60), found
    copies = server.copies
    assert max(copies.values()) == 1
    assert (sum(found.values()), set(found) <= {State.SENT, State.UNKNOWN}) == (letters, True)
    assert found[State.UNKNOWN] <= 2
    assert letters - found[State.UNKNOWN] <= len(copies) <= letters


# --- Pressed and rung twice -------------------------------------------------------------------------------------------

SWEEP = "import django; django.setup(); from dlonsc.mail.ledger import sweep; print(sweep(seconds=20))"


def test_two_beats_by_mistake_send_each_letter_once() -> None:
    for number in range(30):
        write(number)
    with server_with(pause=0.02) as (server, url):
        words = [sys.executable, "-c", SWEEP]
        env = environment(url)
        beats = [subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        tried = [int(beat.communicate(timeout=60)[0]) for beat in beats]
    assert sum(tried) == 30
    assert server.copies == {f"p{number}@uni.example": 1 for number in range(30)}


def test_two_chairs_who_extend_at_once_make_one_change_and_one_letter_each() -> None:
    edition = factories.make_edition()
    chairs = [factories.make_member(edition, email=f"chair{number}@lab.example", chair=True) for number in range(2)]
    for _ in range(3):
        factories.make_submission(edition, state=SubmissionState.DRAFT)
    barrier = threading.Barrier(2)
    told: list[int | None] = []

    def press(by: User) -> None:
        barrier.wait()
        try:
            letters = set_deadline(
                edition=edition, phase=Phase.SUBMISSION, zone="AoE",
                announced=datetime.fromisoformat("2026-04-07T23:59"), label="Technical paper due",
                grace_minutes=0, is_soft=False, is_public=True, by=by, at=AT, tell=True,
            )  # fmt: skip
            told.append(letters)
        finally:
            connections.close_all()

    presses = [threading.Thread(target=press, args=[chair.user]) for chair in chairs]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert sorted(told, key=str) == [3, None]
    assert Message.objects.filter(kind="date_changed").count() == 3
    assert Entry.objects.filter(verb="extend_deadline").count() == 1


# --- Slow servers and many letters ------------------------------------------------------------------------------------


def slowly(letters: int, seconds: float, lease: float) -> None:
    """Two workers, a server that takes longer for each letter than a lease is."""
    for number in range(letters):
        write(number)
    words = ("manage.py", "outbox", "drain", "--wait", "--seconds", "300", "--lease", str(lease), "--patience")
    with server_with(pause=seconds) as (server, url):
        env, patience = environment(url), str(seconds)
        with program(*words, patience, env=env), program(*words, patience, env=env):
            assert until(nothing_open, letters * seconds + 60), states()
    assert server.copies == {f"p{number}@uni.example": 1 for number in range(letters)}
    assert states() == {State.SENT: letters}


def test_a_server_that_is_slower_than_a_lease_gets_each_letter_once() -> None:
    slowly(4, seconds=1.5, lease=1.0)


@pytest.mark.long
def test_a_server_that_takes_ten_seconds_for_each_letter_gets_each_once() -> None:
    slowly(8, seconds=10, lease=8)


PEAK = """
import json, resource, time, django
django.setup()
from django.conf import settings
from django.utils import timezone
from dlonsc.mail import ledger
from dlonsc.mail.models import Message
from dlonsc.mail.transport import transport_for
settings.MAIL_PER_SECOND = 0
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
transport, counts, begun = transport_for(settings.MAIL_URL), [], time.monotonic()
for _ in range(100):
    message = ledger.claim(timezone.now())
    ledger.deliver_one(message, transport, clock=timezone.now)
first = peak()
ledger.drain(transport, seconds=600)
print(json.dumps([first, peak(), time.monotonic() - begun]))
"""


@pytest.mark.long
def test_a_campaign_of_1500_letters_at_full_speed_takes_no_more_memory_than_one_of_100() -> None:
    with transaction.atomic():
        for number in range(1500):
            write(number)
    with server_with() as (server, url):
        first, last, seconds = json.loads(run("-c", PEAK, env=environment(url)))
    print(f"1,500 letters in {seconds:.0f} s; {first:.0f} MB after 100, {last:.0f} MB at the end")  # noqa: T201
    assert states() == {State.SENT: 1500}
    assert set(server.copies.values()) == {1}
    assert last < first + 10
