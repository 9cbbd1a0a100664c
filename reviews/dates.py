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
    mine = authored_by(user).exclude(state__in=[State.WITHDRAWN, State.DESK_REJECTED])
    editions = Edition.objects.filter(pk__in=mine.values("edition")).prefetch_related("deadlines")
    for edition in editions:
        yield from dates_of(edition)
        yield from _later_ones(edition, mine.filter(edition=edition))


def _later_ones(edition: Edition, mine: SubmissionQuerySet) -> Iterator[Date]:
    """The latest of the later dates that chairs gave to her submissions, per phase.

    Its event belongs to that submission: it counts what that one was given, and so never down, whichever of hers are
    taken back, come back, or have her as an author no more.
    """
    given = LatePermission.objects.filter(submission__in=mine)
    for phase in (Phase.SUBMISSION, Phase.CAMERA_READY):
        deadline, latest = edition.due(phase), given.filter(phase=phase).order_by("-cutoff_at", "submission").first()
        if deadline is not None and latest is not None and latest.cutoff_at > deadline.cutoff_at:
            of_it = given.filter(phase=phase, submission=latest.submission_id)
            how = of_it.aggregate(often=Count("pk"), last=Max("given_at"))
            own = codes.code("submission", latest.submission_id)
            yield Date(deadline, edition, latest.cutoff_at, OWN, own, how["often"], how["last"])
