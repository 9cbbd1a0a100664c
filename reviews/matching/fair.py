"""Fairness: lift the worst-off paper as far as it goes, and keep the greatest total under that floor.

Every floor is reached by exchange chains first. Where they stop short of the simplest bound (a paper cannot do
better than with its best eligible reviewers) the linear relaxation gives a sharper bound and an integer program
over the few pairs that can still matter tries to reach it. Upper bounds are proven whichever way the pairs came.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reviews.matching import flow, program
from reviews.matching.exchange import Chain, State
from reviews.matching.problem import Bools, Floats
from reviews.matching.residual import WHOLE_PAIRS, Residual, best_candidates, spread

SLACK = 1e-9
# Above these there is no relaxation at all: prices are found by repeated flows.
MOST_PAPERS = 1_000
MOST_PAIRS = 25_000
PROGRAM_NODES = 300
FEW_NODES = 30
EASY_PAIRS = 2_000
POLISHED_PAIRS = 5_000
# Above this many pairs short chains are tried before long ones, over the most promising reviewers only.
QUICK_PAIRS = 30_000
BEAM = 60
BISECTIONS = 6
MENDING_ROUNDS = 10
# Up to this many pairs every level of leximin is searched like the first.
PATIENT_PAIRS = 100
# Up to this many pairs taken, each is tried for an exchange that raises the total.
MOST_TAKEN = 2_000
IMPROVING_ROUNDS = 6
# Up to this many pairs an integer program is run to its end.
EXACT_PAIRS = 100
SOLVER_TOLERANCE = 1e-6
# Levels of leximin times pairs: what takes some seconds.
MOST_LEVEL_WORK = 20_000_000

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Fair:
    """taken: bool[K]; floor: what every active paper reaches; bound: what none can go beyond."""

    taken: Bools
    floor: float
    bound: float
    levels: int = 1


@dataclass(frozen=True, eq=False)
class UnderFloor:
    """The best total found with every paper at its floor, locked pairs left out, and a proven bound of it."""

    taken: Bools
    bound: float


def best_scores(residual: Residual) -> Floats:
    """What each paper would score with its best eligible reviewers: float[P] (rules on groups not counted)."""
    order = np.lexsort((-residual.score, residual.paper))
    rank = np.arange(len(order)) - residual.paper_start[residual.paper]
    best = order[rank < residual.demand[residual.paper]]
    sums = np.bincount(residual.paper[best], weights=residual.score[best], minlength=residual.problem.n_papers)
    return residual.base_score + sums


def worst_off(residual: Residual, start: Bools, tell: Tell) -> Fair:
    """The greatest floor all papers can be given together, as far as found, and the proven bound."""
    active = residual.problem.demand > 0
    return _level(residual, start, np.full(len(active), -np.inf), active, best_scores(residual), tell)[0]


def leximin(residual: Residual, start: Bools, tell: Tell) -> tuple[Fair, Floats]:
    """Max-min, then max-min of the papers that can still rise, and so on while each level is proven.

    Gives the assignment and the floor of every paper: float[P].
    """
    active = residual.problem.demand > 0
    floors = np.full(len(active), -np.inf)
    alone = best_scores(residual)
    first, stuck = _level(residual, start, floors, active, alone, tell)
    found, levels = first, 0
    taken = first.taken
    most = MOST_LEVEL_WORK // max(len(residual.paper), 20_000)
    while found.floor >= found.bound - SLACK:
        taken = found.taken
        floors[active] = found.floor
        active &= ~stuck
        levels += 1
        # Without a paper that is proven stuck here, the next level would be this one again.
        if levels >= most or not active.any() or not stuck.any():
            break
        patient = len(residual.paper) <= PATIENT_PAIRS
        found, stuck = _level(residual, taken, floors, active, alone, tell, patient=patient)
    return Fair(taken, first.floor, first.bound, levels), floors


def _level(
    residual: Residual, start: Bools, fixed: Floats, active: Bools, alone: Floats, tell: Tell, *, patient: bool = True
) -> tuple[Fair, Bools]:
    """Max-min over the `active` papers, the others kept at `fixed`. Also which papers the bound proves stuck.

    patient: also look for a floor below the bound when the bound is not reached.
    """
    tell("Lifting the worst-off paper")
    bound = float(alone[active].min())
    reached = attempt(residual, start, np.where(active, bound, fixed))
    if reached is not None:
        return Fair(reached, bound, bound), active & (alone <= bound + SLACK)
    stuck = np.zeros(len(active), dtype=bool)
    best, floor = start, float(residual.totals(start)[active].min())
    tell("Proving how far the worst-off paper can rise")
    bound, stuck = _proof(residual, fixed, active, floor, bound)
    bound = max(bound, floor)
    steps = BISECTIONS if patient else 0
    return _search(residual, (best, floor), bound, fixed, active, tell, steps), stuck


def _search(
    residual: Residual, best: tuple[Bools, float], bound: float, fixed: Floats, active: Bools, tell: Tell, steps: int
) -> Fair:
    """Try the bound, then halve the distance to it `steps` times."""
    taken, floor = best
    goal = bound
    step = _step(residual)
    for _ in range(steps + 1):
        if goal <= floor + SLACK:
            break
        tell(f"Trying to give every paper {goal:.3f}")
        floors = np.where(active, goal, fixed)
        reached = attempt(residual, taken, floors)
        if reached is None:
            reached = _by_program(residual, floors)
        if reached is not None:
            taken, floor = reached, float(residual.totals(reached)[active].min())
            if goal >= bound - SLACK:
                break
        goal = _snap((floor + (goal if reached is None else bound)) / 2, step)
    best = (taken, floor)
    if floor < bound - SLACK and steps:
        tell("Closing the gap to the bound")
        best, bound = _closed(residual, best, bound, fixed, active)
    return Fair(best[0], min(best[1], bound), bound)


def _closed(
    residual: Residual, best: tuple[Bools, float], bound: float, fixed: Floats, active: Bools
) -> tuple[tuple[Bools, float], float]:
    """Look for a better floor among the pairs that could give one, and prove the bound there."""
    keep = _viable(residual, np.where(active, best[1] + SLACK, fixed))
    if not _small(residual, keep) or int(keep.sum()) > WHOLE_PAIRS:
        return best, bound
    part = residual.restricted(keep)
    nodes = program.MOST_NODES if len(part.paper) <= EXACT_PAIRS else PROGRAM_NODES
    answer = program.best_worst(part, fixed, active, nodes=nodes)
    if answer is None:
        return best, bound
    taken = spread(keep, answer.taken)
    floor = float(residual.totals(taken)[active].min())
    if floor > best[1] and residual.stands(taken) and (residual.totals(taken) >= fixed - SLACK).all():
        best = (taken, floor)
    # Pairs left out cannot be part of anything better than `best`, so the program's bound holds for all.
    if answer.proven and answer.value <= best[1] + SOLVER_TOLERANCE:
        return best, best[1]
    return best, max(min(bound, answer.bound + SOLVER_TOLERANCE), best[1])


def _step(residual: Residual) -> float | None:
    """The common step of all scores (such as 0.25), or None."""
    costs, scale = flow.integer_costs(np.concatenate((residual.score, residual.locked_score)))
    if scale not in flow.COMMON_STEPS:
        return None
    return float(max(np.gcd.reduce(costs), 1)) / scale if len(costs) else None


def _snap(value: float, step: float | None) -> float:
    return value if step is None else float(np.floor(value / step + 1e-6) * step)


def _proof(residual: Residual, fixed: Floats, active: Bools, floor: float, bound: float) -> tuple[float, Bools]:
    """An upper bound of the floor between `floor` and `bound`, and the papers it proves stuck there."""
    stuck = np.zeros(len(active), dtype=bool)
    bound = _viable_bound(residual, fixed, active, floor, bound)
    keep = best_candidates(residual, None)
    if not _small(residual, keep) or bound <= floor + SLACK:
        return bound, stuck
    relaxed = program.relax_worst(residual, fixed, active, keep)
    if relaxed is None:
        return bound, stuck
    value, weight, complete = relaxed
    if not complete:
        # Any weights of the papers bound the floor by the greatest weighted total over all candidates.
        value = _weighted_bound(residual, weight, fixed, active)
    value = _snap(value, _step(residual))
    if value > bound + SLACK:
        return bound, stuck
    return value, active & (weight > 1e-6)


def _viable(residual: Residual, floors: Floats) -> Bools:
    """Pairs with which their paper can still reach its floor if it gets its best others: bool[K]."""
    alone = best_scores(residual)
    order = np.lexsort((-residual.score, residual.paper))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - residual.paper_start[residual.paper]
    wanted = residual.demand[residual.paper]
    last = np.zeros(len(residual.demand))
    marginal = rank == wanted - 1
    last[residual.paper[marginal]] = residual.score[marginal]
    with_it = alone[residual.paper] - np.where(rank < wanted, 0.0, last[residual.paper] - residual.score)
    return with_it >= floors[residual.paper] - SLACK


def _viable_bound(residual: Residual, fixed: Floats, active: Bools, floor: float, bound: float) -> float:
    """Halve the distance while the viable pairs alone cannot fill the papers: such a floor is impossible."""
    if not residual.is_flow:
        return bound
    low, high = floor, bound
    rounds = 14 if len(residual.paper) < 300_000 else 4
    for _ in range(rounds):
        goal = high if high == bound else (low + high) / 2
        keep = _viable(residual, np.where(active, goal, fixed))
        if flow.best_total(residual.restricted(keep)) is None:
            high = goal if goal < bound else float(np.nextafter(bound, floor))
        else:
            low = goal
        if high == bound or high - low <= SLACK:
            break
    return _snap(high, _step(residual))


def _weighted_bound(residual: Residual, weight: Floats, fixed: Floats, active: Bools) -> float:
    share = float(weight[active].sum())
    free = not np.isfinite(fixed[~active & (residual.problem.demand > 0)]).any()
    taken = None
    if share > 0 and free and residual.is_flow:
        taken = flow.best_total(residual, residual.score * weight[residual.paper], priced=False)
    return np.inf if taken is None else float((residual.totals(taken) * weight)[active].sum() / share)


def _small(residual: Residual, keep: Bools) -> bool:
    """Whether the relaxation over these pairs takes about a second at most."""
    return residual.problem.n_papers <= MOST_PAPERS and int(keep.sum()) <= MOST_PAIRS


def attempt(residual: Residual, start: Bools, floors: Floats) -> Bools | None:
    """Bring every paper to its floor by chains, or None."""
    state = State(residual, start)
    if lift(state, floors):
        return state.taken if residual.stands(state.taken) else None
    if len(state.totals) > MOST_PAPERS:
        return None
    state = State(residual, start)
    return state.taken if mend(state, floors) and residual.stands(state.taken) else None


def mend(state: State, floors: Floats) -> bool:
    """Lessen what is missing below the floors, letting papers fall below theirs on the way; False if some stay."""
    for _ in range(MENDING_ROUNDS):
        moved = False
        for paper in np.flatnonzero(state.totals < floors - SLACK).tolist():
            chains = [
                state.cheapest(int(d), floors=floors, layers=8, beam=BEAM, soft=True) for d in state.of_paper(paper)
            ]
            best = min((c for c in chains if c is not None), key=lambda c: c.loss, default=None)
            if best is not None and best.loss < -SLACK:
                state.apply(best.moves)
                moved = True
        if not moved:
            break
    return bool((state.totals >= floors - SLACK).all())


def lift(state: State, floors: Floats) -> bool:
    """Bring every paper of `state` to its floor by the chains of least loss; False if some paper stays below."""
    quick = len(state.taken) > QUICK_PAIRS
    low = np.flatnonzero(state.totals < floors - SLACK)
    for paper in low[np.argsort(state.totals[low], kind="stable")].tolist():
        for _ in range(8):
            if state.totals[paper] >= floors[paper] - SLACK:
                break
            chain = _rise(state, paper, floors, quick)
            if chain is None:
                return False
            state.apply(chain.moves)
    return bool((state.totals >= floors - SLACK).all())


def _rise(state: State, paper: int, floors: Floats, quick: bool) -> Chain | None:
    """The cheapest chain that brings the paper to its floor, else half the way, else up at all."""
    now, goal = float(state.totals[paper]), float(floors[paper])
    beam = BEAM if quick else None
    for share in (1.0, 0.5, 0.1, 1e-6):
        wanted = floors - SLACK / 2
        wanted[paper] = now + (goal - now) * share - SLACK / 2
        for layers in (2, 4, 8) if quick else (8,):
            chains = [state.cheapest(int(d), floors=wanted, layers=layers, beam=beam) for d in state.of_paper(paper)]
            best = min((c for c in chains if c is not None), key=lambda c: c.loss, default=None)
            if best is not None:
                return best
    return None


def best_under(residual: Residual, start: Bools, floors: Floats, free: Bools, tell: Tell) -> UnderFloor:
    """The greatest total with every paper at its floor.

    start: pairs that reach the floors; free: pairs of the greatest total without floors. The bound is the
    relaxation's where it is solved, else the total of `free`.
    """
    plain = _value(residual, free)
    if (residual.totals(free) >= floors - SLACK).all():
        return UnderFloor(free, plain)
    tell("Raising the total under the floor")
    keep = best_candidates(residual, start | free)
    if not _small(residual, keep):
        return _by_prices(residual, start, floors, plain, tell)
    relaxed = program.relax(residual, floors, keep)
    if relaxed is None:
        return UnderFloor(start, plain)
    bound = min(plain, relaxed.value if relaxed.complete else _lagrange(residual, relaxed.weight, floors)[0])
    best = _better(residual, start, _from_prices(residual, relaxed.weight, floors))
    if len(residual.paper) <= QUICK_PAIRS and int(_chance(residual, best, relaxed, bound).sum()) > EASY_PAIRS:
        best = _improved(residual, best, floors, bound)
    best = _polished(residual, best, relaxed, floors, bound)
    return UnderFloor(best, max(bound, _value(residual, best)))


def _by_prices(residual: Residual, start: Bools, floors: Floats, plain: float, tell: Tell) -> UnderFloor:
    """Raise the price of every floor that a flow misses, lower the others, and keep the best of what comes out."""
    best, bound = start, plain
    weight = np.zeros(len(floors))
    size = len(residual.paper)
    for _ in range(5 if size < 300_000 else 3 if size < 1_000_000 else 1):
        tell("Raising the total under the floor")
        limit, taken = _lagrange(residual, weight, floors)
        if taken is None:
            break
        bound = min(bound, limit)
        lifted = attempt(residual, taken, floors)
        best = _better(residual, best, lifted)
        short = np.where(np.isfinite(floors), floors - residual.totals(taken), 0.0)
        short = np.where((weight > 0) | (short > SLACK), short, 0.0)
        length = float((short**2).sum())
        gap = limit - _value(residual, best)
        if length == 0 or gap <= 1e-6 * max(1.0, abs(bound)):
            break
        weight = np.maximum(weight + gap / length * short, 0)
    return UnderFloor(best, max(bound, _value(residual, best)))


def _value(residual: Residual, taken: Bools) -> float:
    return float(residual.score[taken].sum()) - residual.price(taken)


def _better(residual: Residual, one: Bools, other: Bools | None) -> Bools:
    return one if other is None or _value(residual, one) >= _value(residual, other) else other


def _lagrange(residual: Residual, weight: Floats, floors: Floats) -> tuple[float, Bools | None]:
    """Upper bound of the total under the floors from any prices of the floors, and the pairs of that flow."""
    values = residual.score * (1 + weight[residual.paper])
    taken = flow.best_total(residual, values) if residual.is_flow else None
    if taken is None:
        return np.inf, None
    paid = (weight > 0) & np.isfinite(floors)
    need = (floors - residual.base_score)[paid]
    return float(values[taken].sum() - (weight[paid] * need).sum()) - residual.price(taken), taken


def _from_prices(residual: Residual, weight: Floats, floors: Floats) -> Bools | None:
    """Let each paper bid with the price of its floor, then mend what is still below."""
    taken = flow.best_total(residual, residual.score * (1 + weight[residual.paper])) if residual.is_flow else None
    return None if taken is None else attempt(residual, taken, floors)


def _improved(residual: Residual, best: Bools, floors: Floats, bound: float) -> Bools:
    """Exchange chains that raise the total and keep every floor, until none is left."""
    if _value(residual, best) >= bound - 1e-6 * max(1.0, abs(bound)) or int(best.sum()) > MOST_TAKEN:
        return best
    state = State(residual, best)
    for _ in range(IMPROVING_ROUNDS):
        moved = False
        for pair in np.flatnonzero(state.taken).tolist():
            chain = state.cheapest(pair, floors=floors, layers=6, beam=BEAM) if state.taken[pair] else None
            if chain is not None and chain.loss < -SLACK:
                state.apply(chain.moves)
                moved = True
        if not moved:
            break
    good = residual.stands(state.taken) and bool((residual.totals(state.taken) >= floors - SLACK).all())
    return _better(residual, best, state.taken) if good else best


def _chance(residual: Residual, best: Bools, relaxed: program.Relaxed, bound: float) -> Bools:
    """The pairs that a better assignment than `best` could contain, and those of `best`."""
    return (relaxed.regret <= bound - _value(residual, best) + 1e-9) | best


def _polished(residual: Residual, best: Bools, relaxed: program.Relaxed, floors: Floats, bound: float) -> Bools:
    """An integer program over the pairs whose regret leaves a chance to beat `best`."""
    gap = bound - _value(residual, best)
    if gap <= 1e-7 * max(1.0, abs(bound)):
        return best
    chance = _chance(residual, best, relaxed, bound)
    nodes = PROGRAM_NODES
    if int(chance.sum()) > EASY_PAIRS:
        chance = best | (relaxed.regret <= _nth(relaxed.regret, POLISHED_PAIRS))
        nodes = FEW_NODES
    answer = program.best_total(residual.restricted(chance), floors=floors, nodes=nodes)
    return best if answer is None else _better(residual, best, spread(chance, answer.taken))


def _by_program(residual: Residual, floors: Floats) -> Bools | None:
    """Reach the floors over viable pairs: by a flow, by the relaxation's prices, or by an integer program."""
    keep = _viable(residual, floors)
    part = residual.restricted(keep)
    if residual.is_flow:
        taken = flow.best_total(part)
        if taken is None:
            return None
        reached = attempt(residual, spread(keep, taken), floors)
        if reached is not None:
            return reached
    near = best_candidates(part, None)
    keep = spread(keep, near)
    if not _small(residual, keep):
        return None
    part = residual.restricted(keep)
    relaxed = program.relax(part, floors, np.ones(len(part.paper), dtype=bool))
    if relaxed is None:
        return None
    priced = _from_prices(residual, relaxed.weight, floors)
    if priced is not None:
        return priced
    answer = program.best_total(part, floors=floors, nodes=PROGRAM_NODES, gap=1e-3)
    return None if answer is None else spread(keep, answer.taken)


def _nth(values: Floats, place: int) -> float:
    """The value at this place in ascending order, or the greatest."""
    return float(np.partition(values, place)[place]) if place < len(values) else float(values.max())
