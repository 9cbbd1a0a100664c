"""What the last look kept back for a date that was moved, or an address that its reader has left, is written anew."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction

from dlonsc.editions.guards import MOVED
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.guards import OTHER_ADDRESS
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from reviews.access import has_submitted, open_sub_reviews, open_tasks
from reviews.discussions import discussions_are_on, readers_of
from reviews.emails.assigning import NOT_HERS, post_reminder
from reviews.emails.discussing import NEWS, post_news
from reviews.emails.subreviewing import (
    ENDED,
    INVITATION,
    TO_REVIEWER,
    post_ended,
    post_invitation,
    to_reviewer_anew,
)
from reviews.models import Assignment, Discussion, LastRead, SubReviewer
from submissions import emails
from submissions.models import Author, CameraReadyKind, Submission


@transaction.atomic
def tell_anew(edition: Edition, *, at: datetime) -> None:
    """Reminders that chairs pressed, letters to and about sub-reviewers, requests for missing items."""
    _remind(edition, at)
    for (pk, _), letter in _kept_back(edition, INVITATION, MOVED).items():
        if (invited := open_sub_reviews(at).invited().filter(pk=pk).first()) is not None:
            post_invitation(invited, at, instead_of=letter.pk)
    known = SubReviewer.objects.select_related(
        "user", "assignment__membership__user", "assignment__submission__edition"
    )
    for (pk, _), letter in _kept_back(edition, ENDED, OTHER_ADDRESS).items():
        # Who was erased meanwhile has no address.
        if (ended := known.exclude(user__is_active=False).filter(pk=pk).first()) is not None:
            post_ended(ended, at, instead_of=letter.pk)
    for kind in TO_REVIEWER:
        for (pk, _), letter in _kept_back(edition, kind, OTHER_ADDRESS).items():
            to_reviewer_anew(letter, known.get(pk=pk), at)
    for letter in _kept_back(edition, emails.CHASE, MOVED).values():
        paper = Submission.objects.select_related("edition").get(pk=letter.guard["submission"])
        author = Author(submission=paper, email=letter.to_email, name=letter.to_name)
        emails.chase(paper, author, CameraReadyKind(letter.guard["item"]), at=at)


def _remind(edition: Edition, at: datetime) -> None:
    """One letter to each for what is left of all that were kept back, also for one paper or for an old address."""
    kept_back = _kept_back(edition, "chair_reminder", MOVED, NOT_HERS, OTHER_ADDRESS)
    if not kept_back:
        return
    papers = Assignment.objects.filter(pk__in=kept_back).values_list("submission", flat=True)
    left: dict[Membership, list[Assignment]] = defaultdict(list)
    for task in open_tasks(papers, at):
        if task.pk in kept_back and not has_submitted(task):
            left[task.membership].append(task)
    for member, tasks in left.items():
        last = max(kept_back[row.pk].pk for row in tasks)
        post_reminder(edition, member, tasks, press=f"instead-of:{last}", at=at)


@transaction.atomic
def tell_news_left(edition: Edition, *, at: datetime) -> None:
    """What came on an earlier day, after the letter of that day was read, has a letter too: there is one a day.

    Who has not read what her last letter told of finds it all by that one.
    """
    if not discussions_are_on(edition):
        return
    talks = Discussion.objects.filter(closed_at__isnull=True, submission__edition=edition)
    for discussion in talks.filter(submission__in=Submission.objects.under_review(at)).select_related("submission"):
        discussion.submission.edition = edition
        last = {
            letter.guard["membership"]: letter
            for letter in Message.objects.filter(kind=NEWS, subject_label=discussion.submission.label).order_by("pk")
        }
        read = dict(LastRead.objects.filter(discussion=discussion).values_list("membership", "comment"))
        for member, task in readers_of(discussion):
            letter, upto = last.get(member.pk), read.get(member.pk, 0)
            if letter is None or letter.created_at.date() >= at.date() or upto < letter.guard["comment"]:
                continue
            news = discussion.comments.filter(pk__gt=upto).exclude(membership=member).order_by("pk").first()
            if news is not None and news.written_at.date() < at.date():
                post_news(discussion, news, member, assignment=task, is_asked=False, at=at)


def _kept_back(edition: Edition, kind: str, *reasons: str) -> dict[Any, Message]:
    """The last letter of a kind about each thing that such letters tell of, if it was kept back for these reasons."""
    letters = Message.objects.filter(kind=kind, edition=edition.slug).defer("text", "html").order_by("pk")
    if not letters.filter(state=LetterState.CANCELLED, answer__in=reasons).exists():
        return {}
    last = {thing: letter for letter in letters for thing in _things(letter)}
    return {
        thing: letter
        for thing, letter in last.items()
        if letter.state == LetterState.CANCELLED and letter.answer in reasons
    }


def _things(letter: Message) -> list[Any]:
    """What a letter tells of: tasks, what became of a sub-reviewer, or an item of a submission, to one address."""
    guard = letter.guard
    if "item" in guard:
        return [(guard["submission"], guard["item"], letter.to_email)]
    # Letters to a reviewer from before name no sub-reviewer.
    return guard.get("assignments") or ([(guard["sub_reviewer"], guard.get("what"))] if "sub_reviewer" in guard else [])
