"""What must be true of the whole database at any time; `./run manage invariants` asks.

Constraints hold what one row can tell; these are facts over several rooms. Each function yields one sentence per
breach, naming rows by primary key only, never a person or a text.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Lower

from dlonsc.accounts.models import User
from dlonsc.history.models import Entry
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.emails.watching import post_breaches
from reviews.models import Announcement, Assignment, Decision, Review, ReviewVersion, SubReviewer
from submissions.models import Author, CameraReadyItem, Conflict, Manuscript, Submission, Supplement
from submissions.states import Outcome, State

Check = Callable[[datetime], Iterator[str]]


def submitted_has_a_file(at: datetime) -> Iterator[str]:
    """A submitted submission has a current PDF."""
    for row in Submission.objects.submitted().exclude(manuscripts__is_current=True):
        yield f"submission {row.pk} is submitted without a current PDF"


def stored_files_exist(at: datetime) -> Iterator[str]:
    """Every file that a row names is on disk with its size and its hash."""
    for model in (Manuscript, Supplement, CameraReadyItem):
        for pk, sha256, size in model.objects.values_list("pk", "sha256", "size").iterator():
            path = Path(settings.MEDIA_ROOT) / sha256[:2] / sha256
            if not path.is_file():
                yield f"{model.__name__} {pk} names a file that is not there"
            elif path.stat().st_size != size:
                yield f"{model.__name__} {pk} names a file of {size} bytes; it has {path.stat().st_size}"
            elif hash_of(path) != sha256:
                yield f"{model.__name__} {pk} names a file whose bytes are not those of its hash"


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def no_reviewer_in_conflict(at: datetime) -> Iterator[str]:
    """Nobody without a review was assigned in spite of a standing conflict (of a later one the chairs are told)."""
    rows = Conflict.objects.filter(
        declared_at__lte=F("submission__assignments__assigned_at"),
        lifted_at__isnull=True,
        submission__assignments__membership=F("membership"),
        submission__assignments__declined_at__isnull=True,
        submission__assignments__removed_at__isnull=True,
        submission__assignments__review__submitted_at__isnull=True,
    ).distinct()
    for row in rows:
        yield f"membership {row.membership_id} is assigned to submission {row.submission_id} in spite of a conflict"


def no_reviewer_is_author(at: datetime) -> Iterator[str]:
    """Nobody reviews a submission that lists one of her verified addresses."""
    # The second step reads the join of the first: only what is verified is compared.
    standing = (
        Assignment.objects.standing()
        .filter(membership__user__emailaddress__verified=True)
        .alias(hers=Lower("membership__user__emailaddress__email"))
        .filter(hers=Lower("submission__authors__email"))
    )
    for pk in standing.values_list("pk", flat=True).distinct():
        yield f"assignment {pk} is an author's own"


def no_sub_reviewer_is_author_or_in_conflict(at: datetime) -> Iterator[str]:
    """Whoever writes a review for somebody is no author of the submission and in no standing conflict with it."""
    rows = SubReviewer.objects.accepted()
    authors = (
        rows.filter(user__emailaddress__verified=True)
        .alias(hers=Lower("user__emailaddress__email"))
        .filter(hers=Lower("assignment__submission__authors__email"))
    )
    conflicts = rows.filter(
        user__memberships__conflicts__submission=F("assignment__submission"),
        user__memberships__conflicts__lifted_at__isnull=True,
    )
    for pk in sorted({*authors.values_list("pk", flat=True), *conflicts.values_list("pk", flat=True)}):
        yield f"sub-reviewer {pk} is an author of the submission or in conflict with it"


def sub_reviewer_has_a_task_to_share(at: datetime) -> Iterator[str]:
    """A standing sub-reviewer belongs to a standing assignment whose review is not submitted."""
    for pk in (
        SubReviewer.objects.standing()
        .exclude(assignment__in=Assignment.objects.awaiting_review())
        .values_list("pk", flat=True)
    ):
        yield f"sub-reviewer {pk} stands without a task"


def who_saved_had_a_part(at: datetime) -> Iterator[str]:
    """What a sub-reviewer saved is in a review whose part she had accepted."""
    hers = SubReviewer.objects.filter(assignment=OuterRef("review__assignment"), user=OuterRef("saved_by"))
    helped = SubReviewer.objects.filter(user=OuterRef("saved_by"))
    reviewer = Q(saved_by=F("review__assignment__membership__user"))
    for pk in (
        ReviewVersion.objects.filter(Exists(helped))
        .exclude(reviewer)
        .exclude(Exists(hers))
        .values_list("pk", flat=True)
    ):
        yield f"version {pk} of a review was saved by somebody who had no part in it"


def announced_has_its_decision(at: datetime) -> Iterator[str]:
    """An outcome that authors may know agrees with a released decision."""
    verdicts = {Outcome.ACCEPTED: "accept", Outcome.REJECTED: "reject"}
    for row in Submission.objects.filter(announced_at__lte=at).select_related("decision__announcement"):
        decision = Decision.objects.filter(submission=row).select_related("announcement").first()
        if decision is None or decision.announcement is None:
            yield f"submission {row.pk} shows an outcome without a released decision"
        elif decision.verdict != verdicts[Outcome(row.outcome)]:
            yield f"submission {row.pk} shows {row.outcome}, its decision says {decision.verdict}"


def announced_has_its_letters(at: datetime) -> Iterator[str]:
    """Each author of a released decision has its letter in that release; who was listed later has none."""
    released = Announcement.objects.filter(release_at__lte=at, stopped_at__isnull=True, campaign_id_label__isnull=False)
    for release in released:
        letters = Message.objects.filter(kind="decision", campaign=release.campaign_id_label)
        told = {(label, email.lower()) for label, email in letters.values_list("subject_label", "to_email")}
        for decision in release.decisions.select_related("submission"):
            submission = decision.submission
            earlier = lists_before(submission, release.created_at)
            for author in submission.authors.exclude(email=""):
                email = author.email.lower()
                if (submission.label, email) not in told and all(email in listed for listed in earlier):
                    yield f"author {author.pk} has no letter of decision {decision.pk}, which is released"


def released_is_told(at: datetime) -> Iterator[str]:
    """Not all letters of a released decision on a standing submission were kept back: somebody was told of it."""
    released = Announcement.objects.filter(release_at__lte=at, stopped_at__isnull=True, campaign_id_label__isnull=False)
    for release in released:
        letters = Message.objects.filter(kind="decision", campaign=release.campaign_id_label)
        left = set(letters.exclude(state=LetterState.CANCELLED).values_list("subject_label", flat=True))
        kept_back = set(letters.values_list("subject_label", flat=True)) - left
        for decision in release.decisions.filter(submission__state=State.SUBMITTED).select_related("submission"):
            if decision.submission.label in kept_back:
                yield f"decision {decision.pk} is released and all its letters were cancelled"


def lists_before(submission: Submission, since: datetime) -> list[set[str]]:
    """The addresses of each author list that was replaced from an instant on."""
    verbs = ("changed the author list", "granted a change of the author list")
    changes = Entry.objects.filter(subject=submission.label, verb__in=verbs, at__gte=since)
    return [{one["email"].lower() for one in detail["before"]} for detail in changes.values_list("detail", flat=True)]


def released_is_announced(at: datetime) -> Iterator[str]:
    """A released decision shows on the site."""
    rows = Decision.objects.announced(at).filter(Q(submission__announced_at__isnull=True))
    for row in rows:
        yield f"decision {row.pk} was released and the site does not show it"


def submitted_review_counts_once(at: datetime) -> Iterator[str]:
    """No two standing assignments of one person to one submission."""
    rows = Assignment.objects.standing().values("submission", "membership").annotate(n=Count("pk")).filter(n__gt=1)
    for row in rows:
        yield f"membership {row['membership']} is assigned twice to submission {row['submission']}"


def text_has_its_version(at: datetime) -> Iterator[str]:
    """What a review says now is kept as one of its versions: a text never changes without one."""
    versions: dict[int, list[dict[str, object]]] = {}
    for pk, fields in ReviewVersion.objects.values_list("review_id", "fields").iterator():
        versions.setdefault(pk, []).append(fields)
    for review in Review.objects.iterator():
        now = {name: getattr(review, name) for name in Review.FIELDS}
        if any(now.values()) and now not in versions.get(review.pk, []):
            yield f"review {review.pk} holds a text that no version keeps"


def one_contact_per_submitted(at: datetime) -> Iterator[str]:
    """A submitted submission has authors, and one of them is its contact."""
    contacts = Author.objects.filter(is_contact=True).values("submission")
    for row in Submission.objects.submitted().exclude(pk__in=contacts):
        yield f"submission {row.pk} has no contact author"


def sent_was_handed_over(at: datetime) -> Iterator[str]:
    """A letter that is sent has the time and the answer of it."""
    for pk in Message.objects.filter(state=LetterState.SENT, finished_at__isnull=True).values_list("pk", flat=True):
        yield f"letter {pk} is sent without a time"


def history_is_in_the_past(at: datetime) -> Iterator[str]:
    for pk in Entry.objects.filter(at__gt=at).values_list("pk", flat=True)[:20]:
        yield f"history entry {pk} is dated in the future"


def withdrawn_has_its_time(at: datetime) -> Iterator[str]:
    for pk in Submission.objects.filter(state=State.WITHDRAWN, withdrawn_at__isnull=True).values_list("pk", flat=True):
        yield f"submission {pk} is withdrawn without a time"


def outcome_is_of_a_standing_paper(at: datetime) -> Iterator[str]:
    """Only a submitted paper has an outcome, or one that was taken back while it was held, which no letter tells."""
    for row in Submission.objects.exclude(outcome="").exclude(state=State.SUBMITTED):
        was_held = row.withdrawn_at is not None and row.announced_at is not None and row.withdrawn_at < row.announced_at
        if row.state != State.WITHDRAWN or not was_held:
            yield f"submission {row.pk} is {row.state} and has an outcome that was not taken back with it"
        told = Message.objects.filter(kind="decision", subject_label=row.label, handed_over_at__isnull=False)
        for pk in told.order_by("pk").values_list("pk", flat=True):
            yield f"letter {pk} told the outcome of submission {row.pk}, which is {row.state}"


CHECKS: tuple[Check, ...] = (
    submitted_has_a_file,
    stored_files_exist,
    no_reviewer_in_conflict,
    no_reviewer_is_author,
    no_sub_reviewer_is_author_or_in_conflict,
    sub_reviewer_has_a_task_to_share,
    who_saved_had_a_part,
    announced_has_its_decision,
    announced_has_its_letters,
    released_is_told,
    released_is_announced,
    submitted_review_counts_once,
    text_has_its_version,
    one_contact_per_submitted,
    sent_was_handed_over,
    history_is_in_the_past,
    withdrawn_has_its_time,
    outcome_is_of_a_standing_paper,
)


def breaches(at: datetime) -> list[str]:
    """All sentences of all checks; empty when all is well."""
    return [sentence for check in CHECKS for sentence in check(at)]


def audit(at: datetime) -> list[str]:
    """Ask all checks, write into history that they were asked, and tell the administrators of a breach.

    History keeps only how many breaches there were. The sentences go to administrators alone: a chair could learn from
    them of a paper that she is in conflict with.
    """
    found = breaches(at)
    with transaction.atomic():
        record("invariants_checked", by_id=None, by="nightly job", at=at, detail={"breaches": len(found)})
        if found:
            for person in User.objects.filter(is_superuser=True, is_active=True):
                post_breaches(person, found, at=at)
    return found
