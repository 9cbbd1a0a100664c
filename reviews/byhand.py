"""Editing a proposal by hand: what a change costs, and why it may not be made. Plain data, no database."""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Key = tuple[int, int]
Pair = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """Pairs (submission, member; primary keys) that leave a proposal and pairs that come in, together."""

    out: tuple[Key, ...] = ()
    into: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A change before it is made.

    refusal: why it may not be made, "" when it may; gain: by how much the total of scores rises (negative: falls);
    worst: the worst-off submission's score before and after; cautions: what the chair should know.
    """

    change: Change
    refusal: str
    gain: float = 0.0
    worst: tuple[float, float] = (0.0, 0.0)
    cautions: tuple[str, ...] = ()

    @property
    def cost(self) -> str:
        """The gain as it is shown on buttons: +0.213, -0.213 or ±0."""
        return "±0" if abs(self.gain) < 5e-4 else f"{self.gain:+.3f}".replace("-", "\N{MINUS SIGN}")

    @property
    def notes(self) -> str:
        """What changes beside the total, in sentences; the reason when it is refused."""
        return self.refusal or " ".join((*self._worst_words(), *self.cautions))

    def _worst_words(self) -> tuple[str, ...]:
        before, after = self.worst
        if abs(after - before) < 5e-4:
            return ()
        verb = "rises" if after > before else "falls"
        return (f"The worst-off {verb} from {before:.3f} to {after:.3f}.",)


@dataclass(frozen=True)
class Rules:
    """What a run kept to, in primary keys: demand per submission, limit per member, quotas on columns of members.

    reasons: why a pair is forbidden; standing: pairs that are assigned already; busy: tasks elsewhere per member;
    quotas: (column, value or "*", comparator, bound); groups: column -> member -> value, "" for none.
    """

    demand: Mapping[int, int]
    limit: Mapping[int, int]
    busy: Mapping[int, int]
    reasons: Mapping[Key, Sequence[str]]
    standing: frozenset[Key]
    quotas: Sequence[Sequence[Any]]
    groups: Mapping[str, Mapping[int, str]]
    numbers: Mapping[int, int]
    names: Mapping[int, str]


class Board:
    """A proposal's pairs as they are now, and judgements of what may be done with them."""

    def __init__(self, pairs: Sequence[Pair], rules: Rules, score: Callable[[Key], float]) -> None:
        self.rules = rules
        self.score = score
        self.pairs = {(pair["submission"], pair["membership"]): pair for pair in pairs}
        self.loads = Counter({member: rules.busy[member] for member in rules.limit})
        self.members: dict[int, set[int]] = {paper: set() for paper in rules.demand}
        self.totals: dict[int, float] = {paper: 0.0 for paper, wanted in rules.demand.items() if wanted}
        for (paper, member), pair in self.pairs.items():
            self.loads[member] += 1
            self.members[paper].add(member)
            if paper in self.totals:
                self.totals[paper] += pair["score"]
        self._ranked = sorted((total, paper) for paper, total in self.totals.items())

    def judge(self, change: Change) -> Judged:
        """What the change would do, or the reason why it may not be made."""
        refusal = self._refusal(change)
        if refusal:
            return Judged(change, refusal)
        gains: dict[int, float] = defaultdict(float)
        for key in change.out:
            gains[key[0]] -= self.pairs[key]["score"]
        for key in change.into:
            gains[key[0]] += self.score(key)
        return Judged(change, "", sum(gains.values()), self._worst(gains), tuple(self._cautions(change)))

    def after(self, change: Change) -> list[Pair]:
        """The pairs with the change made, which was judged before."""
        left = [pair for key, pair in self.pairs.items() if key not in change.out]
        return left + [new_pair(key, self.score(key)) for key in change.into]

    def _refusal(self, change: Change) -> str:
        for key in change.out:
            name, number = self._words(key)
            pair = self.pairs.get(key)
            if pair is None:
                return f"{name} does not have submission {number}."
            if key in self.rules.standing:
                return f"{name} is assigned already. Take the task back on the page of assignments."
            if pair["locked"]:
                return f"{name} and submission {number} are locked together. Unlock them first."
        for key in change.into:
            name, number = self._words(key)
            if key in self.pairs and key not in change.out:
                return f"{name} has submission {number} already."
            if self.rules.reasons.get(key):
                return f"{name} cannot take submission {number}: {'; '.join(self.rules.reasons[key])}."
        return ""

    def _words(self, key: Key) -> tuple[str, int]:
        return self.rules.names[key[1]], self.rules.numbers[key[0]]

    def _worst(self, gains: Mapping[int, float]) -> tuple[float, float]:
        if not self._ranked:
            return (0.0, 0.0)
        changed = [(self.totals[paper] + gain, paper) for paper, gain in gains.items() if paper in self.totals]
        # Few submissions change: the worst of the others is among the first of the ranking.
        others = [row for row in self._ranked[: len(gains) + 1] if row[1] not in gains]
        for row in changed:
            insort(others, row)
        return self._ranked[0][0], others[0][0]

    def _cautions(self, change: Change) -> list[str]:
        papers = dict.fromkeys(key[0] for key in (*change.out, *change.into))
        found = []
        loads = self.loads + Counter(key[1] for key in change.into)
        for member in dict.fromkeys(key[1] for key in change.into):
            load = loads[member] - sum(key[1] == member for key in change.out)
            if load > max(self.rules.limit[member], self.loads[member]):
                limit = self.rules.limit[member]
                found.append(f"{self.rules.names[member]} then has {load} submissions, over the limit of {limit}.")
        for paper in papers:
            before = self.members[paper]
            after = (before - {m for p, m in change.out if p == paper}) | {m for p, m in change.into if p == paper}
            found += self._paper_cautions(paper, before, after)
        return found

    def _paper_cautions(self, paper: int, before: set[int], after: set[int]) -> list[str]:
        number, wanted = self.rules.numbers[paper], self.rules.demand[paper]
        found = []
        if len(after) < min(wanted, len(before)):
            found.append(f"Submission {number} then lacks {wanted - len(after)} of {wanted} reviewers.")
        if len(after) > max(wanted, len(before)):
            found.append(f"Submission {number} then has {len(after)} reviewers; {wanted} are wanted.")
        for column, value, comparator, bound in self.rules.quotas:
            old, new = (self._counts(column, value, people) for people in (before, after))
            if comparator == ">=":
                if new[value] < min(bound, old[value]):
                    found.append(f"Submission {number} then has no {value} reviewer.")
            else:
                over = [name for name, count in new.items() if count > max(bound, old[name])]
                found += [f"Submission {number} then has {new[name]} reviewers of {name}." for name in over]
        return found

    def _counts(self, column: str, value: str, people: set[int]) -> Counter[str]:
        labels = self.rules.groups[column]
        return Counter(labels[m] for m in people if labels[m] and value in ("*", labels[m]))


def new_pair(key: Key, score: float) -> Pair:
    """A pair put in by hand, as Proposal.pairs holds it."""
    return {"submission": key[0], "membership": key[1], "score": score, "locked": False, "by_hand": True}
