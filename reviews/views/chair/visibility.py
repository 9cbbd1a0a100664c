"""The visibility table as a page: who sees what now, and what the next switch would show to how many."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.http import HttpResponse
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.editions.visibility import (
    AUDIENCE_WORDS,
    NOTHING,
    SINCE_WORDS,
    THING_WORDS,
    Audience,
    Rule,
    Since,
    Switch,
    Thing,
    rule,
)
from reviews.reach import Readers, effect_of, end_of_access, release_of
from reviews.views.chair.door import ChairRequest, chairs_only, page
from reviews.visibility import TABLE
from submissions.access import overseen_by, reached, switches_of
from submissions.models import SubmissionQuerySet

SWITCH_WORDS = {
    Switch.BLIND: "Double-blind",
    Switch.NAMES: "Co-reviewers' names",
    Switch.DISCUSSION: "Discussion",
    Switch.SUB_REVIEWERS: "Sub-reviewers",
}


@dataclass(frozen=True)
class Column:
    """Audiences with equal rows stand in one column."""

    audiences: tuple[Audience, ...]

    @property
    def words(self) -> str:
        return ", ".join(AUDIENCE_WORDS[audience] for audience in self.audiences)


@dataclass(frozen=True)
class Cell:
    """`words` is empty where the audience reads nothing, ever."""

    column: str
    words: str = ""
    kind: str = "plain"
    changes: bool = False
    note: str = ""
    count: str = ""


def columns() -> tuple[list[Column], list[str]]:
    """The columns of audiences that may read something, and the names of those who may read nothing."""
    found: dict[tuple[Rule, ...], list[Audience]] = {}
    for audience in Audience:
        found.setdefault(tuple(rule(TABLE, thing, audience) for thing in Thing), []).append(audience)
    outside = found.pop(tuple(NOTHING for _ in Thing), [])
    return [Column(tuple(audiences)) for audiences in found.values()], [AUDIENCE_WORDS[one] for one in outside]


def counts_of(rows: SubmissionQuerySet, at: datetime) -> dict[Since, int]:
    """For how many submissions a moment of the table has come, as the doors ask it."""
    moments = (Since.ALWAYS, Since.SUBMITTED, Since.ANNOUNCED, Since.ACCEPTED)
    come = {since.name: Count("pk", filter=Q(pk__isnull=False) & reached(since, at)) for since in moments}
    counts = rows.aggregate(**come)
    return {since: counts[since.name] for since in moments}


def cell(one: Rule, column: str, switches: dict[Switch, bool], counts: dict[Since, int]) -> Cell:
    if one.see == Since.NEVER:
        return Cell(column)
    if switch := one.closing(switches):
        return Cell(column, f"no: {SWITCH_WORDS[switch].lower()}", "stop")
    if one.read == Since.NEVER:
        return Cell(column, "not the words", "plain", one.change != Since.NEVER, one.words)
    words, kind = SINCE_WORDS[one.read], "note"
    if one.read in {Since.ALWAYS, Since.SUBMITTED}:
        kind = "good"
    elif one.read in counts:
        kind = "good" if counts[one.read] else "plain"
        return Cell(column, words, kind, one.change != Since.NEVER, one.words, f"{counts[one.read]} now")
    return Cell(column, words, kind, one.change != Since.NEVER, one.words)


@chairs_only
def visibility(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Who sees what now. The counts leave out what the chair is in conflict with."""
    at = timezone.now()
    switches = switches_of(chair.edition)
    shown, outside = columns()
    counts = counts_of(overseen_by(chair), at)
    lines = [
        (
            THING_WORDS[thing],
            [cell(rule(TABLE, thing, column.audiences[0]), column.words, switches, counts) for column in shown],
        )
        for thing in Thing
    ]
    is_over = chair.edition.committee_is_over(at)
    readers = Readers(chair)
    context = {
        "columns": shown,
        "lines": lines,
        "outside": outside,
        "counts": [(SINCE_WORDS[since], count) for since, count in counts.items()],
        "release": release_of(chair),
        "switches": [
            (SWITCH_WORDS[switch], on, effect_of(chair, switch, not on, readers)) for switch, on in switches.items()
        ],
        "is_over": is_over,
        "end_of_access": end_of_access(chair, not is_over, readers),
    }
    return page(request, chair, "visibility.html", context)
