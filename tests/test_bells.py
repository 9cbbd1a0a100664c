"""The folder of bells: what a worker finds in it is whole."""

import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from dlonsc import bells


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[bells.Channel]:
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://", transport="dlonsc.bells:Transport", transport_options=options) as line:
        yield line.default_channel


def test_a_worker_that_looks_while_a_bell_is_written_finds_nothing_and_then_all(
    folder: bells.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    finish = os.replace

    def look_then_finish(unfinished: Path, name: Path) -> None:
        assert unfinished.read_text() == '{"body": "ring"}'
        with pytest.raises(Empty):
            folder._get("celery")
        looks.append("nothing")
        finish(unfinished, name)

    monkeypatch.setattr(os, "replace", look_then_finish)
    folder._put("celery", {"body": "ring"})
    assert (looks, folder._get("celery"), folder._size("celery")) == (["nothing"], {"body": "ring"}, 0)


def test_bells_are_taken_in_the_order_of_their_writing(folder: bells.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10**12, 10**12 + 10**8, 10**7))
    monkeypatch.setattr(bells, "monotonic_ns", lambda: next(ticks))
    for number in range(5):
        folder._put("celery", {"number": number})
    assert [folder._get("celery")["number"] for _ in range(5)] == [0, 1, 2, 3, 4]
