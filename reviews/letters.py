"""Which letters of an edition a chair may see: none that would tell about a submission she is in conflict with."""

import re

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from dlonsc.editions.models import Membership
from dlonsc.mail.models import Campaign, Message
from submissions.access import in_conflict_with
from submissions.models import Author, Submission, SubmissionQuerySet

# One such letter may list several submissions. Hiding only those that list a hidden one would tell by what is missing
# who reviews it; so a chair in conflict with anything sees none of them.
TASK_KINDS = (
    "assigned",
    "unassigned",
    "chair_reminder",
    "remind_reviews",
    "digest",
    "discussion_opened",
    "mailing_tasks",
    "mailing_tasks_test",
    # Goes to whoever has something open for the date, which tells who that is.
    "date_changed",
)


# What a chair writes to an audience, as she sends it to herself: until its release only she reads it.
TO_ITS_WRITER = ("mailing_test", "mailing_tasks_test")


def letters_for(chair: Membership) -> QuerySet[Message]:
    """The ledger of her edition, as far as she may know. Counts and searches start here."""
    rows = Message.objects.filter(edition=chair.edition.slug).select_related("campaign")
    rows = rows.exclude(~Q(guard__chair=chair.pk), kind__in=TO_ITS_WRITER)
    hidden = Submission.objects.filter(in_conflict_with(chair), edition=chair.edition_id)
    labels = [f"submission:{pk}" for pk in hidden.values_list("pk", flat=True)]
    if not labels:
        return rows
    rows = rows.exclude(subject_label__in=labels).exclude(kind__in=TASK_KINDS)
    return rows.exclude(Q(subject_label__startswith="edition:"), to_email__in=_only_hidden_authors(chair, hidden))


def _only_hidden_authors(chair: Membership, hidden: SubmissionQuerySet) -> set[str]:
    """Addresses that get letters to all authors for no other reason than a hidden submission."""
    others = Submission.objects.filter(edition=chair.edition_id).exclude(pk__in=hidden)
    members = Membership.objects.filter(edition=chair.edition_id).values_list("email", "user__email")
    known = {str(email).lower() for pair in members for email in pair if email}
    return _authors(hidden) - _authors(others) - known


def _authors(submissions: SubmissionQuerySet) -> set[str]:
    authors = Author.objects.filter(submission__in=submissions).values_list(Lower("email"), flat=True)
    creators = submissions.values_list(Lower("created_by__email"), flat=True)
    return set(authors) | set(creators)


def campaigns_for(chair: Membership) -> QuerySet[Campaign]:
    """Campaigns of which she may see at least one letter."""
    return Campaign.objects.filter(pk__in=letters_for(chair).filter(campaign__isnull=False).values("campaign"))


# Links that act for whoever holds them: an answer to an invitation, leaving a list.
CAPABILITY = re.compile(r"/(invitation(?:/sub-review)?|unsubscribe)/[^/\s]+/?")


def shown_text(message: Message) -> str:
    """A letter as a chair reads it: links that act in the recipient's name are left out."""
    return CAPABILITY.sub(r"/\1/(personal link)/", message.text)
