"""A second, independent exact solver: one integer program written straight from the rules, for small problems."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from reviews.matching import Problem, Quota, Result


def check(problem: Problem, result: Result) -> None:
    """Assert that a solved result keeps every rule of the problem."""
    pairs = [tuple(pair) for pair in result.pairs.tolist()]
    scored = dict(
        zip(
            zip(problem.pair_paper.tolist(), problem.pair_reviewer.tolist(), strict=True),
            problem.score.tolist(),
            strict=True,
        )
    )
    locked = {tuple(pair) for pair in problem.locked.tolist()}
    assert len(set(pairs)) == len(pairs)
    assert locked <= set(pairs)
    assert not {tuple(pair) for pair in problem.conflicts.tolist()} & set(pairs)
    assert all(pair in scored or pair in locked for pair in pairs)
    for paper in range(problem.n_papers):
        held = sum(1 for p, _ in locked if p == paper)
        people = [r for p, r in pairs if p == paper]
        assert len(people) == max(problem.demand[paper], held)
        for a, b in problem.apart.tolist():
            assert not {a, b} <= set(people)
        for quota in problem.quotas if problem.demand[paper] else ():
            for label in labels_of(problem, quota):
                count = sum(problem.groups[quota.column][r] == label for r in people)
                assert {"<=": count <= quota.bound, ">=": count >= quota.bound, "==": count == quota.bound}[
                    quota.comparator
                ]
    for reviewer in range(problem.n_reviewers):
        held = sum(1 for _, r in locked if r == reviewer)
        load = sum(1 for _, r in pairs if r == reviewer)
        assert load <= max(problem.max_load[reviewer], held)
        assert load >= problem.min_load[reviewer]
    assert result.metrics["total"] == np.float64(sum(scored.get(p, 0.0) for p in pairs)).round(9) or np.isclose(
        result.metrics["total"], sum(scored.get(p, 0.0) for p in pairs)
    )


def labels_of(problem: Problem, quota: Quota) -> list[str]:
    found = sorted(set(problem.groups[quota.column]) - {""})
    return found if quota.value == "*" else [quota.value]


class Exact:
    """The problem as rows over x[pair], dense. Built without anything of the code under test but Problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        locked = {tuple(p) for p in problem.locked.tolist()}
        conflicts = {tuple(p) for p in problem.conflicts.tolist()}
        scored = dict(
            zip(
                zip(problem.pair_paper.tolist(), problem.pair_reviewer.tolist(), strict=True),
                problem.score.tolist(),
                strict=True,
            )
        )
        self.pairs = sorted((set(scored) - conflicts) | locked)
        self.score = np.array([scored.get(p, 0.0) for p in self.pairs])
        self.lower = np.array([float(p in locked) for p in self.pairs])
        self.rows: list[np.ndarray] = []
        self.low: list[float] = []
        self.high: list[float] = []
        for paper in range(problem.n_papers):
            held = sum(p == paper for p, _ in locked)
            self.add(lambda p, r, at=paper: p == at, *[float(max(problem.demand[paper], held))] * 2)
        for reviewer in range(problem.n_reviewers):
            held = sum(r == reviewer for _, r in locked)
            self.add(
                lambda p, r, at=reviewer: r == at,
                float(problem.min_load[reviewer]),
                float(max(problem.max_load[reviewer], held)),
            )
        for paper in np.flatnonzero(problem.demand):
            for quota in problem.quotas:
                column = problem.groups[quota.column]
                for label in labels_of(problem, quota):
                    self.add(
                        lambda p, r, at=paper, c=column, v=label: p == at and c[r] == v,
                        float(quota.bound) if quota.comparator != "<=" else 0.0,
                        float(quota.bound) if quota.comparator != ">=" else np.inf,
                    )
        for paper in range(problem.n_papers):
            for a, b in problem.apart.tolist():
                self.add(lambda p, r, at=paper, two=(a, b): p == at and r in two, 0.0, 1.0)

    def add(self, inside: object, low: float, high: float) -> None:
        self.rows.append(np.array([float(inside(p, r)) for p, r in self.pairs]))  # type: ignore[operator]
        self.low.append(low)
        self.high.append(high)

    def best(self, floors: float | None = None) -> float | None:
        """The greatest total less the load price, or None. floors: least score of every paper that wants reviews."""
        problem = self.problem
        width = len(self.pairs)
        loads = int(problem.load_price > 0) * problem.n_papers
        gain = np.concatenate((self.score, -problem.load_price * np.tile(np.arange(loads), problem.n_reviewers)))
        rows = [np.pad(r, (0, len(gain) - width)) for r in self.rows]
        low, high = list(self.low), list(self.high)
        for reviewer in range(problem.n_reviewers if loads else 0):
            row = np.array([float(r == reviewer) for _, r in self.pairs] + [0.0] * (len(gain) - width))
            row[width + reviewer * loads : width + (reviewer + 1) * loads] = -1
            rows.append(row)
            low.append(0)
            high.append(0)
        for paper in np.flatnonzero(problem.demand) if floors is not None else ():
            rows.append(np.array([s * (p == paper) for (p, _), s in zip(self.pairs, self.score, strict=True)]))
            rows[-1] = np.pad(rows[-1], (0, len(gain) - width))
            low.append(float(floors or 0))
            high.append(np.inf)
        if not len(gain):
            return 0.0 if all(a <= 0 <= b for a, b in zip(low, high, strict=True)) else None
        found = milp(
            -gain,
            integrality=np.ones(len(gain)),
            bounds=Bounds(np.concatenate((self.lower, np.zeros(len(gain) - width))), np.ones(len(gain))),
            constraints=LinearConstraint(np.array(rows), low, high) if rows else (),
            options={"mip_rel_gap": 0.0},
        )
        return None if found.x is None else float(-found.fun)

    def leximin(self, levels: int) -> list[float]:
        """The lowest scores, as many as `levels`, of the leximin-greatest assignment of a feasible problem, ascending.

        The sum of the k lowest is made as great as it goes, for k = 1, 2, ... with the sums before it kept.
        """
        wanted = np.flatnonzero(self.problem.demand)
        width, each = len(self.pairs), 1 + len(wanted)
        sums: list[float] = []
        for k in range(1, levels + 1):
            # After the pairs, for each k: a level t, and by how much each paper stays below it.
            size = width + k * each
            rows = [np.pad(r, (0, size - width)) for r in self.rows]
            low, high = list(self.low), list(self.high)
            gain = np.zeros(size)
            for j in range(k):
                at = width + j * each
                for i, paper in enumerate(wanted):
                    row = np.zeros(size)
                    row[:width] = [s * (p == paper) for (p, _), s in zip(self.pairs, self.score, strict=True)]
                    row[at], row[at + 1 + i] = -1.0, 1.0
                    rows.append(row)
                    low.append(0.0)
                    high.append(np.inf)
                sum_of_lowest = np.zeros(size)
                sum_of_lowest[at] = j + 1
                sum_of_lowest[at + 1 : at + each] = -1.0
                if j < k - 1:
                    rows.append(sum_of_lowest)
                    low.append(sums[j] - 1e-7)
                    high.append(np.inf)
                gain = sum_of_lowest
            lower = np.concatenate((self.lower, np.tile([-1e3] + [0.0] * len(wanted), k)))
            found = milp(
                -gain,
                integrality=np.append(np.ones(width), np.zeros(size - width)),
                bounds=Bounds(lower, np.append(np.ones(width), np.full(size - width, 1e3))),
                constraints=LinearConstraint(np.array(rows), low, high),
                options={"mip_rel_gap": 0.0},
            )
            sums.append(float(-found.fun))
        return np.diff([0.0, *sums]).tolist()

    def max_min(self) -> float:
        """The greatest floor all papers that want reviews can have, in a feasible problem."""
        wanted = np.flatnonzero(self.problem.demand)
        width = len(self.pairs)
        rows = [np.append(r, 0.0) for r in self.rows]
        low, high = list(self.low), list(self.high)
        for paper in wanted:
            rows.append(np.array([s * (p == paper) for (p, _), s in zip(self.pairs, self.score, strict=True)] + [-1.0]))
            low.append(0.0)
            high.append(np.inf)
        found = milp(
            np.append(np.zeros(width), -1.0),
            integrality=np.append(np.ones(width), 0.0),
            bounds=Bounds(np.append(self.lower, -1e4), np.append(np.ones(width), 1e4)),
            constraints=LinearConstraint(np.array(rows), low, high),
            options={"mip_rel_gap": 0.0},
        )
        return float(-found.fun)


def problem_of(scores: Sequence[Sequence[float | None]], **rules: object) -> Problem:
    """A problem from a table of scores, None where a pair is no candidate; demand 1 and loads 0-99 unless given."""
    papers, reviewers = len(scores), len(scores[0]) if scores else 0
    pairs = [(p, r, s) for p, row in enumerate(scores) for r, s in enumerate(row) if s is not None]
    given: dict[str, object] = {
        "demand": [1] * papers,
        "min_load": [0] * reviewers,
        "max_load": [99] * reviewers,
        **rules,
    }
    return Problem(
        n_papers=papers,
        n_reviewers=reviewers,
        pair_paper=np.array([p for p, _, _ in pairs], dtype=np.int64),
        pair_reviewer=np.array([r for _, r, _ in pairs], dtype=np.int64),
        score=np.array([s for _, _, s in pairs], dtype=np.float64),
        **given,  # type: ignore[arg-type]
    )


SCORES = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.0]), st.integers(-2000, 2000).map(lambda v: v / 1000))


@st.composite
def problems(draw: st.DrawFn, *, rules: bool = True, price: bool = True) -> Problem:
    """Small problems with every kind of rule."""
    papers, reviewers = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    sparse = draw(st.booleans())
    cell = st.one_of(st.none(), SCORES, SCORES, SCORES) if sparse else SCORES
    scores = draw(st.lists(st.lists(cell, min_size=reviewers, max_size=reviewers), min_size=papers, max_size=papers))
    low = draw(st.lists(st.integers(0, 1), min_size=reviewers, max_size=reviewers))
    extra = draw(st.lists(st.integers(0, 4), min_size=reviewers, max_size=reviewers))
    every = [(p, r) for p in range(papers) for r in range(reviewers)]
    marked = draw(st.lists(st.sampled_from(every), max_size=4, unique=True))
    cut = draw(st.integers(0, len(marked)))
    given: dict[str, object] = {
        "demand": draw(st.lists(st.integers(0, 3), min_size=papers, max_size=papers)),
        "min_load": low,
        "max_load": [a + b for a, b in zip(low, extra, strict=True)],
        "conflicts": marked[:cut],
        "locked": marked[cut:][:1],
        "load_price": draw(st.sampled_from([0.0, 0.0, 0.1, 0.5])) if price else 0.0,
    }
    if rules:
        label = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=reviewers, max_size=reviewers)
        given["groups"] = {"place": draw(label), "rank": draw(label)}
        quota = st.builds(
            Quota,
            st.sampled_from(["place", "rank"]),
            st.sampled_from(["*", "a", "b"]),
            st.sampled_from(["<=", "<=", ">=", "=="]),
            st.integers(0, 2),
        )
        given["quotas"] = tuple(draw(st.lists(quota, max_size=2)))
        two = st.tuples(st.integers(0, reviewers - 1), st.integers(0, reviewers - 1)).filter(lambda t: t[0] != t[1])
        given["apart"] = draw(st.lists(two, max_size=3)) if reviewers > 1 else []
    return problem_of(scores, **given)
