"""A reviewer names a sub-reviewer, a chair agrees, the person accepts, writes and hands over."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from django.db import IntegrityError, transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from dlonsc.posted import fingerprint
from reviews.access import open_sub_reviews, sub_reviewed_by
from reviews.actions import reviewing
from reviews.actions.assigning import Refused
from reviews.actions.ending import Ending, end
from reviews.emails import subreviewing as letters
from reviews.models import Assignment, Review, ReviewVersion, SubReviewer
from reviews.subreviewers import findings
from submissions.access import in_conflict_with, overseen_by
from submissions.models import Submission

DECLINED = "You have declined already; what you write now was sent to nobody."
CLOSED = "Reviewing is closed. What you saved is kept for you."
ENDED = "This invitation has ended."
OVER = "Your part in this review has ended. What you saved is kept for you."
# How many versions are read at a time.
A_FEW = 10


@transaction.atomic
def name_sub_reviewer(
    assignment: Assignment, *, name: str, email: str, institution: str, why: str, by: User, at: datetime
) -> SubReviewer:
    """Ask the chairs whether somebody may write this review with its reviewer. Nothing leaves to her yet.

    Never refused for a conflict: in a blind edition the refusal would tell who the authors are. Pressed twice, the
    second does nothing. Raises Refused when another is named already or the review is submitted, ReviewingError when it
    can no longer be written.
    """
    # Whoever takes the task back, gives it back or submits its review meanwhile waits, or was waited for.
    reviewing.lock(assignment)
    reviewing.demand_open(assignment, at)
    if Review.objects.filter(assignment=assignment, submitted_at__isnull=False).exists():
        raise Refused("Your review is submitted; nobody needs to write it any more.")
    if email.strip().lower() in {by.email.lower(), *by.verified_emails}:
        raise Refused("This is your own address.")
    words = {"name": name.strip(), "email": email.strip().lower(), "institution": institution.strip()}
    words["why"] = why.strip()
    try:
        with transaction.atomic():
            row = SubReviewer.objects.create(assignment=assignment, **words, named_by=by, named_at=at)
    except IntegrityError as error:
        if same := SubReviewer.objects.standing().filter(assignment=assignment, **words).first():
            return same
        raise Refused("You have named somebody already. End that first.") from error
    for chair in chairs_to_ask(assignment):
        letters.post_named(row, chair, at)
    _note("sub_reviewer_named", row, by, at)
    return row


def chairs_to_ask(assignment: Assignment) -> list[Membership]:
    """The handling chair where one is named, otherwise all who may see the submission; the reviewer herself last."""
    submission = assignment.submission
    chairs = [
        chair
        for chair in Membership.objects.chairs().filter(edition=submission.edition_id).select_related("user")
        if overseen_by(chair).filter(pk=submission.pk).exists()
    ]
    others = [chair for chair in chairs if chair.pk != assignment.membership_id]
    handling = [chair for chair in others if chair.pk == submission.handling_chair_id]
    return handling or others or chairs


@transaction.atomic
def agree(row: SubReviewer, *, chair: Membership, reason: str, at: datetime) -> None:
    """A chair agrees, and the person is invited by letter.

    Raises Refused for an author, for a person in conflict, where something else is found and no reason is given, and
    for the chair who named her while another can decide.
    """
    # Whoever agrees at the same time to her for another review of the paper waits, or both would end once she accepts.
    Submission.objects.select_for_update(no_key=True).get(pk=row.assignment.submission_id)
    by = _decider(row, chair)
    found = findings(row)
    if found.bars:
        raise Refused(f"{row.name} cannot be agreed to. {found.bars[0]}")
    if found.weighs and not reason.strip():
        raise Refused("Something was found about this person. Say why you agree all the same.")
    if not open_sub_reviews(at).filter(pk=row.pk).exists():
        raise Refused("This review can no longer be written with somebody; nothing was sent.")
    if reviewing.closed_because(row.assignment.submission, at):
        raise Refused("Reviewing is closed; nothing was sent. Move its date first, then agree.")
    _decide(row, by, at, is_agreed=True, reason=reason.strip())
    letters.post_invitation(row, at)
    _note("sub_reviewer_agreed", row, by, at)


@transaction.atomic
def refuse(row: SubReviewer, *, chair: Membership, reason: str, at: datetime) -> None:
    """A chair does not agree. The reviewer is told that, and never why; the named person learns nothing."""
    by = _decider(row, chair)
    _decide(row, by, at, is_agreed=False, reason=reason.strip(), ended_at=at, ending=Ending.REFUSED)
    letters.post_refused(row, at)
    _note("sub_reviewer_refused", row, by, at)


def _decider(row: SubReviewer, chair: Membership) -> User:
    if chair.user is None or chair.pk not in {one.pk for one in _may_decide(row)}:
        raise Refused("You named this person; another chair decides.")
    return chair.user


def _may_decide(row: SubReviewer) -> list[Membership]:
    """Every chair who may see the submission, but the one who named, unless she is the only one.

    She is not the only one where she herself set the conflict that keeps another from seeing it.
    """
    submission = row.assignment.submission
    chairs = list(Membership.objects.chairs().filter(edition=submission.edition_id))
    seeing = [chair for chair in chairs if overseen_by(chair).filter(pk=submission.pk).exists()]
    others = [chair for chair in chairs if chair.user_id != row.named_by_id]
    mine = Submission.objects.filter(pk=submission.pk)
    barred = [in_conflict_with(chair, but_set_by=row.named_by) for chair in others]
    if any(mine.exclude(hidden).exists() for hidden in barred):
        return [chair for chair in seeing if chair.user_id != row.named_by_id]
    return seeing


def _decide(row: SubReviewer, by: User, at: datetime, **fields: object) -> None:
    if not SubReviewer.objects.waiting().filter(pk=row.pk).update(decided_by=by, decided_at=at, **fields):
        raise Refused("This was answered, or ended, in the meantime.")
    row.refresh_from_db()


@transaction.atomic
def accept(row: SubReviewer, *, by: User, at: datetime) -> bool:
    """The holder of the invited address takes it up. Pressed twice, the second does nothing.

    For who may not know the submission it ends (False), as it may end for anybody: a refusal would tell an author who
    reviews her paper, for the invitation names its reviewer. Raises Refused for another account, and once it has ended.
    """
    if SubReviewer.objects.accepted().filter(pk=row.pk, user=by).exists():
        return True
    if row.email.lower() not in by.verified_emails:
        raise Refused(f"The invitation is for {row.email}. Sign in with the account that has verified this address.")
    if not open_sub_reviews(at).invited().filter(pk=row.pk).exists():
        raise Refused(ENDED)
    if findings(row, by).bars:
        if end(row, ending=Ending.BARRED, by=None, at=at):
            letters.post_answered(row, "declined", at)
        return False
    if not SubReviewer.objects.invited().filter(pk=row.pk).update(user=by, accepted_at=at):
        raise Refused(ENDED)
    row.refresh_from_db()
    letters.post_answered(row, "accepted", at)
    _note("sub_reviewer_accepted", row, by, at)
    return True


@transaction.atomic
def decline(row: SubReviewer, *, reason: str, by: User | None, at: datetime) -> None:
    """Answer no, without an account; pressed twice, the second does nothing. The reviewer reads the reason.

    Raises Refused when the invitation was accepted, or ended by others, in the meantime, and for other words of who has
    declined already.
    """
    if not SubReviewer.objects.invited().filter(pk=row.pk).update(decline_reason=reason.strip()):
        declined = SubReviewer.objects.filter(pk=row.pk, ending=Ending.DECLINED).first()
        if declined is None:
            raise Refused(ENDED)
        if reason.strip() not in {"", declined.decline_reason}:
            raise Refused(DECLINED)
        return
    if end(row, ending=Ending.DECLINED, by=by, at=at):
        letters.post_answered(row, "declined", at)


@transaction.atomic
def withdraw(row: SubReviewer, *, by: User, at: datetime) -> None:
    """She gives it back; the reviewer is told and keeps the text."""
    if end(row, ending=Ending.WITHDREW, by=by, at=at):
        letters.post_answered(row, "withdrew", at)


@transaction.atomic
def end_by_reviewer(row: SubReviewer, *, by: User, at: datetime) -> bool:
    """Also before a chair has answered: then nobody else learns of it."""
    return end(row, ending=Ending.REVIEWER, by=by, at=at)


@transaction.atomic
def end_by_chair(row: SubReviewer, *, by: User, at: datetime) -> bool:
    ended = end(row, ending=Ending.CHAIR, by=by, at=at)
    if ended:
        letters.post_answered(row, "ended", at)
    return ended


@dataclass(frozen=True)
class Shared:
    """The text that both write as it stands: a number that stands for it (0: none was written yet), and since when."""

    version: int = 0
    since: datetime | None = None


def shared(review: Review | None) -> Shared:
    """Without the reviewer's note, also in how often and when it was saved. Of the versions only the newest with the
    same text are read.
    """
    text, since = reviewing.empty_fields(), None
    for one in _newest_first(review) if review is not None else ():
        before = reviewing.empty_fields() | one.fields | {"for_chairs": ""}
        if since is not None and before != text:
            return Shared(_stands_for(text), since)
        text, since = before, one.saved_at
    return Shared() if text == reviewing.empty_fields() else Shared(_stands_for(text), since)


def _newest_first(review: Review) -> Iterator[ReviewVersion]:
    rows = review.versions.filter(is_aside=False).order_by("-number")
    for start in count(step=A_FEW):
        found = list(rows[start : start + A_FEW])
        yield from found
        if len(found) < A_FEW:
            return


def _stands_for(text: reviewing.Fields) -> int:
    """A number of at most nine digits, as forms send it."""
    return 1 + int(fingerprint(text)[:7], 16)


@transaction.atomic
def save(
    row: SubReviewer, *, fields: reviewing.Fields, based_on: int, by: User, at: datetime, window: str = ""
) -> reviewing.Saved:
    """`reviewing.save_review` by the sub-reviewer: the confidential note stays the reviewer's own, unread.

    What comes after she handed over, or once reviewing is closed (from a page that was still open), is kept aside, and
    answered alike whatever the reviewer did since.
    """
    # The same locks in the same order as saving: nobody submits between the question and the answer.
    Submission.objects.select_for_update(no_key=True).get(pk=row.assignment.submission_id)
    review = Review.objects.select_for_update().filter(assignment=row.assignment_id).first()
    now = sub_reviewed_by(by).filter(pk=row.pk).first()
    if now is None:
        raise reviewing.ReviewingError(OVER)
    # What her page knew is the text alone: that the reviewer has saved a note besides is none of hers.
    known = review.version if review is not None else 0
    based_on = known if based_on == shared(review).version else -1
    # Not the reviewer's words: that a decision is announced is hers to know.
    closed = CLOSED if reviewing.over_because(now.assignment, at) else ""
    fields = fields | {"for_chairs": reviewing.working_text(review)["for_chairs"]}
    if now.ready_at is not None and review is not None:
        saved = _keep_aside(review, fields, by, at, window)
    else:
        saved = reviewing.save_review(
            assignment=now.assignment, fields=fields, based_on=based_on, by=by, at=at, window=window
        )
    return replace(saved, closed=closed)


def _keep_aside(review: Review, fields: reviewing.Fields, by: User, at: datetime, window: str) -> reviewing.Saved:
    """Keep a text beside the newest, once per text, in place of what the same window sent before.

    Compared with what she saved herself and without the note: neither the answer nor her own list of texts may tell
    whether the reviewer changed anything.
    """
    fields = reviewing.empty_fields() | {name: fields[name] for name in Review.FIELDS if name in fields}
    hers = review.versions.filter(saved_by=by)
    if fields | {"for_chairs": ""} not in [one.fields | {"for_chairs": ""} for one in hers]:
        if window:
            # Added anew at the end: the reviewer is told of what is beside her newest text.
            hers.filter(is_aside=True, window=window).delete()
        reviewing.add_version(review, fields, by=by, at=at, is_aside=True, window=window)
    return reviewing.Saved(review, is_aside=True)


@transaction.atomic
def hand_over(row: SubReviewer, *, by: User, at: datetime) -> None:
    """She says that her text is ready, once; the reviewer is told, reads, changes, and submits it as her own."""
    if not ReviewVersion.objects.filter(review__assignment=row.assignment_id, saved_by=by).exists():
        raise Refused("Nothing is written yet.")
    if not SubReviewer.objects.accepted().filter(pk=row.pk, ready_at__isnull=True).update(ready_at=at):
        return
    row.refresh_from_db()
    letters.post_ready(row, at)
    _note("sub_reviewer_ready", row, by, at)


def _note(verb: str, row: SubReviewer, by: User, at: datetime) -> None:
    submission = row.assignment.submission
    record(
        verb,
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail={"number": submission.number, "sub_reviewer": row.name},
    )
