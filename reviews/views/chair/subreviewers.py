"""The chairs' pages of sub-reviewers: who waits for an answer, what was found, whom the front matter names."""

import csv
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.cells import harmless
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Membership
from dlonsc.editions.visibility import Switch
from reviews.access import sub_reviewers_overseen_by
from reviews.actions import subreviewing
from reviews.actions.assigning import Refused
from reviews.forms.subreviewing import AnswerForm
from reviews.models import SubReviewer
from reviews.subreviewers import Findings, credited, findings, findings_of
from reviews.views.chair.door import ChairRequest, chairs_only, page


@dataclass(frozen=True)
class Line:
    row: SubReviewer
    found: Findings

    @property
    def is_in_conflict(self) -> bool:
        """What bars her came to light after a chair had agreed; her access has ended with it."""
        return self.row.is_agreed and bool(self.found.bars)


@dataclass(frozen=True)
class Named:
    """Somebody whom the front matter thanks."""

    name: str
    institution: str


@chairs_only
def sub_reviewers(request: ChairRequest, chair: Membership) -> HttpResponse:
    rows = list(sub_reviewers_overseen_by(chair).order_by("assignment__submission__number", "pk"))
    open_rows = [row for row in rows if row.ended_at is None]
    standing = [Line(row, found) for row, found in zip(open_rows, findings_of(open_rows), strict=True)]
    context = {
        "is_on": getattr(chair.edition, Switch.SUB_REVIEWERS),
        "waiting": [line for line in standing if line.row.decided_at is None],
        "going_on": [line for line in standing if line.row.decided_at is not None],
        "past": [row for row in rows if row.ended_at is not None],
        "is_over": is_over(chair),
        "named": named(chair) if is_over(chair) else [],
    }
    return page(request, chair, "sub_reviewers.html", context)


@chairs_only
def sub_reviewer(request: ChairRequest, chair: Membership, pk: int) -> HttpResponse:
    """One person: POST `answer` agrees or refuses, `end` ends what stands."""
    row = get_object_or_404(sub_reviewers_overseen_by(chair), pk=pk)
    row.assignment.submission.edition = chair.edition
    form = AnswerForm(request.POST if "answer" in request.POST else None)
    if request.method == "POST" and "end" in request.POST:
        if subreviewing.end_by_chair(row, by=request.user, at=timezone.now()):
            messages.success(request, f"Ended. {row.name} reads nothing more of the submission.")
        return redirect("reviews:sub_reviewer", chair.edition.slug, pk)
    if form.is_valid() and _answered(request, chair, row, form):
        return redirect("reviews:sub_reviewers", chair.edition.slug)
    context = {"row": row, "submission": row.assignment.submission, "found": findings(row), "form": form}
    return page(request, chair, "sub_reviewer.html", context, status=422 if form.errors else 200)


def _answered(request: ChairRequest, chair: Membership, row: SubReviewer, form: AnswerForm) -> bool:
    at, reason = timezone.now(), form.cleaned_data["reason"]
    try:
        if request.POST["answer"] == "agree":
            subreviewing.agree(row, chair=chair, reason=reason, at=at)
            messages.success(request, f"Agreed. An invitation to {row.name} is on the way.")
        else:
            subreviewing.refuse(row, chair=chair, reason=reason, at=at)
            messages.success(request, f"Refused. {row.assignment.membership.name} is told, without the reason.")
    except Refused as refusal:
        form.add_error("reason", str(refusal))
        return False
    return True


def is_over(chair: Membership) -> bool:
    """Whether the notification is past: then the list for the front matter can be made."""
    due = chair.edition.due(Phase.NOTIFICATION)
    return due is not None and due.cutoff_at <= timezone.now()


def named(chair: Membership) -> list[Named]:
    """The credited, each once, by name; without the submissions that the chair is in conflict with, and naming none."""
    rows = credited(sub_reviewers_overseen_by(chair))
    return sorted({Named(row.name, row.institution) for row in rows}, key=lambda one: (one.name, one.institution))


@chairs_only
def export(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Names and institutions for the front matter, once the notification is past."""
    if not is_over(chair):
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{chair.edition.slug}-additional-reviewers.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(["name", "institution"])
    writer.writerows([harmless(one.name), harmless(one.institution)] for one in named(chair))
    return response
