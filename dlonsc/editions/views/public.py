"""The public site: everything comes from the edition's record, nothing is typed into templates."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dlonsc.editions.access import visible_edition
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The published workshops that are not over, then the earlier ones."""
    now = timezone.now()
    editions = Edition.objects.filter(is_public=True).order_by("-is_demo", "-created_at").prefetch_related("deadlines")
    rows: list[dict[str, Any]] = [
        {
            "edition": edition,
            "submission": edition.due(Phase.SUBMISSION),
            "event": edition.due(Phase.EVENT),
            "is_open": edition.window(Phase.SUBMISSION, received_at=now).accepts,
        }
        for edition in editions
    ]
    current = [row for row in rows if row["event"] is None or row["event"].cutoff_at > now]
    past = [row for row in rows if row not in current]
    return render(request, "editions/public/home.html", {"current": current, "past": past})


@require_safe
def call(request: HttpRequest, slug: str) -> HttpResponse:
    """The call for papers as a page to read."""
    edition = visible_edition(request.user, slug)
    now = timezone.now()
    deadlines = [row for row in edition.deadlines.all() if row.is_public]
    upcoming = [row for row in deadlines if row.cutoff_at > now]
    members = list(edition.memberships.listed().prefetch_related("affiliations"))
    context = {
        "edition": edition,
        "deadlines": deadlines,
        "next_due": upcoming[0] if upcoming else None,
        "submission": edition.due(Phase.SUBMISSION),
        "is_open": edition.window(Phase.SUBMISSION, received_at=now).accepts,
        "topics": edition.topics.filter(parent__isnull=True).prefetch_related("children"),
        "leaders": [member for member in members if member.title],
        "members": members,
    }
    return render(request, "editions/public/call.html", context)


@require_safe
def committee(request: HttpRequest, slug: str) -> HttpResponse:
    edition = visible_edition(request.user, slug)
    members = edition.memberships.listed().prefetch_related("affiliations")
    return render(request, "editions/public/committee.html", {"edition": edition, "members": members})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about people, for what, and for how long."""
    return render(request, "editions/public/privacy.html")
