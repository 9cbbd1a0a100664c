"""What is to be assigned: papers, reviewers, scores and rules, as arrays that nobody changes afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Comparator = Literal["<=", ">=", "=="]

# One pair costs about 200 bytes while solving; a service must say no before its machine does.
MAX_PAIRS = 5_000_000
MAX_SIDE = 200_000
MAX_PER_PAPER = 10_000
LARGEST_SCORE = 1e12
COMPARATORS = ("<=", ">=", "==")


class ProblemError(ValueError):
    """The input contradicts itself or cannot be read.

    `what` names the part (``score``, ``locked``, ``demand``, ...), `row` is its index there or None.
    """

    def __init__(self, message: str, *, what: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.what = what
        self.row = row


@dataclass(frozen=True)
class Quota:
    """On every paper, the number of reviewers whose `column` is `value` must be `comparator` `bound`.

    `value` "*" means every value that occurs. Reviewers with an empty label are outside all values.
    """

    column: str
    value: str
    comparator: Comparator
    bound: int


def _no_pairs() -> Ints:
    return np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Problem:
    """One assignment problem; P papers, R reviewers, K candidate pairs.

    pair_paper, pair_reviewer: int[K], indexes of the candidate pairs (an absent pair is not a candidate)
    score: float[K], any finite number, greater is better
    demand: int[P], reviews wanted per paper, 0 allowed
    min_load, max_load: int[R], papers per reviewer, locked ones included
    conflicts, locked: int[n, 2] of (paper, reviewer); a locked pair need not be a candidate and then scores 0
    groups: column -> R labels, "" for none; quotas read them
    apart: int[n, 2] of reviewers who never share a paper
    load_price: score given up for each further paper of one reviewer (soft balance), 0 for none

    Raises ProblemError for whatever does not fit together.
    """

    n_papers: int
    n_reviewers: int
    pair_paper: Ints
    pair_reviewer: Ints
    score: Floats
    demand: Ints
    min_load: Ints
    max_load: Ints
    conflicts: Ints = field(default_factory=_no_pairs)
    locked: Ints = field(default_factory=_no_pairs)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    apart: Ints = field(default_factory=_no_pairs)
    load_price: float = 0.0
    paper_ids: tuple[str, ...] = ()
    reviewer_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._refuse_sizes()
        self._set("paper_ids", tuple(self.paper_ids) or tuple(f"p{i + 1}" for i in range(self.n_papers)))
        self._set("reviewer_ids", tuple(self.reviewer_ids) or tuple(f"r{i + 1}" for i in range(self.n_reviewers)))
        for name in ("pair_paper", "pair_reviewer", "demand", "min_load", "max_load"):
            self._set(name, _integers(getattr(self, name), name))
        self._set("score", _frozen(np.asarray(self.score, dtype=np.float64)))
        for name in ("conflicts", "locked", "apart"):
            self._set(name, _pairs(getattr(self, name), name))
        self._check_lengths()
        self._check_names()
        self._check_loads()
        self._check_pairs()
        self._check_rules()

    def paper_name(self, paper: int) -> str:
        return self.paper_ids[paper]

    def reviewer_name(self, reviewer: int) -> str:
        return self.reviewer_ids[reviewer]

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _refuse_sizes(self) -> None:
        pairs = len(self.score)
        if pairs > MAX_PAIRS:
            raise ProblemError(
                f"{pairs:,} candidate pairs are more than the {MAX_PAIRS:,} that can be assigned at once. "
                "Keep the best 60 candidates of each paper and the best 15 papers of each reviewer.",
                what="score",
            )
        for count, noun in ((self.n_papers, "papers"), (self.n_reviewers, "reviewers")):
            if count > MAX_SIDE:
                raise ProblemError(f"{count:,} {noun} are more than the {MAX_SIDE:,} that can be assigned at once.")

    def _check_lengths(self) -> None:
        wanted = {
            "pair_paper": len(self.score),
            "pair_reviewer": len(self.score),
            "demand": self.n_papers,
            "paper_ids": self.n_papers,
            "min_load": self.n_reviewers,
            "max_load": self.n_reviewers,
            "reviewer_ids": self.n_reviewers,
        }
        for name, length in wanted.items():
            found = len(getattr(self, name))
            if found != length:
                raise ProblemError(f"{name} has {found} entries, {length} are needed.", what=name)
        for column, labels in self.groups.items():
            if len(labels) != self.n_reviewers:
                raise ProblemError(
                    f"Group column {column} has {len(labels)} labels for {self.n_reviewers} reviewers.", what="groups"
                )

    def _check_names(self) -> None:
        for names, noun in ((self.paper_ids, "paper"), (self.reviewer_ids, "reviewer")):
            seen: set[str] = set()
            for row, name in enumerate(names):
                if name in seen:
                    raise ProblemError(f"The {noun} id {name} appears twice.", what=f"{noun}_ids", row=row)
                seen.add(name)

    def _check_loads(self) -> None:
        row = _first(self.demand < 0)
        if row is not None:
            raise ProblemError(
                f"Paper {self.paper_name(row)} wants {self.demand[row]} reviews; it must be 0 or more.",
                what="demand",
                row=row,
            )
        row = _first(self.demand > MAX_PER_PAPER)
        if row is not None:
            raise ProblemError(
                f"Paper {self.paper_name(row)} wants {self.demand[row]:,} reviews; the most is {MAX_PER_PAPER:,}.",
                what="demand",
                row=row,
            )
        row = _first((self.min_load < 0) | (self.max_load < self.min_load))
        if row is not None:
            raise ProblemError(
                f"Reviewer {self.reviewer_name(row)} has a minimum load of {self.min_load[row]} and a maximum of "
                f"{self.max_load[row]}; 0 <= minimum <= maximum is needed.",
                what="max_load",
                row=row,
            )
        if not (np.isfinite(self.load_price) and self.load_price >= 0):
            raise ProblemError(
                f"The load price is {self.load_price}; it must be a number of 0 or more.", what="load_price"
            )

    def _check_pairs(self) -> None:
        self._check_range("pair_paper", self.pair_paper, self.n_papers, "paper")
        self._check_range("pair_reviewer", self.pair_reviewer, self.n_reviewers, "reviewer")
        row = _first(~(np.abs(self.score) <= LARGEST_SCORE))
        if row is not None:
            raise ProblemError(
                f"The score of {self._pair_words(row)} is {self.score[row]}; a finite number up to "
                f"{LARGEST_SCORE:.0e} is needed.",
                what="score",
                row=row,
            )
        row = first_repeat(pair_keys(self.pair_paper, self.pair_reviewer, self.n_reviewers))
        if row is not None:
            raise ProblemError(f"The pair of {self._pair_words(row)} is given twice.", what="score", row=row)

    def _check_rules(self) -> None:
        for name in ("conflicts", "locked"):
            pairs = getattr(self, name)
            self._check_range(name, pairs[:, 0], self.n_papers, "paper")
            self._check_range(name, pairs[:, 1], self.n_reviewers, "reviewer")
        self._check_range("apart", self.apart.ravel(), self.n_reviewers, "reviewer")
        conflicts = pair_keys(self.conflicts[:, 0], self.conflicts[:, 1], self.n_reviewers)
        locked = pair_keys(self.locked[:, 0], self.locked[:, 1], self.n_reviewers)
        both = np.flatnonzero(np.isin(locked, conflicts))
        if len(both):
            paper, reviewer = self.locked[both[0]]
            raise ProblemError(
                f"Paper {self.paper_name(paper)} and reviewer {self.reviewer_name(reviewer)} are locked together "
                "and in conflict. Lift one of the two.",
                what="locked",
                row=int(both[0]),
            )
        for row, (one, other) in enumerate(self.apart):
            if one == other:
                raise ProblemError(
                    f"Reviewer {self.reviewer_name(one)} cannot be kept apart from themselves.", what="apart", row=row
                )
        for row, quota in enumerate(self.quotas):
            self._check_quota(row, quota)

    def _check_quota(self, row: int, quota: Quota) -> None:
        if quota.column not in self.groups:
            known = ", ".join(self.groups) or "none"
            raise ProblemError(
                f"A quota names the column {quota.column}, which the reviewers do not have (known: {known}).",
                what="quotas",
                row=row,
            )
        if quota.comparator not in COMPARATORS or quota.bound < 0:
            raise ProblemError(
                f"The quota {quota.column} {quota.value} {quota.comparator} {quota.bound} is not understood; "
                "the comparator is <=, >= or == and the bound 0 or more.",
                what="quotas",
                row=row,
            )

    def _check_range(self, what: str, values: Ints, size: int, noun: str) -> None:
        row = _first((values < 0) | (values >= size))
        if row is not None:
            raise ProblemError(
                f"{what} row {row + 1} names {noun} number {values[row]}, there are {size}.", what=what, row=row
            )

    def _pair_words(self, row: int) -> str:
        return (
            f"paper {self.paper_name(int(self.pair_paper[row]))} and "
            f"reviewer {self.reviewer_name(int(self.pair_reviewer[row]))} (row {row + 1})"
        )


def pair_keys(papers: Ints, reviewers: Ints, n_reviewers: int) -> Ints:
    """One number per pair, ordered by paper and then by reviewer."""
    return cast("Ints", papers.astype(np.int64) * max(n_reviewers, 1) + reviewers)


def first_repeat(keys: Ints) -> int | None:
    """Index of the first key that occurred before, or None."""
    if len(keys) < 2 or bool(np.all(keys[1:] > keys[:-1])):
        return None
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    repeats = order[1:][ordered[1:] == ordered[:-1]]
    return int(repeats.min()) if len(repeats) else None


def _first(mask: Bools) -> int | None:
    return int(np.argmax(mask)) if mask.any() else None


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    copy = array.copy() if array.flags.writeable else array
    copy.flags.writeable = False
    return copy


def _integers(values: object, what: str) -> Ints:
    array = np.asarray(values)
    if array.size == 0:
        return _frozen(np.zeros(0, dtype=np.int64))
    whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool(np.all(np.rint(array) == array)))
    if not whole or not np.all(np.isfinite(array)):
        raise ProblemError(f"{what} must hold whole numbers.", what=what)
    return _frozen(array.astype(np.int64))


def _pairs(values: object, what: str) -> Ints:
    array = np.asarray(values)
    if array.size == 0:
        return _frozen(_no_pairs())
    if array.ndim != 2 or array.shape[1] != 2:
        raise ProblemError(f"{what} must be pairs of numbers, shape (n, 2), not {array.shape}.", what=what)
    return _frozen(np.unique(_integers(array, what), axis=0))
