"""Whatever a file does, the process that asked goes on and holds a Report."""

import os
import socket
import subprocess
import threading
import time
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submissions.lncs import Report, Rules, check_safely, sandbox, server
from tests.submissions.lncs.faults import FAULTS, circle, layer, two_on_one
from tests.submissions.lncs.papers import make

SEEDS = [make(), layer(), two_on_one(), FAULTS["FORM"][0](), FAULTS["OWNER_PASSWORD"][0](), circle()]


def test_a_paper_is_checked_from_bytes_and_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(make())
    for source in (make(), path, str(path)):
        report = check_safely(source)
        assert (report.verdict, report.pages) == ("accept", 6)
        assert 0 < report.cpu_s < 15
        assert 0 < report.peak_mb < 512


def test_the_rules_reach_the_child() -> None:
    assert check_safely(make(), Rules(min_pages=7)).codes == {"PAGES_FEW"}


def test_a_bomb_is_unchecked() -> None:
    report = check_safely(FAULTS["BOMB"][0]())
    assert (report.verdict, "BOMB" in report.codes) == ("unchecked", True)


def test_a_missing_file_is_unchecked() -> None:
    report = check_safely("/nonexistent/paper.pdf")
    assert (report.verdict, report.codes) == ("unchecked", {"UNCHECKED"})


def test_no_wall_time_is_a_limit_and_not_an_error() -> None:
    assert check_safely(make(), wall_s=0.0).codes == {"BOMB"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "UNCHECKED"),
        (b"nonsense", "UNCHECKED"),
        (b'\n{"exit": 1}\n', "UNCHECKED"),
        (b'{"verdict": "accept"}\n{"exit": 0}\n', "UNCHECKED"),
        (b'\n{"exit": 2}\n', "BOMB"),
        (b'\n{"exit": 3}\n', "BOMB"),
        (b'\n{"exit": -9}\n', "BOMB"),
        (b'\n{"exit": 1, "timed_out": true}\n', "BOMB"),
    ],
)
def test_every_end_of_a_child_is_a_report_and_none_a_pass(
    answer: bytes, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_ask", lambda *_: answer)
    report = check_safely(make())
    assert (report.verdict, report.codes) == ("unchecked", {code})


def test_a_server_that_was_killed_is_started_again() -> None:
    check_safely(make())
    running = sandbox._door.server
    assert running is not None
    running.process.kill()
    running.process.wait()
    assert check_safely(make()).verdict == "accept"


def test_the_server_has_no_environment_and_the_limits_hold_in_its_children(tmp_path: Path) -> None:
    check_safely(make())
    running = sandbox._door.server
    assert running is not None
    environment = Path(f"/proc/{running.process.pid}/environ")
    if environment.exists():
        assert environment.read_bytes() == b""
    with (tmp_path / "written").open("wb", buffering=0) as file:
        assert in_a_child(lambda: file.write(b"x")) == "refused"
    assert in_a_child(lambda: None) == "done"


def in_a_child(act: Callable[[], object], prepare: Callable[[], object] = server.limit) -> str:
    """Whether a forked process may do something after `prepare`: done, or refused by the system."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            prepare()
            act()
            status = 3
        except OSError:
            status = 4
        finally:
            os._exit(status)
    # Writing raises the signal of the file size limit, which Python turns into an OSError.
    return {3: "done", 4: "refused"}[os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_the_child_opens_no_socket_no_file_and_no_pipe(family: int, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"x")
    for act in (lambda: socket.socket(family), lambda: (tmp_path / "there").open(), os.pipe, lambda: os.dup(1)):
        assert in_a_child(act, prepare=lambda: None) == "done"
        assert in_a_child(act) == "refused"


def test_where_the_kernel_allows_it_the_server_reaches_not_even_this_machine() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def call() -> None:
            with socket.socket() as caller:
                caller.settimeout(5)
                caller.connect(listener.getsockname())

        assert in_a_child(call, prepare=lambda: None) == "done"
        allowed = in_a_child(lambda: os.write(2, b"") if server.leave_the_network() else os.dup(-1), lambda: None)
        expected = "refused" if allowed == "done" else "done"
        assert in_a_child(call, prepare=server.leave_the_network) == expected
    assert sandbox.network_of_the_reader() == ("own" if allowed == "done" else "ours")


def test_a_system_without_such_networks_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(flags: int) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "unshare", refuse)
    assert server.leave_the_network() is False
    monkeypatch.delattr(os, "unshare")
    assert server.leave_the_network() is False


def test_a_forked_process_has_a_server_of_its_own() -> None:
    check_safely(make())
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if sandbox._door.server is None and check_safely(make()).verdict == "accept" else 2
            sandbox.stop_server()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert check_safely(make()).verdict == "accept"


def test_threads_share_the_server_and_get_their_own_reports() -> None:
    files = [(FAULTS[code][0](), code) for code in ("PAGES_FEW", "TEXTBLOCK", "NOT_PDF", "JAVASCRIPT")] * 3
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda one: check_safely(one[0]), files))
    assert [code in report.codes for (_, code), report in zip(files, reports, strict=True)] == [True] * 12
    assert threading.active_count() < 20


def test_a_server_that_cannot_be_had_is_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(sandbox, "_send", refuse)
    report = check_safely(make())
    assert (report.verdict, report.codes) == ("unchecked", {"UNCHECKED"})


def test_a_message_taken_only_in_part_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "send_fds", lambda *_: 3)
    with socket.socket() as control, pytest.raises(OSError, match="only a part"):
        sandbox._send(control, 1.0, 1, 2)


def test_a_server_that_does_not_leave_is_ended() -> None:
    ours, theirs = socket.socketpair()
    running = object.__new__(sandbox._Server)
    running.socket, running.owner = ours, os.getpid()
    killed: list[str] = []

    class Stubborn:
        def wait(self, timeout: float | None = None) -> None:
            if timeout is not None:
                raise subprocess.TimeoutExpired("server", timeout)

        def kill(self) -> None:
            killed.append("killed")

    running.process = Stubborn()  # type: ignore[assignment]
    running.close()
    theirs.close()
    assert killed == ["killed"]


def test_a_stopped_server_starts_again_with_the_next_file() -> None:
    check_safely(make())
    sandbox.stop_server()
    assert sandbox._door.server is None
    sandbox.stop_server()
    assert check_safely(make()).verdict == "accept"


def test_what_a_fork_inherits_is_forgotten_and_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    door = sandbox._Door()
    door.forget()
    running = object.__new__(sandbox._Server)
    running.socket, running.owner = ours, -1
    running.process = types.SimpleNamespace(returncode=None)  # type: ignore[assignment]
    door.server = running
    door.forget()
    theirs.close()
    assert (door.server, ours.fileno(), running.process.returncode) == (None, -1, 0)


def test_a_server_of_another_process_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    running = object.__new__(sandbox._Server)
    running.socket, running.owner = ours, -1
    running.close()
    theirs.close()
    assert ours.fileno() == -1


@pytest.mark.parametrize("silent", [True, False])
def test_an_answer_is_read_until_its_end_its_size_or_its_time(silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAXIMUM_ANSWER", 10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        if not silent:
            theirs.sendall(b"x" * 50)
        assert sandbox._read_all(ours, time.monotonic() + (0.05 if silent else 5)) == (b"" if silent else b"x" * 50)


def test_the_child_works_on_a_file_and_sends_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "limit", lambda: None)
    path = tmp_path / "paper.pdf"
    path.write_bytes(make())
    ours, theirs = socket.socketpair()
    with ours, theirs, path.open("rb") as file:
        ours.sendall(b'{"min_pages": 7}\n')
        assert server.work(theirs, file.fileno()) == 0
        assert Report.from_json(ours.recv(1_000_000)).codes == {"PAGES_FEW"}


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, len(SEEDS) - 1),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=8),
    stop=st.one_of(st.none(), st.floats(0.05, 1)),
)
def test_mutated_bytes_always_give_a_report(
    seed: int, cuts: list[tuple[float, int, bytes]], stop: float | None
) -> None:
    data = bytearray(SEEDS[seed])
    for place, length, replacement in cuts:
        at = int(place * len(data))
        data[at : at + length] = replacement
    if stop is not None:
        del data[int(stop * len(data)) :]
    report = check_safely(bytes(data))
    assert isinstance(report, Report)
    # An error of our own would be unchecked without a bomb: it never happens, whatever the bytes are.
    assert "UNCHECKED" not in report.codes
