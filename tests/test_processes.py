"""The processes of the demo live and die together."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlonsc.processes import ProcessFailed, Program, house, port_answers, port_is_free, run_together, serve

LIVES = "import signal; signal.pause()"
STUBBORN = (
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); signal.pause()"
)


def child(name: str, code: str) -> Program:
    return Program(name, (sys.executable, "-c", code))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stop_signal_stops_every_process_and_says_nothing(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    note = f"import os; open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); "
    announced: list[str] = []

    def announce() -> None:
        announced.append("up")
        os.kill(os.getpid(), signal.SIGINT)

    run_together(
        [child("one", note + LIVES), child("two", note + LIVES)],
        logs=tmp_path / "logs",
        answers=lambda: pids.exists() and len(pids.read_text().split()) == 2,
        announce=announce,
    )
    assert announced == ["up"]
    assert [alive(int(pid)) for pid in pids.read_text().split()] == [False, False]


def test_a_process_that_ignores_the_polite_stop_is_killed_after_the_grace(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "stubborn.log"
    run_together(
        [child("stubborn", STUBBORN)],
        logs=tmp_path / "logs",
        answers=lambda: log.read_text().endswith("\n"),
        announce=lambda: os.kill(os.getpid(), signal.SIGTERM),
        grace_seconds=0.2,
    )
    assert not alive(int(log.read_text()))


def test_one_that_dies_stops_the_others_and_its_last_words_are_shown(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    other = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid())); "
    wait = f"import os\nwhile not os.path.exists({str(pid)!r}) or not open({str(pid)!r}).read(): pass\n"
    with pytest.raises(ProcessFailed) as caught:
        run_together(
            [child("beat", wait + "raise SystemExit('no room left')"), child("web", other + LIVES)],
            logs=tmp_path / "logs",
            answers=lambda: False,
            announce=lambda: None,
        )
    text = str(caught.value)
    assert text.startswith("The beat process ended by itself (exit code 1); everything was stopped.")
    assert text.endswith("no room left")
    assert not alive(int(pid.read_text()))


def test_silence_at_the_start_is_an_error_after_the_given_time(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"Nothing answered within 0 seconds"):
        run_together(
            [child("web", LIVES)],
            logs=tmp_path / "logs",
            answers=lambda: False,
            announce=lambda: None,
            start_seconds=0.3,
        )


def test_the_signal_handlers_from_before_are_put_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run_together(
        [child("web", LIVES)],
        logs=tmp_path,
        answers=lambda: True,
        announce=lambda: os.kill(os.getpid(), signal.SIGTERM),
    )
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path, taken_port: int) -> None:
    assert (port_answers(taken_port), port_is_free(taken_port)) == (True, False)
    with pytest.raises(ProcessFailed, match=rf"Port {taken_port} is already taken .* choose another with --port N"):
        serve(taken_port, state=tmp_path, announce=lambda: None, environment={})
    assert list(tmp_path.iterdir()) == []


def test_the_house_has_one_web_one_worker_and_exactly_one_beat() -> None:
    programs = house(8123)
    assert [program.name for program in programs] == ["web", "worker", "beat"]
    assert "127.0.0.1:8123" in programs[0].command
