"""`manage match` ends with 0, 3 or 2 and leaves the files it promises."""

import csv
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.reviews.matching.test_csvio import folder


def test_solved_writes_the_assignment_and_the_explanation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "assignment.csv"
    call_command("match", "--in", str(folder(tmp_path)), "--out", str(out), "--objective", "maxmin", "--seed", "7")
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["paper_id"], r["reviewer_id"], r["score"], r["locked"]) for r in rows] == [
        ("p1", "bob", "0.25", "0"),
        ("p2", "ann", "0.75", "0"),
    ]
    told = json.loads((out.parent / "explanation.json").read_text())
    assert (told["status"], told["objective"], told["seed"]) == ("solved", "maxmin", 7)
    assert (told["unmet"], told["cut"]) == ([], {"papers": [], "reviewers": []})
    assert told["bounds"]["total"] == 1.0
    assert told["seconds"] >= 0
    assert "No assignment has a greater total than 1.000; this one has it." in capsys.readouterr().out


def test_infeasible_ends_with_3_and_tells_why(tmp_path: Path) -> None:
    out = tmp_path / "assignment.csv"
    out.write_text("from an earlier run")
    arguments = ["match", "--in", str(folder(tmp_path, papers="p1,2\np2,2\n")), "--out", str(out)]
    with pytest.raises(SystemExit) as ended:
        call_command(*arguments)
    assert ended.value.code == 3
    assert not out.exists()
    told = json.loads((tmp_path / "explanation.json").read_text())
    assert [u["paper"] for u in told["unmet"]] == ["p1", "p2"]
    assert told["cut"]["papers"] == ["p1", "p2"]
    with pytest.raises(SystemExit) as ended:
        call_command(*arguments, "--partial")
    assert ended.value.code == 3
    assert out.read_text().splitlines()[1:] == ["p1,bob,0.25,0,,,", "p2,ann,0.75,0,,,"]


def test_bad_input_ends_with_2_and_names_file_and_line(tmp_path: Path) -> None:
    path = folder(tmp_path, scores="p1,ann,0.5\np1,ann,0.6\n")
    with pytest.raises(CommandError, match=r"scores.csv line 2") as ended:
        call_command("match", "--in", str(path), "--out", str(tmp_path / "a.csv"))
    assert ended.value.returncode == 2


def test_a_capped_draw_repeats_with_its_seed(tmp_path: Path) -> None:
    path = folder(
        tmp_path, scores="".join(f"p{p},r{r},0.{p}{r}\n" for p in range(4) for r in range(4)), papers="", reviewers=""
    )
    texts = []
    for run in ("a", "b"):
        out = tmp_path / run / "assignment.csv"
        call_command("match", "--in", str(path), "--out", str(out), "--prob-cap", "0.5", "--seed", "3", "--demand", "2")
        texts.append(out.read_text())
    assert texts[0] == texts[1]
