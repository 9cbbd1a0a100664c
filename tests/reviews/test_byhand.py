"""A change by hand says what it costs before it is made, and is refused with the reason."""

from typing import Any

import pytest

from reviews.byhand import Board, Change, Rules, new_pair

SCORES = {(1, 10): 3.0, (1, 11): 2.0, (2, 10): 1.0, (2, 12): 4.0, (3, 11): 0.5}
RULES: dict[str, Any] = {
    "demand": {1: 2, 2: 1, 3: 0},
    "limit": {10: 1, 11: 2, 12: 2},
    "busy": {10: 0, 11: 0, 12: 1},
    "reasons": {(1, 12): ["same institution: Argonne"]},
    "standing": frozenset({(2, 10)}),
    "quotas": (("institution", "*", "<=", 1), ("seniority", "senior", ">=", 1)),
    "groups": {"institution": {10: "ANL", 11: "ANL", 12: ""}, "seniority": {10: "senior", 11: "", 12: ""}},
    "numbers": {1: 101, 2: 102, 3: 103},
    "names": {10: "Ada", 11: "Bo", 12: "Cy"},
}


def score(key: tuple[int, int]) -> float:
    return SCORES.get(key, 0.0)


def board(*keys: tuple[int, int], locked: tuple[int, int] = (0, 0), **rules: Any) -> Board:
    pairs = [new_pair(key, score(key)) | {"locked": key == locked} for key in keys]
    return Board(pairs, Rules(**(RULES | rules)), score)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (Change(out=((1, 11),)), "Bo does not have submission 101."),
        (Change(out=((2, 10),)), "Ada is assigned already. Take the task back on the page of assignments."),
        (Change(out=((1, 10),)), "Ada and submission 101 are locked together. Unlock them first."),
        (Change(into=((2, 10),)), "Ada has submission 102 already."),
        (Change(into=((1, 12),)), "Cy cannot take submission 101: same institution: Argonne."),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(change: Change, refusal: str) -> None:
    judged = board((1, 10), (2, 10), locked=(1, 10)).judge(change)
    assert (judged.refusal, judged.notes, judged.gain) == (refusal, refusal, 0.0)


def test_a_change_tells_total_worst_off_and_what_the_run_would_not_have_done() -> None:
    judged = board((1, 10), (2, 12)).judge(Change(out=((2, 12),), into=((1, 11),)))
    assert (judged.gain, judged.worst, judged.cost) == (-2.0, (3.0, 0.0), "\N{MINUS SIGN}2.000")
    assert judged.notes == (
        "The worst-off falls from 3.000 to 0.000. Submission 102 then lacks 1 of 1 reviewers. "
        "Submission 101 then has 2 reviewers of ANL."
    )


def test_load_demand_and_seniority_are_cautioned_once_they_get_worse() -> None:
    judged = board((1, 10), (2, 12)).judge(Change(out=((1, 10),), into=((2, 10), (2, 11))))
    assert judged.cautions == (
        "Submission 101 then lacks 2 of 2 reviewers.",
        "Submission 101 then has no senior reviewer.",
        "Submission 102 then has 3 reviewers; 1 are wanted.",
        "Submission 102 then has 2 reviewers of ANL.",
    )
    assert board((1, 10)).judge(Change(into=((3, 10),))).cautions == (
        "Ada then has 2 submissions, over the limit of 1.",
        "Submission 103 then has 1 reviewers; 0 are wanted.",
    )


def test_an_exchange_that_changes_nothing_costs_nothing() -> None:
    judged = board((1, 10), (2, 11)).judge(Change(((1, 10), (2, 11)), ((1, 11), (2, 10))))
    assert judged.refusal == ""
    assert (judged.gain, judged.cost) == (0.0, "±0")


def test_after_a_change_the_new_pairs_are_marked_and_the_others_stay() -> None:
    table = board((1, 10), (2, 12))
    after = table.after(Change(out=((2, 12),), into=((1, 11),)))
    assert [(p["submission"], p["membership"], p["by_hand"]) for p in after] == [(1, 10, True), (1, 11, True)]


def test_without_wanted_reviews_there_is_no_worst_off() -> None:
    judged = board((3, 11), demand={1: 0, 2: 0, 3: 0}).judge(Change(out=((3, 11),)))
    assert (judged.worst, judged.gain) == ((0.0, 0.0), -0.5)
