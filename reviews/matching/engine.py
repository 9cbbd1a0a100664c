"""One run from problem to result: reduce, solve, and say why when it cannot be done."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from reviews.matching import fair, flow, lottery, program, shortage
from reviews.matching.problem import Bools, Floats, Problem, ProblemError, pair_keys
from reviews.matching.residual import Residual, reduce
from reviews.matching.result import Result, Status, Unmet, joined_pairs, measure

Objective = Literal["total", "maxmin", "leximin"]
OBJECTIVES = ("total", "maxmin", "leximin")
# Told what is being done; answering True stops the run.
Progress = Callable[[str], bool]


class Cancelled(Exception):
    """The progress callback asked to stop."""


def solve(
    problem: Problem,
    *,
    objective: Objective = "total",
    fairness: float | None = None,
    floor: float | None = None,
    seed: int = 0,
    prob_cap: float | None = None,
    partial: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Assign reviewers to papers.

    objective: "total" maximises the sum of scores; "maxmin" first lifts the worst-off paper as far as it goes;
    "leximin" then the second worst, and so on as far as each step can be proven.
    fairness: 0 (total) to 1 (max-min), the share of the max-min value every paper is guaranteed; None leaves it to
    the objective. floor: a score every paper must reach, instead of `fairness`.
    prob_cap: no pair has a greater probability than this; the pairs are then drawn with `seed`.
    partial: give the fairest partial assignment when there is no full one.
    The same problem, options and seed always give the same pairs.

    Raises ProblemError for options that do not fit, Cancelled when `progress` answers True.
    """
    _check_options(objective, fairness, floor, prob_cap)
    started = time.perf_counter()
    tell = _teller(progress)
    tell("Reading the rules")
    residual = reduce(problem)
    tell("Looking for the greatest total")
    taken, bound = _greatest_total(residual)
    options = {"objective": objective, "fairness": fairness, "floor": floor, "seed": seed, "prob_cap": prob_cap}
    if taken is None:
        return _short(residual, options, started, partial, tell)
    if prob_cap is not None and prob_cap < 1:
        tell("Drawing at random under the cap")
        return _drawn(residual, bound, prob_cap, seed, options, started)
    chosen, bounds = _fair_choice(residual, taken, objective, fairness, floor, tell)
    return _solved(residual, chosen, {"total": bound, **bounds}, options, started)


def _fair_choice(
    residual: Residual, taken: Bools, objective: str, fairness: float | None, floor: float | None, tell: fair.Tell
) -> tuple[Bools, dict[str, Any]]:
    """The pairs the chair's wish for fairness leads to, from those of greatest total, and the bounds proven."""
    wanted = residual.problem.demand > 0
    share = fairness if fairness is not None else float(objective != "total")
    alone = float(fair.best_scores(residual)[wanted].min()) if wanted.any() else 0.0
    if not wanted.any() or (share == 0 and floor is None):
        return taken, {"min_paper": alone}
    given = float(residual.locked_score.sum())
    least = float(residual.totals(taken)[wanted].min())
    floors = np.full(len(wanted), -np.inf)
    if objective == "leximin" and share == 1 and floor is None:
        top, floors = fair.leximin(residual, taken, tell)
    else:
        top = fair.worst_off(residual, taken, tell)
        aim = top.floor * share if top.floor > 0 else least + share * (top.floor - least)
        floors[wanted] = aim if floor is None else floor
    start = _at_floor(residual, taken, top, floors)
    found = fair.best_under(residual, start, floors, taken, tell)
    bounds: dict[str, Any] = {"min_paper": top.bound, "floor": float(floors[wanted].min())}
    bounds["total_at_floor"] = given + found.bound
    if objective == "leximin":
        bounds["levels"] = top.levels
    return found.taken, bounds


def _at_floor(residual: Residual, taken: Bools, top: fair.Fair, floors: Floats) -> Bools:
    """Pairs that reach the floors, from the greatest total where chains suffice, else those of the highest floor."""
    reached = bool((residual.totals(top.taken) >= floors - fair.SLACK).all())
    if reached and floors.max() >= top.floor - fair.SLACK:
        return top.taken
    lifted = fair.attempt(residual, taken, floors)
    if lifted is not None:
        return lifted
    if (residual.totals(top.taken) < floors - fair.SLACK).any():
        raise ProblemError(
            f"No assignment was found that gives every paper {floors.max():.3f}; the greatest floor found is "
            f"{top.floor:.3f} and none can go beyond {top.bound:.3f}.",
            what="floor",
        )
    return top.taken


def _check_options(objective: str, fairness: float | None, floor: float | None, prob_cap: float | None) -> None:
    if objective not in OBJECTIVES:
        raise ProblemError(f"The objective is total, maxmin or leximin, not {objective}.", what="objective")
    if fairness is not None and not 0 <= fairness <= 1:
        raise ProblemError(f"Fairness is a number from 0 to 1, not {fairness}.", what="fairness")
    if floor is not None and not np.isfinite(floor):
        raise ProblemError(f"The floor must be a finite number, not {floor}.", what="floor")
    if prob_cap is None:
        return
    if not 0.01 <= prob_cap <= 1:
        raise ProblemError(f"The probability cap is at least 0.01 and at most 1, not {prob_cap}.", what="prob_cap")
    if prob_cap < 1 and (objective != "total" or fairness or floor is not None):
        raise ProblemError(
            "A randomised assignment maximises the expected total; choose it without fairness or a floor.",
            what="prob_cap",
        )


def _teller(progress: Progress | None) -> Callable[[str], None]:
    def tell(what: str) -> None:
        if progress is not None and progress(what):
            raise Cancelled(what)

    return tell


def _greatest_total(residual: Residual) -> tuple[Bools | None, float]:
    """Pairs of greatest total and a proven upper bound of any assignment's total (locked pairs included)."""
    given = float(residual.locked_score.sum())
    if residual.is_flow:
        taken = flow.best_total(residual)
        if taken is None:
            return None, given
        free = taken
        if residual.problem.load_price:
            unpriced = flow.best_total(residual, residual.score, priced=False)
            free = taken if unpriced is None else unpriced
        return taken, given + float(residual.score[free].sum())
    answer = program.best_total(residual)
    if answer is None:
        return None, given
    bound = answer.bound
    if residual.problem.load_price or not np.isfinite(bound):
        loose = flow.best_total(residual.without_rules(), residual.score, priced=False)
        bound = bound if loose is None else float(residual.score[loose].sum())
    return answer.taken, given + bound


def _solved(
    residual: Residual, taken: Bools, bounds: dict[str, Any], options: dict[str, Any], started: float
) -> Result:
    pairs, scores, locked = joined_pairs(residual, taken)
    metrics = measure(residual, taken)
    explanation = {
        **options,
        "status": "solved",
        "bounds": bounds,
        "metrics": metrics,
        "sentences": statements(metrics, bounds),
        "unmet": [],
        "cut": {"papers": [], "reviewers": []},
        "seconds": round(time.perf_counter() - started, 4),
    }
    return Result("solved", pairs, scores, locked, metrics, bounds, explanation)


def statements(metrics: dict[str, Any], bounds: dict[str, Any]) -> list[str]:
    """The bounds in words."""
    total, most = metrics["total"], max(bounds["total"], metrics["total"])
    worst, best = metrics["min_paper"], max(bounds["min_paper"], metrics["min_paper"])
    if most - total <= 1e-6 * max(1.0, abs(most)):
        first = f"No assignment has a greater total than {most:.3f}; this one has it."
    else:
        share = f" ({100 * total / most:.2f} %)" if most > 0 else ""
        first = f"No assignment has a greater total than {most:.3f}; this one has {total:.3f}{share}."
    second = f"The worst-off paper cannot do better than {best:.3f}; this assignment gives it {worst:.3f}."
    if "total_at_floor" not in bounds:
        return [first, second]
    under = max(bounds["total_at_floor"], total)
    third = f"With every paper at {bounds['floor']:.3f} or more no total is greater than {under:.3f}."
    return [first, second, third]


def _drawn(residual: Residual, bound: float, cap: float, seed: int, options: dict[str, Any], started: float) -> Result:
    if not residual.is_flow:
        raise ProblemError(
            "A randomised assignment cannot keep rules on groups that cross (two columns, or chains of reviewers kept "
            "apart). Drop the cap or all rules but those on one column.",
            what="prob_cap",
        )
    drawn = lottery.draw(residual, cap, seed)
    if drawn is None:
        return _capped_short(residual, cap, options, started)
    given = float(residual.locked_score.sum())
    alone = float(fair.best_scores(residual)[residual.problem.demand > 0].min(initial=np.inf))
    bounds = {"total": bound, "min_paper": alone if np.isfinite(alone) else 0.0, "expected": given + drawn.expected}
    result = _solved(residual, drawn.taken, bounds, options, started)
    sentence = (
        f"No pair had a probability above {cap:g}; drawn with seed {seed} from assignments with an expected total of "
        f"{bounds['expected']:.3f}, the greatest under this cap."
    )
    explanation = {**result.explanation, "sentences": [*result.explanation["sentences"], sentence]}
    return replace(result, explanation=explanation, marginals=_marginals(residual, drawn.probability))


def _marginals(residual: Residual, probability: Floats) -> Floats:
    """Probability of each pair of the problem; locked pairs are certain."""
    problem = residual.problem
    size = problem.n_reviewers
    keys = pair_keys(problem.pair_paper, problem.pair_reviewer, size)
    order = np.argsort(keys, kind="stable")
    found = np.zeros(len(keys))
    place = np.searchsorted(keys[order], pair_keys(residual.paper, residual.reviewer, size))
    found[order[place]] = probability
    found[np.isin(keys, pair_keys(residual.locked[:, 0], residual.locked[:, 1], size))] = 1.0
    return found


def _capped_short(residual: Residual, cap: float, options: dict[str, Any], started: float) -> Result:
    """The papers that a cap on probabilities leaves without enough candidates."""
    problem = residual.problem
    eligible = np.diff(residual.paper_start)
    unmet = []
    for paper in np.flatnonzero(eligible * cap < residual.demand - 1e-9).tolist():
        needed = int(np.ceil(residual.demand[paper] / cap - 1e-9))
        why = (
            f"Paper {problem.paper_name(paper)} has {eligible[paper]} eligible reviewers; with a cap of {cap:g} on "
            f"each pair's probability it needs {needed}."
        )
        unmet.append(Unmet(paper, None, int(np.ceil(residual.demand[paper] - eligible[paper] * cap)), why))
    causes = [u.why for u in unmet] or [
        f"With a cap of {cap:g} on each pair's probability the candidates cannot fill all papers within the loads; "
        "raise the cap or the maximum loads."
    ]
    metrics = measure(residual, np.zeros(len(residual.paper), dtype=bool))
    return _unsolved(residual, "infeasible", metrics, causes, tuple(unmet), (options, started))


def _short(
    residual: Residual, options: dict[str, Any], started: float, partial: bool, tell: Callable[[str], None]
) -> Result:
    tell("Looking for the cause of the shortage")
    found = shortage.explain(residual)
    problem = residual.problem
    taken = found.partial.taken if partial else np.zeros(len(residual.paper), dtype=bool)
    pairs, scores, locked = joined_pairs(residual, taken)
    if not partial:
        pairs, scores, locked = pairs[:0], scores[:0], locked[:0]
    metrics = measure(residual, found.partial.taken)
    metrics["missing"] = int(found.partial.missing.sum())
    status: Status = "partial" if partial else "infeasible"
    result = _unsolved(residual, status, metrics, found.causes, found.unmet, (options, started))
    cut = {
        "papers": [problem.paper_name(p) for p in found.papers],
        "reviewers": [problem.reviewer_name(r) for r in found.reviewers],
    }
    explanation = {**result.explanation, "cut": cut}
    return replace(result, pairs=pairs, scores=scores, locked=locked, explanation=explanation)


def _unsolved(
    residual: Residual,
    status: Status,
    metrics: dict[str, Any],
    causes: Sequence[str],
    unmet: tuple[Unmet, ...],
    run: tuple[dict[str, Any], float],
) -> Result:
    """A result without pairs, with the causes in words."""
    problem = residual.problem
    told = [
        {"paper": problem.paper_name(u.paper), "missing": u.missing, "why": u.why}
        if u.paper is not None
        else {"reviewer": problem.reviewer_name(u.reviewer or 0), "missing": u.missing, "why": u.why}
        for u in unmet
    ]
    options, started = run
    explanation = {
        **options,
        "status": status,
        "bounds": {},
        "metrics": metrics,
        "sentences": list(causes),
        "unmet": told,
        "cut": {
            "papers": [problem.paper_name(u.paper) for u in unmet if u.paper is not None],
            "reviewers": [problem.reviewer_name(u.reviewer) for u in unmet if u.reviewer is not None],
        },
        "seconds": round(time.perf_counter() - started, 4),
    }
    none = np.zeros(0)
    pairs = np.zeros((0, 2), dtype=np.int64)
    return Result(status, pairs, none, none.astype(bool), metrics, {}, explanation, unmet)
