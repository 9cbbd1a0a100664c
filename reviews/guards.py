"""The ledger's last look before a letter of this room leaves: None lets it go, words keep it and say why."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from dlonsc.accounts.models import addresses_beside
from dlonsc.editions.calendar import Phase
from dlonsc.editions.guards import due_moved
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.mail.guards import OTHER_ADDRESS, OnlyThis
from dlonsc.mail.models import Message
from reviews.access import (
    assigned_to,
    discussions_of,
    discussions_overseen_by,
    has_submitted,
    on_desks,
    open_sub_reviews,
    open_tasks,
)
from reviews.audiences import BY_KEY
from reviews.conflicts import conflict_reasons
from reviews.emails.assigning import NOT_ALL_HERS, NOT_HERS
from reviews.late_conflicts import taken_back
from reviews.models import Announcement, Assignment, Comment, Decision, Discussion, LastRead, SubReviewer
from submissions.access import barred_from, overseen_by
from submissions.guards import still_overseen
from submissions.models import Submission
from submissions.states import State


def decision_stands(message: Message) -> str | None:
    """The letter still tells the decision that is announced, of a standing submission, to one of its authors."""
    wanted = message.guard
    row = Decision.objects.filter(pk=wanted["decision"]).select_related("announcement", "submission").first()
    if row is None or row.announcement is None or row.announcement.stopped_at is not None:
        return "the decision is not announced any more"
    # A correction takes back the letters of one submission; those of the others in the old campaign still hold.
    if message.campaign_id != row.announcement.campaign_id_label:
        return OnlyThis("the decision was corrected")
    if (row.verdict, row.version) != (wanted["verdict"], wanted["version"]):
        return "the decision changed after this letter was written"
    # While it was held, the authors may have withdrawn, or changed their list: the letters of others go on.
    if row.submission.state != State.SUBMITTED:
        return OnlyThis("the submission was withdrawn or returned in the meantime")
    if not row.submission.authors.filter(email=message.to_email).exists():
        return OnlyThis("the recipient is no author of the submission any more")
    return None


def review_is_open(message: Message) -> str | None:
    """All papers that the reminder lists are still hers and take reviews, and one of the reviews is missing."""
    listed = set(message.guard["assignments"])
    if _went_elsewhere(message, listed):
        return OTHER_ADDRESS
    papers = list(Assignment.objects.filter(pk__in=listed).values_list("submission", flat=True))
    tasks = [task for task in on_desks(papers) if task.pk in listed]
    if len(tasks) < len(listed):
        return NOT_HERS
    if not listed <= {task.pk for task in open_tasks(papers, timezone.now())}:
        return "a decision is known, or reviewing was closed, in the meantime"
    if all(has_submitted(task) for task in tasks):
        return "the reviews were submitted in the meantime"
    return _reviews_due_moved(message)


def changes_may_be_told(message: Message) -> str | None:
    """Every new task that the letter names may still be seen by its reviewer, and every one that was taken back is
    news that she may be told; she finds what is left on her page.
    """
    wanted = message.guard
    tasks = list(Assignment.objects.filter(pk__in=wanted["tasks"]))
    seen = {row.pk for row in on_desks(row.submission_id for row in tasks)}
    # Letters from before name no task that was taken back.
    removed = set(wanted.get("removed", ()))
    if _went_elsewhere(message, {*wanted["tasks"], *removed}):
        return OTHER_ADDRESS
    if {row.pk for row in tasks} <= seen and removed <= {row.pk for row in taken_back(removed)}:
        return _reviews_due_moved(message)
    return OnlyThis(NOT_ALL_HERS)


def _reviews_due_moved(message: Message) -> str | None:
    due = Deadline.objects.filter(edition__slug=message.edition, phase=Phase.REVIEW).first()
    return due_moved(message, due.cutoff_at if due else None)


def _went_elsewhere(message: Message, tasks: Collection[int]) -> bool:
    """Whether the reviewer who has these tasks (primary keys) has left the address that the letter goes to."""
    task = Assignment.objects.filter(pk__in=tasks).select_related("membership__user").first()
    return task is not None and not task.membership.has_address(message.to_email)


def still_in_audience(message: Message) -> str | None:
    """Whoever has left the audience since the release gets no letter that is not true any more; the others theirs.

    Nor does she get one that lists a paper which is none of hers any more beside those that are.
    """
    wanted, at = message.guard, timezone.now()
    audience = BY_KEY[wanted["audience"]]
    edition = Edition.objects.filter(slug=message.edition).first()
    if edition is None:
        return OnlyThis("its edition is gone")
    among = Submission.objects.filter(pk__in=wanted["submissions"])
    person = next((one for one in audience.people(edition, among, at) if one.key == wanted["person"]), None)
    if person is None:
        return OnlyThis(audience.left)
    if audience.about == "tasks" and not set(wanted["submissions"]) <= _on_desk_of(person.key, wanted["submissions"]):
        return OnlyThis(NOT_HERS)
    return None if person.email.lower() in addresses_beside(message.to_email) else OTHER_ADDRESS


def _on_desk_of(key: str, papers: Collection[int]) -> set[int]:
    """Those of the papers (primary keys) that a member of an audience may still open as their reviewer."""
    return {task.submission_id for task in on_desks(papers) if f"member:{task.membership_id}" == key}


def is_still_invited(message: Message) -> str | None:
    """The named person may still accept."""
    if open_sub_reviews(timezone.now()).invited().filter(pk=message.guard["sub_reviewer"]).exists():
        return _reviews_due_moved(message)
    return "the invitation has ended, or was answered, in the meantime"


def still_asks_a_chair(message: Message) -> str | None:
    """No chair has answered, and the reviewer has not ended it: then nobody else learns whom she had named."""
    # Letters from before name nobody.
    wanted = message.guard.get("sub_reviewer")
    if wanted is not None and not SubReviewer.objects.waiting().filter(pk=wanted).exists():
        return OnlyThis("it was answered, or ended, in the meantime")
    return still_overseen(message)


def conflict_still_stands(message: Message) -> str | None:
    """The reviewer that the letter to a chair names still has the task, and is still in conflict."""
    # Letters from before name no task.
    if (wanted := message.guard.get("assignment")) is not None:
        task = Assignment.objects.standing().filter(pk=wanted).first()
        if task is None or (task.submission_id, task.membership_id) not in conflict_reasons({task.submission_id}):
            return OnlyThis("the conflict was lifted, or the task taken back, in the meantime")
    return still_overseen(message)


def announcement_is_still_held(message: Message) -> str | None:
    """The chair can still stop the announcement that the letter is about."""
    wanted = message.guard.get("announcement")
    if wanted is not None and not Announcement.objects.held(timezone.now()).filter(pk=wanted).exists():
        return OnlyThis("the decisions were stopped or released in the meantime")
    return still_overseen(message)


def sample_is_still_hers(message: Message) -> str | None:
    """A letter of others that a chair sends herself tells only of papers that she may still know of."""
    wanted = message.guard
    chair = Membership.objects.select_related("user", "edition").filter(pk=wanted["chair"]).first()
    if chair is not None and not chair.has_address(message.to_email):
        return OTHER_ADDRESS
    if chair is None or not (chair.is_active and chair.is_chair):
        return OnlyThis("the recipient is no chair any more")
    listed = set(wanted["submissions"])
    if overseen_by(chair).filter(pk__in=listed).count() < len(listed):
        return OnlyThis("the recipient may not know of the submission any more")
    return None


def is_asked_no_more(message: Message) -> str | None:
    """The sub-reviewer whose part has ended still has the address, and was not asked again for the same submission.

    Nor is the paper hers, or in conflict with her, by now: she would read when its review came, or its task ended.
    """
    row = SubReviewer.objects.select_related("user", "assignment").filter(pk=message.guard["sub_reviewer"]).first()
    if row is None:
        return OnlyThis("the sub-reviewer is gone")
    if row.user is not None and message.to_email not in {row.user.email.lower(), *row.user.verified_emails}:
        return OTHER_ADDRESS
    if row.user and Submission.objects.filter(barred_from(row.user), pk=row.assignment.submission_id).exists():
        return OnlyThis("she may not know of the submission any more")
    hers = Q(email=row.email) | (Q(user=row.user) if row.user else Q())
    again = SubReviewer.objects.standing().filter(hers, is_agreed=True)
    if again.filter(assignment__submission=row.assignment.submission_id).exists():
        return OnlyThis("she was asked again in the meantime")
    return None


def task_is_still_hers(message: Message) -> str | None:
    """The reviewer may still open the task that the letter tells of."""
    wanted = message.guard["assignment"]
    if _went_elsewhere(message, [wanted]):
        return OTHER_ADDRESS
    task = Assignment.objects.select_related("membership").filter(pk=wanted).first()
    if task is not None and assigned_to(task.membership).filter(pk=task.pk).exists():
        return None
    return "the task is none of hers any more"


def may_read_the_discussion(message: Message) -> str | None:
    """The recipient may still read all the discussions that it lists, and has not read the news yet.

    What tells that some were opened leaves while one of them is open.
    """
    wanted = message.guard
    member = Membership.objects.select_related("edition", "user").get(pk=wanted["membership"])
    if not member.has_address(message.to_email):
        return OTHER_ADDRESS
    listed = set(wanted["submissions"])
    for rows in (discussions_of(member), discussions_overseen_by(member)):
        listed -= set(rows.filter(submission__in=listed).values_list("submission", flat=True))
    if listed:
        return NOT_HERS
    if "comment" in wanted:
        return None if _has_news(wanted, member) else "the discussion was read in the meantime"
    is_open = Discussion.objects.filter(submission__in=wanted["submissions"], closed_at__isnull=True).exists()
    return None if is_open else "the discussions were closed in the meantime"


def _has_news(wanted: dict[str, Any], member: Membership) -> bool:
    """Whether the comment is unread or, where one letter tells all of a day, anything that came after it."""
    read = LastRead.objects.filter(discussion=OuterRef("discussion"), membership=member, comment__gte=OuterRef("pk"))
    rows = Comment.objects.filter(discussion__submission__in=wanted["submissions"]).exclude(Exists(read))
    if "and_later" not in wanted:
        return rows.filter(pk=wanted["comment"]).exists()
    return rows.filter(pk__gte=wanted["comment"]).exclude(membership=member).exists()
