"""The assignment as a minimum-cost flow (OR-tools), exact for loads, locks and the quotas of one column.

Papers send `demand` units, reviewers pass them to one sink. A lower bound is a unit sent beforehand by node
supplies. Costs are integers: scores times a scale chosen so that no score loses more than 5e-9 of the largest.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.graph.python import min_cost_flow  # type: ignore[import-untyped]

from reviews.matching.problem import Bools, Floats, Ints
from reviews.matching.residual import Residual

FINE = 1e8
COMMON_STEPS = (1.0, 4.0, 10.0, 100.0, 400.0, 1000.0, 10_000.0, 1e6)


class FlowFailed(RuntimeError):
    """The engine gave up for a reason other than infeasibility (never seen; named so that it is not silent)."""


@dataclass(frozen=True, eq=False)
class Network:
    """Arrays of a flow problem. The first K arcs are the candidate pairs.

    Node numbers: papers, reviewers, the sink, then one per cell. `slack` marks the arcs that stand for
    something not delivered; `load` is the first arc from a reviewer to the sink.
    """

    tail: Ints
    head: Ints
    capacity: Ints
    cost: Ints
    supply: Ints
    slack: Bools
    pairs: int
    missing: slice
    short_cell: slice
    underload: slice
    cell_low: Ints


def integer_costs(score: Floats) -> tuple[Ints, float]:
    """Scores as integers and the scale; exact where all scores share a common step such as 0.25 or 0.001."""
    largest = float(np.abs(score).max(initial=0.0))
    if largest == 0:
        return np.zeros(len(score), dtype=np.int64), 1.0
    for step in COMMON_STEPS:
        if largest * step > FINE:
            break
        scaled = score * step
        rounded = np.rint(scaled)
        if np.abs(scaled - rounded).max() <= 1e-9 * max(1.0, largest * step):
            return rounded.astype(np.int64), step
    scale = FINE / largest
    return np.rint(score * scale).astype(np.int64), scale


def build(
    residual: Residual,
    *,
    weights: Floats | None = None,
    copies: int = 1,
    pair_capacity: int = 1,
    slack: bool = False,
    priced: bool = True,
) -> Network:
    """The network of `residual`.

    weights: float[K] to use instead of the scores. copies: every supply and capacity but the pairs' is multiplied
    by it and each pair may carry `pair_capacity`. slack: everything demanded may be missed at a price above all
    scores, the first review of a paper being worth most, so that what is short is shared fairly.
    """
    problem = residual.problem
    papers, reviewers = problem.n_papers, problem.n_reviewers
    sink = papers + reviewers
    values = residual.score if weights is None else weights
    price = problem.load_price if priced and copies == 1 else 0.0
    cost, _ = integer_costs(np.append(values, price) if price else values)
    unit_price = int(cost[-1]) if price else 0
    cost = -cost[: len(values)]
    supply = np.zeros(sink + 1, dtype=np.int64)
    supply[:papers] = residual.demand * copies
    supply[papers:sink] = -residual.low * copies
    arcs = [(residual.paper, residual.reviewer + papers, np.full(len(cost), pair_capacity), cost)]
    supply, cell_arcs, pair_tail, cell_low = _cell_arcs(residual, supply, sink, copies)
    arcs[0] = (pair_tail, *arcs[0][1:])
    arcs.extend(cell_arcs)
    arcs.append(_load_arcs(residual, copies, unit_price, papers, sink))
    real = sum(len(a[0]) for a in arcs)
    nothing = slice(real, real)
    places = (nothing, nothing, nothing)
    if slack:
        arcs, places = _with_slack(residual, arcs, cell_low, papers, sink)
    supply[sink] = 0
    supply[sink] = -supply.sum()
    tail, head, capacity, arc_cost = (
        np.concatenate([np.asarray(a[i], dtype=np.int64) for a in arcs]) for i in range(4)
    )
    is_slack = np.zeros(len(tail), dtype=bool)
    is_slack[real:] = True
    return Network(tail, head, capacity, arc_cost, supply, is_slack, len(cost), *places, cell_low)


Arcs = tuple[Ints, Ints, Ints, Ints]


def _cell_arcs(residual: Residual, supply: Ints, sink: int, copies: int) -> tuple[Ints, list[Arcs], Ints, Ints]:
    """One node per cell between the paper and its pairs; its lower bound goes there as supply."""
    tail = residual.paper.copy()
    arcs: list[Arcs] = []
    lows: list[Ints] = []
    node = sink + 1
    for cells in residual.cells:
        number = np.arange(len(cells.paper)) + node
        inside = cells.of_pair >= 0
        tail[inside] = number[cells.of_pair[inside]]
        high = np.minimum(cells.high, residual.demand[cells.paper])
        low = cells.low
        np.subtract.at(supply, cells.paper, low * copies)
        supply = np.concatenate((supply, low * copies))
        room = np.maximum(high - low, 0) * copies
        arcs.append((cells.paper, number, room, np.zeros(len(number), dtype=np.int64)))
        lows.append(low)
        node += len(number)
    return supply, arcs, tail, np.concatenate(lows) if lows else np.zeros(0, dtype=np.int64)


def _load_arcs(residual: Residual, copies: int, unit_price: int, papers: int, sink: int) -> Arcs:
    room = residual.high - residual.low
    if not unit_price:
        who = np.arange(len(room))
        return who + papers, np.full(len(who), sink), room * copies, np.zeros(len(who), dtype=np.int64)
    room = np.minimum(room, np.bincount(residual.reviewer, minlength=len(room)))
    who = np.repeat(np.arange(len(room)), room)
    first = np.repeat(np.cumsum(room) - room, room)
    already = (residual.base_load + residual.low)[who] + np.arange(len(who)) - first
    return who + papers, np.full(len(who), sink), np.ones(len(who), dtype=np.int64), already * unit_price


def _with_slack(
    residual: Residual, arcs: list[Arcs], cell_low: Ints, papers: int, sink: int
) -> tuple[list[Arcs], tuple[slice, slice, slice]]:
    largest = max(int(np.abs(a[3]).max(initial=0)) for a in arcs) + 1
    above = 2 * largest * (min(papers, len(residual.high)) + 2)
    top = int(residual.problem.demand.max(initial=0))
    held = residual.problem.demand - residual.demand
    who = np.repeat(np.arange(papers), residual.demand)
    nth = np.arange(len(who)) - np.repeat(np.cumsum(residual.demand) - residual.demand, residual.demand)
    # Slot n of a paper counts the reviews it already has; giving up the last slot is cheapest.
    worth = (2 * top - (held[who] + nth)) * above + 3 * top * above
    real = sum(len(a[0]) for a in arcs)
    cell_paper = [c.paper for c in residual.cells]
    cell_from = np.arange(len(cell_low)) + sink + 1
    cell_to = np.concatenate(cell_paper) if cell_paper else np.zeros(0, dtype=np.int64)
    forced = np.flatnonzero(residual.low)
    arcs = [
        *arcs,
        (who, np.full(len(who), sink), np.ones(len(who), dtype=np.int64), worth),
        (cell_from, cell_to, cell_low, np.full(len(cell_low), 2 * above)),
        (np.full(len(forced), sink), forced + papers, residual.low[forced], np.full(len(forced), above)),
    ]
    ends = np.cumsum([real, len(who), len(cell_low), len(forced)])
    missing, short, under = (slice(int(a), int(b)) for a, b in pairwise(ends))
    return arcs, (missing, short, under)


def run(network: Network) -> Ints | None:
    """Flow on every arc, or None when the network cannot carry the supplies."""
    if network.supply.min(initial=0) >= 0 and not network.supply.any():
        return np.zeros(len(network.tail), dtype=np.int64)
    engine = min_cost_flow.SimpleMinCostFlow()
    cost = network.cost
    for _ in range(8):
        engine = min_cost_flow.SimpleMinCostFlow()
        arcs = engine.add_arcs_with_capacity_and_unit_cost(
            network.tail.astype(np.int32), network.head.astype(np.int32), network.capacity, cost
        )
        engine.set_nodes_supplies(np.arange(len(network.supply), dtype=np.int32), network.supply)
        status = engine.solve()
        if status == engine.OPTIMAL:
            return np.asarray(engine.flows(arcs), dtype=np.int64)
        if status == engine.INFEASIBLE:
            return None
        if status != engine.BAD_COST_RANGE:
            break
        cost = cost // 16
    raise FlowFailed(f"The flow engine answered {status}.")


def best_total(residual: Residual, weights: Floats | None = None, *, priced: bool = True) -> Bools | None:
    """The feasible choice of pairs of greatest total (less the load price): bool[K], None if there is none."""
    if residual.broken:
        return None
    network = build(residual, weights=weights, priced=priced)
    flow = run(network)
    return None if flow is None else flow[: network.pairs] > 0
