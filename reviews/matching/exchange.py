"""Small moves in a finished assignment: one paper changes a reviewer, others pass theirs on until loads fit again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reviews.matching.problem import Bools, Floats, Ints
from reviews.matching.residual import Residual

NOBODY = -1
MISSING_COUNTS = 1000.0


@dataclass(frozen=True)
class Move:
    """A paper drops one pair and takes another (numbers of the residual's pairs)."""

    drop: int
    take: int


@dataclass(frozen=True)
class Chain:
    """Moves that keep every rule; `loss` is what the total (less the load price) goes down by."""

    moves: tuple[Move, ...]
    loss: float


class State:
    """An assignment that can be changed: taken bool[K], load int[R] and totals float[P] kept in step."""

    def __init__(self, residual: Residual, taken: Bools) -> None:
        self.residual = residual
        self.taken = taken.copy()
        self.load = residual.loads(taken)
        self.totals = residual.totals(taken)
        self._by_reviewer: Ints = np.argsort(residual.reviewer, kind="stable")
        counts = np.bincount(residual.reviewer, minlength=residual.problem.n_reviewers)
        self._reviewer_start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
        self._cell_counts = [
            np.bincount(c.of_pair[self.taken & (c.of_pair >= 0)], minlength=len(c.paper)) for c in residual.cells
        ]
        self._rivals: dict[int, list[int]] = {}
        for a, b in residual.rivals.tolist():
            self._rivals.setdefault(a, []).append(b)
            self._rivals.setdefault(b, []).append(a)

    def apply(self, moves: Sequence[Move]) -> None:
        """Carry out the moves."""
        for move in moves:
            self._flip(move.drop, -1)
            self._flip(move.take, 1)

    def of_paper(self, paper: int) -> Ints:
        """Numbers of the taken pairs of a paper."""
        start, end = self.residual.paper_start[paper : paper + 2]
        taken: Ints = np.flatnonzero(self.taken[start:end]) + start
        return taken

    def cheapest(
        self,
        drop: int,
        *,
        floors: Floats | None = None,
        only: int | None = None,
        layers: int = 6,
        beam: int | None = None,
        soft: bool = False,
    ) -> Chain | None:
        """The chain of least loss in which the paper of `drop` gives that reviewer up.

        No paper falls below its floor (float[P]); one that is below already must not fall at all. `only`: the
        pair the paper must take instead. layers: the longest chain; beam: how many reviewers to go on from after
        each step (the cheapest so far), None for all, which makes the answer exact where no floor is given.
        soft: papers may fall below their floors, and `loss` counts what is missing there a thousandfold.
        """
        search = _Search(self, drop, floors, only, soft=soft)
        return search.run(layers, beam)

    def swap_allowed(self, drop: Ints, take: Ints) -> Bools:
        """Whether the rules on groups allow each exchange within one paper, others staying as they are."""
        allowed = np.ones(len(take), dtype=bool)
        for cells, counts in zip(self.residual.cells, self._cell_counts, strict=True):
            out, into = cells.of_pair[drop], cells.of_pair[take]
            leaves = (out >= 0) & (counts[out] <= cells.low[out])
            enters = (into >= 0) & (counts[into] >= cells.high[into])
            allowed &= (out == into) | ~(leaves | enters)
        if self._rivals:
            for i in np.flatnonzero(np.isin(take, list(self._rivals))).tolist():
                allowed[i] &= not any(
                    r == take[i] or (self.taken[r] and r != drop[i]) for r in self._rivals[int(take[i])]
                )
        return allowed

    def held_by(self, reviewers: Ints) -> Ints:
        """Numbers of the taken pairs of these reviewers."""
        pairs: Ints = self._by_reviewer[_ranges(self._reviewer_start, reviewers)]
        held: Ints = pairs[self.taken[pairs]]
        return held

    def _flip(self, pair: int, sign: int) -> None:
        residual = self.residual
        self.taken[pair] = sign > 0
        self.load[residual.reviewer[pair]] += sign
        self.totals[residual.paper[pair]] += sign * residual.score[pair]
        for cells, counts in zip(residual.cells, self._cell_counts, strict=True):
            if cells.of_pair[pair] >= 0:
                counts[cells.of_pair[pair]] += sign


def _ranges(start: Ints, which: Ints) -> Ints:
    """Concatenation of start[i]:start[i + 1] for i in which."""
    lengths = start[which + 1] - start[which]
    ends = np.cumsum(lengths)
    offsets = np.repeat(start[which] - (ends - lengths), lengths)
    places: Ints = np.arange(int(ends[-1]) if len(ends) else 0) + offsets
    return places


@dataclass(frozen=True, eq=False)
class _Steps:
    """Ways to reach a reviewer: the pair dropped and taken on the last step (or NOBODY both, when one reviewer
    gains a paper and another loses one), whom the step comes from, and the loss so far."""

    to: Ints
    drop: Ints
    take: Ints
    origin: Ints
    loss: Floats


class _Search:
    """Shortest chains by layers: after layer n, a reviewer's entry is the least loss to give them one paper more."""

    def __init__(self, state: State, drop: int, floors: Floats | None, only: int | None, *, soft: bool) -> None:
        self.state = state
        self.residual = state.residual
        self.drop = drop
        self.only = only
        self.paper = int(self.residual.paper[drop])
        self.loser = int(self.residual.reviewer[drop])
        self.soft = soft
        none = np.full(len(state.totals), -np.inf)
        hard = none if floors is None or soft else floors
        self.wanted = floors if soft and floors is not None else none
        self.floors = np.minimum(hard, state.totals)
        self.own_floor = float(hard[self.paper])
        self.layers: list[_Steps] = []
        self.ends: list[tuple[float, int, int]] = []
        self.best = np.full(self.residual.problem.n_reviewers, np.inf)
        self.best_room = np.inf

    def run(self, layers: int, beam: int | None) -> Chain | None:
        steps = self._first()
        for layer in range(layers):
            reached = self._settle(steps)
            if not len(reached):
                break
            through = self._note_ends(layer, reached)
            onward = reached[reached != self.loser]
            if beam is not None and len(onward) > beam:
                onward = np.sort(onward[np.argsort(self.best[onward], kind="stable")[:beam]])
            steps = self._expand(onward)
            if through is not None:
                steps = _joined(steps, through)
        for loss, layer, reviewer in sorted(self.ends):
            chain = self._trace(layer, reviewer, loss)
            if chain is not None:
                return chain
        return None

    def _first(self) -> _Steps:
        start, end = self.residual.paper_start[self.paper : self.paper + 2]
        takes = np.flatnonzero(~self.state.taken[start:end]) + start
        if self.only is not None:
            takes = takes[takes == self.only]
        drops = np.full(len(takes), self.drop, dtype=np.int64)
        losses = self.residual.score[self.drop] - self.residual.score[takes]
        good = self.state.totals[self.paper] - losses >= self.own_floor - 1e-12
        good &= self.state.swap_allowed(drops, takes)
        return self._steps(drops[good], takes[good], self._felt(drops[good], losses[good]))

    def _felt(self, drops: Ints, losses: Floats) -> Floats:
        """Losses as they count: what goes missing below the wanted floors a thousandfold."""
        if not self.soft:
            return losses
        paper = self.residual.paper[drops]
        floor, before = self.wanted[paper], self.state.totals[paper]
        missing = np.maximum(floor - (before - losses), 0) - np.maximum(floor - before, 0)
        return losses + MISSING_COUNTS * np.where(np.isfinite(floor), missing, 0)

    def _steps(self, drops: Ints, takes: Ints, losses: Floats) -> _Steps:
        reviewer = self.residual.reviewer
        return _Steps(reviewer[takes], drops, takes, reviewer[drops], losses)

    def _expand(self, reviewers: Ints) -> _Steps:
        residual, state = self.residual, self.state
        held = state.held_by(reviewers)
        held = held[held != self.drop]
        papers = residual.paper[held]
        lengths = residual.paper_start[papers + 1] - residual.paper_start[papers]
        takes = _ranges(residual.paper_start, papers)
        losses = np.repeat(residual.score[held], lengths) - residual.score[takes]
        so_far = np.repeat(self.best[residual.reviewer[held]], lengths)
        # The cheapest tests first, and each on the whole: this is where the time of a search goes.
        good = losses <= np.repeat(state.totals[papers] - self.floors[papers] + 1e-12, lengths)
        good &= ~state.taken[takes]
        if not self.soft:
            good &= losses + so_far < self.best[residual.reviewer[takes]] - 1e-12
        chosen = np.flatnonzero(good)
        drops, takes = np.repeat(held, lengths)[chosen], takes[chosen]
        losses, so_far = losses[chosen], so_far[chosen]
        allowed = state.swap_allowed(drops, takes)
        drops, takes, losses = drops[allowed], takes[allowed], losses[allowed]
        return self._steps(drops, takes, self._felt(drops, losses) + so_far[allowed])

    def _settle(self, steps: _Steps) -> Ints:
        """Keep the least loss per reviewer where it improves; gives the reviewers improved."""
        people = len(self.best)
        least = np.full(people, np.inf)
        np.minimum.at(least, steps.to, steps.loss)
        winner = np.zeros(people, dtype=np.int64)
        hit = np.flatnonzero(steps.loss == least[steps.to])[::-1]
        winner[steps.to[hit]] = hit
        reached = np.flatnonzero(least < self.best - 1e-12)
        self.best[reached] = least[reached]
        kept = winner[reached]
        self.layers.append(_Steps(reached, steps.drop[kept], steps.take[kept], steps.origin[kept], least[reached]))
        return reached

    def _note_ends(self, layer: int, reached: Ints) -> _Steps | None:
        """Where chains may end: with the reviewer who lost a paper, or with one who has room.

        If someone with room takes one paper more, anyone above the minimum may have one less: those are the
        steps returned, when this is the cheapest such beginning so far.
        """
        residual, load = self.residual, self.state.load
        price = residual.problem.load_price
        whole = load + residual.base_load
        if self.loser in reached and layer:
            self.ends.append((float(self.best[self.loser]), layer, self.loser))
        roomy = reached[(load[reached] < residual.high[reached]) & (reached != self.loser)]
        if not len(roomy):
            return None
        losses = self.best[roomy] + price * whole[roomy]
        spare = load > residual.low
        if spare[self.loser]:
            ends = losses - price * (whole[self.loser] - 1)
            self.ends.extend((float(v), layer, int(r)) for v, r in zip(ends, roomy, strict=True))
        if losses.min() >= self.best_room - 1e-12:
            return None
        self.best_room = float(losses.min())
        origin = int(roomy[np.argmin(losses)])
        to = np.flatnonzero(spare)
        to = to[(to != origin) & (to != self.loser)]
        nobody = np.full(len(to), NOBODY, dtype=np.int64)
        return _Steps(to, nobody, nobody, np.full(len(to), origin), self.best_room - price * (whole[to] - 1))

    def _trace(self, layer: int, reviewer: int, loss: float) -> Chain | None:
        moves: list[Move] = []
        at = reviewer
        for steps in reversed(self.layers[: layer + 1]):
            place = int(np.searchsorted(steps.to, at))
            if steps.drop[place] != NOBODY:
                moves.append(Move(int(steps.drop[place]), int(steps.take[place])))
            at = int(steps.origin[place])
        moves.reverse()
        return Chain(tuple(moves), loss) if self._stands(moves) else None

    def _stands(self, moves: list[Move]) -> bool:
        """Judge a chain as a whole: one that meets a paper or a reviewer twice was judged against figures that the
        first visit changes."""
        residual, state = self.residual, self.state
        drops = [m.drop for m in moves]
        takes = [m.take for m in moves]
        if len({*drops, *takes}) < len(drops) + len(takes):
            return False
        change: Counter[int] = Counter(residual.reviewer[takes].tolist())
        change.subtract(residual.reviewer[drops].tolist())
        if any(not residual.low[r] <= state.load[r] + c <= residual.high[r] for r, c in change.items() if c):
            return False
        papers = residual.paper[drops].tolist()
        if len(set(papers)) == len(papers):
            return True
        if residual.cells or len(residual.rivals):
            return False
        gain: dict[int, float] = {}
        for move, paper in zip(moves, papers, strict=True):
            gain[paper] = gain.get(paper, 0.0) + float(residual.score[move.take] - residual.score[move.drop])
        floors = {**{p: float(self.floors[p]) for p in gain}, self.paper: self.own_floor}
        return all(state.totals[p] + g >= floors[p] - 1e-12 for p, g in gain.items())


def _joined(one: _Steps, other: _Steps) -> _Steps:
    return _Steps(
        np.concatenate((one.to, other.to)),
        np.concatenate((one.drop, other.drop)),
        np.concatenate((one.take, other.take)),
        np.concatenate((one.origin, other.origin)),
        np.concatenate((one.loss, other.loss)),
    )
