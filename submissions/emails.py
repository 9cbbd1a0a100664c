"""Letters of the authors' side: each a function, its text files, one recipient per envelope, a unique key.

Called inside the transaction of the fact. What can be taken back and done again has its instant in the key: each time
has its letter.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from dlonsc.editions.calendar import AOE, Phase, announced_at
from dlonsc.editions.guards import due_moved, tells_due
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message
from dlonsc.mail.post import post, preview
from submissions.access import in_conflict_with
from submissions.conflicts import writers_of
from submissions.contacts import answers_no_more
from submissions.guards import (
    TO_AUTHORS,
    accepted,
    approved,
    for_chair,
    in_state,
    in_time,
    of_authors,
    of_creator,
    returned,
)
from submissions.models import (
    Author,
    AuthorListRequest,
    CameraReadyItem,
    CameraReadyKind,
    LatePermission,
    Manuscript,
    Question,
    Submission,
)
from submissions.receipts import code_of

ROOM = "submissions/emails"


def absolute(name: str, **words: Any) -> str:
    return f"{settings.SITE_URL}{reverse(name, kwargs=words)}"


def minute_in(zone: str, cutoff: datetime) -> str:
    when = announced_at(cutoff, zone)
    return f"{when:%a} {when.day} {when:%b %Y, %H:%M} {zone}"


def minute_of(cutoff: datetime) -> str:
    """The last minute before a submission's own cut-off, in AoE as the chair gave it, and in UTC."""
    return f"{minute_in(AOE, cutoff)} ({minute_in('UTC', cutoff)}; that minute is included)"


def context_of(submission: Submission, author: Author, **words: Any) -> dict[str, Any]:
    return {
        "submission": submission,
        "edition": submission.edition,
        "author": author,
        "link": absolute("submissions:submission", slug=submission.edition.slug, number=submission.number),
        **words,
    }


def to_author(
    submission: Submission,
    author: Author,
    letter: str,
    *,
    key: str,
    at: datetime,
    guard: dict[str, Any] | None = None,
    at_most_once: bool = True,
    **words: Any,
) -> bool:
    """False when this letter was written before."""
    message = post(
        key=f"{key}:{author.email.lower()}",
        to_email=author.email,
        to_name=author.name,
        letter=f"{ROOM}/{letter}",
        context=context_of(submission, author, **words),
        head=letterhead(submission.edition),
        at=at,
        kind=letter,
        about=submission.label,
        thread=f"{submission.edition.slug}.{submission.number}",
        at_most_once=at_most_once,
        guard=guard,
    )
    return message is not None


def who_know_of(submission: Submission) -> list[Author]:
    """The authors who are written to: all once it is submitted.

    A draft names whomever its creator typed: a stranger is not written to before she was there herself, to confirm that
    she is its author or to write in it, or had a letter of it. Who started it, and is listed by no address that she has
    proven, is written to at that of her account, beside the list: else nobody might be.
    """
    authors = list(submission.authors.all())
    if submission.submitted_at is not None:
        return authors
    of_it = Message.objects.filter(subject_label=submission.label, kind__in=TO_AUTHORS)
    wrote = EmailAddress.objects.filter(user__in={submission.created_by_id, *writers_of(submission)}, verified=True)
    known = {email.lower() for rows in (of_it.values_list("to_email"), wrote.values_list("email")) for (email,) in rows}
    told = [author for author in authors if author.confirmed_at or author.email in known]
    owner = submission.created_by
    is_hers = owner.is_active and not submission.creator_left
    if is_hers and {author.email for author in authors}.isdisjoint(owner.verified_emails):
        told.append(Author(submission=submission, email=owner.email, name=owner.name))
    return told


def to_all_authors(
    submission: Submission,
    letter: str,
    *,
    key: str,
    at: datetime,
    guard: dict[str, Any] | None = None,
    **words: Any,
) -> None:
    """A letter to each author who knows of it; it does not leave to who is none any more by then.

    `guard`: what must hold besides.
    """
    for author in who_know_of(submission):
        hers = of_authors(submission) if author.pk else of_creator(submission)
        to_author(submission, author, letter, key=key, at=at, guard=hers | (guard or {}), **words)


def chairs_of(submission: Submission) -> Iterable[Membership]:
    """The chairs that may know of a submission: never one in conflict with it."""
    for chair in submission.edition.memberships.chairs().select_related("user"):
        if not Submission.objects.filter(in_conflict_with(chair), pk=submission.pk).exists():
            yield chair


def to_chairs(submission: Submission, letter: str, *, key: str, at: datetime, link: str, **words: Any) -> None:
    for chair in chairs_of(submission):
        post(
            key=f"{key}:chair-{chair.pk}",
            to_email=chair.user.email if chair.user else chair.email,
            to_name=chair.name,
            letter=f"{ROOM}/{letter}",
            context={"submission": submission, "edition": submission.edition, "link": link, **words},
            head=letterhead(submission.edition),
            at=at,
            kind=letter,
            about=submission.label,
            thread=f"{submission.edition.slug}.{submission.number}",
            guard=for_chair(chair, submission),
        )


def receipts_key(submission: Submission) -> str:
    """What the keys of all receipts of a submission begin with."""
    return f"receipt:{submission.pk}:"


def receipt(submission: Submission, manuscript: Manuscript, *, at: datetime, is_new_version: bool) -> None:
    """Proof to all authors: what was submitted, by whom it will be printed, hash and time."""
    # The list is that of now, with its submission held; `at` may be when a check of some seconds began.
    listed = max(at, timezone.now())
    code = code_of(submission, manuscript, at=listed)
    to_all_authors(
        submission,
        "new_version" if is_new_version else "receipt",
        # To the second, as its code: two of one second say the same.
        key=f"{receipts_key(submission)}{manuscript.pk}:{submission.submitted_at:%Y%m%d%H%M%S}",
        at=at,
        manuscript=manuscript,
        authors=list(submission.authors.all()),
        listed=listed.astimezone(UTC),
        received=manuscript.received_at.astimezone(UTC),
        submitted=submission.submitted_at.astimezone(UTC) if submission.submitted_at else None,
        code=code,
        verify_link=absolute("submissions:verify", code=code),
    )


def withdrawn(submission: Submission, *, can_undo: bool, at: datetime) -> None:
    key = f"withdrawn:{submission.pk}:{at.isoformat()}"
    to_all_authors(submission, "withdrawn", key=key, at=at, guard=in_state(submission), can_undo=can_undo)


def restored(submission: Submission, *, at: datetime) -> None:
    key = f"restored:{submission.pk}:{at.isoformat()}"
    to_all_authors(submission, "restored", key=key, at=at, guard=in_state(submission))


def check_came_late(submission: Submission, manuscript: Manuscript, *, at: datetime) -> None:
    """The deep check was done after submitting: tell its verdict."""
    to_all_authors(submission, "check_result", key=f"check:{manuscript.pk}", at=at, manuscript=manuscript)


def author_change_requested(request: AuthorListRequest, *, at: datetime) -> None:
    submission = request.submission
    people = {row["email"].lower(): row for row in [*request.old_list, *request.new_list]}
    for email, row in sorted(people.items()):
        author = Author(submission=submission, email=email, name=row["name"])
        to_author(submission, author, "author_change", key=f"author-change:{request.pk}:asked", at=at, request=request)
    link = absolute("submissions:author_requests", slug=submission.edition.slug)
    to_chairs(submission, "author_change_chair", key=f"author-change:{request.pk}", at=at, link=link, request=request)


def author_change_decided(request: AuthorListRequest, *, at: datetime) -> None:
    """To the authors of both lists, but to nobody who left the old one by another way: it went on without her."""
    submission = request.submission
    people = {row["email"].lower(): row for row in [*request.old_list, *request.new_list]}
    if not request.is_granted:
        asked_over = {row["email"].lower() for row in request.old_list}
        for email in asked_over - {author.email for author in submission.authors.all()}:
            del people[email]
    for email, row in sorted(people.items()):
        author = Author(submission=submission, email=email, name=row["name"])
        to_author(
            submission,
            author,
            "author_change_decided",
            key=f"author-change:{request.pk}:decided",
            at=at,
            request=request,
        )


def late_permission(permission: LatePermission, *, at: datetime) -> None:
    submission = permission.submission
    to_all_authors(
        submission,
        "late_permission",
        key=f"late:{permission.pk}",
        at=at,
        guard=in_time(submission, permission.cutoff_at)
        | (accepted(submission) if permission.phase == Phase.CAMERA_READY else {}),
        permission=permission,
        until=minute_of(permission.cutoff_at),
    )


def late_file_adopted(submission: Submission, manuscript: Manuscript, *, at: datetime) -> None:
    to_all_authors(submission, "late_adopted", key=f"adopted:{manuscript.pk}", at=at, manuscript=manuscript)


def desk_rejected(submission: Submission, text: str, *, at: datetime) -> None:
    key = f"desk-reject:{submission.pk}:{at.isoformat()}"
    to_all_authors(submission, "desk_reject", key=key, at=at, guard=in_state(submission), text=text)


def correction_asked(
    submission: Submission, manuscript: Manuscript, text: str, until: datetime, *, at: datetime
) -> None:
    key = f"correct-pdf:{manuscript.pk}:{at.isoformat()}"
    guard = in_time(submission, until)
    to_all_authors(submission, "correct_pdf", key=key, at=at, guard=guard, text=text, until=minute_of(until))


def question_asked(question: Question, *, at: datetime) -> None:
    submission = question.submission
    link = absolute("submissions:questions", slug=submission.edition.slug)
    to_chairs(submission, "question", key=f"question:{question.pk}", at=at, link=link, question=question)


def question_answered(question: Question, *, at: datetime) -> None:
    submission = question.submission
    to_all_authors(submission, "answer", key=f"answer:{question.pk}", at=at, question=question)


def camera_ready_received(item: CameraReadyItem, *, at: datetime) -> None:
    to_all_authors(item.submission, "camera_ready_received", key=f"camera-ready:{item.pk}:received", at=at, item=item)


def camera_ready_returned(item: CameraReadyItem, *, at: datetime) -> None:
    """The same version may be returned, accepted all the same, and returned again: each return has a letter."""
    key = f"camera-ready:{item.pk}:returned:{at.isoformat()}"
    to_all_authors(item.submission, "camera_ready_returned", key=key, at=at, guard=returned(item, at), item=item)


def camera_ready_approved(submission: Submission, *, at: datetime) -> None:
    items = list(submission.camera_ready_items.filter(is_current=True))
    key = f"camera-ready:{submission.pk}:approved:{at.isoformat()}"
    to_all_authors(submission, "camera_ready_approved", key=key, at=at, guard=approved(submission, at), items=items)


CHASE = "chase"


def chase_key(submission: Submission, kind: CameraReadyKind, at: datetime) -> str:
    """One letter a day."""
    return f"{CHASE}:{submission.pk}:{kind}:{at:%Y-%m-%d}"


def due_at(submission: Submission) -> datetime | None:
    """Until when the camera-ready paper is due, a later date of its own counted; None where no date is set."""
    due = submission.edition.due(Phase.CAMERA_READY)
    return (submission.own_date(due) or due.cutoff_at) if due else None


def due_words(submission: Submission) -> str:
    due, cutoff = submission.edition.due(Phase.CAMERA_READY), due_at(submission)
    return minute_in(due.zone, cutoff) if due and cutoff else ""


def chase(submission: Submission, author: Author, kind: CameraReadyKind, *, at: datetime) -> bool:
    """Ask for one camera-ready item; False when that was done today. It does not leave once the item is there."""
    return to_author(
        submission,
        author,
        CHASE,
        key=chase_key(submission, kind, at),
        at=at,
        guard={"submission": submission.pk, "item": kind.value} | tells_due(due_at(submission)),
        at_most_once=False,
        item=kind.label,
        due=due_words(submission),
    )


def chase_preview(submission: Submission, author: Author, kind: CameraReadyKind) -> tuple[str, str]:
    """Subject and text as they would leave now."""
    context = context_of(submission, author, item=kind.label, due=due_words(submission))
    return preview(f"{ROOM}/{CHASE}", context, to_name=author.name, head=letterhead(submission.edition))


def item_is_missing(message: Message) -> str | None:
    """The guard of such a letter."""
    wanted = message.guard
    rows = Submission.objects.accepted(timezone.now()).select_related("edition")
    submission = rows.filter(pk=wanted["submission"]).first()
    if submission is None:
        return "the submission is not accepted any more"
    there = submission.camera_ready_items.filter(kind=wanted["item"], is_current=True, returned_at__isnull=True)
    if there.exists():
        return "it was delivered in the meantime"
    return answers_no_more(message, submission) or due_moved(message, due_at(submission))
