"""The promise: the pairs keep every rule, and no assignment has a greater total. Checked by another solver."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from reviews.matching import Problem, explain_pair, solve
from tests.reviews.matching.exact import Exact, check, problems

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def same_as_exact(problem: Problem) -> None:
    result = solve(problem)
    best = Exact(problem).best()
    if best is None:
        assert result.status == "infeasible"
        assert result.explanation["sentences"]
        return
    assert result.status == "solved"
    check(problem, result)
    assert result.metrics["total"] - result.metrics["load_price_paid"] == pytest.approx(best, rel=1e-6, abs=1e-7)
    assert result.bounds["total"] >= result.metrics["total"] - 1e-7


@FEW
@given(problem=problems())
def test_total_is_the_exact_optimum_under_every_rule(problem: Problem) -> None:
    same_as_exact(problem)


@FEW
@given(problem=problems(rules=False))
def test_total_is_the_exact_optimum_with_loads_locks_and_conflicts(problem: Problem) -> None:
    same_as_exact(problem)


@pytest.mark.long
@MANY
@given(problem=problems())
def test_total_is_the_exact_optimum_on_thousands_of_problems(problem: Problem) -> None:
    same_as_exact(problem)


def same_floor_as_exact(problem: Problem) -> None:
    result = solve(problem, objective="maxmin")
    if result.status != "solved":
        assert Exact(problem).best() is None
        return
    check(problem, result)
    if not problem.demand.any():
        return
    exact = Exact(problem)
    floor = exact.max_min()
    assert result.bounds["min_paper"] >= floor - 5e-6
    assert result.metrics["min_paper"] == pytest.approx(floor, abs=5e-6)
    best = exact.best(floors=floor - 1e-5)
    assert best is not None
    reached = result.metrics["total"] - result.metrics["load_price_paid"]
    assert reached <= best + 1e-6
    if not problem.load_price:
        assert result.bounds["total_at_floor"] >= best - 1e-5
        assert reached == pytest.approx(best, abs=1e-5)


@FEW
@given(problem=problems(price=False))
def test_worst_off_paper_gets_the_exact_greatest_floor_and_the_best_total_under_it(problem: Problem) -> None:
    same_floor_as_exact(problem)


@pytest.mark.long
@MANY
@given(problem=problems())
def test_worst_off_paper_gets_the_exact_greatest_floor_on_thousands_of_problems(problem: Problem) -> None:
    same_floor_as_exact(problem)


@settings(FEW, max_examples=60)
@given(problem=problems(rules=False))
def test_cost_of_giving_a_pair_up_is_the_difference_of_two_optima(problem: Problem) -> None:
    result = solve(problem)
    for place, (paper, reviewer) in enumerate(result.pairs.tolist()):
        if result.locked[place]:
            continue
        reasons = explain_pair(problem, result, paper, reviewer)
        without = np.concatenate((problem.conflicts, [[paper, reviewer]]))
        other = Exact(replaced(problem, conflicts=without)).best()
        if other is None:
            assert reasons.cost is None
        else:
            now = result.metrics["total"] - result.metrics["load_price_paid"]
            assert reasons.cost == pytest.approx(now - other, abs=1e-6)


def replaced(problem: Problem, **changes: object) -> Problem:
    fields = {name: getattr(problem, name) for name in problem.__dataclass_fields__}
    return Problem(**{**fields, **changes})  # type: ignore[arg-type]
