"""The process in which files are checked: started by exec with an empty environment, it forks one child per file.

It has read pypdf and our rules once, so a child costs milliseconds; a child that a file poisons, exhausts or kills
takes nothing with it. Protocol, on the socket at file descriptor 0: eight bytes (wall seconds as a double) together
with two descriptors, a socket of the job and the file to read. The job's socket brings one line of JSON, the rules,
and takes back the Report as JSON, a newline, and one line about how the child ended. The server leaves when its socket
closes.
"""

import contextlib
import encodings
import gc
import importlib.util
import json
import os
import pkgutil
import resource
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

import pypdf

from submissions.lncs import checking
from submissions.lncs.container import tighten
from submissions.lncs.report import Rules
from submissions.lncs.sandbox import HEADER

MEMORY_BYTES = 512 * 1024 * 1024
# A second below what one file may cost, for the fork and the kill.
CPU_SECONDS = 14
# None beside those that it was given: no file, no pipe and no socket of any kind can be opened.
NEW_FILES = 0
OUTPUT_BYTES = 4 * 1024 * 1024
FILE_BYTES = 64 * 1024 * 1024


@dataclass
class Job:
    """A running child."""

    socket: socket.socket
    deadline: float
    timed_out: bool = False


def limit() -> None:
    """Bound this process before it opens a file."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (NEW_FILES, NEW_FILES))
    # Some systems (macOS) know no limit of the address space; there the other limits hold alone.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def read_line(connection: socket.socket, maximum: int = 65_536) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < maximum:
        part = connection.recv(4096)
        if not part:
            break
        data += part
    return data


def work(connection: socket.socket, file: int) -> int:
    """Check one file and send its Report; the exit status says how far it came."""
    limit()
    rules = Rules.from_dict(json.loads(read_line(connection)))
    size = os.fstat(file).st_size
    if size > FILE_BYTES:
        return 3
    os.lseek(file, 0, os.SEEK_SET)
    data = b""
    with os.fdopen(file, "rb", closefd=False) as stream:
        data = stream.read(FILE_BYTES + 1)
    try:
        answer = checking.check(data, rules).to_json().encode("ascii")
    except MemoryError:
        return 2
    if len(answer) > OUTPUT_BYTES:
        return 2
    connection.sendall(answer)
    return 0


def child(connection: socket.socket, file: int) -> None:
    """Never returns: nothing of the server runs on in a child."""
    status = 1
    try:
        keep = {connection.fileno(), file}
        for number in range(3, 256):
            if number not in keep:
                with contextlib.suppress(OSError):
                    os.close(number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.setsid()
        status = work(connection, file)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            connection.sendall(json.dumps({"error": f"{type(error).__name__}"}).encode())
    finally:
        os._exit(status)


class Server:
    """Accepts jobs, forks, watches the clock, and reports how each child ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, Job] = {}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(self._wake_read, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(self._patience()):
                if key.fileobj is self._control:
                    if not self._accept():
                        self._end()
                        return
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4096)
            self._kill_late()
            self._reap()

    def _patience(self) -> float | None:
        if not self._jobs:
            return None
        return max(0.01, min(job.deadline for job in self._jobs.values()) - time.monotonic())

    def _accept(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, HEADER.size, 4)
        except OSError:
            return False
        if len(data) != HEADER.size or len(descriptors) != 2:
            for one in descriptors:
                os.close(one)
            return False
        connection = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            child(connection, descriptors[1])
        os.close(descriptors[1])
        self._jobs[pid] = Job(connection, time.monotonic() + HEADER.unpack(data)[0])
        return True

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, job in self._jobs.items():
            if now >= job.deadline and not job.timed_out:
                job.timed_out = True
                _kill(pid)

    def _reap(self) -> None:
        for pid in list(self._jobs):
            try:
                ended, status, used = os.wait4(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status, used = pid, 1 << 8, None
            if ended:
                self._tell(self._jobs.pop(pid), status, used)

    def _tell(self, job: Job, status: int, used: Any) -> None:
        code = os.waitstatus_to_exitcode(status)
        end = {
            "exit": code,
            "timed_out": job.timed_out,
            "cpu_s": round(used.ru_utime + used.ru_stime, 4) if used else 0.0,
            "peak_mb": round(used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024), 1) if used else 0.0,
        }
        with contextlib.suppress(OSError):
            job.socket.setblocking(False)
            # Closing with something unread would reset the connection, and the answer be lost.
            with contextlib.suppress(BlockingIOError):
                job.socket.recv(65_536)
            job.socket.sendall(b"\n" + json.dumps(end).encode("ascii") + b"\n")
        job.socket.close()

    def _end(self) -> None:
        for pid in self._jobs:
            _kill(pid)


def _kill(pid: int) -> None:
    # The child leads a session of its own; before it does, the group does not exist yet.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


def leave_the_network() -> bool:
    """Move this process, and all that it forks, into a network of its own without any interface but a closed loopback.

    The sockets handed over by the callers still work: they are pairs, and already open. False where the kernel does not
    let us (user namespaces switched off, another system); then the network is only not given, as before.
    """
    unshare = getattr(os, "unshare", None)
    if unshare is None:
        return False
    # With a user namespace of its own no right is needed; one that may do it needs none.
    for flags in (os.CLONE_NEWUSER | os.CLONE_NEWNET, os.CLONE_NEWNET):
        with contextlib.suppress(OSError):
            unshare(flags)
            return True
    return False


def load_what_is_loaded_late() -> None:
    """A child opens no file, so what pypdf and Python load only when a PDF needs it is loaded now."""
    for package in (pypdf, encodings):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Codecs of other systems, and doors to packages that are not installed.
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    # And what is not there is looked up in all folders now.
    importlib.util.find_spec("no_such_module")


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Once, before anything is read: a child inherits it for nothing.
    leave_the_network()
    load_what_is_loaded_late()
    tighten()
    # What stands now is the same for every child: keep the collector from writing to its pages.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with socket.socket(fileno=os.dup(0)) as control:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        Server(control).serve()


if __name__ == "__main__":
    main()
