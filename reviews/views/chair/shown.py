"""A proposal as its chair may see it now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404

from dlonsc.editions.models import Membership
from dlonsc.posted import whole_number
from reviews import assignment
from reviews.byhand import Board, Key, Rules
from reviews.conflicts import conflict_reasons
from reviews.matching import Problem, Result
from reviews.models import Proposal
from reviews.scores import Fit, fit_of
from reviews.views.chair.door import ChairRequest
from submissions.access import overseen_by
from submissions.models import Submission


def proposal_of(request: ChairRequest, chair: Membership, number: int) -> Proposal:
    """A proposal of the person's own; another chair's does not exist for her."""
    return get_object_or_404(Proposal, edition=chair.edition_id, number=number, created_by=request.user)


def version_of(request: ChairRequest) -> int:
    """The version of the proposal that the person was looking at; 0, which none has, for nonsense."""
    return whole_number(request.POST.get("version"))


@dataclass(frozen=True)
class Slot:
    """One reviewer of one submission in a proposal."""

    submission: Submission
    member: Membership
    score: float
    locked: bool
    standing: bool
    by_hand: bool
    reasons: list[str]


@dataclass(frozen=True)
class Paper:
    submission: Submission
    slots: list[Slot]
    demand: int
    why: str

    @property
    def total(self) -> float:
        return sum(slot.score for slot in self.slots)

    @property
    def missing(self) -> int:
        return max(self.demand - len(self.slots), 0)


@dataclass(frozen=True)
class Bar:
    """One bar of a distribution: a label, a count, and where it is drawn (in the units of a 300 x 100 picture)."""

    label: str
    count: int
    x: float
    height: float
    width: float

    @property
    def y(self) -> float:
        return round(82 - self.height, 1)

    @property
    def above(self) -> float:
        return round(self.y - 2, 1)

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


CHANGED = "Conflicts have changed since this run. Run it again for figures that hold."


class Shown:
    """A proposal as its chair may see it now: what has become invisible to her since the run is left out."""

    def __init__(self, chair: Membership, proposal: Proposal) -> None:
        self.chair = chair
        self.proposal = proposal
        inputs = proposal.inputs
        visible = {row.pk: row for row in overseen_by(chair).filter(pk__in=inputs["papers"]).order_by("number")}
        self.submissions = visible
        people = Membership.objects.filter(edition=chair.edition_id, pk__in=inputs["people"]).select_related("user")
        self.members = {row.pk: row for row in people}
        self.names = dict(zip(inputs["people"], inputs["names"], strict=True))
        self.is_whole = len(visible) == len(inputs["papers"])
        self.reasons = conflict_reasons(visible)
        self.standing = {(inputs["papers"][paper], inputs["people"][person]) for paper, person in inputs["locked"]}

    @cached_property
    def scores(self) -> dict[tuple[int, int], float]:
        inputs = self.proposal.inputs
        papers, people = inputs["papers"], inputs["people"]
        rows = zip(inputs["pair_paper"], inputs["pair_reviewer"], inputs["score"], strict=True)
        return {(papers[paper], people[person]): score for paper, person, score in rows}

    @cached_property
    def fit(self) -> Fit:
        """Scores as they are today, for what the run did not look at and for the parts of a score."""
        return fit_of(self.chair.edition, list(self.submissions.values()), list(self.members.values()))

    def score_of(self, key: Key) -> float:
        """The pair's score in the run; today's for a pair that was not among its candidates."""
        if key in self.scores:
            return self.scores[key]
        found = self.fit.score(*key)
        return found.total if found else 0.0

    @cached_property
    def board(self) -> Board:
        """The visible part of the proposal for changes by hand."""
        inputs = self.proposal.inputs
        groups = {name: dict(zip(inputs["people"], labels, strict=True)) for name, labels in inputs["groups"].items()}
        rules = Rules(
            demand={pk: self.demand[pk] for pk in self.submissions},
            limit={pk: self.limits[pk] for pk in self.members},
            busy=self.busy,
            reasons=self.reasons,
            standing=frozenset(self.standing),
            quotas=inputs["quotas"],
            groups=groups,
            numbers={pk: row.number for pk, row in self.submissions.items()},
            names={pk: row.name for pk, row in self.members.items()},
        )
        return Board(self.visible_pairs, rules, self.score_of)

    @property
    def visible_pairs(self) -> list[dict[str, Any]]:
        return [
            pair
            for pair in self.proposal.pairs
            if pair["submission"] in self.submissions and pair["membership"] in self.members
        ]

    @property
    def hidden_pairs(self) -> list[dict[str, Any]]:
        """What has become invisible since the run; edits leave it as it is."""
        seen = {(pair["submission"], pair["membership"]) for pair in self.visible_pairs}
        return [pair for pair in self.proposal.pairs if (pair["submission"], pair["membership"]) not in seen]

    @cached_property
    def demand(self) -> dict[int, int]:
        return dict(zip(self.proposal.inputs["papers"], self.proposal.inputs["demand"], strict=True))

    @cached_property
    def slots(self) -> list[Slot]:
        return [self.slot_of(pair) for pair in self.visible_pairs]

    def slot_of(self, pair: dict[str, Any]) -> Slot:
        key = (pair["submission"], pair["membership"])
        return Slot(
            self.submissions[key[0]],
            self.members[key[1]],
            pair["score"],
            pair["locked"],
            key in self.standing,
            pair["by_hand"],
            [] if key in self.standing else self.reasons.get(key, []),
        )

    @cached_property
    def papers(self) -> list[Paper]:
        """Submissions, those with missing reviewers and the worst matches first."""
        by_paper: dict[int, list[Slot]] = {pk: [] for pk in self.submissions}
        for slot in self.slots:
            by_paper[slot.submission.pk].append(slot)
        why = {row["submission"]: self._of_run(row["why"]) for row in self.proposal.result.get("unmet", [])}
        rows = [
            Paper(row, sorted(by_paper[pk], key=lambda slot: -slot.score), self.demand[pk], why.get(pk, ""))
            for pk, row in self.submissions.items()
        ]
        return sorted(rows, key=lambda row: (-row.missing, row.total, row.submission.number))

    @cached_property
    def by_member(self) -> dict[int, list[Slot]]:
        """The slots of each member, by submission."""
        found: dict[int, list[Slot]] = {pk: [] for pk in self.members}
        for slot in sorted(self.slots, key=lambda slot: slot.submission.number):
            found[slot.member.pk].append(slot)
        return found

    @cached_property
    def loads(self) -> Counter[int]:
        counts = Counter(slot.member.pk for slot in self.slots)
        return Counter({pk: counts.get(pk, 0) + self.busy[pk] for pk in self.members})

    @cached_property
    def busy(self) -> dict[int, int]:
        """Tasks on submissions that this run left out because they have their reviewers."""
        return dict(zip(self.proposal.inputs["people"], self.proposal.inputs["busy"], strict=True))

    @cached_property
    def limits(self) -> dict[int, int]:
        most = dict(zip(self.proposal.inputs["people"], self.proposal.inputs["max_load"], strict=True))
        return {pk: most[pk] + self.busy[pk] for pk in most}

    @property
    def people(self) -> list[tuple[Membership, int, int]]:
        """(member, load, limit), the most loaded first."""
        rows = [(row, self.loads[pk], self.limits[pk]) for pk, row in self.members.items()]
        return sorted(rows, key=lambda row: (-row[1], row[0].name.casefold()))

    @property
    def figures(self) -> dict[str, Any]:
        totals = [paper.total for paper in self.papers if paper.demand]
        loads = list(self.loads.values())
        return {
            "pairs": len(self.slots),
            "wanted": sum(paper.demand for paper in self.papers),
            "missing": sum(paper.missing for paper in self.papers),
            "total": sum(totals),
            "mean": sum(totals) / len(totals) if totals else 0.0,
            "worst": min(totals, default=0.0),
            "load_least": min(loads, default=0),
            "load_most": max(loads, default=0),
            "new": sum(not slot.standing for slot in self.slots),
            "letters": len({slot.member.pk for slot in self.slots if not slot.standing}),
            "by_hand": sum(slot.by_hand for slot in self.slots),
        }

    @property
    def sentences(self) -> list[str]:
        """The run's proven bounds in words; left out when a submission has become invisible since."""
        if not self.is_whole:
            return [CHANGED]
        return list(self.proposal.result.get("explanation", {}).get("sentences", []))

    def _of_run(self, words: str) -> str:
        """Words that the run wrote about all its submissions: a reason of one names, and counts, others."""
        return words if self.is_whole else ""

    @property
    def error(self) -> str:
        words = self.proposal.result.get("error", "")
        return words if self.is_whole or not words else CHANGED

    @property
    def causes(self) -> list[dict[str, Any]]:
        """What is not filled and why, of submissions and reviewers that are visible."""
        found = []
        for row in self.proposal.result.get("unmet", []):
            submission = self.submissions.get(row["submission"])
            if submission is not None or (row["submission"] is None and self.is_whole):
                found.append({"submission": submission, "missing": row["missing"], "why": self._of_run(row["why"])})
        return found

    @property
    def paper_bars(self) -> list[Bar]:
        return bars_of([paper.total for paper in self.papers if paper.demand])

    @property
    def load_bars(self) -> list[Bar]:
        counts = Counter(self.loads.values())
        most = max(counts, default=0)
        return drawn([(str(load), counts.get(load, 0)) for load in range(most + 1)])

    def problem(self) -> tuple[Problem, Result]:
        """For the explanations: the frozen problem with today's locks, and the pairs as they are now."""
        result = assignment.result_of(self.proposal.inputs, self.proposal.pairs)
        return assignment.with_locks(assignment.problem_of(self.proposal.inputs), result), result


def bars_of(values: Sequence[float], steps: int = 8) -> list[Bar]:
    """A distribution in equal steps from the least to the greatest value."""
    if not values:
        return []
    low, high = min(values), max(values)
    width = (high - low) / steps or 1.0
    counts = Counter(min(int((value - low) / width), steps - 1) for value in values)
    last = steps if high > low else 1
    return drawn([(f"{low + step * width:.2f}", counts.get(step, 0)) for step in range(last)])


def drawn(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    top = max((count for _, count in counts), default=0) or 1
    width = 300 / max(len(counts), 1)
    return [
        Bar(label, count, round(place * width + 2, 1), round(70 * count / top, 1), round(width - 4, 1))
        for place, (label, count) in enumerate(counts)
    ]
