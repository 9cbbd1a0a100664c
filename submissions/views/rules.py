"""What the format check asks of papers: the chairs' rules for submissions, the proceedings chair's for print."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dlonsc.editions.access import chair_of, proceedings_chair_of
from dlonsc.editions.actions import EditionError
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.views.doors import signed_in
from submissions.access import for_proceedings, overseen_by
from submissions.actions import ruling
from submissions.checks import stale
from submissions.forms.rules import CameraReadyRulesForm, RulesForm, explained
from submissions.guide import guide
from submissions.views.chair import by


def first_sentences() -> dict[str, str]:
    """Code -> the first sentence of its explanation."""
    return {entry.code: " ".join(entry.text.split()).partition(". ")[0].rstrip(".") + "." for entry in guide()[1]}


def keep(edition: Edition, values: dict[str, Any], form: RulesForm, member: Membership) -> str:
    """Save the rules; the words for the next page. Raises EditionError."""
    changed = ruling.settle_rules(
        edition=edition, values=values, based_on=form.cleaned_data["version"], by=by(member), at=timezone.now()
    )
    if not changed:
        return "Nothing was different; nothing changed."
    return "Rules saved. Stored PDFs are being checked again by them; no submission changes its state by that."


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """A chair says which findings keep Submit closed, which are remarked and which are only told."""
    chair = chair_of(request.user, slug)
    edition = chair.edition
    if request.method == "POST" and "again" in request.POST:
        ruling.ring_renewal(edition)
        messages.success(request, "The PDFs are being checked again; reload this page to see how many are left.")
        return redirect("submissions:rules", slug)
    form = RulesForm(
        request.POST if request.method == "POST" else None, severities=edition.check_severities, version=edition.version
    )
    if form.is_valid():
        try:
            words = keep(edition, {"check_severities": form.severities()}, form, chair)
        except EditionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("submissions:rules", slug)
    known = set(overseen_by(chair).values_list("pk", flat=True))
    context = {
        "edition": edition,
        "form": form,
        "rows": explained(form, first_sentences()),
        "left": sum(row.submission_id in known for row in stale(edition)),
    }
    return render(request, "submissions/chair/rules.html", context, status=422 if form.errors else 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def camera_ready_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The proceedings chair's rule set for camera-ready papers."""
    member = proceedings_chair_of(request.user, slug)
    edition = member.edition
    form = CameraReadyRulesForm(request.POST if request.method == "POST" else None, edition=edition)
    if form.is_valid():
        try:
            words = keep(edition, {"camera_ready_rules": form.rules()}, form, member)
        except EditionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("submissions:camera_ready_rules", slug)
    context = {
        "edition": edition,
        "form": form,
        "rows": explained(form, first_sentences()),
        "papers": for_proceedings(member, timezone.now()).count(),
    }
    return render(request, "submissions/proceedings/rules.html", context, status=422 if form.errors else 200)
