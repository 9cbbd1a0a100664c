"""What a reviewer does: save, submit, refuse, promise, say who she is. One verb, one function, one transaction."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Q, Subquery

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Interest, Membership, Topic
from dlonsc.history.record import record
from dlonsc.posted import fingerprint
from reviews.access import assigned_to
from reviews.actions.discussing import note_change
from reviews.actions.ending import Ending, end_with
from reviews.conflicts import bar_named
from reviews.emails.reviewing import post_profile_correction, post_refusal
from reviews.models import Assignment, Review, ReviewVersion
from submissions.access import overseen_by
from submissions.models import Conflict, ConflictKind, ConflictSource, Submission

Fields = dict[str, Any]
# How long after reviewing has closed a text is still taken, and how many such texts of one task.
LATE_FOR = timedelta(days=1)
LATE_TEXTS = 5
OVER = "This submission is no longer on your list."
# What a review needs before it can be submitted, with the words of the page.
NEEDED = {
    "summary": "Summary",
    "strengths": "Strengths",
    "weaknesses": "Weaknesses",
    "reproducibility": "Reproducibility",
    "score": "Score",
    "confidence": "Confidence",
}


class ReviewingError(Exception):
    """The act is not possible now; the message says why, in words for the reviewer."""


class Stale(ReviewingError):
    """The page did not know of a newer text."""


@dataclass(frozen=True)
class Saved:
    """`is_aside` says that the text was kept beside the review instead of in it; `closed` why, unless a newer text was
    saved meanwhile. `is_kept` is False for what comes too late, or too often, to be kept at all.
    """

    review: Review
    is_aside: bool = False
    closed: str = ""
    is_kept: bool = True


def empty_fields() -> Fields:
    return {name: None if name in {"score", "confidence"} else "" for name in Review.FIELDS}


def official_text(review: Review) -> Fields:
    """The text that counts once submitted."""
    return {name: getattr(review, name) for name in Review.FIELDS}


def working_text(review: Review | None) -> Fields:
    """The newest text that its writer saved; after submitting it may be ahead of the text that counts."""
    if review is None:
        return empty_fields()
    newest = review.versions.filter(is_aside=False).first()
    return empty_fields() | (newest.fields if newest is not None else official_text(review))


def working_texts(reviews: list[Review]) -> dict[int, Fields]:
    """`working_text` of many reviews by primary key, in one query."""
    newest = ReviewVersion.objects.filter(review=OuterRef("review"), is_aside=False).order_by("-number")
    rows = ReviewVersion.objects.filter(review__in=reviews, number=Subquery(newest.values("number")[:1]))
    kept = {row.review_id: row.fields for row in rows}
    return {row.pk: empty_fields() | kept.get(row.pk, official_text(row)) for row in reviews}


def missing_in(edition: Edition, fields: Fields) -> list[str]:
    """The names of the fields that a review still needs before it can be submitted."""
    scales = {
        "score": {row["value"] for row in edition.scores},
        "confidence": {row["value"] for row in edition.confidences},
    }
    return [
        name
        for name in NEEDED
        if (fields[name] not in scales[name] if name in scales else not str(fields[name]).strip())
    ]


def closed_because(submission: Submission, at: datetime) -> str:
    """Why reviews of a submission under review can no longer be changed, or ''."""
    if submission.announced_at is not None and submission.announced_at <= at:
        return "The decision is announced; reviews can no longer be changed."
    if not submission.edition.window(Phase.REVIEW, received_at=at).accepts:
        return "The chairs have closed reviewing. If something important is missing, write to them."
    return ""


def free_label(submission_id: int) -> int:
    """A random free "Reviewer n" of a submission, so that the number tells no order. Call it under the lock."""
    counted = Q(declined_at__isnull=True, removed_at__isnull=True) | Q(review__submitted_at__isnull=False)
    rows = Assignment.objects.filter(counted, submission=submission_id)
    used = {label for label in rows.values_list("review__label", flat=True) if label is not None}
    free = sorted(set(range(1, rows.count() + 1)) - used)
    return secrets.choice(free) if free else max(used, default=0) + 1


def add_version(
    review: Review,
    fields: Fields,
    *,
    by: User,
    at: datetime,
    is_submitted: bool = False,
    is_aside: bool = False,
    window: str = "",
) -> ReviewVersion:
    last = review.versions.aggregate(last=Max("number"))["last"] or 0
    return ReviewVersion.objects.create(
        review=review,
        number=last + 1,
        fields=fields,
        saved_at=at,
        saved_by=by,
        is_submitted=is_submitted,
        is_aside=is_aside,
        window=window,
    )


def lock(assignment: Assignment) -> None:
    """Lock the task's submission. A release that this waited for counts, though the request had read it before."""
    locked = Submission.objects.select_for_update(no_key=True).get(pk=assignment.submission_id)
    assignment.submission.announced_at = locked.announced_at


def open_review(assignment: Assignment, at: datetime) -> Review:
    """The assignment's review, made when it has none. Locks the submission, so that two tabs make one review."""
    lock(assignment)
    review = Review.objects.select_for_update().filter(assignment=assignment).first()
    if review is not None:
        return review
    return Review.objects.create(
        assignment=assignment, label=free_label(assignment.submission_id), saved_at=at, version=0
    )


def over_because(assignment: Assignment, at: datetime) -> str:
    """Why a task takes no review any more, or ''. Of what has left its reviewer's list it tells nothing else."""
    if not assigned_to(assignment.membership, at).filter(pk=assignment.pk).exists():
        return OVER
    return closed_because(assignment.submission, at)


def demand_open(assignment: Assignment, at: datetime) -> None:
    if words := over_because(assignment, at):
        raise ReviewingError(words)


def _is_long_over(edition: Edition, at: datetime) -> bool:
    """Whether reviewing closed so long ago, by its date, that no text is on its way any more.

    Not asked is when a task ended or its decision was known: who has it no more would read that in the answer.
    """
    due = edition.due(Phase.REVIEW)
    if due is None or due.is_soft:
        return False
    return due.cutoff_at + timedelta(minutes=due.grace_minutes) + LATE_FOR < at


def _keep_aside(
    review: Review, fields: Fields, *, by: User, at: datetime, window: str, most: int | None = None
) -> bool:
    """Keep a text beside the review: in place of what the same window sent before, or as one more, of which there are
    at most `most` beside the newest text. Returns whether it is kept.
    """
    last = review.versions.filter(is_aside=False).first()
    asides = review.versions.filter(is_aside=True, saved_by=by, number__gt=last.number if last else 0)
    if window and asides.filter(window=window).update(fields=fields, saved_at=at):
        return True
    if most is not None and asides.count() >= most:
        return False
    add_version(review, fields, by=by, at=at, is_aside=True, window=window)
    return True


@transaction.atomic
def save_review(
    *, assignment: Assignment, fields: Fields, based_on: int, by: User, at: datetime, window: str = ""
) -> Saved:
    """Keep a text. `based_on` is the version that the page showed (0: none yet); a text based on an older one is kept
    aside, and so are some for a task that has ended, which only their writer reads; a day after the date of reviewing
    none is taken any more. A submitted review keeps the text that counts until the changed one is submitted too.

    `window` names the one that sends it: of the texts that are kept aside it has one.
    """
    review = open_review(assignment, at)
    closed = over_because(assignment, at)
    fields = empty_fields() | {name: fields[name] for name in Review.FIELDS if name in fields}
    newest = working_text(review) if review.version else None
    if fields == newest:
        return Saved(review, closed=closed)
    if closed:
        is_kept = review.versions.filter(fields=fields).exists() or (
            not _is_long_over(assignment.submission.edition, at)
            and _keep_aside(review, fields, by=by, at=at, window=window, most=LATE_TEXTS)
        )
        return Saved(review, is_aside=is_kept, closed=closed, is_kept=is_kept)
    if based_on != review.version:
        if not review.versions.filter(is_aside=True, fields=fields).exists():
            _keep_aside(review, fields, by=by, at=at, window=window)
        return Saved(review, is_aside=True)
    add_version(review, fields, by=by, at=at)
    if review.submitted_at is None:
        for name in Review.FIELDS:
            setattr(review, name, fields[name])
    review.saved_at, review.version = at, review.version + 1
    review.save(update_fields=[*Review.FIELDS, "saved_at", "version"])
    return Saved(review)


@transaction.atomic
def submit_review(*, assignment: Assignment, based_on: int, by: User, at: datetime, note: str = "") -> Review:
    """Make the saved text the review that counts. Pressed twice, the second does nothing.

    An open discussion is told of a changed score, with the `note`.
    """
    # Locked first: whoever gives the task back, or announces, meanwhile waits, or has.
    lock(assignment)
    review = Review.objects.select_for_update().filter(assignment=assignment).first()
    demand_open(assignment, at)
    if review is None:
        raise ReviewingError("Nothing is written yet.")
    fields = working_text(review)
    if review.submitted_at is not None and fields == official_text(review):
        return review
    if based_on != review.version:
        raise Stale("A newer text was saved meanwhile. Read it, then submit.")
    if missing := missing_in(assignment.submission.edition, fields):
        raise ReviewingError("Not complete: " + ", ".join(NEEDED[name] for name in missing) + ".")
    is_first = review.submitted_at is None
    old_score = None if is_first else review.score
    for name in Review.FIELDS:
        setattr(review, name, fields[name])
    review.submitted_at = review.submitted_at or at
    review.saved_at, review.version = at, review.version + 1
    review.save()
    add_version(review, fields, by=by, at=at, is_submitted=True)
    record(
        "submit_review" if is_first else "change_review",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=assignment.submission.edition.slug,
        subject=assignment.submission.label,
        detail={"assignment": assignment.pk, "score": review.score, "score_before": old_score},
    )
    if is_first:
        end_with([assignment], ending=Ending.SUBMITTED, by=by, at=at)
    else:
        note_change(assignment, review, old_score, note, at)
    return review


def other_chairs(assignment: Assignment) -> list[Membership]:
    """Chairs who may see the submission, without the reviewer herself."""
    submission = assignment.submission
    return [
        chair
        for chair in submission.edition.memberships.chairs().select_related("user")
        if chair.pk != assignment.membership_id and overseen_by(chair).filter(pk=submission.pk).exists()
    ]


def kept_because(assignment: Assignment, review: Review | None, at: datetime) -> str:
    """Why a task can no longer be given back, or '': what the chairs decide by stays on their pages."""
    if review is not None and review.submitted_at is not None:
        return (
            "Your review is submitted, so the task stays. If you are in conflict with the paper, write to the chairs."
        )
    return closed_because(assignment.submission, at)


@transaction.atomic
def decline_assignment(*, assignment: Assignment, refusal: str, reason: str, by: User, at: datetime) -> None:
    """Give a task back, with the reason; a conflict bars the submission for good. What was written is kept.

    Pressed twice, the second does nothing. Raises ReviewingError once the review is submitted or reviewing has closed,
    and when a chair took the task back meanwhile: her reason would reach nobody.
    """
    # In the order of every save, or the two would wait for each other.
    lock(assignment)
    review = Review.objects.select_for_update().filter(assignment=assignment).first()
    if words := kept_because(assignment, review, at):
        raise ReviewingError(words)
    moved = (
        Assignment.objects.standing()
        .filter(pk=assignment.pk)
        .update(declined_at=at, refusal=refusal, refusal_reason=reason)
    )
    assignment.refresh_from_db(fields=["declined_at", "refusal", "refusal_reason"])
    if assignment.declined_at is None:
        raise ReviewingError(OVER)
    if not moved:
        return
    submission, membership = assignment.submission, assignment.membership
    end_with([assignment], ending=Ending.TASK, by=by, at=at)
    if refusal == Assignment.Refusal.CONFLICT:
        declare_one(submission, membership, ConflictKind.OTHER, reason, by=by, at=at)
    for chair in other_chairs(assignment):
        post_refusal(assignment, chair, at)
    record(
        "decline_assignment",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"assignment": assignment.pk, "refusal": refusal},
    )


@transaction.atomic
def promise_date(*, assignment: Assignment, until: date | None, by: User, at: datetime) -> None:
    """Say until when the review will come; None takes the promise back."""
    changed = Assignment.objects.standing().filter(pk=assignment.pk).exclude(promised_at=until)
    if until is None:
        changed = Assignment.objects.standing().filter(pk=assignment.pk, promised_at__isnull=False)
    if not changed.update(promised_at=until):
        return
    record(
        "promise_date",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=assignment.submission.edition.slug,
        subject=assignment.submission.label,
        detail={"assignment": assignment.pk, "until": until.isoformat() if until else None},
    )


def declare_one(
    submission: Submission, membership: Membership, kind: str, reason: str, *, by: User, at: datetime
) -> bool:
    """A standing conflict declared by the member; False when there is one already."""
    _, created = Conflict.objects.get_or_create(
        submission=submission,
        membership=membership,
        source=ConflictSource.MEMBER,
        lifted_at=None,
        defaults={"kind": kind, "reason": reason, "declared_by": by, "declared_at": at},
    )
    return created


@transaction.atomic
def confirm_rules(*, membership: Membership, by: User, at: datetime) -> None:
    """She has read the rules of confidentiality and keeps them. The first time counts; a second press does nothing."""
    if not Membership.objects.filter(pk=membership.pk, rules_at__isnull=True).update(rules_at=at):
        return
    record(
        "confirm_rules",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=membership.edition.slug,
        subject=f"membership:{membership.pk}",
    )


def version_of_profile(membership: Membership) -> str:
    """What stands for a member's profile when two windows save it; '' as long as none was saved."""
    if membership.profile_at is None:
        return ""
    row = membership
    topics = row.interests.order_by("topic").values_list("topic__parent__title", "topic__title", "value")
    return fingerprint([row.max_load, row.away, row.publications, row.declared_conflicts, list(topics)])


@transaction.atomic
def save_profile(
    *,
    membership: Membership,
    version: str | None = None,
    interests: dict[int, int],
    max_load: int | None,
    away: str,
    publications: str,
    conflicts: list[dict[str, str]],
    by: User,
    at: datetime,
) -> None:
    """What a member says of herself for an edition. `interests` by topic id, -2 to 2; 0 is no row.

    `conflicts` is [{who, kind}]: persons by address or name as printed; their submissions are barred now, and those
    that come later before the next assignment (`conflicts.refresh_all`).
    Raises Stale when `version`, that of the profile which the page showed, is not what stands: a person who is not in
    the field must mean one who was taken out. None asks for no comparison. And when her place ended, or she was erased,
    while this waited.
    """
    # Whoever saves at the same time waits here and then finds the newer profile.
    locked = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    if locked.removed_at is not None:
        raise Stale("Your place in this committee has ended meanwhile; nothing was saved.")
    if version is not None and version != version_of_profile(locked):
        stands = dict(locked.interests.values_list("topic", "value"))
        kept = (locked.max_load, locked.away, locked.publications, locked.declared_conflicts)
        if kept == (max_load, away, publications, conflicts) and stands == {t: v for t, v in interests.items() if v}:
            return  # the same profile a second time: a second press
        raise Stale("Another window saved a newer profile meanwhile. What you typed is below and not saved yet.")
    membership.max_load, membership.away, membership.publications = max_load, away, publications
    membership.declared_conflicts, membership.profile_at = conflicts, at
    membership.save(update_fields=["max_load", "away", "publications", "declared_conflicts", "profile_at"])
    own = set(Topic.objects.filter(edition=membership.edition_id).values_list("pk", flat=True))
    Interest.objects.filter(membership=membership).delete()
    Interest.objects.bulk_create(
        Interest(membership=membership, topic_id=topic, value=value)
        for topic, value in interests.items()
        if topic in own and value
    )
    bar_named([membership], at)
    record(
        "save_profile",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=membership.edition.slug,
        subject=f"membership:{membership.pk}",
        detail={"max_load": max_load, "topics": sum(1 for value in interests.values() if value)},
    )


@transaction.atomic
def ask_correction(*, membership: Membership, text: str, by: User, at: datetime) -> int:
    """Tell the chairs that a found conflict is wrong; only a chair lifts it. Returns how many were told.

    Pressed twice, the second does nothing.
    """
    chairs = list(membership.edition.memberships.chairs().select_related("user").exclude(pk=membership.pk))
    posted = [post_profile_correction(membership, chair, text, at) for chair in chairs]
    told = sum(1 for message in posted if message is not None)
    if chairs and not told:
        return 0
    record(
        "ask_conflict_correction",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=membership.edition.slug,
        subject=f"membership:{membership.pk}",
    )
    return told
