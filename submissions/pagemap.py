"""A stored report made ready for the page map: findings by severity, pages with their lines and faults."""

from dataclasses import dataclass, field
from typing import Any

from submissions.models import CameraReadyItem, Manuscript

VERDICTS = {
    "accept": ("good", "The format is right."),
    "warn": ("care", "The format is accepted, with remarks."),
    "reject": ("stop", "Something must be changed before this PDF can be submitted."),
    "unchecked": ("note", "Not yet checked."),
}
# A camera-ready PDF counts once it is delivered, whatever the check says; and a chair's word counts over the machine's.
NOT_YET_PRINTED = ("stop", "Something must be changed before this PDF can be printed.")
OVERRIDDEN = ("care", "The check found something; this PDF can be submitted all the same.")
GROUPS = (
    ("block", "Must be changed", "stop"),
    ("warn", "Please look at", "care"),
    ("info", "For your information", "note"),
)
OVERRIDDEN_GROUPS = (("block", "Accepted as it is", "care"), *GROUPS[1:])


@dataclass
class Page:
    number: int
    width: float
    height: float
    block: dict[str, float]
    lines: list[dict[str, float]]
    faults: list[dict[str, Any]] = field(default_factory=list)


def rectangle(box: Any) -> dict[str, float]:
    x0, y0, x1, y1 = (round(float(value), 1) for value in box)
    return {"x": x0, "y": y0, "width": round(max(0.5, x1 - x0), 1), "height": round(max(0.5, y1 - y0), 1)}


def mark_whole_pages(pages: list[Page], finding: dict[str, Any]) -> None:
    """A finding about some pages as such (one too many, a wrong format) marks them; about all of them, none."""
    named = [number for number in finding.get("pages", []) if 1 <= number <= len(pages)]
    if finding["severity"] == "info" or len(named) == len(pages):
        return
    for number in named:
        page = pages[number - 1]
        whole = {"x": 2.0, "y": 2.0, "width": page.width - 4, "height": page.height - 4}
        page.faults.append(whole | {"message": finding["message"]})


def as_page_map(row: Manuscript | CameraReadyItem) -> dict[str, Any]:
    """Words and drawings of a stored report, for the authors and the chairs (not for reviewers: it quotes)."""
    report = row.report or {}
    verdict = row.verdict if row.verdict in VERDICTS else "unchecked"
    kind, words = VERDICTS[verdict]
    is_overridden = isinstance(row, Manuscript) and row.overridden_at is not None
    if verdict == "reject" and is_overridden:
        kind, words = OVERRIDDEN
    elif verdict == "reject" and isinstance(row, CameraReadyItem):
        kind, words = NOT_YET_PRINTED
    findings = report.get("findings", [])
    pages = [
        Page(number, one["width"], one["height"], rectangle(one["block"]), [rectangle(line) for line in one["lines"]])
        for number, one in enumerate(report.get("page_maps", []), start=1)
    ]
    for finding in findings:
        for number, *box in finding.get("boxes", []):
            if 1 <= number <= len(pages):
                pages[number - 1].faults.append(rectangle(box) | {"message": finding["message"]})
        if not finding.get("boxes"):
            mark_whole_pages(pages, finding)
    groups = [
        {"title": title, "kind": colour, "findings": [one for one in findings if one["severity"] == severity]}
        for severity, title, colour in (OVERRIDDEN_GROUPS if is_overridden else GROUPS)
    ]
    return {
        "verdict": verdict,
        "kind": kind,
        "words": words,
        "is_waiting": verdict == "unchecked" and not findings,
        "groups": [group for group in groups if group["findings"]],
        "findings": findings,
        "pages": pages,
        "front": report.get("front") or {},
        "codes": sorted({one["code"] for one in findings}),
        "hidden": [one for one in findings if one.get("quote")],
    }
