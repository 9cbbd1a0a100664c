"""What is only done for large conferences gives the same answers: small ones are sent that way and solved exactly."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from reviews.matching import Problem, Quota, fair, program, residual, solve
from tests.reviews.matching.exact import Exact, check, problem_of

# Everything counts as large: relaxations see a part of the pairs only, and nothing is solved by one program.
PART_ONLY = {
    (residual, "WHOLE_PAIRS"): 20,
    (program, "WHOLE_PAIRS"): 20,
    (residual, "BEST_OF_PAPER"): 2,
    (residual, "BEST_PER_REVIEW"): 1,
    (residual, "BEST_OF_REVIEWER"): 1,
}
NO_RELAXATION = {(fair, "MOST_PAIRS"): 0}
NO_MENDING = {(fair, "MOST_PAPERS"): 0}
SHORT_CHAINS_FIRST = {(fair, "QUICK_PAIRS"): 0, (fair, "BEAM"): 2}
BY_CHAINS = {(fair, "EASY_PAIRS"): 0, (fair, "POLISHED_PAIRS"): 3}

Send = Callable[..., None]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Send:
    def by(*ways: dict[tuple[object, str], int]) -> None:
        for way in ways:
            for (module, name), value in way.items():
                monkeypatch.setattr(module, name, value)

    return by


def crowded(seed: int, *, rules: bool = False, levels: int = 0, most: int = 8) -> Problem:
    """A conference with tight loads and scores that differ in sign. levels: how many different scores, 0 for any."""
    draw = np.random.default_rng(seed)
    papers, reviewers = int(draw.integers(4, most + 1)), int(draw.integers(5, most + 1))
    score = draw.random((papers, reviewers)) * 2 - 0.7
    if levels:
        score = np.floor(score * levels) / levels
    table: list[list[float | None]] = score.tolist()
    for paper, reviewer in product(range(papers), range(reviewers)):
        if draw.random() < 0.15:
            table[paper][reviewer] = None
    given: dict[str, object] = {
        "demand": [2] * papers,
        "min_load": [1] * reviewers,
        "max_load": [-(-papers * 2 // reviewers) + int(draw.integers(0, 2))] * reviewers,
    }
    if rules:
        given["groups"] = {
            "home": [str(v) for v in draw.choice(list("abc"), reviewers)],
            "rank": [str(v) for v in draw.choice(["senior", ""], reviewers)],
        }
        given["quotas"] = (Quota("home", "*", "<=", 1), Quota("rank", "senior", "<=", 1))
        given["apart"] = [(0, 1), (1, 2)]
    return problem_of(table, **given)


def honest(problem: Problem) -> tuple[bool, bool]:
    """Assert that max-min keeps the rules and that its bounds hold. Whether floor and total are the best there are."""
    exact = Exact(problem)
    most = exact.best()
    result = solve(problem, objective="maxmin")
    if most is None:
        assert result.status == "infeasible"
        return True, True
    check(problem, result)
    assert result.bounds["total"] >= most - 1e-6
    floor = exact.max_min()
    assert result.metrics["min_paper"] <= floor + 5e-6
    assert result.bounds["min_paper"] >= floor - 5e-6
    under = exact.best(floors=result.bounds["floor"] - 1e-9)
    assert under is not None
    assert result.metrics["total"] <= under + 1e-6
    assert result.bounds["total_at_floor"] >= under - 1e-5
    return result.metrics["min_paper"] >= floor - 5e-6, result.metrics["total"] >= under - 1e-5


@pytest.mark.parametrize("rules", [False, True])
def test_a_relaxation_over_the_best_candidates_still_gives_the_exact_total(send: Send, rules: bool) -> None:
    send(PART_ONLY)
    for seed in range(30):
        problem = crowded(seed, rules=rules)
        best, result = Exact(problem).best(), solve(problem)
        assert (result.status == "solved") == (best is not None)
        if best is not None:
            check(problem, result)
            assert result.metrics["total"] == pytest.approx(best, abs=1e-6)
            assert result.bounds["total"] >= best - 1e-6


WAYS: dict[str, tuple[dict[tuple[object, str], int], ...]] = {
    "as small ones": (),
    "part only": (PART_ONLY,),
    "part only, short chains first": (PART_ONLY, SHORT_CHAINS_FIRST),
    "part only, improved by chains": (PART_ONLY, BY_CHAINS),
    "part only, relaxed once": (PART_ONLY, {(program, "PRICING_ROUNDS"): 1}),
    "prices": (NO_RELAXATION,),
    "prices, short chains first, no mending": (NO_RELAXATION, NO_MENDING, SHORT_CHAINS_FIRST),
}


@pytest.mark.parametrize("levels", [0, 4])
@pytest.mark.parametrize("way", WAYS)
def test_the_worst_off_paper_is_exact_and_bounds_hold_whichever_way_a_conference_goes(
    send: Send, way: str, levels: int
) -> None:
    send(*WAYS[way])
    for seed in range(20):
        assert honest(crowded(seed, levels=levels)) == (True, True)


@pytest.mark.parametrize("way", WAYS)
def test_rules_that_cross_are_kept_whichever_way_a_conference_goes(send: Send, way: str) -> None:
    send(*WAYS[way])
    for seed in range(20):
        floor, total = honest(crowded(seed, rules=True))
        assert floor
        # Without a relaxation nothing prices rules that cross; the bound stated says how far the total may be off.
        assert total or NO_RELAXATION in WAYS[way]


def test_a_relaxation_over_too_few_pairs_is_solved_over_all() -> None:
    left = residual.reduce(problem_of([[1.0, 0.5], [1.0, 0.9]], max_load=[1, 1]))
    floors = np.full(2, -np.inf)
    found = program.relax(left, floors, left.reviewer == 0)
    assert found is not None
    assert (found.value, found.x.tolist()) == (pytest.approx(1.9), [1.0, 0.0, 0.0, 1.0])
    assert program.relax(left, np.full(2, 0.95), left.reviewer == 0) is None


def test_leximin_lifts_every_level_it_proves_as_far_as_exact(send: Send) -> None:
    for way in ((), (PART_ONLY,), (PART_ONLY, SHORT_CHAINS_FIRST)):
        send(*way)
        for seed in range(6):
            problem = crowded(seed, most=5)
            result = solve(problem, objective="leximin")
            if Exact(problem).best() is None:
                assert result.status == "infeasible"
                continue
            check(problem, result)
            proven = min(result.bounds["levels"], 3)
            lowest = np.sort(result.metrics["paper_scores"])[:proven].tolist()
            assert proven >= 1
            assert lowest == pytest.approx(Exact(problem).leximin(proven), abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_the_slider_guarantees_its_share_with_the_exact_best_total(share: float) -> None:
    for seed in range(15):
        problem = crowded(seed)
        exact = Exact(problem)
        if exact.best() is None:
            continue
        result = solve(problem, fairness=share)
        check(problem, result)
        if share:
            assert result.metrics["min_paper"] >= result.bounds["floor"] - 1e-9
            best = exact.best(floors=result.bounds["floor"] - 1e-9)
            assert result.metrics["total"] == pytest.approx(best, abs=1e-6)
        else:
            assert result.metrics["total"] == pytest.approx(exact.best(), abs=1e-6)
