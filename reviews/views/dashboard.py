"""One person's page over all editions and roles: what she owes and what she owns."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.editions.actions import claim_memberships
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from reviews.access import assigned_to, open_sub_reviews, sub_reviewed_by, typed_by
from reviews.models import Assignment, SubReviewer
from reviews.overview import Tally, is_done, rows_of
from reviews.subreviewers import token_of
from reviews.views.chair.dashboard import letters_in_trouble, next_acts
from submissions.access import authored_by, for_proceedings
from submissions.models import Submission
from submissions.states import Outcome, State

ACTS = 3


class SignedInRequest(HttpRequest):
    """A request behind login_required."""

    user: User


@dataclass(frozen=True)
class Invited:
    """An invitation to a review that waits for her answer, with its address."""

    reviewer: str
    address: str


@dataclass
class Part:
    """What a person has to do with one edition."""

    edition: Edition
    submissions: list["Own"] = field(default_factory=list)
    membership: Membership | None = None
    open_tasks: list[Assignment] = field(default_factory=list)
    done_tasks: int = 0
    next_acts: list[object] = field(default_factory=list)
    to_print: int = 0
    sub_reviews: list[SubReviewer] = field(default_factory=list)
    sub_invitations: list[Invited] = field(default_factory=list)
    has_typed: bool = False
    is_past: bool = False

    @property
    def review_due(self) -> Deadline | None:
        return self.edition.due(Phase.REVIEW)

    @property
    def is_reviewer(self) -> bool:
        return self.membership is not None and self.membership.is_reviewer and not self.is_past

    @property
    def is_chair(self) -> bool:
        return self.membership is not None and self.membership.is_chair

    @property
    def is_proceedings_chair(self) -> bool:
        return self.membership is not None and self.membership.is_proceedings_chair


@dataclass(frozen=True)
class Own:
    """One of her submissions, with what its author may know and must do now."""

    submission: Submission
    outcome: str
    due: Deadline | None
    words: str

    @property
    def extended(self) -> datetime | None:
        """A later date of this paper alone."""
        return self.submission.own_date(self.due)

    @property
    def is_draft(self) -> bool:
        return self.submission.state == State.DRAFT


@login_required
def dashboard(request: SignedInRequest) -> HttpResponse:
    at = timezone.now()
    # Places in committees that wait for an address which this person has verified meanwhile.
    claim_memberships(request.user, at)
    parts = parts_of(request.user, at)
    editions = Edition.objects.filter(is_public=True).prefetch_related("deadlines")
    calls = [
        row for row in editions if row.window(Phase.SUBMISSION, received_at=at).accepts and row.due(Phase.SUBMISSION)
    ]
    return render(request, "reviews/dashboard.html", {"parts": parts, "calls": calls})


def parts_of(user: User, at: datetime) -> list[Part]:
    """One part per edition, the newest first; editions she has nothing to do with are left out."""
    parts: dict[int, Part] = {}
    own = authored_by(user).select_related("edition").order_by("number")
    own = own.prefetch_related("edition__deadlines", "late_permissions")
    for submission in own:
        part = parts.setdefault(submission.edition_id, Part(submission.edition))
        part.submissions.append(own_of(part.edition, submission, at))
    for member in memberships_of(user).prefetch_related("edition__deadlines"):
        part = parts.setdefault(member.edition_id, Part(member.edition))
        part.membership = member
        member.edition = part.edition
        part.is_past = part.edition.committee_is_over(at)
        _fill(part, member, at)
    _fill_sub_reviews(parts, user, at)
    return sorted(parts.values(), key=lambda part: part.edition.created_at, reverse=True)


def _fill(part: Part, member: Membership, at: datetime) -> None:
    if member.is_reviewer:
        tasks = list(assigned_to(member).select_related("review").order_by("submission__number"))
        part.open_tasks = [task for task in tasks if not is_done(task)]
        part.done_tasks = len(tasks) - len(part.open_tasks)
    if member.is_chair:
        tally = Tally(rows_of(member, conflicts=True))
        part.next_acts = list(next_acts(member, tally, letters_in_trouble(member), at)[:ACTS])
    if member.is_proceedings_chair:
        part.to_print = for_proceedings(member, at).count()


def _fill_sub_reviews(parts: dict[int, Part], user: User, at: datetime) -> None:
    """The reviews that she writes with their reviewers, is asked to write, and what she typed in ended ones."""

    def part_of(edition: Edition) -> Part:
        return parts.setdefault(edition.pk, Part(edition))

    known = "assignment__submission__edition__deadlines"
    for row in sub_reviewed_by(user).prefetch_related(known).order_by("assignment__submission__number"):
        part_of(row.assignment.submission.edition).sub_reviews.append(row)
    invited = open_sub_reviews(at).invited().annotate(low=Lower("email")).filter(low__in=user.verified_emails)
    for row in invited.prefetch_related(known):
        address = reverse("reviews:sub_invitation", args=[token_of(row)])
        found = Invited(row.assignment.membership.name, address)
        part_of(row.assignment.submission.edition).sub_invitations.append(found)
    editions = typed_by(user).values("review__assignment__submission__edition")
    for edition in Edition.objects.filter(pk__in=editions).prefetch_related("deadlines"):
        part_of(edition).has_typed = True


def own_of(edition: Edition, submission: Submission, at: datetime) -> Own:
    """What the author reads beside her submission: never more than was announced."""
    outcome = submission.outcome_known(at)
    if submission.state == State.DRAFT:
        due = edition.due(Phase.SUBMISSION)
        is_past = due is not None and (submission.own_date(due) or due.cutoff_at) <= at
        return Own(submission, "", due, "Not submitted; the date was" if is_past else "Finish and submit it before")
    if outcome == Outcome.ACCEPTED:
        return Own(submission, outcome, edition.due(Phase.CAMERA_READY), "Camera-ready paper due")
    if outcome or submission.state != State.SUBMITTED:
        return Own(submission, outcome, None, "")
    return Own(submission, "", edition.due(Phase.NOTIFICATION), "Decision due")
