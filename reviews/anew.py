"""What the last look kept back for a date that was moved, or an address that its reader has left, is written anew."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction

from dlonsc.editions import guards as of_editions
from dlonsc.editions.guards import MOVED
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.guards import OTHER_ADDRESS
from dlonsc.mail.models import Message
from dlonsc.mail.models import State as LetterState
from dlonsc.mail.post import post_again
from reviews.access import has_submitted, open_sub_reviews, open_tasks
from reviews.discussions import discussions_are_on, readers_of
from reviews.emails.assigning import NOT_ALL_HERS, NOT_HERS, post_reminder
from reviews.emails.discussing import NEWS, OPENED, post_news
from reviews.emails.subreviewing import (
    ENDED,
    INVITATION,
    TO_REVIEWER,
    post_ended,
    post_invitation,
    to_reviewer_anew,
)
from reviews.models import Assignment, Comment, Discussion, LastRead, SubReviewer
from submissions import emails
from submissions import guards as of_submissions
from submissions.models import Author, CameraReadyKind, Submission

# Letters to a chair of what happened once. What the beat tells chairs is written anew by who tells it.
TO_CHAIRS = (*of_editions.TO_CHAIRS, *of_submissions.TO_CHAIRS, "sub_reviewer_named")
# By kind, why a letter was kept back of which what is left is written anew by itself.
ANEW: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("assigned", "unassigned"), (NOT_ALL_HERS, OTHER_ADDRESS, MOVED)),
    "chair_reminder": (MOVED, NOT_HERS, OTHER_ADDRESS),
    **dict.fromkeys((OPENED, NEWS), (NOT_HERS, OTHER_ADDRESS)),
    **dict.fromkeys((INVITATION, emails.CHASE), (MOVED,)),
    **dict.fromkeys((ENDED, *TO_REVIEWER, *TO_CHAIRS), (OTHER_ADDRESS,)),
}


def is_written_anew(letter: Message) -> bool:
    return letter.state == LetterState.CANCELLED and letter.answer in ANEW.get(letter.kind, ())


@transaction.atomic
def tell_anew(edition: Edition, *, at: datetime) -> None:
    """Reminders that chairs pressed, letters to and about sub-reviewers, requests for missing items."""
    _remind(edition, at)
    for (pk, _), letter in _kept_back(edition, INVITATION).items():
        if (invited := open_sub_reviews(at).invited().filter(pk=pk).first()) is not None:
            post_invitation(invited, at, instead_of=letter.pk)
    known = SubReviewer.objects.select_related(
        "user", "assignment__membership__user", "assignment__submission__edition"
    )
    for (pk, _), letter in _kept_back(edition, ENDED).items():
        # Who was erased meanwhile has no address.
        if (ended := known.exclude(user__is_active=False).filter(pk=pk).first()) is not None:
            post_ended(ended, at, instead_of=letter.pk)
    for kind in TO_REVIEWER:
        for (pk, _), letter in _kept_back(edition, kind).items():
            to_reviewer_anew(letter, known.get(pk=pk), at)
    for letter in _kept_back(edition, emails.CHASE).values():
        paper = Submission.objects.select_related("edition").get(pk=letter.guard["submission"])
        author = Author(submission=paper, email=letter.to_email, name=letter.to_name)
        emails.chase(paper, author, CameraReadyKind(letter.guard["item"]), at=at)


def _remind(edition: Edition, at: datetime) -> None:
    """One letter to each for what is left of all that were kept back, also for one paper or for an old address."""
    kept_back = _kept_back(edition, "chair_reminder")
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
def tell_chairs_anew(*, at: datetime) -> None:
    """What was written to an address that a chair has left goes to the one that she has now.

    Of every edition: of one without submissions yet, and of one that is long over, she is chair too.
    """
    kept_back = Message.objects.filter(kind__in=TO_CHAIRS, state=LetterState.CANCELLED)
    for letter in kept_back.filter(answer=OTHER_ADDRESS).order_by("pk"):
        wanted = letter.guard
        chair = Membership.objects.filter(pk=wanted.get("member") or wanted["chair"]).select_related("user").first()
        # Who was erased meanwhile has no address.
        if chair is not None and chair.user is not None and chair.user.is_active:
            post_again(letter, to_email=chair.user.email, at=at)


@transaction.atomic
def tell_news_left(edition: Edition, *, at: datetime) -> None:
    """What came on an earlier day, after the letter of that day was read, has a letter too: there is one a day.

    Who has not read what her last letter told of finds it all by that one, unless it was kept back for its address, or
    for a conflict that has ended.
    """
    if not discussions_are_on(edition):
        return
    read = {
        (mark.discussion.submission_id, mark.membership_id): mark.comment_id
        for mark in LastRead.objects.filter(discussion__submission__edition=edition).select_related("discussion")
    }
    letters = Message.objects.filter(kind=NEWS, edition=edition.slug).defer("text", "html", "headers").order_by("pk")
    last = {(paper, letter.guard["membership"]): letter for letter in letters for paper in letter.guard["submissions"]}
    # By paper and member: up to which comment she has read.
    open_ones: dict[int, dict[int, int]] = defaultdict(dict)
    for (paper, member), letter in last.items():
        upto = read.get((paper, member), 0)
        is_told = upto < letter.guard["comment"] and not is_written_anew(letter)
        if letter.created_at.date() < at.date() and not is_told:
            open_ones[paper][member] = upto
    talks = Discussion.objects.filter(closed_at__isnull=True, submission__in=Submission.objects.under_review(at))
    comments: dict[int, list[Comment]] = defaultdict(list)
    for one in Comment.objects.filter(discussion__in=talks.filter(submission__in=open_ones)).defer("text"):
        comments[one.discussion_id].append(one)
    for discussion in talks.filter(pk__in=comments).select_related("submission"):
        discussion.submission.edition = edition
        old: dict[int, Comment] = {}
        for member, upto in open_ones[discussion.submission_id].items():
            news = [one for one in comments[discussion.pk] if one.pk > upto and one.membership_id != member]
            if news and news[0].written_at.date() < at.date():
                old[member] = news[0]
        for reader, task in readers_of(discussion) if old else ():
            if reader.pk in old:
                post_news(discussion, old[reader.pk], reader, assignment=task, is_asked=False, at=at)


def _kept_back(edition: Edition, kind: str) -> dict[Any, Message]:
    """The last letter of a kind about each thing that such letters tell of, if what is left of it is written anew."""
    letters = Message.objects.filter(kind=kind, edition=edition.slug).defer("text", "html").order_by("pk")
    if not letters.filter(state=LetterState.CANCELLED, answer__in=ANEW[kind]).exists():
        return {}
    last = {thing: letter for letter in letters for thing in _things(letter)}
    return {thing: letter for thing, letter in last.items() if is_written_anew(letter)}


def _things(letter: Message) -> list[Any]:
    """What a letter tells of: tasks, what became of a sub-reviewer, or an item of a submission, to one address."""
    guard = letter.guard
    if "item" in guard:
        return [(guard["submission"], guard["item"], letter.to_email)]
    # Letters to a reviewer from before name no sub-reviewer.
    return guard.get("assignments") or ([(guard["sub_reviewer"], guard.get("what"))] if "sub_reviewer" in guard else [])
