"""Web, worker and beat as real processes that start, live and stop together.

Nothing here prints: the caller is told when the address answers, and gets an error with words when a process dies.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 8.0  # a polite stop; after it the process group is killed
START_SECONDS = 60.0  # a first request on a slow machine
BEAT_SECONDS = 0.1  # between two looks at the processes
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ProcessFailed(Exception):
    """A process ended by itself, or the address never answered; the text says which, and where its log is."""


@dataclass(frozen=True)
class Program:
    """One process to run: its name is also the name of its log file."""

    name: str
    command: tuple[str, ...]


@dataclass
class Running:
    """The processes of one start, each the leader of its own group so that a terminal's Ctrl-C reaches only us."""

    logs: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, program: Program, environment: Mapping[str, str]) -> None:
        with (self.logs / f"{program.name}.log").open("wb") as log:
            self.processes[program.name] = subprocess.Popen(  # noqa: S603 - commands are our own, no shell
                program.command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def raise_if_dead(self) -> None:
        """Raise ProcessFailed, with the end of its log, for the first process that is no longer there."""
        for name, process in self.processes.items():
            code = process.poll()
            if code is not None:
                raise ProcessFailed(
                    f"The {name} process ended by itself (exit code {code}); everything was stopped.\n"
                    f"The end of {self.logs / f'{name}.log'}:\n{self.last_lines(name)}"
                )

    def last_lines(self, name: str, lines: int = 15) -> str:
        text = (self.logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:]) or "(empty)"

    def stop(self, grace: float) -> None:
        """Ask all at once, wait together for `grace` seconds, then kill whatever is left of each group."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()  # the leader only: celery's pool processes are ended by their leader
        deadline = time.monotonic() + grace
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            kill_group(process.pid)
            process.wait()


def kill_group(leader: int) -> None:
    """Kill what is left of a process group; nothing left is fine."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return


@contextmanager
def stop_asked() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the handlers before are put back afterwards."""
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in STOP_SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_together(
    programs: Iterable[Program],
    *,
    logs: Path,
    answers: Callable[[], bool],
    announce: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    start_seconds: float = START_SECONDS,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Start all, call `announce` once `answers` says yes, and return after SIGINT or SIGTERM has stopped all.

    Call it from the main thread. Raises ProcessFailed, after stopping all, when one ends by itself or when nothing
    answers for `start_seconds`.
    """
    logs.mkdir(parents=True, exist_ok=True)
    running = Running(logs)
    with stop_asked() as asked:
        try:
            for program in programs:
                running.start(program, os.environ if environment is None else environment)
            give_up = time.monotonic() + start_seconds
            announced = False
            while not asked.wait(BEAT_SECONDS):
                running.raise_if_dead()
                if not announced and answers():
                    announced = True
                    announce()
                if not announced and time.monotonic() > give_up:
                    raise ProcessFailed(f"Nothing answered within {start_seconds:.0f} seconds; the logs are in {logs}.")
        finally:
            running.stop(grace_seconds)


def port_answers(port: int) -> bool:
    """Whether something on this machine takes connections on `port`."""
    with socket.socket() as caller:
        caller.settimeout(0.5)
        return caller.connect_ex(("127.0.0.1", port)) == 0


def port_is_free(port: int) -> bool:
    """Whether `port` of 127.0.0.1 can be bound now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def house(port: int, *, threads: int = 8, pool: int = 2) -> tuple[Program, ...]:
    """The three processes of the embedded installation: web on 127.0.0.1:`port`, worker, and exactly one beat."""
    python = sys.executable
    web = ("-m", "gunicorn", "dlonsc.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread")
    celery = ("-m", "celery", "-A", "dlonsc")
    return (
        Program("web", (python, *web, "--threads", str(threads), "--graceful-timeout", "3", "--no-control-socket")),
        Program("worker", (python, *celery, "worker", "--pool", "prefork", "--concurrency", str(pool), "-l", "INFO")),
        Program("beat", (python, *celery, "beat", "-l", "INFO", "--pidfile=")),
    )


def serve(port: int, *, state: Path, announce: Callable[[], None], environment: Mapping[str, str]) -> None:
    """Run the house on `port` until asked to stop; logs go to `state`/logs. Raises ProcessFailed."""
    if not port_is_free(port):
        raise ProcessFailed(f"Port {port} is already taken on this machine; choose another with --port N.")
    run_together(
        house(port),
        logs=state / "logs",
        answers=lambda: port_answers(port),
        announce=announce,
        environment=environment,
    )
