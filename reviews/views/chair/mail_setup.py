"""How letters leave this installation, what receivers look for, and a test letter to oneself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.mail.models import Message, State
from dlonsc.mail.setup import setup
from reviews.actions import lettering
from reviews.views.chair.door import ChairRequest, chairs_only, page
from reviews.views.letters import COLOURS

SHOWN = 5


@chairs_only
def mail_setup(request: ChairRequest, chair: Membership) -> HttpResponse:
    """POST sends one test letter to the chair who asks; GET shows what became of the last ones."""
    if request.method == "POST":
        if lettering.send_test(chair, by=request.user, at=timezone.now()) is None:
            messages.warning(request, "You sent one within this minute; look below what became of it.")
        else:
            messages.success(request, f"A test letter to {request.user.email} is queued; reload to see its state.")
        return redirect("letters:setup", chair.edition.slug)
    tests = Message.objects.filter(edition=chair.edition.slug, kind="mail_test", to_email=request.user.email.lower())
    rows = [(row, COLOURS.get(State(row.state), "plain")) for row in tests.order_by("-created_at")[:SHOWN]]
    return page(request, chair, "mail_setup.html", {"setup": setup(), "tests": rows})
