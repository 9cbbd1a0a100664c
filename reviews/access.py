"""Who may see reviews, assignments and decisions. No other way to an object; outside is 404.

From when is read from the table (reviews/visibility.py); here stands who belongs to which audience.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership, long_past_events
from dlonsc.editions.visibility import Audience, Since, Thing, rule
from dlonsc.mail.models import HAVE_LEFT, Message
from dlonsc.mail.models import State as LetterState
from reviews.conflicts import conflict_reasons
from reviews.models import (
    Assignment,
    AssignmentQuerySet,
    Comment,
    Decision,
    DecisionQuerySet,
    DecisionVersion,
    Discussion,
    Review,
    ReviewQuerySet,
    ReviewVersion,
    SubReviewer,
    SubReviewerQuerySet,
)
from reviews.visibility import TABLE
from submissions.access import (
    authored_by,
    barred_from,
    known_to_both,
    looked_at_by,
    may_exist_for,
    overseen_by,
    reached,
    switched_on,
    switches_of,
    without_conflicts,
)
from submissions.models import Author, Conflict, Submission, SubmissionQuerySet


def reading(thing: Thing, audience: Audience, rows: SubmissionQuerySet, at: datetime) -> SubmissionQuerySet:
    """Those of `rows`, submissions that an audience may know, of which it may read a thing at `at`."""
    return rows.filter(reached(rule(TABLE, thing, audience).read, at))


def assigned_to(member: Membership, at: datetime | None = None) -> AssignmentQuerySet:
    """A reviewer's standing assignments of submissions that still stand; never one she is in conflict with.

    They end some months after the event, as the edition says.
    """
    if not (member.is_active and member.is_reviewer):
        return Assignment.objects.none()
    at = at or timezone.now()
    rows = Submission.objects.filter(edition=member.edition_id)
    known = without_conflicts(rows.filter(may_exist_for(Audience.REVIEWER, at)), member, Audience.CONFLICTED_MEMBER)
    return (
        Assignment.objects.standing()
        .filter(membership=member, submission__in=known_to_both(known))
        .exclude(submission__edition__in=long_past_events(at).values("edition"))
        .select_related("submission", "membership", "submission__edition")
    )


def on_desks(submissions: Iterable[int], *, as_if_open: bool = False) -> list[Assignment]:
    """`assigned_to` of all members at once: of these submissions (primary keys), the tasks that their reviewers see.

    Letters about tasks go to these only: nobody is written to about what she could not open. `as_if_open`: also those
    that ended some months after the event.
    """
    at = timezone.now()
    known = Submission.objects.filter(may_exist_for(Audience.REVIEWER, at), pk__in=list(submissions))
    tasks = Assignment.objects.standing().filter(submission__in=known, membership__in=Membership.objects.reviewers())
    if not as_if_open:
        tasks = tasks.exclude(submission__edition__in=long_past_events(at).values("edition"))
    rows = list(
        tasks.select_related("membership__user", "submission", "review").order_by(
            "membership__pk", "submission__number"
        )
    )
    barred = conflict_reasons({row.submission_id for row in rows})
    return [row for row in rows if (row.submission_id, row.membership_id) not in barred]


def open_tasks(submissions: Iterable[int], at: datetime) -> list[Assignment]:
    """Those of `on_desks` whose review the form still takes at `at`: no decision is known, reviewing is not closed."""
    rows = Submission.objects.under_review(at).filter(pk__in=list(submissions))
    editions = Edition.objects.filter(submissions__in=rows).distinct().prefetch_related("deadlines")
    open_ones = [row.pk for row in editions if row.window(Phase.REVIEW, received_at=at).accepts]
    return on_desks(rows.filter(edition__in=open_ones).values_list("pk", flat=True))


def once_known(tasks: AssignmentQuerySet, editions: Collection[str]) -> AssignmentQuerySet:
    """Of these tasks of some editions (slugs), those of which their reviewers know whatever became of them: a letter
    told her, or she has saved a text while it was hers.

    Any other that ended, or came into conflict, is as if she had never had it.
    """
    letters = Message.objects.filter(
        kind="assigned", edition__in=editions, state__in=[*HAVE_LEFT, LetterState.HANDED_OVER]
    )
    told = {pk for guard in letters.values_list("guard", flat=True) for pk in guard.get("tasks", ())}
    begun = ReviewVersion.objects.filter(review__assignment=OuterRef("pk"), is_aside=False)
    return tasks.filter(Q(pk__in=told) | Exists(begun))


def has_submitted(task: Assignment) -> bool:
    """Whether the review of a task of `on_desks` is in."""
    review = getattr(task, "review", None)
    return review is not None and review.submitted_at is not None


def own_reviews(member: Membership) -> ReviewQuerySet:
    """Everything a member ever wrote, also of assignments that she declined or lost: her text stays hers."""
    return Review.objects.filter(
        assignment__membership=member, assignment__submission__in=known_to_both(Submission.objects.all())
    )


def is_own_eye() -> bool:
    """Whether the person herself looks: only she reads what she has not submitted."""
    return looked_at_by.get() is None


def assignment_of(member: Membership, number: int) -> Assignment:
    row = assigned_to(member).filter(submission__number=number).first()
    if row is None:
        raise Http404
    return row


def fellow_reviews(assignment: Assignment) -> ReviewQuerySet:
    """The other submitted reviews of the submission: by the table, only after one's own is submitted."""
    since = rule(TABLE, Thing.REVIEWS, Audience.REVIEWER).read
    others = Review.objects.submitted().filter(assignment__submission=assignment.submission)
    return others.exclude(assignment=assignment) if reached_by_reviewer(since, assignment) else Review.objects.none()


def reached_by_reviewer(since: Since, assignment: Assignment) -> bool:
    """Whether a moment of the table has come for a reviewer of the submission."""
    if since == Since.OWN_REVIEW:
        return Review.objects.filter(assignment=assignment, submitted_at__isnull=False).exists()
    return Submission.objects.filter(reached(since, timezone.now()), pk=assignment.submission_id).exists()


def discussion_for(assignment: Assignment) -> Discussion | None:
    """The discussion that a reviewer of the submission may read: by the table, after her own review is submitted."""
    since = rule(TABLE, Thing.DISCUSSION, Audience.REVIEWER).reading(switches_of(assignment.submission.edition))
    found = Discussion.objects.filter(submission=assignment.submission_id).first()
    return found if found is not None and reached_by_reviewer(since, assignment) else None


def discussions_of(member: Membership) -> QuerySet[Discussion]:
    """`discussion_for` all her standing assignments at once."""
    since = rule(TABLE, Thing.DISCUSSION, Audience.REVIEWER).reading(switches_of(member.edition))
    if since == Since.NEVER:
        return Discussion.objects.none()
    done = assigned_to(member).filter(review__submitted_at__isnull=False)
    return Discussion.objects.filter(submission__in=done.values("submission"))


def own_comments(member: Membership) -> QuerySet[Comment]:
    """Everything a member ever wrote in discussions: her text stays hers."""
    known = known_to_both(Submission.objects.all())
    return Comment.objects.filter(membership=member, discussion__submission__in=known)


def discussions_overseen_by(chair: Membership) -> QuerySet[Discussion]:
    since = rule(TABLE, Thing.DISCUSSION, Audience.CHAIR).reading(switches_of(chair.edition))
    rows = Discussion.objects.filter(submission__in=overseen_by(chair))
    return rows.none() if since == Since.NEVER else rows


def names_of_fellows(edition: Edition) -> bool:
    """Whether co-reviewers of a submission read each other's names beside the reviews."""
    return rule(TABLE, Thing.REVIEWERS, Audience.REVIEWER).open_under(switches_of(edition))


def sub_reviewers_shown(edition: Edition) -> bool:
    """Whether co-reviewers of a submission read with whom the others wrote."""
    return rule(TABLE, Thing.SUB_REVIEWERS, Audience.REVIEWER).open_under(switches_of(edition))


def open_sub_reviews(at: datetime, *, as_if_on: bool = False) -> SubReviewerQuerySet:
    """Standing rows whose paper a sub-reviewer may know by the table, whoever she is.

    The review is not submitted, its reviewer still has the task and is no author of the submission (she reads what is
    written for her), and the months after the event are not over. `as_if_on`: also where the switch is off.
    """
    papers = Submission.objects.filter(may_exist_for(Audience.SUB_REVIEWER, at))
    if not as_if_on:
        papers = papers.filter(switched_on(Audience.SUB_REVIEWER))
    in_conflict = Conflict.objects.filter(
        submission=OuterRef("assignment__submission"),
        membership=OuterRef("assignment__membership"),
        lifted_at__isnull=True,
    )
    # `written_by` of the reviewer of each row.
    proven = EmailAddress.objects.filter(user=OuterRef(OuterRef("assignment__membership__user")), verified=True)
    authored = Author.objects.annotate(low=Lower("email")).filter(
        submission=OuterRef("assignment__submission"), low__in=proven.annotate(low=Lower("email")).values("low")
    )
    created = Submission.objects.filter(
        pk=OuterRef("assignment__submission"), created_by=OuterRef("assignment__membership__user")
    )
    return (
        SubReviewer.objects.standing()
        .filter(
            assignment__in=Assignment.objects.awaiting_review(),
            assignment__membership__in=Membership.objects.reviewers(),
            assignment__submission__in=known_to_both(papers),
        )
        .exclude(Exists(in_conflict))
        .exclude(Exists(authored))
        .exclude(Exists(created))
        .exclude(assignment__submission__edition__in=long_past_events(at).values("edition"))
        .select_related("assignment__submission__edition", "assignment__membership")
    )


def sub_reviewed_by(user: User, *, as_if_on: bool = False) -> SubReviewerQuerySet:
    """The reviews that a person writes with their reviewers now.

    Never of a submission that she wrote, is in conflict with, or reviews herself, whenever that came to light.
    `as_if_on`: also where the switch is off.
    """
    hers = Assignment.objects.standing().filter(submission=OuterRef("assignment__submission"), membership__user=user)
    barred = Submission.objects.filter(barred_from(user))
    rows = open_sub_reviews(timezone.now(), as_if_on=as_if_on).accepted().filter(user=user)
    return rows.exclude(assignment__submission__in=barred).exclude(Exists(hers))


def sub_review_of(user: User, slug: str, number: int) -> SubReviewer:
    rows = sub_reviewed_by(user).prefetch_related("assignment__submission__edition__deadlines")
    row = rows.filter(assignment__submission__edition__slug=slug, assignment__submission__number=number).first()
    if row is None:
        raise Http404
    return row


def typed_by(user: User) -> QuerySet[ReviewVersion]:
    """Everything that a person saved in reviews of others, as their sub-reviewer: her text stays hers."""
    known = known_to_both(Submission.objects.all())
    rows = ReviewVersion.objects.filter(saved_by=user, review__assignment__submission__in=known)
    return rows.exclude(review__assignment__membership__user=user)


def sub_reviewers_overseen_by(chair: Membership) -> SubReviewerQuerySet:
    rows = SubReviewer.objects.filter(assignment__submission__in=overseen_by(chair))
    return rows.select_related("assignment__submission", "assignment__membership", "decided_by", "user")


def outcome_for_reviewer(submission: Submission, at: datetime) -> str:
    """The announced outcome that a reviewer of the submission may know, or ''."""
    known = reading(Thing.DECISION, Audience.REVIEWER, Submission.objects.filter(pk=submission.pk), at)
    return submission.outcome if known.exists() else ""


def reviews_overseen_by(chair: Membership) -> ReviewQuerySet:
    """Submitted reviews of the submissions that a chair may see."""
    return Review.objects.submitted().filter(assignment__submission__in=overseen_by(chair))


def assignments_overseen_by(chair: Membership) -> AssignmentQuerySet:
    return Assignment.objects.filter(submission__in=overseen_by(chair))


def decisions_overseen_by(chair: Membership) -> DecisionQuerySet:
    return Decision.objects.filter(submission__in=overseen_by(chair))


def decision_versions_overseen_by(chair: Membership) -> QuerySet[DecisionVersion]:
    """Every decision that was ever recorded on the submissions that a chair may see, also those taken back."""
    return DecisionVersion.objects.filter(submission__in=overseen_by(chair))


def reviews_for_authors(user: User, at: datetime) -> ReviewQuerySet:
    """The submitted reviews of a person's own submissions whose decision is announced; show Review.SHARED only."""
    known = reading(Thing.REVIEWS, Audience.AUTHOR, authored_by(user), at)
    return Review.objects.submitted().filter(assignment__submission__in=known)


def decided_for_authors(user: User, at: datetime) -> SubmissionQuerySet:
    """A person's own submissions whose decision she may know."""
    return reading(Thing.DECISION, Audience.AUTHOR, authored_by(user), at)
