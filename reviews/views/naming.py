"""The reviewer's page of her sub-reviewer: name one, see how far it is, end it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from dlonsc import codes
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import door
from reviews.actions import reviewing, subreviewing
from reviews.actions.assigning import Refused
from reviews.forms.subreviewing import NameForm
from reviews.models import Assignment
from reviews.views.reviewer import page_of, person


def named_page(request: HttpRequest, slug: str, number: int) -> tuple[Membership, Assignment]:
    """Her place and her task, in an edition that has sub-reviewers; 404 otherwise."""
    member, assignment, _ = page_of(request, slug, number)
    if not member.edition.sub_reviewers:
        raise Http404
    return member, assignment


@door(named_page, "GET", "HEAD", "POST")
def sub_reviewer(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """POST names somebody, or with `end` ends what stands. Nothing on this page depends on who the authors are."""
    member, assignment = named_page(request, slug, number)
    standing = assignment.sub_reviewers.standing().first()
    at = timezone.now()
    if request.method == "POST" and "end" in request.POST:
        if standing is not None and standing.pk == codes.number("sub_reviewer", request.POST["end"]):
            subreviewing.end_by_reviewer(standing, by=person(request), at=at)
            messages.success(request, f"{standing.name} no longer writes with you. What is saved stays.")
        return redirect("reviews:name_sub_reviewer", slug, number)
    form = NameForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = subreviewing.name_sub_reviewer(assignment, **form.cleaned_data, by=person(request), at=at)
        except (Refused, reviewing.ReviewingError) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"The chairs are asked. {row.name} hears of it once one of them agrees.")
            return redirect("reviews:name_sub_reviewer", slug, number)
    closed, review = reviewing.closed_because(assignment.submission, at), getattr(assignment, "review", None)
    words = {
        "edition": member.edition,
        "submission": assignment.submission,
        "form": form,
        "standing": standing,
        "past": assignment.sub_reviewers.filter(ended_at__isnull=False),
        "closed": closed,
        "review": review,
        "may_name": not standing and not closed and (review is None or review.submitted_at is None),
    }
    return render(request, "reviews/reviewer/sub_reviewer.html", words, status=422 if form.errors else 200)
