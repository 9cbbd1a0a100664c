"""The dates of one person, over all editions and roles. Labels only: calendars are read by other companies too."""

from collections.abc import Iterator

from django.db.models import Max

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.feeds import Date, dates_of
from dlonsc.editions.models import Edition
from dlonsc.history.models import Entry
from submissions.access import authored_by
from submissions.models import LatePermission, SubmissionQuerySet
from submissions.states import State

# Verbs of the history after which a submission's own date counts no more, or again.
MOVES = ("withdrew", "restored", "took a withdrawal back", "returned without review", "took a desk rejection back")
OWN = "Your own, later date, given by the chairs."


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
    every = authored_by(user)
    mine = every.exclude(state__in=[State.WITHDRAWN, State.DESK_REJECTED])
    editions = Edition.objects.filter(pk__in=mine.values("edition")).prefetch_related("deadlines")
    for edition in editions:
        yield from dates_of(edition)
        yield from _later_ones(edition, mine.filter(edition=edition), every.filter(edition=edition))


def _later_ones(edition: Edition, mine: SubmissionQuerySet, every: SubmissionQuerySet) -> Iterator[Date]:
    """The latest of the later dates that chairs gave to her submissions, per phase.

    The date moves too when one of them is taken back or comes back: programs take a moved date only when it counts up.
    """
    given = LatePermission.objects.filter(submission__in=mine)
    for phase in (Phase.SUBMISSION, Phase.CAMERA_READY):
        deadline, rows = edition.due(phase), given.filter(phase=phase)
        known = rows.aggregate(latest=Max("cutoff_at"), last=Max("given_at"))
        if deadline is not None and known["latest"] is not None and known["latest"] > deadline.cutoff_at:
            ever = LatePermission.objects.filter(submission__in=every, phase=phase).select_related("submission")
            labels = {row.submission.label for row in ever}
            moves = Entry.objects.filter(subject__in=labels, verb__in=MOVES).count()
            yield Date(deadline, edition, known["latest"], OWN, len(ever) + moves, known["last"])
