"""A randomised assignment: no pair is certain, so no one can count on getting a paper by bidding for it.

Probabilities maximise the expected total under a cap on each (Jecmen et al., NeurIPS 2020). With a cap of k/n they
are a flow in units of 1/n, and such a flow is a sum of n assignments that each keep every rule: one of them, drawn
evenly, has exactly these probabilities.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from reviews.matching import flow
from reviews.matching.problem import Bools, Floats, Ints
from reviews.matching.residual import Residual

FINEST = 100


@dataclass(frozen=True, eq=False)
class Draw:
    """taken: bool[K], the assignment drawn; probability: float[K]; expected: the expected total of these pairs."""

    taken: Bools
    probability: Floats
    expected: float


def draw(residual: Residual, cap: float, seed: int) -> Draw | None:
    """Draw an assignment in which no pair is likelier than `cap`; None if the cap leaves papers unfilled."""
    network, units, copies = _capped(residual, cap)
    if units is None:
        return None
    chosen = int(np.random.default_rng(seed).integers(copies))
    taken = _part(network, units, copies, chosen)[: network.pairs] > 0
    probability = units[: network.pairs] / copies
    return Draw(taken, probability, float((probability * residual.score).sum()))


def decomposition(residual: Residual, cap: float) -> list[Bools] | None:
    """All the assignments `draw` chooses from, each equally likely."""
    network, units, copies = _capped(residual, cap)
    if units is None:
        return None
    return [_part(network, units, copies, i)[: network.pairs] > 0 for i in range(copies)]


def _capped(residual: Residual, cap: float) -> tuple[flow.Network, Ints | None, int]:
    # A cap a hair under 0.9 because of its binary form still means 9 of 10.
    share = Fraction(cap).limit_denominator(FINEST)
    if share > Fraction(cap) + Fraction(1, 10**9):
        share = Fraction(int(cap * FINEST), FINEST)
    copies = share.denominator
    network = flow.build(residual, copies=copies, pair_capacity=share.numerator, priced=False)
    return network, flow.run(network), copies


def _part(network: flow.Network, units: Ints, copies: int, index: int) -> Ints:
    """The assignment number `index` of the decomposition: take one off, `index` times, then the one wanted.

    Between the rounded-down and the rounded-up n-th part of a flow there is always a whole one.
    """
    supply = network.supply // copies
    left = units.copy()
    part = left
    for n in range(copies, copies - index - 1, -1):
        part = _one(network, left, n, supply)
        left = left - part
    return part


def _one(network: flow.Network, left: Ints, n: int, supply: Ints) -> Ints:
    low = left // n
    room = -(-left // n) - low
    used = np.flatnonzero(room)
    need = supply - np.bincount(network.tail, weights=low, minlength=len(supply)).astype(np.int64)
    need = need + np.bincount(network.head, weights=low, minlength=len(supply)).astype(np.int64)
    small = flow.Network(
        tail=network.tail[used],
        head=network.head[used],
        capacity=room[used],
        cost=np.zeros(len(used), dtype=np.int64),
        supply=need,
        slack=network.slack[used],
        pairs=0,
        missing=network.missing,
        short_cell=network.short_cell,
        underload=network.underload,
        cell_low=network.cell_low,
    )
    carried = flow.run(small)
    if carried is None:
        raise flow.FlowFailed("A flow in n-ths always has a whole part.")
    part = low
    part[used] += carried
    return part
