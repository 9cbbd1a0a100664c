"""Promises a chair relies on, one small case each."""

from dataclasses import replace

import numpy as np
import pytest

from reviews.matching import Cancelled, Problem, ProblemError, Quota, flow, shortage, solve
from reviews.matching.lottery import decomposition
from reviews.matching.problem import MAX_PAIRS
from reviews.matching.residual import reduce
from tests.reviews.matching.exact import check, problem_of


def pairs(problem: Problem, **options: object) -> list[tuple[str, str]]:
    result = solve(problem, **options)  # type: ignore[arg-type]
    return [(problem.paper_ids[p], problem.reviewer_ids[r]) for p, r in result.pairs.tolist()]


def random_problem(papers: int, reviewers: int, seed: int, **rules: object) -> Problem:
    draw = np.random.default_rng(seed)
    given = {"demand": [3] * papers, "max_load": [-(-papers * 3 // reviewers) + 2] * reviewers, **rules}
    return problem_of(draw.random((papers, reviewers)).tolist(), **given)


def test_unequal_and_zero_demand_are_met_exactly() -> None:
    problem = problem_of([[0.1, 0.9, 0.5]] * 3, demand=[0, 1, 3])
    assert pairs(problem) == [("p2", "r2"), ("p3", "r1"), ("p3", "r2"), ("p3", "r3")]


def test_a_lock_stands_over_a_full_load_and_over_the_demand() -> None:
    problem = problem_of([[1.0, 0.0], [1.0, 0.0]], max_load=[1, 1], locked=[(0, 0), (1, 0)])
    assert pairs(problem) == [("p1", "r1"), ("p2", "r1")]
    problem = problem_of([[1.0, 0.5, 0.1]], locked=[(0, 1), (0, 2)])
    assert pairs(problem) == [("p1", "r2"), ("p1", "r3")]


def test_a_lock_outside_the_candidates_counts_with_score_zero() -> None:
    result = solve(problem_of([[None, 0.5]], locked=[(0, 0)]))
    assert (result.pairs.tolist(), result.metrics["total"]) == ([[0, 0]], 0.0)


def test_conflict_everywhere_is_said_of_the_paper() -> None:
    problem = problem_of([[0.5] * 4, [0.5] * 4], conflicts=[(0, r) for r in range(4)])
    result = solve(problem)
    assert (result.status, len(result.pairs)) == ("infeasible", 0)
    assert [(u.paper, u.missing, u.why) for u in result.unmet] == [
        (0, 1, "Paper p1 has 0 eligible reviewers of 1: 4 of 4 conflict.")
    ]
    assert result.explanation["cut"]["papers"] == ["p1"]


def test_few_eligible_reviewers_are_named_with_their_number() -> None:
    problem = random_problem(12, 30, 1, conflicts=[(11, r) for r in range(29)])
    assert solve(problem).explanation["sentences"] == ["Paper p12 has 1 eligible reviewer of 3: 29 of 30 conflict."]


def test_full_reviewers_are_counted_and_the_advice_works() -> None:
    problem = random_problem(50, 30, 2, max_load=[4] * 30)
    result = solve(problem)
    assert result.explanation["sentences"] == [
        "All 30 reviewers are full: 30 reviews short; raise the maximum by 1 or add 8 reviewers."
    ]
    assert solve(replace(problem, max_load=np.full(30, 5))).status == "solved"


def test_a_bottleneck_of_some_papers_names_them_and_their_reviewers() -> None:
    scores = [[0.5, 0.5, None, None]] * 3 + [[None, None, 0.5, 0.5]]
    result = solve(problem_of(scores, max_load=[1, 1, 5, 5]))
    assert result.explanation["sentences"] == [
        "Papers p1, p2 and p3 depend on reviewers r1 and r2, who are all full: 1 review short; "
        "raise the maximum by 1 or add 1 reviewer."
    ]
    assert result.explanation["cut"] == {"papers": ["p1", "p2", "p3"], "reviewers": ["r1", "r2"]}


def test_minimum_loads_beyond_the_demand_are_the_cause() -> None:
    result = solve(problem_of([[0.5, 0.5, 0.5]], min_load=[1, 1, 1]))
    assert result.explanation["sentences"] == [
        "The minimum loads ask for 3 reviews and the papers want 1: 2 too many; "
        "lower the minimum of 3 reviewers by 1 or ask for more reviews."
    ]


def test_a_reviewer_who_cannot_reach_the_minimum_is_named() -> None:
    result = solve(problem_of([[0.5, 0.5], [0.5, 0.5]], min_load=[2, 0], conflicts=[(0, 0)]))
    assert result.explanation["sentences"] == [
        "Reviewer r1 must have at least 2 papers but is eligible for 1 more paper: 1 of 2 conflict."
    ]
    assert [u.reviewer for u in result.unmet] == [0]


def test_a_missing_senior_is_the_cause() -> None:
    problem = problem_of(
        [[0.5, 0.5, 0.5]],
        demand=[2],
        conflicts=[(0, 0)],
        groups={"seniority": ["senior", "junior", "junior"]},
        quotas=(Quota("seniority", "senior", ">=", 1),),
    )
    result = solve(problem)
    assert result.explanation["sentences"] == ["Paper p1 needs 1 more of seniority senior: it has no eligible one."]


def test_one_institution_for_all_leaves_a_paper_short() -> None:
    problem = problem_of(
        [[0.5, 0.5, 0.5]], demand=[2], groups={"home": ["a"] * 3}, quotas=(Quota("home", "*", "<=", 1),)
    )
    result = solve(problem, partial=True)
    assert (result.status, len(result.pairs)) == ("partial", 1)
    assert "home" in result.unmet[0].why


def test_locks_that_break_a_rule_are_the_cause() -> None:
    problem = problem_of([[0.5, 0.5, 0.5]], demand=[2], locked=[(0, 0), (0, 1)], apart=[(0, 1)])
    result = solve(problem)
    assert (result.status, result.explanation["sentences"]) == (
        "infeasible",
        ["Paper p1 has r1 and r2 locked, who are kept apart."],
    )


def test_partial_assignment_leaves_no_paper_empty_while_another_is_full() -> None:
    problem = random_problem(20, 10, 3, max_load=[2] * 10)
    result = solve(problem, partial=True)
    received = np.bincount(result.pairs[:, 0], minlength=20)
    assert (result.status, received.tolist()) == ("partial", [1] * 20)
    assert sum(u.missing for u in result.unmet) == 40


def test_partial_assignment_under_crossing_rules_is_as_fair() -> None:
    groups = {"home": ["a", "a", "b", "b"], "rank": ["x", "y", "x", "y"]}
    quotas = (Quota("home", "*", "<=", 1), Quota("rank", "*", "<=", 1))
    problem = problem_of([[0.9, 0.1, 0.2, 0.8]] * 4, demand=[2] * 4, max_load=[1] * 4, groups=groups, quotas=quotas)
    result = solve(problem, partial=True)
    assert np.bincount(result.pairs[:, 0], minlength=4).tolist() == [1] * 4


def test_all_zero_and_negative_scores_are_assigned_like_others() -> None:
    assert solve(problem_of([[0.0, 0.0]] * 2)).metrics["total"] == 0.0
    assert pairs(problem_of([[-1.0, -3.0], [-2.0, -2.5]], max_load=[1, 1])) == [("p1", "r1"), ("p2", "r2")]


def test_ties_are_broken_the_same_way_every_time() -> None:
    problem = random_problem(30, 12, 4)
    flat = replace(problem, score=np.ones(len(problem.score)))
    assert pairs(flat) == pairs(flat)
    assert pairs(problem, objective="leximin") == pairs(problem, objective="leximin")


def test_the_order_of_the_candidates_does_not_matter() -> None:
    problem = random_problem(15, 10, 5)
    turned = replace(
        problem,
        pair_paper=problem.pair_paper[::-1],
        pair_reviewer=problem.pair_reviewer[::-1],
        score=problem.score[::-1],
    )
    assert pairs(problem) == pairs(turned)


def test_a_reviewer_without_candidates_and_single_papers_and_reviewers_work() -> None:
    assert pairs(problem_of([[0.5, None]])) == [("p1", "r1")]
    assert pairs(problem_of([[0.5]])) == [("p1", "r1")]
    assert pairs(problem_of([[0.5]], demand=[0])) == []
    assert solve(problem_of([[]])).status == "infeasible"
    assert solve(problem_of([])).status == "solved"


def test_tiny_and_huge_scores_keep_their_order() -> None:
    assert pairs(problem_of([[1e-9, 2e-9], [1e-9, 1e-9]], max_load=[1, 1])) == [("p1", "r2"), ("p2", "r1")]
    assert pairs(problem_of([[1e11, 2e11], [1e11, 1e11]], max_load=[1, 1])) == [("p1", "r2"), ("p2", "r1")]


def test_scores_are_not_rounded() -> None:
    problem = problem_of([[0.5004, 0.5]] * 2 + [[0.5, 0.5]], max_load=[2, 2])
    assert solve(problem).metrics["total"] == pytest.approx(1.5008, abs=1e-12)


def test_a_load_price_evens_out_the_loads() -> None:
    problem = problem_of([[0.9, 0.8]] * 4)
    assert solve(problem).metrics["loads"] == [4, 0]
    priced = solve(replace(problem, load_price=0.5))
    assert priced.metrics["loads"] == [2, 2]
    assert priced.metrics["load_price_paid"] == 1.0
    assert priced.bounds["total"] == pytest.approx(3.6)


def test_the_slider_goes_from_total_to_max_min() -> None:
    problem = problem_of([[1.0, 0.9], [0.8, 0.1]], max_load=[1, 1])
    assert solve(problem).metrics["min_paper"] == 0.8
    problem = problem_of([[1.0, 0.6], [0.5, 0.0]], max_load=[1, 1])
    total, fair = solve(problem), solve(problem, fairness=1.0)
    assert (total.metrics["total"], fair.metrics["min_paper"]) == (1.1, 0.5)
    floors = [solve(random_problem(30, 12, 6), fairness=f).metrics["min_paper"] for f in (0.0, 0.5, 0.8, 1.0)]
    assert floors == sorted(floors)


def test_maxmin_states_its_bound_in_words() -> None:
    result = solve(random_problem(30, 12, 6), objective="maxmin")
    bound, worst = result.bounds["min_paper"], result.metrics["min_paper"]
    assert bound == pytest.approx(worst)
    expected = f"The worst-off paper cannot do better than {bound:.3f}; this assignment gives it {worst:.3f}."
    assert result.explanation["sentences"][1] == expected


def test_leximin_never_lowers_the_worst_and_lifts_the_next() -> None:
    problem = random_problem(25, 12, 7)
    fair = np.sort(solve(problem, objective="maxmin").metrics["paper_scores"])
    level = np.sort(solve(problem, objective="leximin").metrics["paper_scores"])
    assert level[0] == pytest.approx(fair[0])
    first = int(np.argmax(np.abs(level - fair) > 1e-9))
    assert level[first] >= fair[first] - 1e-9


def test_a_floor_that_nobody_can_reach_is_refused_with_the_bound() -> None:
    with pytest.raises(ProblemError, match="none can go beyond"):
        solve(random_problem(10, 8, 8), floor=3.5)


def test_no_pair_is_likelier_than_the_cap_and_the_draw_has_these_probabilities() -> None:
    problem = random_problem(12, 9, 9, locked=[(0, 0)], min_load=[1] * 9)
    result = solve(problem, prob_cap=0.7, seed=1)
    check(problem, result)
    marginals = result.marginals
    assert marginals is not None
    residual = reduce(problem)
    parts = decomposition(residual, 0.7)
    assert parts is not None
    assert len(parts) == 10
    assert all(residual.stands(part) for part in parts)
    locked = (problem.pair_paper == 0) & (problem.pair_reviewer == 0)
    assert marginals[~locked].max() == 0.7
    assert np.mean(parts, axis=0).tolist() == pytest.approx(marginals[~locked].tolist(), abs=1e-12)
    drawn = {tuple(map(tuple, solve(problem, prob_cap=0.7, seed=s).pairs.tolist())) for s in range(40)}
    assert len(drawn) > 1


def test_drawn_frequencies_are_the_marginals() -> None:
    problem = random_problem(6, 8, 10)
    keys = list(zip(problem.pair_paper.tolist(), problem.pair_reviewer.tolist(), strict=True))
    seen = dict.fromkeys(keys, 0)
    for seed in range(400):
        result = solve(problem, prob_cap=0.5, seed=seed)
        for pair in result.pairs.tolist():
            seen[tuple(pair)] += 1
    assert result.marginals is not None
    assert np.abs(np.array([seen[k] for k in keys]) / 400 - result.marginals).max() < 0.1


def test_a_draw_repeats_with_its_seed_and_keeps_group_rules() -> None:
    groups = {"home": ["a", "a", "b", "b", "c", "c", "d", "d", "e"]}
    problem = random_problem(10, 9, 11, groups=groups, quotas=(Quota("home", "*", "<=", 1),))
    one, two = solve(problem, prob_cap=0.8, seed=5), solve(problem, prob_cap=0.8, seed=5)
    assert one.pairs.tolist() == two.pairs.tolist()
    assert one.explanation["seed"] == 5
    check(problem, one)


def test_a_cap_too_low_for_a_paper_names_it() -> None:
    result = solve(problem_of([[0.5, 0.5, None], [0.5, 0.5, 0.5]], demand=[2, 1]), prob_cap=0.9)
    assert result.explanation["sentences"] == [
        "Paper p1 has 2 eligible reviewers; with a cap of 0.9 on each pair's probability it needs 3."
    ]


def test_progress_can_cancel() -> None:
    told: list[str] = []

    def stop(what: str) -> bool:
        told.append(what)
        return len(told) == 2

    with pytest.raises(Cancelled):
        solve(random_problem(10, 8, 12), objective="maxmin", progress=stop)
    assert told == ["Reading the rules", "Looking for the greatest total"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": [np.nan, 1.0]}, r"paper p1 and reviewer r1 \(row 1\) is nan"),
        ({"score": [np.inf, 1.0]}, "row 1"),
        ({"pair_reviewer": [0, 0]}, "given twice"),
        ({"pair_paper": [0, 7]}, "names paper number 7"),
        ({"demand": [-1]}, "Paper p1 wants -1"),
        ({"min_load": [2, 0], "max_load": [1, 1]}, "Reviewer r1 has a minimum load of 2 and a maximum of 1"),
        ({"locked": [(0, 0)], "conflicts": [(0, 0)]}, "locked together and in conflict"),
        ({"quotas": (Quota("place", "*", "<=", 1),)}, "column place"),
        ({"paper_ids": ("a", "b")}, "paper_ids has 2 entries, 1 are needed"),
        ({"reviewer_ids": ("a", "a")}, "reviewer id a appears twice"),
        ({"demand": [1.5]}, "whole numbers"),
        ({"load_price": -1.0}, "load price"),
        ({"apart": [(1, 1)]}, "cannot be kept apart from themselves"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_place(change: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {
        "n_papers": 1,
        "n_reviewers": 2,
        "pair_paper": [0, 0],
        "pair_reviewer": [0, 1],
        "score": [0.5, 1.0],
        "demand": [1],
        "min_load": [0, 0],
        "max_load": [1, 1],
    }
    with pytest.raises(ProblemError, match=message):
        Problem(**{**fields, **change})  # type: ignore[arg-type]


def test_ten_million_pairs_are_refused_politely() -> None:
    many = np.zeros(10_000_000, dtype=np.int8)
    with pytest.raises(ProblemError, match=f"10,000,000 candidate pairs are more than the {MAX_PAIRS:,}"):
        Problem(1, 1, many, many, many, [1], [0], [1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "best"},
        {"fairness": 1.5},
        {"prob_cap": 0.0},
        {"prob_cap": 0.5, "fairness": 1.0},
        {"floor": np.nan},
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ProblemError):
        solve(random_problem(4, 4, 13), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_papers": 300_000}, "300,000 papers are more than the 200,000"),
        ({"demand": [20_000]}, "wants 20,000 reviews; the most is 10,000"),
        ({"groups": {"home": ["a"]}}, "Group column home has 1 labels for 2 reviewers"),
        ({"groups": {"home": ["a", "b"]}, "quotas": (Quota("home", "*", "<=", -1),)}, "is not understood"),
        ({"conflicts": [0, 1]}, r"pairs of numbers, shape \(n, 2\)"),
    ],
)
def test_what_is_too_large_or_misshapen_is_refused(change: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {
        "n_papers": 1,
        "n_reviewers": 2,
        "pair_paper": [0, 0],
        "pair_reviewer": [0, 1],
        "score": [0.5, 1.0],
        "demand": [1],
        "min_load": [0, 0],
        "max_load": [1, 1],
    }
    with pytest.raises(ProblemError, match=message):
        Problem(**{**fields, **change})  # type: ignore[arg-type]


def test_a_quota_on_a_column_that_nobody_filled_in_binds_nobody() -> None:
    problem = problem_of([[0.5, 0.4]], demand=[2], groups={"home": ["", ""]}, quotas=(Quota("home", "*", "<=", 1),))
    assert solve(problem).status == "solved"


def test_a_paper_that_wants_thousands_of_reviews_is_told_how_many_it_can_have() -> None:
    problem = problem_of([[0.5, 0.4]] * 30, demand=[10_000] + [1] * 29)
    result = solve(problem, partial=True)
    assert (result.status, len(result.pairs)) == ("partial", 31)
    assert result.explanation["sentences"] == ["Paper p1 has 2 eligible reviewers of 10000: 0 of 2 conflict."]


def test_more_causes_than_anyone_reads_are_each_named_for_their_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortage, "MOST_GROUPS", 1)
    problem = problem_of([[0.5, 0.5]] * 8, conflicts=[(p, r) for p in range(8) for r in range(2)])
    result = solve(problem)
    assert [u.paper for u in result.unmet] == list(range(8))
    assert result.explanation["sentences"][7] == "Paper p8 has 0 eligible reviewers of 1: 2 of 2 conflict."


def test_many_papers_of_one_cause_are_counted_not_all_named() -> None:
    problem = problem_of([[0.5, None]] * 8, max_load=[1, 1])
    assert solve(problem).explanation["sentences"] == [
        "Papers p1, p2, p3, p4, p5 and 3 more depend on reviewer r1, who is full: 7 reviews short; "
        "raise the maximum by 7 or add 7 reviewers."
    ]


def test_a_draw_refuses_rules_that_cross() -> None:
    groups = {"home": ["a", "a", "b", "b"], "rank": ["x", "y", "x", "y"]}
    quotas = (Quota("home", "*", "<=", 1), Quota("rank", "*", "<=", 1))
    problem = problem_of([[0.9, 0.1, 0.2, 0.8]] * 2, demand=[2, 2], groups=groups, quotas=quotas)
    with pytest.raises(ProblemError, match="rules on groups that cross"):
        solve(problem, prob_cap=0.9)


def test_a_cap_between_two_hundredths_is_kept_and_an_impossible_one_has_no_draws() -> None:
    problem = random_problem(5, 8, 14)
    marginals = solve(problem, prob_cap=0.665, seed=2).marginals
    assert marginals is not None
    assert marginals.max() == pytest.approx(0.66)
    assert decomposition(reduce(problem_of([[0.5]])), 0.5) is None


def test_an_engine_that_gives_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(flow.min_cost_flow.SimpleMinCostFlow):  # type: ignore[misc]
        def solve(self) -> object:
            return self.UNBALANCED

    monkeypatch.setattr(flow.min_cost_flow, "SimpleMinCostFlow", Broken)
    with pytest.raises(flow.FlowFailed, match="UNBALANCED"):
        solve(problem_of([[0.5]]))
