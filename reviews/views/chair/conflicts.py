"""Conflicts of interest: the matrix, and the sources behind one cell."""

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dlonsc import codes
from dlonsc.editions.models import Membership
from reviews.actions import assigning
from reviews.conflicts import authorships
from reviews.forms.chair import ConflictForm, LiftForm
from reviews.models import Assignment
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from submissions.access import overseen_by
from submissions.models import Conflict, ConflictSource, Submission
from submissions.states import State

# A matrix larger than this links only the cells that say something: the page stays light.
LINKED_CELLS = 3000
LETTERS = {
    ConflictSource.AUTHOR: "A",
    ConflictSource.MEMBER: "M",
    ConflictSource.INSTITUTION: "I",
    ConflictSource.DOMAIN: "D",
    ConflictSource.AUTHORSHIP: "W",
    ConflictSource.CHAIR: "C",
}


@dataclass(frozen=True)
class Cell:
    """One submission and one member: the letters of the standing sources, and whether she reviews it nevertheless."""

    member: Membership
    letters: str
    words: str
    assigned: bool

    @property
    def clashes(self) -> bool:
        return bool(self.letters) and self.assigned


@dataclass(frozen=True)
class Line:
    submission: Submission
    cells: list[Cell]
    declared: int
    is_over_declared: bool


@chairs_only
def conflicts(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Submission x member. What the chair is in conflict with is absent."""
    members = list(Membership.objects.active().filter(edition=chair.edition_id).order_by("name"))
    lines = matrix(chair, members)
    sources = [(LETTERS[source], source.label) for source in ConflictSource]
    context = {
        "members": members,
        "lines": lines,
        "sources": sources,
        "all_linked": len(lines) * len(members) <= LINKED_CELLS,
        "clashes": [(line, cell) for line in lines for cell in line.cells if cell.clashes],
        "over_declared": [line for line in lines if line.is_over_declared],
    }
    return page(request, chair, "conflicts.html", context)


def matrix(chair: Membership, members: list[Membership]) -> list[Line]:
    rows = list(overseen_by(chair).exclude(state=State.WITHDRAWN).order_by("number"))
    ids = [row.pk for row in rows]
    sources: dict[tuple[int, int], set[str]] = defaultdict(set)
    for pair in authorships(ids):
        sources[pair].add(ConflictSource.AUTHORSHIP)
    declared: dict[int, int] = defaultdict(int)
    standing = Conflict.objects.filter(submission__in=ids, lifted_at__isnull=True)
    for submission, member, source in standing.values_list("submission_id", "membership_id", "source"):
        sources[submission, member].add(source)
        declared[submission] += source == ConflictSource.AUTHOR
    tasks = Assignment.objects.standing().filter(submission__in=ids)
    assigned = set(tasks.values_list("submission_id", "membership_id"))
    limit = chair.edition.conflicts_need_reason_above
    return [
        Line(
            row,
            [_cell(row, member, sources.get((row.pk, member.pk), set()), assigned) for member in members],
            declared[row.pk],
            declared[row.pk] > limit,
        )
        for row in rows
    ]


def _cell(row: Submission, member: Membership, sources: set[str], assigned: set[tuple[int, int]]) -> Cell:
    present = [source for source in ConflictSource if source in sources]
    return Cell(
        member,
        "".join(LETTERS[source] for source in present),
        ", ".join(str(source.label) for source in present),
        (row.pk, member.pk) in assigned,
    )


@chairs_only
def pair(request: ChairRequest, chair: Membership, number: int, member: int) -> HttpResponse:
    """The sources of one pair, with what the chair may do: set one of her own, lift one with a reason."""
    row = overseen(chair, number)
    person = get_object_or_404(Membership.objects.active(), pk=member, edition=chair.edition_id)
    form = ConflictForm()
    failed: dict[int, LiftForm] = {}
    if request.method == "POST":
        form, failed, done = _act(request, row, person)
        if done and person.pk == chair.pk:
            # Of a submission that she is in conflict with herself she has no page any more.
            return redirect("reviews:conflicts", slug=chair.edition.slug)
        if done:
            return redirect("reviews:conflict", slug=chair.edition.slug, number=number, member=member)
    rows = Conflict.objects.filter(submission=row, membership=person).select_related("declared_by", "lifted_by")
    context = {
        "edition": chair.edition,
        "submission": row,
        "person": person,
        "conflicts": [
            (row, failed.get(row.pk, lift_form(row)), assigning.version_of_conflict(row)) for row in rows.order_by("pk")
        ],
        "is_author": (row.pk, person.pk) in authorships([row.pk]),
        "assignment": Assignment.objects.standing().filter(submission=row, membership=person).first(),
        "form": form,
    }
    return render(request, "reviews/chair/conflict.html", context, status=422 if form.errors or failed else 200)


def lift_form(conflict: Conflict, data: QueryDict | None = None) -> LiftForm:
    """A form of its own per conflict, so that labels on a page with several point to the right field."""
    return LiftForm(data, auto_id=f"lift-{codes.code('conflict', conflict.pk)}-%s")


def _act(request: ChairRequest, row: Submission, person: Membership) -> tuple[ConflictForm, dict[int, LiftForm], bool]:
    """Do what was pressed; gives the forms that have errors and whether the page is done with."""
    at = timezone.now()
    form = ConflictForm(None if "lift" in request.POST else request.POST)
    if "lift" in request.POST:
        conflict = _conflict(row, person, request.POST["lift"])
        lift = lift_form(conflict, request.POST)
        if lift.is_valid():
            try:
                assigning.lift_conflict(
                    conflict,
                    reason=lift.cleaned_data["reason"],
                    based_on=request.POST.get("said", ""),
                    by=request.user,
                    at=at,
                )
            except assigning.Refused as refusal:
                lift.add_error("reason", str(refusal))
            else:
                messages.success(request, f"Lifted: {conflict.get_source_display()}.")
        return form, {conflict.pk: lift}, not lift.errors
    if form.is_valid():
        try:
            assigning.add_conflict(row, person, **form.cleaned_data, by=request.user, at=at)
        except assigning.Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, f"{person.name} is now in conflict with submission {row.number}.")
    return form, {}, not form.errors


def _conflict(row: Submission, person: Membership, code: str) -> Conflict:
    return get_object_or_404(Conflict, pk=codes.number("conflict", code), submission=row, membership=person)
