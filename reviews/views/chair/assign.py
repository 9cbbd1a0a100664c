"""Assignment by hand: by submission, by reviewer, and replacing a silent one."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.posted import whole_number
from reviews import assignment
from reviews.access import assignments_overseen_by
from reviews.actions import assigning
from reviews.delegates import needs_delegate
from reviews.emails.assigning import is_reached
from reviews.forms.chair import AssignForm
from reviews.matching import Substitute, substitutes
from reviews.models import Assignment, Proposal
from reviews.overview import ReviewerRow, Row, Tally, is_done, reviewers_of, rows_of
from reviews.scores import Fit, PairScore, fit_of
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from submissions.access import overseen_by


@dataclass(frozen=True)
class Candidate:
    """A reviewer for a submission, or a submission for a reviewer: why she may, why she may not."""

    row: Row
    reviewer: ReviewerRow
    score: PairScore | None
    assignment: Assignment | None

    @property
    def reasons(self) -> list[str]:
        return self.row.conflicted.get(self.reviewer.member.pk, [])

    @property
    def is_full(self) -> bool:
        return len(self.reviewer.tasks) >= self.reviewer.member.load_limit

    @property
    def can_go(self) -> bool:
        return self.assignment is not None and not is_done(self.assignment)


@chairs_only
def assign(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Where assignment starts: submissions that lack reviewers, reviewers with their load, proposals."""
    every = rows_of(chair, overseen_by(chair).submitted(), conflicts=True)
    rows = [row for row in every if not row.is_announced]
    reviewers = reviewers_of(chair, every)
    tally = Tally(rows)
    context = {
        "rows": sorted(rows, key=lambda row: (len(row.assignments) - row.wanted, row.submission.number)),
        "tally": tally,
        "forsaken": tally.forsaken,
        "reviewers": sorted(reviewers, key=lambda row: (-len(row.tasks), row.member.name.casefold())),
        "refused": refused(chair),
        "needs_delegate": needs_delegate(chair.edition),
        "proposals": Proposal.objects.filter(edition=chair.edition, created_by=request.user).defer(
            "inputs", "pairs", "undo", "result"
        ),
    }
    return page(request, chair, "assign.html", context)


def refused(chair: Membership) -> Sequence[Assignment]:
    rows = assignments_overseen_by(chair).filter(declined_at__isnull=False, submission__announced_at__isnull=True)
    return list(rows.select_related("submission", "membership").order_by("-declined_at"))


@chairs_only
def assign_submission(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """All reviewers for one submission: the best first, those in conflict last with the reason."""
    submission = overseen(chair, number)
    if request.method == "POST":
        return _assign_or_not(request, chair, number)
    row = rows_of(chair, overseen_by(chair).filter(pk=submission.pk), conflicts=True)[0]
    every = rows_of(chair, overseen_by(chair).submitted())
    reviewers = reviewers_of(chair, every)
    found = candidates_of(row, reviewers, _fit(chair, every, reviewers))
    return page(request, chair, "assign_submission.html", {"row": row, "candidates": found, "kept": _kept(row)})


def _fit(chair: Membership, rows: Sequence[Row], reviewers: Sequence[ReviewerRow]) -> Fit:
    return fit_of(chair.edition, [row.submission for row in rows], [person.member for person in reviewers])


def candidates_of(row: Row, reviewers: Sequence[ReviewerRow], fit: Fit) -> list[Candidate]:
    standing = {task.membership_id: task for task in row.assignments}
    found = [
        Candidate(row, person, fit.score(row.submission.pk, person.member.pk), standing.get(person.member.pk))
        for person in reviewers
    ]

    def order(candidate: Candidate) -> tuple[bool, bool, bool, float, str]:
        score = candidate.score.total if candidate.score else 0.0
        return (
            candidate.assignment is None,
            bool(candidate.reasons),
            candidate.is_full,
            -score,
            candidate.reviewer.member.name.casefold(),
        )

    return sorted(found, key=order)


def _kept(row: Row) -> int:
    return sum(getattr(task, "review", None) is not None for task in row.assignments)


def _assign_or_not(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """One press of Assign or Take back beside a name."""
    submission = overseen(chair, number)
    form = AssignForm(request.POST)
    back = _back(request, chair, number)
    if not form.is_valid():
        return back
    people = Membership.objects.filter(edition=chair.edition_id).select_related("user")
    member = get_object_or_404(people, pk=form.cleaned_data["member"])
    at = timezone.now()
    try:
        if "take_back" in request.POST:
            tasks = Assignment.objects.standing().filter(submission=submission, membership=member)
            task = tasks.select_related("membership__user", "submission__edition").first()
            if task is None:
                raise assigning.Refused(f"{member.name} no longer reviews submission {number}.")
            assigning.unassign(task, by=request.user, at=at)
            messages.success(request, f"{member.name} no longer reviews submission {number}. 1 letter written.")
        else:
            assigning.assign(submission, member, by=request.user, at=at)
            messages.success(request, f"{member.name} reviews submission {number}. 1 letter written.")
    except assigning.Refused as refusal:
        messages.error(request, str(refusal))
    return back


@chairs_only
def assign_reviewer(request: ChairRequest, chair: Membership, member: int) -> HttpResponse:
    """All submissions for one reviewer."""
    people = Membership.objects.reviewers().filter(edition=chair.edition_id).select_related("user")
    person = get_object_or_404(people, pk=member)
    rows = rows_of(chair, overseen_by(chair).submitted(), conflicts=True)
    reviewers = reviewers_of(chair, rows)
    reviewer = next(row for row in reviewers if row.member.pk == person.pk)
    fit = _fit(chair, rows, reviewers)
    found = [candidates_of(row, [reviewer], fit)[0] for row in rows if not row.is_announced]
    found.sort(
        key=lambda c: (
            c.assignment is None,
            bool(c.reasons),
            -(c.score.total if c.score else 0.0),
            c.row.submission.number,
        )
    )
    return page(request, chair, "assign_reviewer.html", {"reviewer": reviewer, "candidates": found})


@dataclass(frozen=True)
class Stand:
    """Somebody who could take a task over: how she fits, with the reasons in a sentence."""

    member: Membership
    score: PairScore | None
    reasons: Substitute


@chairs_only
def replace(request: ChairRequest, chair: Membership, pk: int) -> HttpResponse:
    """Somebody else for a task: ranked substitutes with reasons; the old draft is kept, both are told."""
    tasks = assignments_overseen_by(chair).filter(submission__state="submitted")
    task = get_object_or_404(tasks.select_related("submission", "membership__user", "review"), pk=pk)
    task.submission.edition = task.membership.edition = chair.edition
    if request.method == "POST":
        return _replace(request, chair, task)
    scene = _with(assignment.scene_of(chair), task.membership)
    fit = fit_of(chair.edition, scene.submissions, scene.members)
    found = stands_in(chair, scene, fit, task)
    people = {row.member.pk for row in found} | {task.membership_id}
    beside = Membership.objects.filter(assignments__in=Assignment.objects.standing().filter(submission=task.submission))
    context = {
        "task": task,
        "old": fit.score(task.submission_id, task.membership_id),
        "candidates": found,
        "left_out": _left_out(scene, task, people),
        "is_standing": task.declined_at is None and task.removed_at is None,
        "is_reached": is_reached(task.membership),
        "reviewers": beside.order_by("name"),
        "version": assigning.version_of_reviewers(task.submission),
        "is_done": is_done(task),
    }
    return page(request, chair, "replace.html", context)


def _with(scene: assignment.Scene, member: Membership) -> assignment.Scene:
    """The scene with somebody who may have left the committee, so that others can be compared with her."""
    if member.pk in {row.pk for row in scene.members}:
        return scene
    return replace_fields(scene, members=[*scene.members, member])


def stands_in(chair: Membership, scene: assignment.Scene, fit: Fit, task: Assignment) -> list[Stand]:
    """Who could take a task over, best first, by the rules of the chair's last committed proposal."""
    if task.submission_id not in fit.papers:
        return []
    inputs = assignment.freeze(chair, scene, _rules(chair), set())
    papers, people = inputs["papers"], inputs["people"]
    standing = [
        {"submission": paper, "membership": member, "score": 0.0, "locked": True} for paper, member in scene.standing
    ]
    problem = assignment.problem_of(inputs)
    place, out = papers.index(task.submission_id), people.index(task.membership_id)
    found = substitutes(problem, assignment.result_of(inputs, standing), place, out)
    members = {member.pk: member for member in scene.members}
    return [Stand(members[people[row.reviewer]], fit.score(papers[place], people[row.reviewer]), row) for row in found]


def _rules(chair: Membership) -> dict[str, Any]:
    """The rules of the chair's last committed proposal; without one, none but loads and conflicts."""
    none = {"one_per_institution": False, "one_senior": False, "load_price": 0.0}
    last = Proposal.objects.filter(
        edition=chair.edition_id, created_by=chair.user_id, status=Proposal.Status.COMMITTED
    ).first()
    kept = {name: last.settings.get(name, none[name]) for name in none} if last else none
    return kept | {"demand": chair.edition.reviews_per_submission, "reserve": 0}


def _left_out(scene: assignment.Scene, task: Assignment, shown: set[int]) -> list[tuple[Membership, str]]:
    """Everybody else, with the reason why she is not offered."""
    found = []
    for member in scene.members:
        key = (task.submission_id, member.pk)
        if member.pk in shown:
            continue
        if key in scene.standing:
            words = "reviews it already"
        else:
            words = "; ".join(scene.reasons.get(key, ["is no candidate, or a rule of the last run forbids it"]))
        found.append((member, words))
    return found


def _replace(request: ChairRequest, chair: Membership, task: Assignment) -> HttpResponse:
    form = AssignForm(request.POST)
    address = redirect("reviews:submission", slug=chair.edition.slug, number=task.submission.number)
    if not form.is_valid():
        return address
    people = Membership.objects.filter(edition=chair.edition_id).select_related("user")
    member = get_object_or_404(people, pk=form.cleaned_data["member"])
    at = timezone.now()
    try:
        # Of a task that ended under the open page another chair may have given it on: nobody comes beside that one.
        if "standing" in request.POST or (task.declined_at is None and task.removed_at is None):
            assigning.replace(task, member, by=request.user, at=at, with_review="submitted" in request.POST)
            letters = "2 letters" if is_reached(task.membership) else "1 letter"
            messages.success(request, f"{member.name} replaces {task.membership.name}. {letters} written.")
        else:
            shown = request.POST.get("reviewers")
            assigning.assign(task.submission, member, by=request.user, at=at, based_on=shown)
            messages.success(request, f"{member.name} reviews submission {task.submission.number}. 1 letter written.")
    except assigning.Refused as refusal:
        messages.error(request, str(refusal))
    return address


def _back(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """The page that the press came from: the reviewer's when it says so, else the submission's."""
    if (member := whole_number(request.POST.get("from_reviewer"))) > 0:
        return redirect("reviews:assign_reviewer", slug=chair.edition.slug, member=member)
    return redirect("reviews:assign_submission", slug=chair.edition.slug, number=number)
