"""Letters about a discussion: that there is something to read, never what. Who may read it reads it on its page."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from dlonsc.accounts.wishes import gather_until
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.ledger import WAITING
from dlonsc.mail.models import Message
from dlonsc.mail.post import post
from reviews.emails.assigning import about, by_number
from reviews.models import Assignment, Comment, Discussion

OPENED, NEWS = "discussion_opened", "discussion_news"


def post_opened(edition: Edition, member: Membership, tasks: Sequence[Assignment], *, at: datetime) -> None:
    """One letter that lists what a chair has opened. A chair's list of letters hides them by kind (reviews.letters):
    several would tell the reviewer for which papers a chair in conflict must not see it.
    """
    numbers = ".".join(str(row.submission.number) for row in by_number(tasks))
    post(
        key=f"{OPENED}:{edition.pk}:{member.pk}:{numbers}:{at:%Y-%m-%dT%H:%M}",
        to_email=_address(member),
        to_name=member.name,
        letter=f"reviews/emails/{OPENED}",
        context={
            "edition": edition,
            "tasks": by_number(tasks),
            "link": f"{settings.SITE_URL}{reverse('reviews:home', args=[edition.slug])}",
        },
        head=letterhead(edition),
        at=at,
        about=about(tasks),
        at_most_once=False,
        guard={"submissions": [row.submission_id for row in tasks], "membership": member.pk},
    )


def post_news(
    discussion: Discussion,
    comment: Comment,
    member: Membership,
    *,
    assignment: Assignment | None,
    is_asked: bool,
    at: datetime,
) -> None:
    """To a reviewer by her assignment, to a chair without one. What asks nobody waits for the letter of the day, and
    has none of its own while one waits that tells it too.
    """
    submission = discussion.submission
    edition = submission.edition
    earlier = Message.objects.filter(kind=NEWS, subject_label=submission.label, state__in=WAITING)
    if not is_asked and earlier.filter(guard__membership=member.pk, guard__and_later=True).exists():
        return
    name = "discussion" if assignment else "chair_discussion"
    link = f"{settings.SITE_URL}{reverse(f'reviews:{name}', args=[edition.slug, submission.number])}"
    # One letter a day tells all that came: read up to its comment, it still stands for what came after.
    later = {} if is_asked else {"and_later": True}
    when = f"asked:{comment.pk}" if is_asked else f"{at:%Y-%m-%d}"
    post(
        key=f"{NEWS}:{discussion.pk}:{member.pk}:{when}",
        to_email=_address(member),
        to_name=member.name,
        letter=f"reviews/emails/{NEWS}",
        context={"edition": edition, "submission": submission, "label": comment.label, "is_asked": is_asked,
                 "is_question": comment.kind == Comment.Kind.QUESTION, "link": link},
        head=letterhead(edition),
        at=at,
        about=submission.label,
        thread=f"{edition.slug}.discussion.{submission.number}",
        at_most_once=False,
        guard={"submissions": [submission.pk], "membership": member.pk, "comment": comment.pk, **later},
        gather_until=None if is_asked else gather_until(_address(member), at=at, cutoff=None),
    )  # fmt: skip


def _address(member: Membership) -> str:
    return member.user.email if member.user else member.email
