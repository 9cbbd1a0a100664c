"""What editions ask of submissions and reviews (dlonsc.editions.upstairs): registered at start-up."""

from collections import Counter
from datetime import datetime

from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.editions.upstairs import Person, upstairs
from reviews.access import assignments_overseen_by, has_submitted, on_desks
from reviews.actions.deciding import is_announcement_held, stop_what_is_held
from reviews.conflicts import refresh_all
from reviews.letters import letters_for
from reviews.reach import effect_of, end_of_access
from reviews.reminders import PHASES, planned
from submissions.access import in_conflict_with, overseen_by
from submissions.conflicts import move_conflicts
from submissions.contacts import contacts_of
from submissions.models import CameraReadyDetails, Submission, SubmissionQuerySet


def known_to(edition: Edition, viewer: Membership | None) -> SubmissionQuerySet:
    return Submission.objects.filter(edition=edition) if viewer is None else overseen_by(viewer)


def draft_owners(edition: Edition, viewer: Membership | None) -> list[Person]:
    """Who answers for a submission that is not submitted: those whom the reminders go to."""
    return _contacts_of(known_to(edition, viewer).drafts())


def late_reviewers(edition: Edition, viewer: Membership | None) -> list[Person]:
    """Reviewers with a review that is not submitted, of a submission that they may still see."""
    tasks = on_desks(known_to(edition, viewer).under_review(timezone.now()).values_list("pk", flat=True))
    members = [task.membership for task in tasks if not has_submitted(task)]
    return [Person(member.user.email, member.name) for member in members if member.user]


def camera_ready_contacts(edition: Edition, viewer: Membership | None) -> list[Person]:
    """Who answers for submissions known to be accepted, whose camera-ready version is not approved."""
    approved = CameraReadyDetails.objects.filter(approved_at__isnull=False).values("submission")
    return _contacts_of(known_to(edition, viewer).accepted(timezone.now()).exclude(pk__in=approved))


def _contacts_of(rows: SubmissionQuerySet) -> list[Person]:
    people = contacts_of(rows.select_related("created_by").prefetch_related("authors"))
    return [Person(email, name) for mine in people.values() for email, name in mine]


def reminders_before(viewer: Membership, deadline: Deadline) -> list[tuple[datetime, int]]:
    """The reminders before a date, saved or not, as things stand and as far as a chair may know."""
    letters: Counter[datetime] = Counter()
    if deadline.phase in PHASES:
        for row in planned(deadline, timezone.now(), overseen_by(viewer)):
            letters[row.moment.at] += len(row.open.people)
    return sorted(letters.items())


def topic_uses(viewer: Membership) -> dict[int, int]:
    """Submissions per topic, without those that a chair must not know of."""
    return dict(Counter(overseen_by(viewer).exclude(topics=None).values_list("topics", flat=True)))


def has_reviewing_begun(viewer: Membership, at: datetime) -> bool:
    """Whether the date of submission, as first set, has passed, or anything that she may know of was ever assigned.

    No score is read: which values are in use is a secret of their papers. Nor is it asked whether a paper that she may
    not know of has a reviewer: everybody knows the date.
    """
    due = viewer.edition.due(Phase.SUBMISSION)
    return (due is not None and due.first_cutoff_at <= at) or assignments_overseen_by(viewer).exists()


def are_rules_told(viewer: Membership) -> bool:
    """Whether a chair may read who confirmed the rules: not one in conflict with anything.

    Who confirms them mostly does so at her first paper. That she had done so when the chair gave her one would tell
    that she reviews another, as much as the news would of whom nothing was given.
    """
    return not Submission.objects.filter(in_conflict_with(viewer), edition=viewer.edition_id).exists()


def register() -> None:
    upstairs.concerned = {
        Phase.SUBMISSION: draft_owners,
        Phase.REVIEW: late_reviewers,
        Phase.CAMERA_READY: camera_ready_contacts,
    }
    upstairs.reminders = reminders_before
    upstairs.is_announcement_held = is_announcement_held
    upstairs.stop_what_is_held = stop_what_is_held
    upstairs.topic_uses = topic_uses
    upstairs.letters_for = letters_for
    upstairs.are_rules_told = are_rules_told
    upstairs.has_reviewing_begun = has_reviewing_begun
    upstairs.effect_of = effect_of
    upstairs.end_of_access = end_of_access
    upstairs.committee_changed = refresh_all
    upstairs.place_given_back = move_conflicts
