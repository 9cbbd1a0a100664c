"""Files go in and out without loss, and a mistake in one is named with its line."""

import json
from pathlib import Path

import numpy as np
import pytest

from reviews.matching import Quota, csvio, solve
from reviews.matching.csvio import FileError, Line

SCORES = "paper_id,reviewer_id,score\np1,ann,0.5\np1,bob,0.25\np2,ann,0.75\n"
PAPERS = "paper_id,demand\np1,1\np2,1\n"
REVIEWERS = "reviewer_id,min_load,max_load,institution\nann,0,1,x\nbob,0,2,y\n"


def folder(path: Path, **files: str) -> Path:
    given = {"scores": SCORES, "papers": PAPERS, "reviewers": REVIEWERS, **files}
    for name, content in given.items():
        if content:
            suffix = "" if "." in name or "_json" in name else ".csv"
            (path / f"{name.replace('_json', '.json')}{suffix}").write_text(content, encoding="utf-8")
    return path


def test_a_folder_with_headers_is_read_whole(tmp_path: Path) -> None:
    problem = csvio.read_folder(
        folder(
            tmp_path,
            constraints="paper_id,reviewer_id,constraint\np1,ann,-1\np1,bob,1\np2,bob,0\n",
            quotas="column,value,comparator,bound\ninstitution,*,<=,1\n",
            apart="reviewer_id,other_id\nann,bob\n",
        )
    )
    assert (problem.paper_ids, problem.reviewer_ids) == (("p1", "p2"), ("ann", "bob"))
    assert problem.score.tolist() == [0.5, 0.25, 0.75]
    assert (problem.conflicts.tolist(), problem.locked.tolist()) == ([[0, 0]], [[0, 1]])
    assert problem.groups == {"institution": ["x", "y"]}
    assert problem.quotas == (Quota("institution", "*", "<=", 1),)
    assert problem.apart.tolist() == [[0, 1]]
    assert problem.max_load.tolist() == [1, 2]


def test_header_lines_may_be_left_out_or_reordered(tmp_path: Path) -> None:
    plain = csvio.read_folder(
        folder(
            tmp_path,
            scores="p1,ann,0.5\np1,bob,0.25\np2,ann,0.75\n",
            papers="p1,1\np2,1\n",
            reviewers="ann,0,1,x\nbob,0,2,y\n",
            constraints="p1,ann,-1\n",
        )
    )
    assert (plain.demand.tolist(), plain.max_load.tolist(), plain.conflicts.tolist()) == ([1, 1], [1, 2], [[0, 0]])
    assert plain.groups == {"group1": ["x", "y"]}
    turned = csvio.read_folder(folder(tmp_path, scores="score,reviewer_id,paper_id\n0.5,ann,p1\n"))
    assert turned.score.tolist() == [0.5]


def test_spreadsheets_marks_and_semicolons_are_understood(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "scores.csv").write_bytes(b"\xef\xbb\xbfpaper_id;reviewer_id;score\r\np1;ann;0.5\r\n\r\n")
    assert csvio.read_folder(path).score.tolist() == [0.5]


def test_openreview_matchers_own_files_are_read(tmp_path: Path) -> None:
    for name, content in {
        "affinity_scores.csv": "p1,~Ann1,0.5\np1,~Bob1,0.25\np2,~Ann1,0.75\n",
        "conflicts.csv": "p2,~Bob1,-1\n",
        "max_papers.csv": "~Ann1,2\n~Bob1,3\n",
        "attribute_constraints.json": json.dumps({"senior": {"comparator": ">=", "bound": 1, "members": ["~Ann1"]}}),
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    problem = csvio.read_folder(tmp_path, demand=2, absent_zero=True)
    assert (problem.demand.tolist(), problem.max_load.tolist()) == ([2, 2], [2, 3])
    assert problem.quotas == (Quota("senior", "yes", ">=", 1),)
    assert problem.groups == {"senior": ["yes", ""]}
    assert problem.score.tolist() == [0.5, 0.25, 0.75, 0.0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"scores": "p1,ann,0.5\np1,ann,0.5\n"}, "scores.csv line 2: paper p1 and reviewer ann are already scored in"),
        ({"scores": "p1,ann,nan\n"}, "scores.csv line 1: the score of paper p1 and reviewer ann is nan"),
        ({"scores": "p1,ann,0.5\np1,bob,good\n"}, "scores.csv line 2: .* is good, not a number"),
        ({"scores": "p1,ann,0.5\np9,bob,1\n"}, "scores.csv line 2: paper p9 is unknown"),
        ({"scores": "p1,ann,0.5\np1,eve,1\n"}, "scores.csv line 2: reviewer eve is unknown"),
        ({"scores": "p1,ann,0.5\np1\n"}, "scores.csv line 2: 1 fields"),
        ({"scores": "paper,reviewer,score\n"}, "scores.csv line 1: the column paper_id is missing"),
        ({"papers": "p1,1\np1,2\n"}, "papers.csv line 2: paper p1 appears a second time"),
        ({"papers": "p1,1\np2,1.5\n"}, "papers.csv line 2: the demand of paper p2 is 1.5"),
        ({"papers": "p1,1\np2,-1\n"}, "papers.csv line 2: the demand of paper p2 is -1"),
        ({"reviewers": "ann,3,2\nbob,0,1\n"}, "reviewers.csv line 1: reviewer ann has a minimum of 3"),
        ({"reviewers": "reviewer_id,max_load\nann,1\nann,1\n"}, "reviewers.csv line 3: reviewer ann appears"),
        ({"constraints": "p1,ann,2\n"}, "constraints.csv line 1: the constraint is 2"),
        (
            {"constraints": "p1,ann,-1\np1,ann,1\n"},
            "constraints.csv line 2: .* have the constraint 1, but -1 in line 1",
        ),
        ({"constraints": "p1,eve,-1\n"}, "constraints.csv line 1: reviewer eve is unknown"),
        ({"quotas": "region,*,<=,1\n"}, "quotas.csv line 1: the column region is unknown"),
        ({"quotas": "institution,*,<,1\n"}, "quotas.csv line 1: the comparator is <"),
        ({"apart": "ann,eve\n"}, "apart.csv line 1: reviewer eve is unknown"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(FileError, match=message):
        csvio.read_folder(folder(tmp_path, **files))


def test_a_conflict_declared_twice_is_one_conflict(tmp_path: Path) -> None:
    problem = csvio.read_folder(folder(tmp_path, constraints="p1,ann,-1\np1,ann,-1\n"))
    assert problem.conflicts.tolist() == [[0, 0]]


def test_what_is_no_text_or_no_folder_is_said(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "papers.csv").write_bytes(b"p1,1\np\xff,1\n")
    with pytest.raises(FileError, match=r"papers.csv line 2: this is not UTF-8"):
        csvio.read_folder(path)
    with pytest.raises(FileError, match="not a folder"):
        csvio.read_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=r"no scores.csv"):
        csvio.read_folder(tmp_path / "empty")


def test_ten_million_rows_are_refused_before_they_are_read() -> None:
    with pytest.raises(FileError, match="10,000,000 lines are more than"):
        csvio.read_files({"scores": ("scores.csv", b"p,r,1\n" * 10_000_000)})


def test_an_assignment_comes_back_as_it_went_out(tmp_path: Path) -> None:
    problem = csvio.read_folder(folder(tmp_path, constraints="p1,bob,1\n"))
    result = solve(problem)
    text = csvio.write_assignment(problem, result, lambda p, r: {"text": 0.1 + 0.2, "topic": None, "bid": 2})
    assert text.splitlines()[1] == "p1,bob,0.25,1,0.30000000000000004,,2"
    lines = csvio.read_assignment("assignment.csv", text.encode())
    assert lines == [Line("p1", "bob", 0.25, locked=True), Line("p2", "ann", 0.75)]
    back = csvio.read_assignment("a.json", csvio.write_openreview(problem, result).encode())
    assert back == [Line("p1", "bob", 0.25), Line("p2", "ann", 0.75)]


def test_hotcrps_bulk_assignment_goes_out_and_in() -> None:
    text = csvio.write_hotcrp([("1", "ann@lab.example")], round_name="R1")
    assert text == "paper,action,email,round\n1,primaryreview,ann@lab.example,R1\n"
    lines = csvio.read_assignment("bulk.csv", text.encode())
    assert lines == [Line("1", "ann@lab.example", round_name="R1")]
    cleared = text + "1,clearreview,ann@lab.example,\n2,pcreview,bob@lab.example,\n"
    assert csvio.read_assignment("bulk.csv", cleared.encode()) == [Line("2", "bob@lab.example")]
    with pytest.raises(FileError, match=r"bulk.csv line 2: the action lead"):
        csvio.read_assignment("bulk.csv", b"paper,action,email\n1,lead,ann@lab.example\n")


def test_hotcrps_preferences_are_read_with_their_expertise() -> None:
    content = b"paper,title,email,preference\n1,A,ann@lab.example,20X\n2,B,ann@lab.example,-5\n3,C,ann@lab.example,\n"
    assert csvio.read_preferences("prefs.csv", content) == {
        ("1", "ann@lab.example"): 20.0,
        ("2", "ann@lab.example"): -5.0,
    }


def test_an_assignment_without_header_or_with_mistakes() -> None:
    assert csvio.read_assignment("a.csv", b"p1,ann\np2,bob\n") == [Line("p1", "ann"), Line("p2", "bob")]
    with pytest.raises(FileError, match=r"a.csv line 3: paper p1 and reviewer ann are already in line 1"):
        csvio.read_assignment("a.csv", b"p1,ann\np2,bob\np1,ann\n")
    with pytest.raises(FileError, match=r"a.csv line 2: a paper and a reviewer"):
        csvio.read_assignment("a.csv", b"paper_id,reviewer_id\np1,\n")
    with pytest.raises(FileError, match="columns paper_id and reviewer_id"):
        csvio.read_assignment("a.csv", b"one,two,three\n")
    with pytest.raises(FileError, match="not openreview-matcher"):
        csvio.read_assignment("a.json", b'{"p1": [{"user": 1}]}')


def test_a_diff_says_what_applying_would_do() -> None:
    found = csvio.difference([("p1", "ann"), ("p2", "bob")], [("p1", "ann"), ("p2", "eve")])
    assert (found.added, found.removed, found.kept) == ((("p2", "eve"),), (("p2", "bob"),), (("p1", "ann"),))


def test_absent_pairs_become_candidates_of_score_zero(tmp_path: Path) -> None:
    problem = csvio.read_folder(folder(tmp_path), absent_zero=True)
    assert np.flatnonzero(problem.score == 0).tolist() == [3]


def test_parts_of_the_scores_are_carried_along() -> None:
    content = b"paper_id,reviewer_id,score,text,bid\np1,ann,0.5,0.25,\n"
    assert csvio.read_parts("scores.csv", content) == {("p1", "ann"): {"text": 0.25, "bid": None}}
    assert csvio.read_parts("scores.csv", b"p1,ann,0.5\n") == {}
    with pytest.raises(FileError, match=r"scores.csv line 2: the text is good"):
        csvio.read_parts("scores.csv", b"paper_id,reviewer_id,score,text\np1,ann,0.5,good\n")
