"""The proceedings chair's list of who owes one item, and the button that asks for it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dlonsc.editions.access import proceedings_chair_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.views.doors import signed_in
from submissions.actions import chasing
from submissions.emails import chase_preview
from submissions.models import CameraReadyKind
from submissions.views.chair import by


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def chase(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """GET shows to whom and what; POST writes to those who still owe it."""
    chair = proceedings_chair_of(request.user, slug)
    if kind not in CameraReadyKind.values:
        raise Http404
    item, now = CameraReadyKind(kind), timezone.now()
    if request.method == "POST":
        count = chasing.chase(chair, kind=item, by=by(chair), at=now)
        if count:
            messages.success(request, f"Letters written: {count}.")
        else:
            messages.info(request, "Nobody was written to: everything is there, or they were asked today already.")
        return redirect("submissions:proceedings", slug)
    rows = chasing.to_ask(chasing.still_owing(chair, kind, now), item, now)
    people = [(row, author) for row, asking, _ in rows for author in asking]
    context = {
        "edition": chair.edition,
        "item": item.label,
        "rows": rows,
        "letters": len(people),
        "letter": chase_preview(*people[0], item) if people else None,
        "due": chair.edition.due(Phase.CAMERA_READY),
    }
    return render(request, "submissions/proceedings/chase.html", context)
