"""The rules of confidentiality, which a reviewer confirms once per edition before she opens the first paper."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of, reviewer_of
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import door
from reviews.access import is_own_eye
from reviews.actions import reviewing

View = Callable[..., HttpResponseBase]


def rules_gate(request: HttpRequest, slug: str) -> Membership:
    return reviewer_of(request.user, slug)


def once_confirmed(view: View) -> View:
    """For pages and files with a paper in them: before she has confirmed the rules, they are asked in its place.

    Only reading waits. What she sends is kept whether she has confirmed or not: no text is lost for want of a tick.
    """

    @wraps(view)
    def checked(request: HttpRequest, slug: str, **words: Any) -> HttpResponseBase:
        # The page itself says first who may see it; a chair who looks with her eyes confirms nothing for her.
        response = view(request, slug, **words)
        if request.method not in ("GET", "HEAD") or not is_own_eye():
            return response
        member = memberships_of(request.user).filter(edition__slug=slug, rules_at__isnull=True).first()
        if member is None:
            return response
        # Not response.close(): for Django that ends the request, and it takes the database away from the rest of it.
        return shown(request, member, onward=request.get_full_path())

    return checked


def shown(request: HttpRequest, member: Membership, *, onward: str) -> HttpResponse:
    context = {"edition": member.edition, "member": member, "onward": onward}
    return render(request, "reviews/reviewer/rules.html", context)


@door(rules_gate, "GET", "HEAD", "POST")
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    member = reviewer_of(request.user, slug)
    if request.method != "POST":
        return shown(request, member, onward="")
    assert isinstance(request.user, User)  # noqa: S101 - the door has seen to it
    reviewing.confirm_rules(membership=member, by=request.user, at=timezone.now())
    onward = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        return redirect(onward)
    messages.success(request, "Noted. Thank you.")
    return redirect("reviews:home", slug)
