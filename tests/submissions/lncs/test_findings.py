"""Each fault of a manuscript gives its own finding, and a right manuscript gives none."""

from dataclasses import replace
from pathlib import Path

import pytest

from submissions.lncs import CODES, Report, Rules, check, similarity
from tests.submissions.lncs.faults import FAULTS, HIDDEN, PAPER, RIGHT, SECRET, drawn, in_bitmaps, with_
from tests.submissions.lncs.papers import Paper, make, show

# Told by the folder's pass and by the sandbox, not by a look into the file.
ELSEWHERE = {"DUPLICATE", "UNCHECKED"}
DOCS = Path(__file__).resolve().parents[3] / "docs" / "lncs-codes.md"


def rules_for(code: str, *, blind: bool) -> Rules:
    return Rules(blind=blind, max_abstract_words=16 if code == "ABSTRACT_LENGTH" else 250)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_each_fault_has_its_code_and_severity(code: str) -> None:
    made, severity, blind = FAULTS[code]
    report = check(made(), rules_for(code, blind=blind))
    assert severity in {finding.severity for finding in report.findings if finding.code == code}


@pytest.mark.parametrize(
    "code", ["TEXTBLOCK", "FONT_SMALL", "LEADING_TIGHT", "OVERFULL", "BLANK_PAGE", "HIDDEN_TEXT", "PAPER"]
)
def test_a_fault_that_can_be_drawn_is_located_on_the_page(code: str) -> None:
    report = check(FAULTS[code][0]())
    boxes = [box for finding in report.findings if finding.code == code for box in finding.boxes]
    assert boxes
    for page, x0, y0, x1, y1 in boxes:
        drawn_page = report.page_maps[page - 1]
        assert -1 <= x0 < x1 <= drawn_page.width + 1
        assert -1 <= y0 < y1 <= drawn_page.height + 1


def test_every_code_is_tested_and_explained_to_authors() -> None:
    headings = {line[3:].strip().lower() for line in DOCS.read_text().splitlines() if line.startswith("## ")}
    assert set(FAULTS) | ELSEWHERE == set(CODES)
    assert {code.lower() for code in CODES} <= headings


@pytest.mark.parametrize(
    "paper",
    [
        Paper(),
        Paper(pages=12),
        Paper(paper_mm=(215.9, 279.4)),
        Paper(header=False),
        Paper(header=False, foot_numbers=True),
        Paper(width_mm=122.4),
        Paper(lines=46, leading=11.955),
        Paper(justified=False),
        Paper(last_lines=12),
    ],
    ids=str,
)
def test_a_right_paper_is_accepted_without_a_word(paper: Paper) -> None:
    report = check(make(paper))
    assert (report.verdict, report.pages, report.findings) == ("accept", paper.pages, ())


@pytest.mark.parametrize("what", sorted(RIGHT))
def test_what_a_right_paper_may_have_besides_is_accepted(what: str) -> None:
    report = check(RIGHT[what]())
    assert (report.verdict, report.findings) == ("accept", ())


def test_letters_drawn_as_bitmaps_are_measured_by_their_widths_and_refuse_nobody() -> None:
    report = check(in_bitmaps())
    assert {finding.severity for finding in report.findings} <= {"warn", "info"}
    assert "TYPE3" in report.codes


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("TEXTBLOCK", {"width_mm": 122.6}),
        ("TEXTBLOCK", {"width_mm": 122.6, "left_mm": 43.4}),
        ("TEXTBLOCK", {"lines": 47}),
        ("LEADING_TIGHT", {"leading": 11.64}),
        ("FONT_SMALL", {"size": 9.5}),
        ("FONT_SMALL", {"size": 9.0}),
    ],
)
def test_small_tampering_is_caught_on_two_pages_of_eight(code: str, changes: dict[str, float]) -> None:
    paper = replace(PAPER, pages=8)
    report = check(make(paper, {number: replace(paper, **changes) for number in (3, 4)}))  # type: ignore[arg-type]
    found = {number for finding in report.findings if finding.code == code for number in finding.pages}
    assert found == {3, 4}


def test_one_line_too_many_warns_and_two_are_refused() -> None:
    assert check(with_(lines=47)).verdict == "warn"
    assert check(with_(lines=48)).verdict == "reject"


def test_the_article_class_is_told_by_its_title_and_not_by_its_width_alone() -> None:
    assert check(with_(width_mm=121.25)).verdict == "warn"
    assert check(with_(width_mm=121.25, title_size=17.2)).verdict == "reject"


@pytest.mark.parametrize("how", sorted(HIDDEN))
def test_hidden_text_is_quoted_and_marked_strong_when_it_addresses_a_reviewer(how: str) -> None:
    found = [finding for finding in check(HIDDEN[how]()).findings if finding.code == "HIDDEN_TEXT"]
    assert found
    assert all(finding.strong and SECRET in finding.quote for finding in found)
    assert {finding.severity for finding in found} == {"warn"}


def test_hidden_words_that_address_nobody_are_not_marked_strong() -> None:
    report = check(
        drawn("1 g " + show(130, 400, 10, "the storage tier streams messages with little overhead on large machines"))
    )
    assert [(finding.code, finding.strong) for finding in report.findings] == [("HIDDEN_TEXT", False)]


def test_white_text_on_a_dark_ground_is_seen() -> None:
    words = "the storage tier streams messages with little overhead on machines"
    assert check(drawn(f"0 g 125 390 300 25 re f 1 g {show(130, 400, 9, words)}")).codes == frozenset()


def test_the_first_page_is_read() -> None:
    front = check(make()).front
    assert front.title == "Training Large Models on Many Nodes"
    assert front.authors == ("Ada Example", "Carl Sample")
    assert front.keywords == ("Training", "Networks")
    assert front.abstract.startswith("We measure how a pipeline")
    assert front.abstract_words == 21


def test_an_anonymous_paper_passes_a_blind_edition() -> None:
    assert check(with_(authors="Anonymous Authors"), Rules(blind=True)).codes == frozenset()


def test_an_edition_may_change_a_severity() -> None:
    report = check(with_(pages=5), Rules(severities={"PAGES_FEW": "info"}))
    assert report.verdict == "accept"


def test_a_report_travels_as_json() -> None:
    report = check(FAULTS["TEXTBLOCK"][0]())
    assert Report.from_json(report.to_json()) == report


def test_prints_tell_the_same_text_from_another() -> None:
    one, again, other = (check(make(replace(PAPER, seed=seed))).fingerprint for seed in (1, 1, 2))
    assert similarity(one, again) == 1.0
    assert similarity(one, other) < 0.2


def test_a_fault_on_many_pages_is_drawn_on_each_of_them() -> None:
    report = check(make(Paper(pages=12, width_mm=132.0)))
    drawn_on = {box[0] for finding in report.findings if finding.code == "TEXTBLOCK" for box in finding.boxes}
    named = {page for finding in report.findings if finding.code == "TEXTBLOCK" for page in finding.pages}
    assert (drawn_on, len(named)) == (named, 12)
