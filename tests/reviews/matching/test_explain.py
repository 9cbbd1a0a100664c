"""A chair asks why, what a change costs, and who else could do it."""

import numpy as np
import pytest

from reviews.matching import ProblemError, Quota, explain_pair, solve, substitutes, why_not
from tests.reviews.matching.exact import problem_of

SCORES = [[0.9, 0.8, 0.1], [0.7, 0.2, 0.3]]


def test_ranks_cost_and_the_swap_are_given() -> None:
    problem = problem_of(SCORES, max_load=[1, 1, 1])
    result = solve(problem)
    assert result.pairs.tolist() == [[0, 1], [1, 0]]
    reasons = explain_pair(problem, result, 0, 1)
    assert (reasons.rank_for_paper, reasons.candidates, reasons.rank_for_reviewer, reasons.papers) == (2, 3, 1, 2)
    assert reasons.cost == pytest.approx(1.5 - 1.2)
    assert [(s.paper, s.out, s.into) for s in reasons.swaps] == [(0, 1, 0), (1, 0, 2)]
    assert reasons.sentences == (
        "Score 0.800: r2 is number 2 of the 3 candidates of paper p1; the paper is number 1 of the 2 r2 could review.",
        "Giving it up lowers the total by 0.300: paper p1 goes from r2 to r1, paper p2 goes from r1 to r3.",
        "Paper p2 would then be the worst off, with 0.300 below 0.700.",
    )


def test_a_pair_not_chosen_says_what_bringing_it_in_costs() -> None:
    problem = problem_of(SCORES, max_load=[1, 1, 1])
    reasons = explain_pair(problem, solve(problem), 0, 0)
    assert (reasons.assigned, reasons.cost) == (False, pytest.approx(0.3))
    assert reasons.sentences[1].startswith("Bringing it in lowers the total by 0.300")


def test_locked_irreplaceable_and_impossible_pairs_say_so() -> None:
    problem = problem_of([[0.9, 0.8], [0.5, None]], locked=[(0, 0)], conflicts=[(0, 1)])
    result = solve(problem)
    assert explain_pair(problem, result, 0, 0).sentences[1] == "The pair is locked."
    alone = explain_pair(problem, result, 1, 0)
    assert (alone.cost, alone.sentences[1]) == (None, "Giving it up is not possible without breaking a rule.")
    with pytest.raises(ProblemError, match="conflict of interest"):
        explain_pair(problem, result, 0, 1)
    with pytest.raises(ProblemError, match="not a candidate"):
        explain_pair(problem, result, 1, 1)


def test_substitutes_are_ranked_with_room_first_and_leave_out_the_forbidden() -> None:
    problem = problem_of(
        [[0.9, 0.8, 0.7, 0.6, 0.5], [0.1, 0.9, 0.1, 0.1, 0.1]],
        max_load=[1, 1, 1, 1, 1],
        conflicts=[(0, 4)],
        groups={"home": ["a", "b", "c", "a", ""]},
        quotas=(Quota("home", "*", "<=", 1),),
    )
    result = solve(problem)
    found = substitutes(problem, result, 0, 0)
    assert [(s.reviewer, s.has_room) for s in found] == [(2, True), (3, True), (1, False)]
    assert found[0].why == "Score 0.700, number 3 of 4 candidates; has 0 of 1 papers; 0.200 worse than before."
    assert found[0].loss == pytest.approx(0.2)


def test_the_rule_against_an_edit_is_named() -> None:
    problem = problem_of(
        [[0.9, 0.8, 0.7, 0.6]] * 2,
        max_load=[1, 9, 9, 9],
        conflicts=[(0, 3)],
        locked=[(0, 0), (1, 1)],
        apart=[(0, 1)],
        groups={"home": ["a", "", "a", ""]},
        quotas=(Quota("home", "a", "<=", 1),),
    )
    result = solve(problem)
    assert why_not(problem, result, 0, 3) == "Reviewer r4 has a conflict of interest with paper p1."
    assert why_not(problem, result, 0, 0) == "Reviewer r1 already has paper p1."
    assert why_not(problem, result, 1, 0) == "Reviewer r1 is full: 1 of 1 papers."
    assert why_not(problem, result, 0, 1) == "Reviewers r2 and r1 are kept apart."
    assert why_not(problem, result, 0, 2) == "The paper has 1 of home a already, which is the most allowed."
    assert why_not(problem, result, 1, 3) is None


def test_every_pair_of_a_workshop_is_explained_in_time_to_read() -> None:
    draw = np.random.default_rng(3)
    problem = problem_of(draw.random((40, 30)).tolist(), demand=[3] * 40, max_load=[5] * 30)
    result = solve(problem)
    reasons = [explain_pair(problem, result, p, r) for p, r in result.pairs.tolist()]
    assert all(r.cost is not None and r.cost >= -1e-9 for r in reasons)


def test_a_swap_that_makes_a_paper_the_worst_off_says_so() -> None:
    problem = problem_of([[0.9, 0.4], [0.5, 0.5]], max_load=[1, 1])
    reasons = explain_pair(problem, solve(problem), 0, 0)
    assert reasons.sentences[2] == "Paper p1 would then be the worst off, with 0.400 below 0.500."


def test_substitutes_leave_out_whom_a_rule_forbids_and_equal_ones_are_called_as_good() -> None:
    problem = problem_of([[0.9, 0.8, 0.8, 0.7]], demand=[2], apart=[(1, 3)], conflicts=[])
    result = solve(problem)
    assert result.pairs.tolist() == [[0, 0], [0, 1]]
    found = substitutes(problem, result, 0, 0)
    assert [s.reviewer for s in found] == [2]
    assert "0.100 worse than before" in found[0].why
    assert "as good as before" in substitutes(problem, result, 0, 1)[0].why


def test_what_does_not_exist_or_cannot_come_in_is_said() -> None:
    problem = problem_of([[0.9, 0.8]], max_load=[1, 0], locked=[(0, 0)])
    result = solve(problem)
    with pytest.raises(ProblemError, match="no paper 5"):
        explain_pair(problem, result, 5, 0)
    reasons = explain_pair(problem, result, 0, 1)
    assert (reasons.cost, reasons.sentences[1]) == (None, "Bringing it in is not possible without breaking a rule.")
