"""Who may see and change submissions: one queryset per audience. No other way to an object; outside is 404.

From when an audience may see is read from the table (submissions/visibility.py); here stands who belongs to it.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import Http404
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.visibility import Audience, Since, Switch, Thing, rule
from submissions.models import Author, Conflict, ConflictSource, Submission, SubmissionQuerySet
from submissions.states import Outcome, State
from submissions.visibility import TABLE

NOTHING = Q(pk__in=())
# Set while a chair looks with somebody else's eyes (reviews.looking): then only what both may see is in any queryset.
looked_at_by: ContextVar[Membership | None] = ContextVar("looked_at_by", default=None)


def reached(since: Since, at: datetime) -> Q:
    """Submissions for which a moment of the table has come at `at`. What depends on a review is the reviews' to say."""
    # A paper that was taken back while its announcement was held learns nothing.
    known = Q(announced_at__lte=at, state=State.SUBMITTED)
    conditions = {
        Since.NEVER: NOTHING,
        Since.ALWAYS: Q(),
        Since.SUBMITTED: Q(state=State.SUBMITTED),
        Since.ANNOUNCED: known,
        Since.ACCEPTED: known & Q(outcome=Outcome.ACCEPTED),
    }
    return conditions[since]


def switches_of(edition: Edition) -> dict[Switch, bool]:
    """How the switches of the table stand in an edition."""
    return {switch: bool(getattr(edition, switch.value)) for switch in Switch}


def may_exist_for(audience: Audience, at: datetime) -> Q:
    """Submissions of whose existence an audience may know."""
    return reached(rule(TABLE, Thing.EXISTENCE, audience).read, at)


def switched_on(audience: Audience) -> Q:
    """Submissions of editions whose switches let an audience know of a submission at all."""
    row = rule(TABLE, Thing.EXISTENCE, audience)
    found = Q(**{f"edition__{row.only.value}": True}) if row.only else Q()
    return found & Q(**{f"edition__{row.unless.value}": False}) if row.unless else found


def listed_on(user: User) -> Q:
    """Submissions whose author list names this person by a verified address."""
    authored = Author.objects.annotate(low=Lower("email")).filter(low__in=user.verified_emails)
    return Q(pk__in=authored.values("submission"))


def written_by(user: User) -> Q:
    """Submissions that are a person's own as to conflicts: she is listed, or created them, whoever is listed now."""
    return Q(created_by=user) | listed_on(user)


def open_to(user: User) -> Q:
    """Submissions that open to a person as their author: she is listed, or started them and none took her off."""
    return Q(created_by=user, creator_left=False) | listed_on(user)


def authored_by(user: User) -> SubmissionQuerySet:
    """What a person sees as an author."""
    rows = Submission.objects.filter(open_to(user)).filter(may_exist_for(Audience.AUTHOR, timezone.now()))
    return known_to_both(rows)


def known_to_both(rows: SubmissionQuerySet) -> SubmissionQuerySet:
    """What is left of a person's submissions while a chair looks with her eyes; everything otherwise."""
    chair = looked_at_by.get()
    return rows if chair is None else rows.filter(pk__in=overseen_by(chair).values("pk"))


def barred_from(user: User) -> Q:
    """Submissions that a person wrote, or is in conflict with as a member of any committee."""
    conflicts = Conflict.objects.filter(membership__user=user, lifted_at__isnull=True).values("submission")
    return written_by(user) | Q(pk__in=conflicts)


def in_conflict_with(membership: Membership, *, but_set_by: User | None = None) -> Q:
    """Submissions that a member must learn nothing about: her own, and those with a standing conflict.

    `but_set_by` leaves out the conflicts that this chair set by hand.
    """
    rows = Conflict.objects.filter(membership=membership, lifted_at__isnull=True)
    if but_set_by is not None:
        rows = rows.exclude(source=ConflictSource.CHAIR, declared_by=but_set_by)
    conflicts = Q(pk__in=rows.values("submission"))
    return written_by(membership.user) | conflicts if membership.user else conflicts


def overseen_by(chair: Membership) -> SubmissionQuerySet:
    """What a chair sees: all of her edition but those she is in conflict with. Counts and searches start here."""
    if not (chair.is_active and chair.is_chair):
        return Submission.objects.none()
    rows = Submission.objects.filter(edition=chair.edition_id).filter(may_exist_for(Audience.CHAIR, timezone.now()))
    return without_conflicts(rows, chair, Audience.CONFLICTED_CHAIR)


def for_proceedings(member: Membership, at: datetime) -> SubmissionQuerySet:
    """What the proceedings chair sees: accepted and announced, not her own or in conflict."""
    if not (member.is_active and member.is_proceedings_chair):
        return Submission.objects.none()
    rows = Submission.objects.filter(edition=member.edition_id).filter(may_exist_for(Audience.PROCEEDINGS, at))
    return known_to_both(without_conflicts(rows, member, Audience.CONFLICTED_MEMBER))


def on_no_board(rows: Iterable[Submission], edition: Edition, at: datetime) -> list[Submission]:
    """Those of the accepted papers that no proceedings chair sees: there is none, or each is in conflict with it."""
    left = {row.pk: row for row in rows if row.outcome_known(at) == Outcome.ACCEPTED}
    members = Membership.objects.active().filter(edition=edition, is_proceedings_chair=True).select_related("user")
    for member in members if left else ():
        for pk in for_proceedings(member, at).filter(pk__in=list(left)).values_list("pk", flat=True):
            del left[pk]
    return list(left.values())


def without_conflicts(rows: SubmissionQuerySet, member: Membership, audience: Audience) -> SubmissionQuerySet:
    """Leave out what a member is in conflict with, unless the table lets such a member know of it."""
    hidden = in_conflict_with(member) & ~may_exist_for(audience, timezone.now())
    return rows.exclude(hidden)


def authors_shown_to_reviewers(submission: Submission, audience: Audience = Audience.REVIEWER) -> list[Author]:
    """The authors as a reviewer or sub-reviewer of the submission may read them; none where reviewing is blind."""
    words = rule(TABLE, Thing.AUTHORS, audience).reading(switches_of(submission.edition))
    return [] if words == Since.NEVER else list(submission.authors.all())


def one(rows: SubmissionQuerySet, slug: str, number: int) -> Submission:
    """A submission of an audience's queryset by its number; 404 when it is not in there."""
    submission = rows.filter(edition__slug=slug, number=number).select_related("edition").first()
    if submission is None:
        raise Http404
    return submission
