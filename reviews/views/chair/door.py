"""The one door to the chairs' pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from dlonsc.accounts.models import User
from dlonsc.editions.access import chair_of
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import signed_in
from submissions.access import one, overseen_by
from submissions.models import Submission

ChairView = Callable[..., HttpResponseBase]


class ChairRequest(HttpRequest):
    """A request behind chairs_only: somebody is signed in."""

    user: User


def chairs_only(view: ChairView) -> ChairView:
    """Call view(request, chair, ...) for a chair of the edition in the address; 404 for everybody else."""

    @signed_in
    @wraps(view)
    def inner(request: HttpRequest, slug: str, **words: Any) -> HttpResponseBase:
        return view(request, chair_of(request.user, slug), **words)

    return inner


def overseen(chair: Membership, number: int) -> Submission:
    """A submission that the chair may see; 404 otherwise, also for one that she is in conflict with."""
    submission = one(overseen_by(chair), chair.edition.slug, number)
    submission.edition = chair.edition
    return submission


def page(
    request: HttpRequest, chair: Membership, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    words = {"edition": chair.edition, "chair": chair, **(context or {})}
    return render(request, f"reviews/chair/{template}", words, status=status)
