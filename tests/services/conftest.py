"""Real processes on real servers. Without them these tests skip with the reason; CI sets SERVICES_REQUIRED."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.visitor import Place

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the servers; those of one group share what they start."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.services)
            item.add_marker(pytest.mark.xdist_group("services"))


def missing() -> str:
    """What this machine lacks, in words; empty when nothing."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return "set DATABASE_URL to a PostgreSQL server where a database may be made (.ci/run does)"
    for program in ("redis-server", "nginx", "openssl"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"{program} is not installed"
    return ""


@pytest.fixture(scope="session")
def servers() -> str:
    """The URL of a PostgreSQL server where databases may be made."""
    if reason := missing():
        if os.environ.get("SERVICES_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return os.environ["DATABASE_URL"]


def first_line(process: subprocess.Popen[str], seconds: float) -> str:
    """The first line that a process prints; empty when it ends or says nothing for so long."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(seconds) else ""


@pytest.fixture(scope="session")
def shape(servers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Place]]:
    """The production shape, started by deploy/production.py; at the end everything must stop by itself, cleanly."""
    folder = tmp_path_factory.mktemp("production")
    command = [sys.executable, "deploy/production.py", str(folder), "--database-url", servers]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([*command, "--until-stdin-closes"], cwd=ROOT, text=True, **pipes)
    try:
        line = first_line(process, START_SECONDS)
        if not line:
            process.send_signal(signal.SIGTERM)
            pytest.fail(f"The production shape did not start: {process.communicate(timeout=60)[1]}")
        yield process, Place(**json.loads(line))
    finally:
        process.send_signal(signal.SIGTERM)
        words = process.communicate(timeout=60)[1]
    assert (process.returncode, words) == (0, "")


@pytest.fixture
def place(shape: tuple[subprocess.Popen[str], Place]) -> Place:
    """Where the production shape is; a test fails at once when one of its processes has died."""
    process, place = shape
    if process.poll() is not None:
        pytest.fail("The production shape stopped: a process ended by itself; its teardown tells which.")
    return place
