"""What is left to decide once conflicts are struck out and locked pairs are given."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from reviews.matching.problem import Bools, Floats, Ints, Problem, pair_keys

# Above this many pairs the relaxation is solved over the best candidates of each paper and reviewer only.
WHOLE_PAIRS = 12_000
BEST_OF_PAPER = 24
BEST_PER_REVIEW = 4
BEST_OF_REVIEWER = 12


@dataclass(frozen=True, eq=False)
class Cells:
    """Bounds on how many of a set of pairs of one paper are taken; C cells.

    paper: int[C]; low, high: int[C]; of_pair: int[K], the pair's cell or -1
    column, label: what the cell is about, for the sentences; label_of: int[C] into labels
    """

    column: str
    labels: tuple[str, ...]
    paper: Ints
    label_of: Ints
    low: Ints
    high: Ints
    of_pair: Ints

    def words(self, cell: int) -> str:
        return self.labels[int(self.label_of[cell])]


@dataclass(frozen=True, eq=False)
class Residual:
    """Candidate pairs that may still be chosen (K of them), with demand and loads less the locked pairs.

    paper, reviewer, score: [K], ordered by paper and then reviewer; demand: int[P]; low, high: int[R]
    paper_start: int[P + 1], the pairs of paper p are paper_start[p]:paper_start[p + 1]
    locked, locked_score: the given pairs; base_score: float[P], base_load: int[R] from them
    cells: one entry per column of quotas; rivals: int[n, 2] of pairs of which at most one is taken
    broken: sentences about rules that the locked pairs alone break
    """

    problem: Problem
    paper: Ints
    reviewer: Ints
    score: Floats
    paper_start: Ints
    demand: Ints
    low: Ints
    high: Ints
    locked: Ints
    locked_score: Floats
    base_score: Floats
    base_load: Ints
    cells: tuple[Cells, ...]
    rivals: Ints
    broken: tuple[str, ...]

    @property
    def is_flow(self) -> bool:
        """Whether every pair lies in at most one cell, so that all rules fit into one network."""
        if len(self.rivals):
            return False
        inside = np.zeros(len(self.paper), dtype=np.int64)
        for cells in self.cells:
            inside += cells.of_pair >= 0
        return bool((inside <= 1).all())

    def totals(self, taken: Bools) -> Floats:
        """Score of each paper, locked pairs included: float[P]."""
        sums = np.bincount(self.paper[taken], weights=self.score[taken], minlength=self.problem.n_papers)
        return self.base_score + sums

    def loads(self, taken: Bools) -> Ints:
        """Papers per reviewer without the locked pairs: int[R]."""
        return cast("Ints", np.bincount(self.reviewer[taken], minlength=self.problem.n_reviewers))

    def price(self, taken: Bools) -> float:
        """What the load price takes off the objective: price times (0 + 1 + ... + load - 1), summed."""
        load = self.loads(taken) + self.base_load
        return float(self.problem.load_price * (load * (load - 1) / 2).sum())

    def stands(self, taken: Bools) -> bool:
        """Whether a choice meets every demand, load and rule."""
        papers = np.bincount(self.paper[taken], minlength=self.problem.n_papers)
        loads = self.loads(taken)
        good = bool((papers == self.demand).all() and (loads >= self.low).all() and (loads <= self.high).all())
        for cells in self.cells:
            count = np.bincount(cells.of_pair[taken & (cells.of_pair >= 0)], minlength=len(cells.paper))
            good = good and bool((count >= cells.low).all() and (count <= cells.high).all())
        alone = self.rivals[:, 0] == self.rivals[:, 1]
        both = taken[self.rivals].all(axis=1) if len(self.rivals) else alone
        return good and not bool(both.any())

    def without_rules(self) -> "Residual":
        return replace(self, cells=(), rivals=np.zeros((0, 2), dtype=np.int64), broken=())

    def restricted(self, keep: Bools) -> "Residual":
        """The same decision with fewer candidate pairs; every rule stays."""
        number = np.cumsum(keep) - 1
        cells = tuple(replace(c, of_pair=c.of_pair[keep]) for c in self.cells)
        alive = keep[self.rivals].all(axis=1) if len(self.rivals) else np.zeros(0, dtype=bool)
        return replace(
            self,
            paper=self.paper[keep],
            reviewer=self.reviewer[keep],
            score=self.score[keep],
            paper_start=_starts(self.paper[keep], self.problem.n_papers),
            cells=cells,
            rivals=number[self.rivals[alive]].reshape(-1, 2),
        )


def reduce(problem: Problem) -> Residual:
    """Take conflicts and locked pairs out of `problem`. A locked pair stands even over a load or a demand."""
    locked = problem.locked
    demand = problem.demand - np.bincount(locked[:, 0], minlength=problem.n_papers)
    base_load = np.bincount(locked[:, 1], minlength=problem.n_reviewers)
    high = np.maximum(problem.max_load - base_load, 0)
    low = np.maximum(problem.min_load - base_load, 0)
    demand = np.maximum(demand, 0)
    keys = pair_keys(problem.pair_paper, problem.pair_reviewer, problem.n_reviewers)
    struck = np.concatenate((problem.conflicts, locked))
    keep = (demand[problem.pair_paper] > 0) & (high[problem.pair_reviewer] > 0)
    if len(struck):
        keep &= ~np.isin(keys, pair_keys(struck[:, 0], struck[:, 1], problem.n_reviewers))
    chosen = np.flatnonzero(keep)
    if not _ascending(keys[chosen]):
        chosen = chosen[np.argsort(keys[chosen], kind="stable")]
    paper, reviewer, score = problem.pair_paper[chosen], problem.pair_reviewer[chosen], problem.score[chosen]
    locked_score = scores_of(problem, locked)
    start = _starts(paper, problem.n_papers)
    cells, broken = _all_cells(problem, paper, reviewer, demand)
    apart_cells, rivals, apart_broken = _apart(problem, paper, reviewer, demand)
    return Residual(
        problem=problem,
        paper=paper,
        reviewer=reviewer,
        score=score,
        paper_start=start,
        demand=demand,
        low=low,
        high=high,
        locked=locked,
        locked_score=locked_score,
        base_score=np.bincount(locked[:, 0], weights=locked_score, minlength=problem.n_papers),
        base_load=base_load,
        cells=cells + apart_cells,
        rivals=rivals,
        broken=broken + apart_broken,
    )


def scores_of(problem: Problem, pairs: Ints) -> Floats:
    """Score of each (paper, reviewer) of `pairs`; 0 where the pair is not a candidate."""
    if not len(pairs) or not len(problem.score):
        return np.zeros(len(pairs))
    keys = pair_keys(problem.pair_paper, problem.pair_reviewer, problem.n_reviewers)
    order = np.arange(len(keys)) if _ascending(keys) else np.argsort(keys, kind="stable")
    wanted = pair_keys(pairs[:, 0], pairs[:, 1], problem.n_reviewers)
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[place]
    return np.where(keys[found] == wanted, problem.score[found], 0.0)


def _ascending(keys: Ints) -> bool:
    return bool(np.all(keys[1:] > keys[:-1]))


def _starts(paper: Ints, n_papers: int) -> Ints:
    counts = np.bincount(paper, minlength=n_papers)
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))


def _all_cells(
    problem: Problem, paper: Ints, reviewer: Ints, demand: Ints
) -> tuple[tuple[Cells, ...], tuple[str, ...]]:
    found: list[Cells] = []
    broken: list[str] = []
    for column in sorted({quota.column for quota in problem.quotas}):
        named = {quota.value for quota in problem.quotas if quota.column == column}
        labels = tuple(sorted(({str(v) for v in problem.groups[column]} | named) - {"", "*"}))
        if not labels:
            continue
        code = _codes(problem.groups[column], labels)
        low, high = _label_bounds(problem, column, labels)
        cells, sentences = _column_cells(problem, column, labels, code, (low, high), paper, reviewer, demand)
        broken.extend(sentences)
        if len(cells.paper):
            found.append(cells)
    return tuple(found), tuple(broken)


def _codes(column: object, labels: tuple[str, ...]) -> Ints:
    number = {label: i for i, label in enumerate(labels)}
    return np.array([number.get(str(label), -1) for label in cast("list[str]", column)], dtype=np.int64)


NO_BOUND = 1 << 40


def _label_bounds(problem: Problem, column: str, labels: tuple[str, ...]) -> tuple[Ints, Ints]:
    low = np.zeros(len(labels), dtype=np.int64)
    high = np.full(len(labels), NO_BOUND, dtype=np.int64)
    for quota in problem.quotas:
        if quota.column != column:
            continue
        occurring = {str(label) for label in problem.groups[column]}
        hit = np.array([quota.value == label or (quota.value == "*" and label in occurring) for label in labels])
        if quota.comparator in ("<=", "=="):
            high[hit] = np.minimum(high[hit], quota.bound)
        if quota.comparator in (">=", "=="):
            low[hit] = np.maximum(low[hit], quota.bound)
    return low, high


def _column_cells(
    problem: Problem,
    column: str,
    labels: tuple[str, ...],
    code: Ints,
    bounds: tuple[Ints, Ints],
    paper: Ints,
    reviewer: Ints,
    demand: Ints,
) -> tuple[Cells, list[str]]:
    """Cells of one column: every (paper, label) whose bounds can bite, less what locked pairs fill already."""
    size = len(labels)
    pair_code = code[reviewer]
    pair_key = np.where(pair_code >= 0, paper * size + pair_code, -1)
    wanted = np.flatnonzero(problem.demand > 0)
    forced = np.flatnonzero(bounds[0] > 0)
    must = (wanted[:, None] * size + forced[None, :]).ravel()
    locked_code = code[problem.locked[:, 1]]
    inside = locked_code >= 0
    locked_key = (problem.locked[:, 0] * size + locked_code)[inside]
    keys = np.unique(np.concatenate((pair_key[pair_key >= 0], must, locked_key)))
    held = _counts(keys, locked_key)
    count = _counts(keys, pair_key[pair_key >= 0])
    of_paper, label = keys // size, keys % size
    low, high = bounds[0][label] - held, bounds[1][label] - held
    reviewed = problem.demand[of_paper] > 0
    low = np.where(reviewed, np.maximum(low, 0), 0)
    high = np.where(reviewed, high, NO_BOUND)
    sentences = [
        f"Paper {problem.paper_name(int(of_paper[i]))} has {held[i]} locked reviewers of {column} {labels[label[i]]}, "
        f"at most {bounds[1][label[i]]} allowed."
        for i in np.flatnonzero(high < 0)
    ]
    high = np.maximum(high, 0)
    sentences += [
        f"Paper {problem.paper_name(int(of_paper[i]))} needs at least {low[i]} more of {column} {labels[label[i]]} "
        f"and may have at most {high[i]} more: the rules contradict each other."
        for i in np.flatnonzero(low > high)[:1]
    ]
    low = np.minimum(low, high)
    bites = (low > 0) | (high < np.minimum(count, demand[of_paper]))
    place = np.minimum(np.searchsorted(keys, pair_key), max(len(keys) - 1, 0))
    number = np.where(bites, np.cumsum(bites) - 1, -1)
    of_pair = np.where(pair_key >= 0, number[place], -1) if len(keys) else np.full(len(paper), -1)
    cells = Cells(column, labels, of_paper[bites], label[bites], low[bites], high[bites], of_pair)
    return cells, sentences


def _counts(keys: Ints, values: Ints) -> Ints:
    """How often each of the sorted `keys` occurs among `values`."""
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    return cast("Ints", np.bincount(np.searchsorted(keys, values), minlength=len(keys)))


def _apart(
    problem: Problem, paper: Ints, reviewer: Ints, demand: Ints
) -> tuple[tuple[Cells, ...], Ints, tuple[str, ...]]:
    """Reviewers kept apart: a column of at most one where they form cliques, pairs of rivals elsewhere."""
    none = np.zeros((0, 2), dtype=np.int64)
    if not len(problem.apart):
        return (), none, ()
    broken = _locked_together(problem)
    family = _families(problem)
    sizes = Counter(family.values())
    edges = {(int(min(a, b)), int(max(a, b))) for a, b in problem.apart}
    per_family = Counter(family[a] for a, _ in edges)
    cliques = {f for f, n in per_family.items() if n == sizes[f] * (sizes[f] - 1) // 2}
    labels = tuple(f"group {f}" for f in sorted(cliques))
    code = np.full(problem.n_reviewers, -1, dtype=np.int64)
    for member, f in family.items():
        if f in cliques:
            code[member] = labels.index(f"group {f}")
    cells: tuple[Cells, ...] = ()
    if labels:
        bounds = (np.zeros(len(labels), dtype=np.int64), np.ones(len(labels), dtype=np.int64))
        column, _ = _column_cells(problem, "kept apart", labels, code, bounds, paper, reviewer, demand)
        cells = (column,) if len(column.paper) else ()
    loose = [edge for edge in sorted(edges) if family[edge[0]] not in cliques]
    return cells, _rivals(problem, loose, paper, reviewer), broken


def _families(problem: Problem) -> dict[int, int]:
    """Connected reviewers of the apart relation -> the smallest number in their component."""
    root: dict[int, int] = {}

    def find(i: int) -> int:
        root.setdefault(i, i)
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in problem.apart.tolist():
        one, other = find(a), find(b)
        root[max(one, other)] = min(one, other)
    return {i: find(i) for i in list(root)}


def _locked_together(problem: Problem) -> tuple[str, ...]:
    locked = {(int(p), int(r)) for p, r in problem.locked}
    return tuple(
        f"Paper {problem.paper_name(p)} has {problem.reviewer_name(r)} and {problem.reviewer_name(other)} locked, "
        "who are kept apart."
        for a, b in sorted({(int(min(x, y)), int(max(x, y))) for x, y in problem.apart})
        for p, r in sorted(locked)
        for other in (b,)
        if r == a and (p, other) in locked
    )


def _rivals(problem: Problem, edges: list[tuple[int, int]], paper: Ints, reviewer: Ints) -> Ints:
    """Pairs (by number) of one paper whose reviewers are kept apart; beside a locked one, the pair rivals itself."""
    by_reviewer: dict[int, dict[int, int]] = {}
    for member in {m for edge in edges for m in edge}:
        at = np.flatnonzero(reviewer == member)
        by_reviewer[member] = dict(zip(paper[at].tolist(), at.tolist(), strict=True))
    found: list[tuple[int, int]] = []
    locked: dict[int, set[int]] = {}
    for p, r in problem.locked.tolist():
        locked.setdefault(r, set()).add(p)
    for a, b in edges:
        shared = by_reviewer[a].keys() & by_reviewer[b].keys()
        found.extend((by_reviewer[a][p], by_reviewer[b][p]) for p in sorted(shared))
        for held, other in ((a, b), (b, a)):
            found.extend(
                (by_reviewer[other][p],) * 2 for p in sorted(locked.get(held, set())) if p in by_reviewer[other]
            )
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def best_candidates(residual: Residual, also: Bools | None) -> Bools:
    """The pairs that matter most: each paper's and each reviewer's best, and `also`. All of them if few."""
    if len(residual.paper) <= WHOLE_PAIRS:
        return np.ones(len(residual.paper), dtype=bool)
    deep = max(BEST_OF_PAPER, BEST_PER_REVIEW * int(residual.demand.max(initial=0)))
    keep = _top(residual.paper, residual.score, deep) | _top(residual.reviewer, residual.score, BEST_OF_REVIEWER)
    return keep if also is None else keep | also


def _top(side: Ints, score: Floats, count: int) -> Bools:
    order = np.lexsort((-score, side))
    ordered = side[order]
    first = np.searchsorted(ordered, ordered)
    keep = np.zeros(len(side), dtype=bool)
    keep[order[np.arange(len(side)) - first < count]] = True
    return keep


def spread(keep: Bools, taken: Bools) -> Bools:
    """A choice among the kept pairs as one among all."""
    whole = np.zeros(len(keep), dtype=bool)
    whole[np.flatnonzero(keep)[taken]] = True
    return whole
