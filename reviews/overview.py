"""What a chair's tables show: one row per submission that she may see, from a constant number of queries."""

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch

from dlonsc.editions.models import Edition, Membership, Topic
from dlonsc.posted import whole_number
from reviews.conflicts import Reasons, conflict_reasons
from reviews.models import Assignment, Decision, Review, Verdict
from submissions.access import overseen_by
from submissions.models import Author, Manuscript, Submission, SubmissionQuerySet
from submissions.states import State

TOKEN = re.compile(r"(?P<name>score|reviews|spread|confidence)(?P<op><=|>=|<|>|=)(?P<value>-?\d+(?:\.\d+)?)$")
WORD = re.compile(r'(?:\w+:)?"[^"]*"|\S+')
SPREAD_THAT_CALLS_FOR_TALK = 2
DECISIONS = {
    "undecided": "Undecided",
    "accept": "Accept",
    "reject": "Reject",
    "private": "Decided, not announced",
    "announced": "Announced",
}
VERDICTS = {"accept": "passes", "warn": "warnings", "reject": "stopped", "unchecked": "not checked"}
SORTS = {
    "number": "number",
    "title": "title",
    "mean": "mean score",
    "spread": "spread",
    "confidence": "confidence",
    "reviews": "reviews",
    "decision": "decision",
    "submitted": "time of submission",
}


@dataclass(frozen=True)
class Row:
    """A submission with what chairs ask of it. `scores` and `confidences` are of submitted, standing reviews."""

    submission: Submission
    authors: list[Author]
    topics: list[Topic]
    manuscript: Manuscript | None
    assignments: list[Assignment]
    decision: Decision | None
    wanted: int
    conflicted: dict[int, list[str]] = field(default_factory=dict)

    @cached_property
    def reviews(self) -> list[Review]:
        return [row.review for row in self.assignments if is_done(row)]

    @property
    def done(self) -> int:
        return len(self.reviews)

    @property
    def missing(self) -> int:
        """Reviews missing to the edition's number, whether assigned or not; none once the decision is released."""
        return 0 if self.submission.announced_at else max(self.wanted - self.done, 0)

    @cached_property
    def scores(self) -> list[int]:
        return [row.score for row in self.reviews if row.score is not None]

    @cached_property
    def confidences(self) -> list[int]:
        return [row.confidence for row in self.reviews if row.confidence is not None]

    @property
    def mean(self) -> float | None:
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def spread(self) -> int | None:
        return max(self.scores) - min(self.scores) if self.scores else None

    @property
    def is_split(self) -> bool:
        return (self.spread or 0) > SPREAD_THAT_CALLS_FOR_TALK

    @property
    def confidence(self) -> float | None:
        return statistics.fmean(self.confidences) if self.confidences else None

    @property
    def verdict(self) -> str:
        return self.manuscript.verdict if self.manuscript else ""

    @property
    def verdict_words(self) -> str:
        return VERDICTS.get(self.verdict, "no PDF")

    @property
    def late_conflicts(self) -> list[Assignment]:
        """Standing assignments whose reviewer is in conflict: it came to light after she was assigned."""
        return [row for row in self.assignments if row.membership_id in self.conflicted]

    @property
    def forsaken(self) -> list[Assignment]:
        """Open tasks of who was removed, or is no reviewer any more: nobody writes these reviews, or is reminded."""
        return [row for row in self.assignments if is_forsaken(row)]

    @property
    def decision_key(self) -> str:
        if self.decision is None:
            return "undecided"
        return self.decision.verdict

    @property
    def is_announced(self) -> bool:
        return self.decision is not None and self.decision.announcement_id is not None


def is_done(assignment: Assignment) -> bool:
    """Whether the assignment's review is submitted; a draft is not. Needs `review` prefetched or selected."""
    review = getattr(assignment, "review", None)
    return review is not None and review.submitted_at is not None


def is_forsaken(assignment: Assignment) -> bool:
    """Whether the assignment waits for somebody who does not review in the edition any more."""
    member = assignment.membership
    return not is_done(assignment) and not (member.is_active and member.is_reviewer)


def is_begun(assignment: Assignment) -> bool:
    """Whether a text of the assignment's review is saved. What was only kept beside it is no beginning."""
    review = getattr(assignment, "review", None)
    return review is not None and review.version > 0


def rows_of(chair: Membership, submissions: SubmissionQuerySet | None = None, *, conflicts: bool = False) -> list[Row]:
    """Rows for what the chair oversees, or a part of it, ordered by number."""
    edition = chair.edition
    assigned = Assignment.objects.standing().select_related("membership", "review")
    current = Manuscript.objects.filter(is_current=True).defer("report")
    found = (
        (overseen_by(chair) if submissions is None else submissions)
        .select_related("decision__announcement", "handling_chair")
        .prefetch_related(
            "authors",
            "topics",
            Prefetch("manuscripts", queryset=current, to_attr="current_manuscripts"),
            Prefetch("assignments", queryset=assigned, to_attr="standing_assignments"),
        )
        .order_by("number")
    )
    rows = list(found)
    reasons: Reasons = conflict_reasons([row.pk for row in rows]) if conflicts else {}
    by_submission: dict[int, dict[int, list[str]]] = {}
    for (submission, member), words in reasons.items():
        by_submission.setdefault(submission, {})[member] = words
    return [
        Row(
            submission=_with_edition(row, edition),
            authors=list(row.authors.all()),
            topics=list(row.topics.all()),
            # to_attr of the two prefetches above
            manuscript=next(iter(row.current_manuscripts), None),  # type: ignore[attr-defined]
            assignments=row.standing_assignments,  # type: ignore[attr-defined]
            decision=getattr(row, "decision", None),
            wanted=edition.reviews_per_submission,
            conflicted=by_submission.get(row.pk, {}),
        )
        for row in rows
    ]


def _with_edition(submission: Submission, edition: Edition) -> Submission:
    """Every row shares the one edition object: no query per row for a link."""
    submission.edition = edition
    return submission


@dataclass(frozen=True)
class Wish:
    """What a chair wants to see of the table; all of it lives in the address."""

    words: str = ""
    state: str = ""
    verdict: str = ""
    topic: str = ""
    decision: str = ""
    missing: str = ""
    sort: str = "number"
    descending: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wish":
        sort = query.get("sort", "number")
        return cls(
            words=query.get("q", "").strip(),
            state=query.get("state", ""),
            verdict=query.get("verdict", ""),
            topic=query.get("topic", ""),
            decision=query.get("decision", ""),
            missing=query.get("missing", ""),
            sort=sort.lstrip("-") if sort.lstrip("-") in SORTS else "number",
            descending=sort.startswith("-"),
        )


def selected(rows: Iterable[Row], wish: Wish) -> list[Row]:
    """The rows that fit a wish, in its order; rows without a value come last either way."""
    found = [row for row in rows if _fits(row, wish)]
    keyed = [(SORT_KEYS[wish.sort](row), row) for row in found]
    known = sorted(((k, r) for k, r in keyed if k is not None), key=lambda p: p[0], reverse=wish.descending)
    return [row for _, row in known] + [row for key, row in keyed if key is None]


SORT_KEYS: dict[str, Callable[[Row], Any]] = {
    "number": lambda row: row.submission.number,
    "title": lambda row: row.submission.title.casefold(),
    "mean": lambda row: row.mean,
    "spread": lambda row: row.spread,
    "confidence": lambda row: row.confidence,
    "reviews": lambda row: row.done,
    "decision": lambda row: None if row.decision is None else row.decision.verdict,
    "submitted": lambda row: row.submission.submitted_at,
}


def _fits(row: Row, wish: Wish) -> bool:
    state = row.submission.state
    if wish.state and state != wish.state:
        return False
    if wish.verdict and row.verdict != ("" if wish.verdict == "none" else wish.verdict):
        return False
    if wish.topic and wish.topic not in {str(topic.pk) for topic in row.topics}:
        return False
    if wish.missing and not (state == State.SUBMITTED and row.missing >= whole_number(wish.missing, 1)):
        return False
    return _decision_fits(row, wish.decision) and all(_word_fits(row, word) for word in WORD.findall(wish.words))


def _decision_fits(row: Row, wanted: str) -> bool:
    if not wanted:
        return True
    if wanted in {"private", "announced"}:
        return row.decision is not None and row.is_announced == (wanted == "announced")
    if wanted == "undecided":
        return row.decision is None and row.submission.state == State.SUBMITTED
    return row.decision_key == wanted


def _word_fits(row: Row, word: str) -> bool:
    """One word of the search: score<3, topic:io, author:"de Vries", 17, or any part of title, authors, topics."""
    token = TOKEN.match(word)
    if token:
        return _compare(_figure(row, token["name"]), token["op"], float(token["value"]))
    name, colon, rest = word.partition(":")
    needle = (rest if colon else word).strip('"').casefold()
    topics = " ".join(topic.title for topic in row.topics)
    authors = " ".join(f"{a.name} {a.email} {a.institution}" for a in row.authors)
    reviewers = " ".join(a.membership.name for a in row.assignments)
    places = {"topic": topics, "author": authors, "reviewer": reviewers, "title": row.submission.title}
    if name == "pdf" and needle in {"yes", "no"}:
        return (row.manuscript is not None) == (needle == "yes")
    if colon and name in places:
        return needle in places[name].casefold()
    needle = word.strip('"').casefold()
    if (number := whole_number(needle.removeprefix("#"))) > 0:
        return row.submission.number == number
    return needle in f"{row.submission.title} {authors} {topics} {row.submission.keywords}".casefold()


def _figure(row: Row, name: str) -> float | None:
    figures = {"score": row.mean, "reviews": row.done, "spread": row.spread, "confidence": row.confidence}
    return figures[name]


def _compare(value: float | None, op: str, other: float) -> bool:
    if value is None:
        return False
    return {
        "<": value < other,
        ">": value > other,
        "<=": value <= other,
        ">=": value >= other,
        "=": value == other,
    }[op]


@dataclass(frozen=True)
class Tally:
    """Numbers over rows, for cards that link to the lists they count."""

    rows: Sequence[Row]

    @cached_property
    def states(self) -> Counter[str]:
        return Counter(row.submission.state for row in self.rows)

    @cached_property
    def submitted(self) -> list[Row]:
        return [row for row in self.rows if row.submission.state == State.SUBMITTED]

    @cached_property
    def by_reviews(self) -> dict[int, int]:
        """Submissions under review by the number of submitted reviews, 0 to the edition's number."""
        wanted = self.submitted[0].wanted if self.submitted else 3
        counts = Counter(min(row.done, wanted) for row in self.submitted)
        return {number: counts.get(number, 0) for number in range(wanted + 1)}

    @property
    def unassigned(self) -> int:
        """Reviews that are still needed and that nobody is asked to write yet."""
        asked = [row for row in self.submitted if not row.submission.announced_at]
        return sum(max(row.wanted - len(row.assignments), 0) for row in asked)

    @property
    def reviews_done(self) -> int:
        return sum(row.done for row in self.submitted)

    @property
    def reviews_wanted(self) -> int:
        return sum(row.wanted for row in self.submitted)

    @property
    def reviews_missing(self) -> int:
        return sum(row.missing for row in self.submitted)

    @property
    def reviews_spared(self) -> int:
        """Reviews that a released decision has made needless before they came."""
        return sum(max(row.wanted - row.done, 0) - row.missing for row in self.submitted)

    @property
    def undecided(self) -> int:
        return sum(row.decision is None for row in self.submitted)

    @property
    def private(self) -> int:
        return sum(row.decision is not None and not row.is_announced for row in self.submitted)

    def private_verdicts(self, verdict: str) -> int:
        rows = [row.decision for row in self.submitted if row.decision is not None and not row.is_announced]
        return sum(decision.verdict == verdict for decision in rows)

    @property
    def to_accept(self) -> int:
        """Decided, and not announced yet; so is `to_reject`."""
        return self.private_verdicts(Verdict.ACCEPT)

    @property
    def to_reject(self) -> int:
        return self.private_verdicts(Verdict.REJECT)

    def held(self, at: datetime) -> int:
        """Announcements of these submissions that are not released yet."""
        rows = [row.decision.announcement for row in self.submitted if row.decision is not None]
        return len({row.pk for row in rows if row is not None and row.release_at > at})

    @property
    def announced(self) -> int:
        return sum(row.is_announced for row in self.submitted)

    def verdicts(self, verdict: str) -> int:
        return sum(row.decision is not None and row.decision.verdict == verdict for row in self.submitted)

    @property
    def accepted(self) -> int:
        return self.verdicts(Verdict.ACCEPT)

    @property
    def rejected(self) -> int:
        return self.verdicts(Verdict.REJECT)

    @property
    def rate(self) -> float | None:
        """Acceptance rate of what is decided, per cent."""
        decided = self.accepted + self.rejected
        return 100 * self.accepted / decided if decided else None

    @property
    def split(self) -> int:
        return sum(row.is_split for row in self.submitted)

    @property
    def late_conflicts(self) -> list[Assignment]:
        return [assignment for row in self.submitted for assignment in row.late_conflicts]

    @property
    def forsaken(self) -> list[Assignment]:
        asked = [row for row in self.submitted if not row.submission.announced_at]
        return [assignment for row in asked for assignment in row.forsaken]


@dataclass(frozen=True)
class ReviewerRow:
    """A reviewer with her tasks among the submissions that a chair may see."""

    member: Membership
    tasks: list[Assignment]

    @cached_property
    def open(self) -> list[Assignment]:
        """What she is asked for: not what is in, nor what a released decision has made needless."""
        return [row for row in self.tasks if not is_done(row) and not row.submission.announced_at]

    @property
    def done(self) -> int:
        return sum(is_done(row) for row in self.tasks)

    @property
    def is_finished(self) -> bool:
        """Whether she has written all she was asked for; what is not needed any more counts as neither."""
        return bool(self.tasks) and self.done == len(self.tasks)

    @property
    def started(self) -> int:
        return sum(is_begun(row) for row in self.open)

    @property
    def promised(self) -> list[Assignment]:
        return [row for row in self.open if row.promised_at is not None]

    def days_late(self, due: datetime | None, at: datetime) -> int:
        """Whole days that open reviews are over the deadline; 0 when nothing is open or it is still to come."""
        return max((at - due).days, 0) if due is not None and self.open and at > due else 0


def reviewers_of(chair: Membership, rows: Sequence[Row]) -> list[ReviewerRow]:
    """All reviewers of the edition with the tasks that `rows` hold; loads leave out what the chair may not see."""
    tasks: dict[int, list[Assignment]] = {}
    for row in rows:
        if row.submission.state != State.SUBMITTED:
            continue
        for assignment in row.assignments:
            assignment.submission = row.submission
            tasks.setdefault(assignment.membership_id, []).append(assignment)
    members = Membership.objects.reviewers().filter(edition=chair.edition_id).select_related("user").order_by("name")
    return [ReviewerRow(_of_edition(member, chair.edition), tasks.get(member.pk, [])) for member in members]


def _of_edition(member: Membership, edition: Edition) -> Membership:
    member.edition = edition
    return member
