"""The door to the check: hands a file to the server process and brings back a Report.

Each process that checks (a web worker, a Celery child, a management command) has a server of its own, started at the
first file; after a fork the child forgets its parent's.
"""

import atexit
import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from submissions.lncs.report import Finding, Report, Rules

WALL_SECONDS = 20.0
MAXIMUM_ANSWER = 6 * 1024 * 1024
# On top of the wall time: for the server to kill, count and tell.
_GRACE_SECONDS = 3.0
# What server.py reads; it is not imported from there, so that a web worker never loads a PDF reader.
HEADER = struct.Struct("!d")
_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from submissions.lncs.server import main; main()"
_SIGNALS_OF_LIMITS = frozenset({-9, -24, -25, -11, -6})


class _Server:
    """One exec'd server process and our end of its socket."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
                [sys.executable, "-I", "-B", "-c", _BOOT, _ROOT],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        self.socket = ours
        self.owner = os.getpid()

    def close(self) -> None:
        self.socket.close()
        if self.owner == os.getpid():
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class _Door:
    """Starts the server when it is needed, and again when it is gone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.server: _Server | None = None

    def send(self, wall: float, job: int, file: int) -> None:
        """Hand over two descriptors. Raise OSError when no server can be had."""
        with self.lock:
            for attempt in (1, 2):
                if self.server is None or self.server.process.poll() is not None:
                    self.drop()
                    self.server = _Server()
                try:
                    _send(self.server.socket, wall, job, file)
                    return
                except OSError:
                    self.drop()
                    if attempt == 2:
                        raise

    def drop(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            server.close()

    def forget(self) -> None:
        """In a forked child: the server is the parent's, and so may be the lock."""
        self.lock = threading.Lock()
        server, self.server = self.server, None
        if server is not None:
            server.socket.close()
            # Not ours to wait for.
            server.process.returncode = 0


def stop_server() -> None:
    """End this process's server; the next file starts a new one."""
    with _door.lock:
        _door.drop()


def _send(control: socket.socket, wall: float, job: int, file: int) -> None:
    header = HEADER.pack(wall)
    if socket.send_fds(control, [header], [job, file]) != len(header):
        raise OSError("the server took only a part of the message")


_door = _Door()
os.register_at_fork(after_in_child=_door.forget)
atexit.register(_door.drop)


def check_safely(
    source: bytes | str | os.PathLike[str], rules: Rules | None = None, wall_s: float = WALL_SECONDS
) -> Report:
    """Check a file in a child process. Never raises: what could not be checked is a Report that says so."""
    rules = rules or Rules()
    started = time.monotonic()
    try:
        with _opened(source) as file:
            answer = _ask(file, rules, wall_s)
    except (OSError, ValueError) as error:
        return _unchecked("UNCHECKED", f"the checker could not be started ({type(error).__name__})")
    try:
        return _understand(answer, time.monotonic() - started >= wall_s)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _unchecked("UNCHECKED", "the checker gave no answer")


def network_of_the_reader() -> str:
    """ "own": the processes that read files stand in a network without any way out; "ours": this system allows none.

    "unknown" where nothing can be checked at all. In either network a process that reads a file can open no socket.
    """
    # What is no PDF is told at once; after it the server has begun its work.
    if check_safely(b"").verdict == "unchecked" or _door.server is None:
        return "unknown"
    try:
        theirs = os.readlink(f"/proc/{_door.server.process.pid}/ns/net")
        return "ours" if theirs == os.readlink("/proc/self/ns/net") else "own"
    except OSError:  # no /proc, as on macOS
        return "ours"


@contextlib.contextmanager
def _opened(source: bytes | str | os.PathLike[str]) -> Any:
    if isinstance(source, bytes):
        with tempfile.TemporaryFile() as stream:
            stream.write(source)
            stream.flush()
            yield stream.fileno()
    else:
        with open(source, "rb") as stream:
            yield stream.fileno()


def _ask(file: int, rules: Rules, wall_s: float) -> bytes:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            ours.sendall(json.dumps(rules.to_dict()).encode("ascii") + b"\n")
            _door.send(wall_s, theirs.fileno(), file)
        return _read_all(ours, time.monotonic() + wall_s + _GRACE_SECONDS)


def _read_all(connection: socket.socket, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while size <= MAXIMUM_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            break
        part = connection.recv(262_144)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _understand(answer: bytes, late: bool) -> Report:
    body, _, trailer = answer.rstrip(b"\n").rpartition(b"\n")
    end = json.loads(trailer) if trailer else {}
    used = {"cpu_s": float(end.get("cpu_s", 0.0)), "peak_mb": float(end.get("peak_mb", 0.0))}
    code = end.get("exit")
    if code == 0:
        report = Report.from_json(body)
        return _with(report, used)
    if end.get("timed_out") or late:
        return _unchecked("BOMB", "it took more time than a check may take", **used)
    if code == 2 or code in _SIGNALS_OF_LIMITS:
        return _unchecked("BOMB", "it needs more memory or time than a check may take", **used)
    if code == 3:
        return _unchecked("BOMB", "it is larger than 64 MB", **used)
    return _unchecked("UNCHECKED", "the checker met an error of its own", **used)


def _with(report: Report, used: dict[str, float]) -> Report:
    return Report.from_dict(report.to_dict() | used)


def _unchecked(code: str, why: str, cpu_s: float = 0.0, peak_mb: float = 0.0) -> Report:
    finding = Finding(
        code=code,
        severity="block",
        pages=(),
        measured=None,
        limit=None,
        unit="",
        message=f"The file could not be checked: {why}. The file itself is kept; the chairs see that it is not "
        "yet checked.",
    )
    return Report(verdict="unchecked", pages=None, findings=(finding,), cpu_s=cpu_s, peak_mb=peak_mb)
