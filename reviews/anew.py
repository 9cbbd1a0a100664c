"""What somebody pressed, and the last look kept back for a date that was moved, is written anew with the new date."""

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
from reviews.emails.assigning import NOT_HERS, post_reminder
from reviews.emails.subreviewing import INVITATION, post_invitation
from reviews.models import Assignment
from submissions import emails
from submissions.models import Author, CameraReadyKind, Submission


@transaction.atomic
def tell_anew(edition: Edition, *, at: datetime) -> None:
    """Reminders that chairs pressed, invitations of sub-reviewers, requests for missing items."""
    _remind(edition, at)
    for pk, letter in _kept_back(edition, INVITATION, MOVED).items():
        row = open_sub_reviews(at).invited().filter(pk=pk).first()
        if row is not None:
            post_invitation(row, at, instead_of=letter.pk)
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
    """What a letter tells of: tasks, a sub-reviewer (primary keys), or an item of a submission, to one address."""
    guard = letter.guard
    if "assignments" in guard:
        return list(guard["assignments"])
    return [guard.get("sub_reviewer") or (guard["submission"], guard["item"], letter.to_email)]
