"""The dates of one person, over all editions and roles. Labels only: calendars are read by other companies too."""

from collections.abc import Iterator

from django.db.models import Count, Max

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.feeds import Date, dates_of
from dlonsc.editions.models import Edition
from submissions.access import authored_by
from submissions.models import LatePermission, SubmissionQuerySet
from submissions.states import State

OWN = "The later date of one of your papers, given by the chairs."


def dates_for(user: User) -> list[Date]:
    """Her dates, soonest first: all of an edition whose committee she is in, an author's own otherwise."""
    found: dict[str, Date] = {}
    for membership in memberships_of(user).prefetch_related("edition__deadlines"):
        for row in dates_of(membership.edition, public_only=not membership.is_chair):
            found[row.uid] = row
    for row in _as_author(user):
        found[row.uid] = row
    return sorted(found.values(), key=lambda row: row.cutoff)


def _as_author(user: User) -> Iterator[Date]:
    mine = authored_by(user).exclude(state__in=[State.WITHDRAWN, State.DESK_REJECTED])
    editions = Edition.objects.filter(pk__in=mine.values("edition")).prefetch_related("deadlines")
    for edition in editions:
        yield from dates_of(edition)
        yield from _later_ones(edition, mine.filter(edition=edition))


def _later_ones(edition: Edition, mine: SubmissionQuerySet) -> Iterator[Date]:
    """The later dates that chairs gave to her submissions, the latest of each, per phase.

    Each event belongs to its submission: it counts what that one was given, and so never down, whichever of hers are
    taken back, come back, or have her as an author no more.
    """
    given = LatePermission.objects.filter(submission__in=mine).values("submission", "phase").order_by("submission")
    for row in given.annotate(latest=Max("cutoff_at"), often=Count("pk"), last=Max("given_at")):
        deadline = edition.due(Phase(row["phase"]))
        if deadline is not None and row["latest"] > deadline.cutoff_at:
            own = codes.code("submission", row["submission"])
            yield Date(deadline, edition, row["latest"], OWN, own, row["often"], row["last"])
