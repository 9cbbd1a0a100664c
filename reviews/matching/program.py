"""The assignment as a linear or integer program (HiGHS through scipy), for rules that no network can carry."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp  # type: ignore[import-untyped]
from scipy.sparse import coo_array, csr_array  # type: ignore[import-untyped]

from reviews.matching.problem import Bools, Floats, Ints
from reviews.matching.residual import WHOLE_PAIRS, Residual, best_candidates, spread

# Nodes, not seconds: a limit in seconds would make two runs of one problem differ.
MOST_NODES = 20_000
PRICING_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Answer:
    """taken: bool[K]; bound: proven upper bound of the objective; proven: whether it was closed."""

    taken: Bools
    value: float
    bound: float
    proven: bool


@dataclass(eq=False)
class Rows:
    """A program under construction: rows low <= A z <= high over variables z in [0, upper], to be maximised."""

    gain: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    width: int = 0
    height: int = 0

    def variables(self, gain: Floats, upper: Floats) -> Ints:
        """Add variables; gives their numbers."""
        self.gain.append(gain)
        self.upper.append(upper)
        numbers = np.arange(self.width, self.width + len(gain))
        self.width += len(gain)
        return numbers

    def rows(self, low: Any, high: Any) -> Ints:
        """Add empty rows with bounds; gives their numbers."""
        self.low.append(np.asarray(low, dtype=np.float64))
        self.high.append(np.asarray(high, dtype=np.float64))
        numbers = np.arange(self.height, self.height + len(self.low[-1]))
        self.height += len(numbers)
        return numbers

    def fill(self, rows: Ints, columns: Ints, values: Any = 1.0) -> None:
        """Set coefficients."""
        self.entries.append((rows, columns, np.broadcast_to(np.asarray(values, dtype=np.float64), rows.shape)))

    def matrix(self) -> csr_array:
        rows, columns, values = (np.concatenate([e[i] for e in self.entries]) for i in range(3))
        return csr_array(coo_array((values, (rows, columns)), shape=(self.height, self.width)))

    def bounds(self) -> tuple[Floats, Floats]:
        return np.concatenate(self.low), np.concatenate(self.high)


def _choice(residual: Residual, gain: Floats) -> tuple[Rows, Ints, Ints, Ints, list[Ints]]:
    """Rows shared by all programs: demands, loads, cells, rivals. Gives the rows and the numbers of each kind."""
    rows = Rows()
    upper = np.ones(len(residual.paper))
    alone = residual.rivals[:, 0] == residual.rivals[:, 1]
    upper[residual.rivals[alone, 0]] = 0
    pairs = rows.variables(gain, upper)
    demand = rows.rows(residual.demand, residual.demand)
    rows.fill(demand[residual.paper], pairs)
    load = rows.rows(residual.low, residual.high)
    rows.fill(load[residual.reviewer], pairs)
    cells = []
    for c in residual.cells:
        numbers = rows.rows(c.low, np.maximum(np.minimum(c.high, residual.demand[c.paper]), c.low))
        inside = c.of_pair >= 0
        rows.fill(numbers[c.of_pair[inside]], pairs[inside])
        cells.append(numbers)
    two = residual.rivals[~alone]
    if len(two):
        numbers = rows.rows(np.zeros(len(two)), np.ones(len(two)))
        rows.fill(np.repeat(numbers, 2), two.ravel())
    return rows, pairs, demand, load, cells


def _price(residual: Residual, rows: Rows, load: Ints) -> None:
    """Variables for the second, third, ... paper of a reviewer, each dearer than the one before."""
    price = residual.problem.load_price
    if not price:
        return
    room = np.minimum(residual.high, np.bincount(residual.reviewer, minlength=len(residual.high)))
    who = np.repeat(np.arange(len(room)), room)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(room) - room, room)
    unit = rows.variables(-price * (residual.base_load[who] + nth), np.ones(len(who)))
    same = rows.rows(np.zeros(len(room)), np.zeros(len(room)))
    rows.fill(same[residual.reviewer], np.arange(len(residual.reviewer)))
    rows.fill(same[who], unit, -1.0)


def _floors(residual: Residual, rows: Rows, floors: Floats | None) -> Ints:
    if floors is None:
        return np.zeros(0, dtype=np.int64)
    need = floors - residual.base_score
    low = np.where(np.isfinite(need), need, -np.inf)
    low = np.where(residual.demand > 0, low, -np.inf)
    numbers = rows.rows(low, np.full(len(low), np.inf))
    rows.fill(numbers[residual.paper], np.arange(len(residual.paper)), residual.score)
    return numbers


def _run(rows: Rows, whole: int, *, nodes: int, gap: float) -> Any:
    """Maximise; the first `whole` variables are 0 or 1."""
    integrality = np.zeros(rows.width)
    integrality[:whole] = 1
    low, high = rows.bounds()
    return milp(
        -np.concatenate(rows.gain),
        integrality=integrality,
        bounds=Bounds(np.zeros(rows.width), np.concatenate(rows.upper)),
        constraints=LinearConstraint(rows.matrix(), low, high),
        options={"mip_rel_gap": gap, "node_limit": nodes},
    )


def best_total(
    residual: Residual, *, floors: Floats | None = None, nodes: int = MOST_NODES, gap: float = 0.0
) -> Answer | None:
    """The feasible choice of greatest total less the load price, no paper below its floor (float[P]).

    None when there is none, or none was found within `nodes`.
    """
    if residual.broken:
        return None
    if len(residual.paper) > WHOLE_PAIRS:
        return _through_relaxation(residual, floors, nodes, gap)
    return _integer(residual, floors, nodes, gap)


def _integer(residual: Residual, floors: Floats | None, nodes: int, gap: float) -> Answer | None:
    pairs = len(residual.paper)
    rows, _, _, load, _ = _choice(residual, residual.score)
    _price(residual, rows, load)
    _floors(residual, rows, floors)
    found = _run(rows, pairs, nodes=nodes, gap=gap)
    if found.x is None:
        return None
    taken = found.x[:pairs] > 0.5
    value = _worth(residual, taken)
    bound = value if found.status == 0 and gap == 0 else float(-found.mip_dual_bound)
    return Answer(taken, value, bound, found.status == 0)


def _worth(residual: Residual, taken: Bools) -> float:
    return float(residual.score[taken].sum()) - residual.price(taken)


def _through_relaxation(residual: Residual, floors: Floats | None, nodes: int, gap: float) -> Answer | None:
    """Solve the relaxation, then the integer program over the pairs it leaves a chance.

    A pair whose regret is above the distance from the relaxation to the answer cannot be part of a better one, so
    an answer within the regret allowed is the optimum.
    """
    none = np.full(residual.problem.n_papers, -np.inf)
    relaxed = relax(residual, none if floors is None else floors, best_candidates(residual, None))
    if relaxed is None:
        return None
    limit = relaxed.value if relaxed.complete else np.inf
    taken = relaxed.x > 0.5
    if np.abs(relaxed.x - taken).max() < 1e-6 and residual.stands(taken):
        return Answer(taken, _worth(residual, taken), max(limit, _worth(residual, taken)), relaxed.complete)
    # Pairs at the very bound of the relaxation first; most often the integer optimum is among them.
    allowed = 1e-3 * max(1.0, abs(relaxed.value))
    answer: Answer | None = None
    for _ in range(3):
        keep = (relaxed.regret <= allowed) | (relaxed.x > 1e-9)
        found = _integer(residual.restricted(keep), floors, nodes, gap)
        if found is not None:
            answer = Answer(spread(keep, found.taken), found.value, limit, False)
            distance = relaxed.value - found.value
            if distance <= allowed:
                bound = min(limit, found.bound) if relaxed.complete else limit
                return Answer(answer.taken, found.value, bound, found.proven and relaxed.complete)
            allowed = distance + 1e-9
        else:
            allowed *= 30
    return _integer(residual, floors, nodes, gap) if answer is None else answer


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The linear relaxation over all pairs.

    x: float[K]; value: its optimum; weight: float[P], prices of the paper floors
    regret: float[K], how much the optimum falls at least if a pair now left out is taken
    complete: whether no pair left out of the program could have raised the optimum
    """

    x: Floats
    value: float
    weight: Floats
    regret: Floats
    complete: bool


def relax(residual: Residual, floors: Floats, near: Bools) -> Relaxed | None:
    """Greatest fractional total with every paper at its floor, and what each floor costs. None if impossible.

    Solved over the pairs `near`; pairs that would raise the optimum are let in, and it is solved again.
    """
    rows, pairs, _, load, _ = _choice(residual, residual.score)
    _price(residual, rows, load)
    floor_rows = _floors(residual, rows, floors)
    found = _linear(rows, near)
    if found is None:
        return None
    value = float(found.z @ np.concatenate(rows.gain))
    weight = np.maximum(found.price[floor_rows], 0)
    return Relaxed(found.z[pairs], value, weight, found.regret[pairs], found.complete)


def relax_worst(residual: Residual, fixed: Floats, active: Bools, near: Bools) -> tuple[float, Floats, bool] | None:
    """The greatest t such that, fractionally, every active paper reaches t and the others their `fixed` floor.

    Gives t, the weights of the active papers in its proof (float[P], sum 1) and whether all pairs were considered.
    """
    rows, _, _, _, _ = _choice(residual, np.zeros(len(residual.paper)))
    floor_rows = _floors(residual, rows, np.where(active, 0.0, fixed))
    low = rows.low[-1]
    low[active] = -residual.base_score[active]
    worst = rows.variables(np.ones(1), np.array([np.inf]))
    rows.fill(floor_rows[active], np.repeat(worst, int(active.sum())), -1.0)
    found = _linear(rows, near, free=int(worst[0]))
    if found is None:
        return None
    weight = np.where(active, np.maximum(found.price[floor_rows], 0), 0.0)
    return float(found.z[worst[0]]), weight, found.complete


def best_worst(residual: Residual, fixed: Floats, active: Bools, *, nodes: int) -> Answer | None:
    """The choice whose worst active paper is best, the others at their `fixed` floor; value and bound are that score.

    None if nothing was found within `nodes`; the bound alone then is of no use either.
    """
    pairs = len(residual.paper)
    rows, _, _, _, _ = _choice(residual, np.zeros(pairs))
    floor_rows = _floors(residual, rows, np.where(active, 0.0, fixed))
    rows.low[-1][active] = -residual.base_score[active]
    # The worst score as a number of 0 or more above the least a paper could have.
    least = float(np.minimum(residual.score, 0).min(initial=0)) * int(residual.demand.max(initial=0))
    least += float(residual.base_score[active].min(initial=0)) - 1
    worst = rows.variables(np.ones(1), np.array([np.inf]))
    rows.low[-1][active] += least
    rows.fill(floor_rows[active], np.repeat(worst, int(active.sum())), -1.0)
    found = _run(rows, pairs, nodes=nodes, gap=0.0)
    if found.x is None:
        return None
    taken = found.x[:pairs] > 0.5
    return Answer(taken, float(found.x[worst[0]]) + least, float(-found.mip_dual_bound) + least, found.status == 0)


@dataclass(frozen=True, eq=False)
class _Linear:
    """z of every variable; price of every row's lower bound; regret of every variable left at 0."""

    z: Floats
    price: Floats
    regret: Floats
    complete: bool


def _linear(rows: Rows, near: Bools, free: int | None = None) -> _Linear | None:
    """Solve the relaxation by letting in the pairs that matter; `free` is a variable that may be negative."""
    whole = rows.matrix()
    gain, upper = np.concatenate(rows.gain), np.concatenate(rows.upper)
    lower = np.zeros(rows.width)
    if free is not None:
        lower[free] = -np.inf
    inside = np.append(near, np.ones(rows.width - len(near), dtype=bool))
    answer: _Linear | None = None
    for _ in range(PRICING_ROUNDS):
        answer = _restricted(whole, rows.bounds(), (gain, lower, upper), inside)
        if answer is None or answer.complete:
            break
        inside = inside | (answer.regret < 0)
    if answer is None and not inside.all():
        # The pairs chosen may only be too few.
        inside[:] = True
        answer = _restricted(whole, rows.bounds(), (gain, lower, upper), inside)
    return None if answer is None else _Linear(answer.z, answer.price, np.maximum(answer.regret, 0), answer.complete)


def _restricted(
    whole: csr_array, bounds: tuple[Floats, Floats], variables: tuple[Floats, Floats, Floats], inside: Bools
) -> _Linear | None:
    """The program over the variables `inside`; regret is negative where one outside would raise the optimum."""
    low, high = bounds
    gain, lower, upper = variables
    equal = low == high
    above = np.flatnonzero(np.isfinite(low) & ~equal)
    below = np.flatnonzero(np.isfinite(high) & ~equal)
    same = np.flatnonzero(equal)
    part = whole[:, np.flatnonzero(inside)]
    found = linprog(
        -gain[inside],
        A_ub=_stack(-part[above], part[below]),
        b_ub=np.concatenate((-low[above], high[below])),
        A_eq=part[same],
        b_eq=low[same],
        bounds=np.column_stack((lower[inside], upper[inside])),
        method="highs",
    )
    if found.x is None:
        return None
    dual = np.zeros(len(low))
    dual[same] = found.eqlin.marginals
    dual[below] = found.ineqlin.marginals[len(above) :]
    price = np.zeros(len(low))
    price[above] = -found.ineqlin.marginals[: len(above)]
    regret = -gain - whole.T @ (dual + price)
    regret[np.abs(regret) <= 1e-9] = 0
    regret[inside] = np.maximum(regret[inside], 0)
    regret[upper == 0] = 0
    z = np.zeros(len(gain))
    z[inside] = found.x
    return _Linear(z, price, regret, not bool((regret < -1e-8).any()))


def _stack(top: csr_array, bottom: csr_array) -> csr_array:
    parts = [coo_array(top), coo_array(bottom)]
    rows = np.concatenate((parts[0].row, parts[1].row + top.shape[0]))
    columns = np.concatenate((parts[0].col, parts[1].col))
    values = np.concatenate((parts[0].data, parts[1].data))
    return csr_array(coo_array((values, (rows, columns)), shape=(top.shape[0] + bottom.shape[0], top.shape[1])))


def fairest(residual: Residual) -> tuple[Bools, Ints, Ints, tuple[Ints, ...]]:
    """The fairest partial choice: fewest reviews missing, spread evenly, then the greatest total.

    Gives taken bool[K], missing int[P], underload int[R] and what each column's cells are short of.
    """
    papers, people = residual.problem.n_papers, residual.problem.n_reviewers
    rows, pairs, demand, load, cells = _choice(residual, np.zeros(len(residual.paper)))
    who = np.repeat(np.arange(papers), residual.demand)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(residual.demand) - residual.demand, residual.demand)
    top = int(residual.problem.demand.max(initial=0))
    held = (residual.problem.demand - residual.demand)[who]
    missing = rows.variables((held + nth - 5.0 * top).astype(np.float64), np.ones(len(who)))
    rows.fill(demand[who], missing)
    forced = np.flatnonzero(residual.low)
    under = rows.variables(-np.ones(len(forced)), residual.low[forced].astype(np.float64))
    rows.fill(load[forced], under)
    shorts = []
    for numbers, c in zip(cells, residual.cells, strict=True):
        short = rows.variables(np.full(len(numbers), -2.0), c.low.astype(np.float64))
        rows.fill(numbers, short)
        shorts.append(short)
    first = _run(rows, rows.width, nodes=MOST_NODES, gap=0.0)
    z = np.rint(first.x)
    cost = np.concatenate(rows.gain)
    kept = rows.rows(np.array([cost @ z - 0.5]), np.array([np.inf]))
    rows.fill(np.repeat(kept, rows.width), np.arange(rows.width), cost)
    rows.gain = [residual.score, np.zeros(rows.width - len(residual.score))]
    second = _run(rows, rows.width, nodes=MOST_NODES, gap=1e-6)
    z = z if second.x is None else np.rint(second.x)
    underload = np.zeros(people, dtype=np.int64)
    underload[forced] = z[under].astype(np.int64)
    lost = np.bincount(who, weights=z[missing], minlength=papers).astype(np.int64)
    return z[pairs] > 0.5, lost, underload, tuple(z[s].astype(np.int64) for s in shorts)
