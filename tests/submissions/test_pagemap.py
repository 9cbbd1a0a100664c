"""The page map: faults where they are, whole pages where a finding is about pages, words without drawings."""

from submissions.models import Manuscript
from submissions.pagemap import as_page_map
from tests.factories import AT

PAGE = {"width": 595.0, "height": 842.0, "block": [100, 120, 445.8, 667.1], "lines": [[100, 120, 440, 130]]}


def finding(severity: str = "block", **fields: object) -> dict[str, object]:
    return {"code": "X", "severity": severity, "message": "A finding.", "pages": [], "boxes": []} | fields


def mapped(verdict: str, *findings: dict[str, object], pages: int = 3) -> dict[str, object]:
    return as_page_map(Manuscript(verdict=verdict, report={"page_maps": [PAGE] * pages, "findings": list(findings)}))


def faults(found: dict[str, object]) -> list[list[dict[str, float]]]:
    return [[{k: v for k, v in one.items() if k != "message"} for one in page.faults] for page in found["pages"]]  # type: ignore[attr-defined]


def test_a_box_is_drawn_on_its_page_and_a_forged_page_number_on_none() -> None:
    found = mapped("reject", finding(pages=[2], boxes=[[2, 440, 200, 470, 210], [9, 0, 0, 1, 1]]))
    assert faults(found) == [[], [{"x": 440.0, "y": 200.0, "width": 30.0, "height": 10.0}], []]


def test_a_page_too_many_is_marked_as_a_whole_and_a_remark_on_all_pages_is_not() -> None:
    found = mapped("reject", finding(pages=[3]), finding(pages=[1, 2, 3]), finding("info", pages=[1]))
    assert faults(found) == [[], [], [{"x": 2.0, "y": 2.0, "width": 591.0, "height": 838.0}]]


def test_findings_stand_by_severity_and_empty_groups_are_left_out() -> None:
    found = mapped("reject", finding("info"), finding("block"))
    assert [(group["title"], len(group["findings"])) for group in found["groups"]] == [  # type: ignore[attr-defined]
        ("Must be changed", 1),
        ("For your information", 1),
    ]


def test_what_a_chair_accepted_as_it_is_is_not_said_to_need_a_change_before_it_can_be_submitted() -> None:
    row = Manuscript(verdict="reject", report={"findings": [finding("block"), finding("warn")]}, overridden_at=AT)
    found = as_page_map(row)
    assert (found["kind"], [group["title"] for group in found["groups"]]) == (
        "care",
        ["Accepted as it is", "Please look at"],
    )
    assert found["words"] == "The check found something; this PDF can be submitted all the same."


def test_only_a_check_that_is_not_done_waits() -> None:
    assert as_page_map(Manuscript())["is_waiting"]
    assert not mapped("unchecked", finding())["is_waiting"]
    assert not mapped("accept")["is_waiting"]
