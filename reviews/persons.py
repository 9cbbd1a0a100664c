"""Everything that an installation holds about one person, as she may read it: for her own copy, nobody else's.

What others wrote or did is in it only as letters that were sent to her; a letter that waits, an outcome that is not
announced and whoever named her as a conflict are not.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower

from dlonsc.accounts.adapter import OPENING
from dlonsc.accounts.models import User
from dlonsc.editions.models import Interest, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import whose
from dlonsc.mail.models import HAVE_LEFT, Message, Unsubscribed
from reviews.models import Assignment, Bid, Comment, Review, ReviewVersion, SubReviewer
from submissions.access import authored_by
from submissions.actions.drafting import own_conflicts
from submissions.actions.printing import Details
from submissions.files import path_of
from submissions.models import (
    Author,
    CameraReadyDetails,
    CameraReadyItem,
    CameraReadyKind,
    Question,
    ReproducibilityRecord,
    Submission,
)


def fields_of(row: Model, *names: str) -> dict[str, Any]:
    """Plain values of a row."""
    return {name: getattr(row, name) for name in names}


def data_of(user: User, at: datetime) -> dict[str, Any]:
    """All of it, ready for JSON with DjangoJSONEncoder."""
    return {
        "made_at": at,
        "account": fields_of(user, "name", "orcid", "joined_at", "last_login", "compact_tables", "digest"),
        "addresses": [fields_of(row, "email", "verified", "primary") for row in _addresses(user)],
        "affiliations": [
            fields_of(row, "institution", "town", "country", "domain", "until") for row in user.affiliations.all()
        ],
        "second_factors": list(
            Authenticator.objects.filter(user=user).order_by("pk").values("type", "created_at", "last_used_at")
        ),
        "accounts_elsewhere": [
            fields_of(row, "provider", "uid", "extra_data", "date_joined", "last_login")
            for row in SocialAccount.objects.filter(user=user).order_by("pk")
        ],
        "sessions": [
            fields_of(row, "ip", "user_agent", "created_at", "last_seen_at")
            for row in UserSession.objects.filter(user=user).order_by("pk")
        ],
        "committees": [_committee(row) for row in places_of(user).select_related("edition").order_by("pk")],
        "submissions": [_submission(row) for row in _submissions(user)],
        "typed_and_not_saved": list(_typed(user)),
        "reviews": [_review(row) for row in _reviews(user)],
        "sub_reviews": [_sub_review(row, user) for row in _sub_reviews(user)],
        "sub_reviewers_you_named": [_named(row) for row in _named_by(user)],
        "comments": [_comment(row) for row in _comments(user)],
        "questions_and_answers": [_question(row) for row in _questions(user)],
        "letters": [
            fields_of(row, "subject", "text", "to_email", "created_at", "finished_at") for row in _letters(user)
        ],
        "reminders_stopped": list(
            Unsubscribed.objects.filter(email__in=user.verified_emails)
            .order_by("pk")
            .values("email", "edition", "since")
        ),
        "acts": list(Entry.objects.filter(by_id=user.pk).order_by("pk").values("verb", "at", "edition")),
    }


def files_of(user: User) -> Iterator[tuple[str, Path]]:
    """All files of her submissions, as (name in the archive, path); a lost one is left out."""
    for row in _submissions(user):
        folder = f"{row.edition.slug}_{row.number:03d}"
        stored = [
            *((f"version-{one.number}.pdf", one.sha256) for one in row.manuscripts.order_by("number")),
            *((f"supplement-{place}", one.sha256) for place, one in enumerate(row.supplements.order_by("pk"), 1)),
            *((_delivered(one), one.sha256) for one in row.camera_ready_items.order_by("kind", "number")),
        ]
        for name, sha256 in stored:
            path = path_of(sha256)
            if path.exists():
                yield f"files/{folder}/{name}", path


def _delivered(item: CameraReadyItem) -> str:
    ending = "zip" if item.kind == CameraReadyKind.SOURCES else "pdf"
    return f"camera-ready-{item.kind}-{item.number}.{ending}"


def _typed(user: User) -> Iterator[dict[str, Any]]:
    """What she typed beside submissions and could not save, also where she is no author any more."""
    for row in Submission.objects.exclude(typed={}).select_related("edition").order_by("pk"):
        rows = {name: value for name, value in row.typed.items() if name != "aside"}
        kept = [{"section": name, "by_id": value.get("by_id"), "fields": value} for name, value in rows.items()]
        for one in [*kept, *row.typed.get("aside", [])]:
            if one.get("by_id") == user.pk:
                words = {name: text for name, text in one["fields"].items() if name not in {"by", "by_id"}}
                yield {
                    "edition": row.edition.name,
                    "submission": row.number,
                    "section": one["section"],
                    "fields": words,
                }


def places_of(user: User) -> QuerySet[Membership]:
    """Her places, and the rows of invitations to her that wait, or ended when they gave an earlier place back."""
    hers = {email.lower() for email in user.verified_emails}
    letters = Message.objects.filter(kind="invitation", subject_label__startswith="membership:").order_by("pk")
    to_her = letters.filter(whose.hers(hers, user.pk))
    # Whom the last letter went to: the first may have gone to a wrong address, which is perhaps somebody's.
    rows = letters.filter(subject_label__in=to_her.values("subject_label"))
    last, known = dict(rows.values_list("subject_label", "pk")), set(to_her.values_list("pk", flat=True))
    invited = [_row_of(label) for label, pk in last.items() if pk in known]
    # The place that came back took the address with it.
    ended = Q(email="", removed_at__isnull=False, pk__in=invited)
    before_her = letters.filter(to_email__in=hers).exclude(subject_label__in=to_her.values("subject_label"))
    anothers = [_row_of(label) for label in before_her.values_list("subject_label", flat=True)]
    waiting = Q(low__in=hers) & ~Q(pk__in=anothers)
    return Membership.objects.alias(low=Lower("email")).filter(Q(user=user) | Q(user=None) & (waiting | ended))


def _row_of(label: str) -> int:
    return int(label.removeprefix("membership:"))


def _addresses(user: User) -> list[EmailAddress]:
    return list(EmailAddress.objects.filter(user=user).order_by("pk"))


def _submissions(user: User) -> list[Submission]:
    return list(authored_by(user).select_related("edition").order_by("pk"))


def _reviews(user: User) -> list[Review]:
    rows = Review.objects.filter(assignment__membership__user=user).order_by("pk")
    return list(rows.select_related("assignment__submission__edition").prefetch_related("versions__saved_by"))


def _comments(user: User) -> list[Comment]:
    rows = Comment.objects.filter(membership__user=user).order_by("pk")
    return list(rows.select_related("discussion__submission__edition"))


def _comment(row: Comment) -> dict[str, Any]:
    submission = row.discussion.submission
    return {"edition": submission.edition.name, "submission": submission.number, **fields_of(row, "written_at", "text")}


def _questions(user: User) -> list[Question]:
    """Also those about papers of which she is no author, or no chair, any more: her text stays hers."""
    return list(Question.objects.filter(written_by=user).select_related("submission__edition").order_by("pk"))


def _question(row: Question) -> dict[str, Any]:
    submission = row.submission
    return {"edition": submission.edition.name, "submission": submission.number, **fields_of(row, "written_at", "text")}


def _sub_reviews(user: User) -> list[SubReviewer]:
    """Where she was invited to write for somebody; a naming that no chair has agreed to is none of hers yet."""
    hers = user.verified_emails
    letters = Message.objects.filter(kind="sub_reviewer_invitation", to_email__in=hers)
    told = {
        is_hers: set(letters.filter(asked).values_list("guard__sub_reviewer", flat=True))
        for is_hers, asked in ((True, whose.hers(hers, user.pk)), (False, ~whose.hers(hers, user.pk)))
    }
    # Whom a former holder of the address was invited as is none of hers.
    mine = Q(user=user) | Q(user=None, email__in=hers) & ~Q(pk__in=told[False] - told[True])
    rows = SubReviewer.objects.filter(mine, is_agreed=True).order_by("pk")
    return list(rows.select_related("assignment__submission__edition"))


def _sub_review(row: SubReviewer, user: User) -> dict[str, Any]:
    """What she typed, without the reviewer's note that each text carries on."""
    submission = row.assignment.submission
    typed = ReviewVersion.objects.filter(review__assignment=row.assignment_id, saved_by=user).order_by("number")
    texts = [{name: text for name, text in one.fields.items() if name != "for_chairs"} for one in typed]
    return {
        "edition": submission.edition.name,
        "submission": submission.number if row.accepted_at else None,
        **fields_of(row, "name", "email", "institution", "accepted_at", "decline_reason", "ready_at"),
        "versions": [{"saved_at": one.saved_at, "fields": fields} for one, fields in zip(typed, texts, strict=True)],
    }


def _named_by(user: User) -> list[SubReviewer]:
    rows = SubReviewer.objects.filter(named_by=user).order_by("pk")
    return list(rows.select_related("assignment__submission__edition"))


def _named(row: SubReviewer) -> dict[str, Any]:
    submission = row.assignment.submission
    # Not what became of it: of a paper that she may not know any more no letter tells her.
    told = fields_of(row, "name", "email", "institution", "why", "named_at")
    return {"edition": submission.edition.name, "submission": submission.number, **told}


def _letters(user: User) -> list[Message]:
    # Letters that have left; one that is held must not be read here before its instant.
    left = Message.objects.filter(whose.hers(user.verified_emails, user.pk), state__in=HAVE_LEFT)
    return list(left.exclude(kind__in=OPENING).order_by("pk"))


def _committee(row: Membership) -> dict[str, Any]:
    told = fields_of(
        row, "name", "email", "is_chair", "is_proceedings_chair", "is_reviewer", "title", "invited_at", "accepted_at",
        "declined_at", "decline_reason", "suggestion", "removed_at", "max_load", "away", "publications",
        "declared_conflicts",
    )  # fmt: skip
    if row.declined_at is None:
        # Of an earlier invitation, which perhaps went to somebody else: only the chairs read what was said to them.
        told["decline_reason"] = told["suggestion"] = ""
    # What she declared stands in what she typed: her profile, and her answers to tasks. The conflicts themselves would
    # tell whether, and what, the bearer of a name in her profile wrote.
    mine = Assignment.objects.filter(membership=row).order_by("pk")
    answered = mine.filter(Q(promised_at__isnull=False) | Q(declined_at__isnull=False))
    return {
        "edition": row.edition.name,
        **told,
        "affiliations": list(row.affiliations.values("institution", "country", "domain")),
        "topics": list(Interest.objects.filter(membership=row).values("topic__title", "value")),
        "bids": list(Bid.objects.filter(membership=row).values("submission__number", "value", "changed_at")),
        "tasks_you_answered": list(
            answered.values("submission__number", "promised_at", "declined_at", "refusal", "refusal_reason")
        ),
    }


def _submission(row: Submission) -> dict[str, Any]:
    record = ReproducibilityRecord.objects.filter(submission=row).first()
    authors = Author.objects.filter(submission=row).order_by("position")
    details = CameraReadyDetails.objects.filter(submission=row).first()
    return {
        "edition": row.edition.name,
        **fields_of(
            row, "number", "title", "abstract", "keywords", "state", "created_at", "submitted_at", "withdraw_reason"
        ),
        "authors": list(authors.values("position", "name", "email", "institution", "town", "country", "orcid")),
        "reproducibility": fields_of(record, *ReproducibilityRecord.SECTIONS) if record else None,
        "versions": list(row.manuscripts.order_by("number").values("number", "original_name", "size", "sha256")),
        "supplements": list(row.supplements.order_by("pk").values("original_name", "description", "size", "sha256")),
        "conflicts_declared": list(own_conflicts(row).values("membership__name", "kind", "reason")),
        "author_list_requests": list(
            row.author_requests.order_by("pk").values("requested_at", "reason", "old_list", "new_list")
        ),
        "camera_ready": fields_of(details, *Details.__dataclass_fields__) if details else None,
    }


def _review(row: Review) -> dict[str, Any]:
    submission = row.assignment.submission
    return {
        "edition": submission.edition.name,
        "submission": submission.number,
        "submitted_at": row.submitted_at,
        "text": {name: getattr(row, name) for name in Review.FIELDS},
        # Some are of who wrote it with her.
        "versions": [
            fields_of(one, "number", "saved_at", "is_aside", "fields") | {"by": str(one.saved_by)}
            for one in row.versions.all()
        ],
    }
