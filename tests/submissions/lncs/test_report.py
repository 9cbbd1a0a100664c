"""Rules and Reports are plain data: they travel as JSON, and what cannot be meant is refused with a reason."""

import json
from typing import Any

import pytest

from submissions.lncs import CAMERA_READY_SEVERITIES, SETTABLE_CODES, Finding, Report, Rules, Severity
from submissions.lncs.report import verdict_of


def finding(code: str, severity: Severity) -> Finding:
    return Finding(code, severity, (), None, None, "", "Words.")


def test_rules_travel_as_json_and_what_is_left_out_is_usual() -> None:
    rules = Rules(4, 20, True, {"TYPE3": "block"}, 70, 200, ("Ada Example",))
    assert Rules.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules
    assert Rules.from_dict({}) == Rules()
    assert Rules.from_dict({"max_pages": 8, "colour": "red"}) == Rules(max_pages=8)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"min_pages": 9, "max_pages": 8}, "above"),
        ({"min_abstract_words": 300}, "above"),
        ({"max_pages": "12"}, "whole number"),
        ({"min_pages": True}, "whole number"),
        ({"min_pages": -1}, "whole number"),
        ({"severities": {"NOT_PDF": "info"}}, "NOT_PDF is no code"),
        ({"severities": {"TYPO": "info"}}, "TYPO is no code"),
        ({"severities": {"TYPE3": "off"}}, "off is no severity"),
        ({"severities": ["TYPE3"]}, "no mapping"),
        ({"author_names": [1]}, "no text"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rules.from_dict(values)


@pytest.mark.parametrize(
    ("code", "wanted", "found", "severity"),
    [
        ("TYPE3", None, None, "info"),
        ("TYPE3", "block", None, "block"),
        ("TEXTBLOCK", "warn", None, "warn"),
        ("TEXTBLOCK", "warn", "warn", "warn"),
        ("TEXTBLOCK", "info", "warn", "info"),
        # Said once more what is usual: a guess stays a guess.
        ("TEXTBLOCK", "block", "warn", "warn"),
        ("BLANK_PAGE", "warn", "block", "block"),
        ("BLANK_PAGE", "info", "block", "info"),
        ("BLANK_PAGE", "block", None, "block"),
        ("OVERFULL", "block", "info", "info"),
        # What nobody can read is never passed.
        ("NOT_PDF", "info", None, "block"),
    ],
)
def test_a_rule_set_moves_a_code_but_never_refuses_by_a_guess(
    code: str, wanted: Severity | None, found: Severity | None, severity: Severity
) -> None:
    assert Rules(severities={code: wanted} if wanted else {}).severity(code, found) == severity


def test_the_rules_a_proceedings_chair_starts_from_can_be_set() -> None:
    Rules(severities=CAMERA_READY_SEVERITIES).check()
    assert set(CAMERA_READY_SEVERITIES) <= set(SETTABLE_CODES)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((), "accept"),
        ((finding("TYPE3", "info"),), "accept"),
        ((finding("TYPE3", "info"), finding("FORM", "warn")), "warn"),
        ((finding("FORM", "warn"), finding("PAPER", "block")), "reject"),
        ((finding("PAPER", "block"), finding("BOMB", "block")), "unchecked"),
    ],
)
def test_the_gravest_finding_gives_the_verdict(findings: tuple[Finding, ...], verdict: str) -> None:
    assert verdict_of(findings) == verdict


def test_a_finding_points_to_its_heading_in_the_documentation() -> None:
    assert finding("FONT_SMALL", "warn").anchor == "font_small"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"front": {}}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Report.from_json(text)
