"""An alarm when one account opens unusually many papers or people within an hour.

Whoever copies a whole edition through pages that she may open breaks no rule of access. It is seen here: the opened
papers and people are counted as what they are, also those that do not exist for her, and the chairs get one letter.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dlonsc.accounts.limits import count
from dlonsc.accounts.models import User
from dlonsc.editions.emails import post_mass_reading
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record

HOUR = timedelta(hours=1)
# A reviewer has a dozen papers; a chair reads all of them on the day before she decides.
MOST, MOST_OF_A_CHAIR = 40, 300
PAPERS = {
    "reviews:paper",
    "reviews:review",
    "reviews:supplement",
    "reviews:sub_review",
    "reviews:sub_paper",
    "reviews:submission",
    "reviews:chair_pdf",
    "reviews:decide",
    "reviews:assign_submission",
    "submissions:submission",
    "submissions:pdf",
    "submissions:proceedings_paper",
    "submissions:item",
    "submissions:triage_one",
}
PEOPLE = {"editions:member", "reviews:assign_reviewer"}


def thing_of(name: str, words: dict[str, Any]) -> str:
    """What an address is about, or '' when it is about no single paper, person or letter."""
    if name in PAPERS:
        return f"{words['slug']} paper {words['number']}"
    if name in PEOPLE:
        return f"{words['slug']} person {words.get('member', words.get('pk'))}"
    if name == "letters:letter":
        return f"{words['slug']} letter {words['pk']}"
    return ""


def notice(user: User, slug: str, thing: str) -> bool:
    """Count one opened thing; True when the alarm was given by it."""
    at = timezone.now()
    edition = Edition.objects.filter(slug=slug).first()
    if edition is None or count(f"opened {user.pk} {thing}", HOUR, at) > 1:
        return False
    is_chair = Membership.objects.chairs().filter(user=user, edition=edition).exists()
    most = MOST_OF_A_CHAIR if is_chair else MOST
    # Of this edition alone: its chairs are told, and nothing opened elsewhere passes over the alarm.
    opened = count(f"opened {user.pk} {slug}", HOUR, at)
    if opened <= most or count(f"alarm {user.pk} {slug}", HOUR, at) > 1:
        return False
    with transaction.atomic():
        record(
            "opened_unusually_much",
            by_id=user.pk,
            by=str(user),
            at=at,
            edition=slug,
            detail={"within_an_hour": most + 1},
        )
        for chair in Membership.objects.chairs().filter(edition=edition).select_related("user"):
            post_mass_reading(chair, user, most + 1, at=at)
    return True


class MassReading:
    """Counts after the answer is made; a database that cannot count stops nobody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Who asks, also when she looks with somebody else's eyes.
        reader = request.user
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and isinstance(reader, User) and reader.is_authenticated:
            thing = thing_of(match.view_name, match.kwargs)
            if thing:
                with suppress(DatabaseError):
                    notice(reader, match.kwargs["slug"], thing)
        return response
