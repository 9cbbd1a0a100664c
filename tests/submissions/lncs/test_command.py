"""The command prints one line for each file in the order given, and its exit status says whether all is well."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.submissions.lncs.faults import FAULTS, PAPER
from tests.submissions.lncs.papers import make


def run(*arguments: str) -> tuple[int, list[str]]:
    out = io.StringIO()
    try:
        call_command("check_manuscript", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.pdf").write_bytes(make())
    (tmp_path / "a.pdf").write_bytes(make(replace(PAPER, pages=5)))
    (tmp_path / "c.pdf").write_bytes(make())
    (tmp_path / "notes.txt").write_text("not looked at")
    return tmp_path


def test_one_line_of_json_for_each_file_in_input_order(folder: Path) -> None:
    status, lines = run("--json", str(folder / "b.pdf"), str(folder))
    answers: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert status == 1
    assert [(one["file"], one["verdict"], one["pages"]) for one in answers] == [
        ("b.pdf", "accept", 6), ("a.pdf", "reject", 5), ("b.pdf", "accept", 6), ("c.pdf", "accept", 6),
    ]  # fmt: skip
    assert set(answers[0]) == {"file", "verdict", "pages", "findings", "cpu_s", "peak_mb"}
    assert set(answers[1]["findings"][0]) == {"code", "severity", "pages", "measured", "limit", "unit", "message"}


def test_the_same_text_informs_and_leaves_the_verdict_alone(folder: Path) -> None:
    status, lines = run("--json", str(folder / "b.pdf"), str(folder / "c.pdf"))
    second = json.loads(lines[1])
    assert status == 0
    assert (second["verdict"], [one["code"] for one in second["findings"]]) == ("accept", ["DUPLICATE"])


def test_a_table_for_people(folder: Path) -> None:
    status, lines = run("--min-pages", "5", str(folder / "a.pdf"))
    assert (status, lines[1].split()[:3]) == (0, ["a.pdf", "accept", "5"])


def test_a_hostile_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(FAULTS["BOMB"][0]())
    status, lines = run("--json", str(folder))
    assert status == 1
    assert [json.loads(line)["verdict"] for line in lines] == ["unchecked", "accept", "accept"]


def test_wrong_use_is_two(tmp_path: Path) -> None:
    assert run(str(tmp_path / "missing.pdf"))[0] == 2
    assert run(str(tmp_path))[0] == 2
    assert run("--min-pages", "9", "--max-pages", "8", str(tmp_path))[0] == 2
    with pytest.raises((SystemExit, CommandError)):
        call_command("check_manuscript")
