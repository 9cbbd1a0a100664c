"""What every page's frame needs: the roles a person has, the demo, the server's time."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.editions.models import Membership, long_past_events
from dlonsc.mail.setup import is_sandbox


def roles_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The doors that a person has: one per edition and role, the one she stands in marked."""
    found = []
    # On every page: without the long texts and the settings of each edition.
    few = ("is_chair", "is_proceedings_chair", "is_reviewer", "edition__slug", "edition__name")
    members = list(memberships_of(request.user).only(*few))
    past: set[int] = set()
    if any(member.is_reviewer for member in members):
        past = set(long_past_events(timezone.now()).values_list("edition", flat=True))
    for member in members:
        slug, name = member.edition.slug, member.edition.name
        doors = (
            (member.is_chair, "Chair", "reviews:chair"),
            (member.is_proceedings_chair, "Proceedings chair", "submissions:proceedings"),
            (member.is_reviewer and member.edition_id not in past, "Reviewer", "reviews:home"),
        )
        for has, words, address in doors:
            if has:
                url = reverse(address, kwargs={"slug": slug})
                found.append({"words": words, "edition": name, "url": url, "current": request.path.startswith(url)})
    return found


def role_of(request: HttpRequest, roles: list[dict[str, Any]]) -> str:
    """The role in which the person reads this page; empty where roles do not matter."""
    match = getattr(request, "resolver_match", None)
    slug = match.kwargs.get("slug", "") if match else ""
    if slug and request.path.startswith(f"/{slug}/submissions/"):
        return "Author"
    return next((str(role["words"]) for role in roles if role["current"]), "")


DEMO_ROLES = ("Chair", "Proceedings chair", "Reviewer", "Author")
AUTHORS_SHOWN = 60


def demo_people() -> list[dict[str, Any]]:
    """Whom the demo's bar offers, by role; each person once, under the role with the most keys."""
    people: dict[str, dict[int, User]] = {role: {} for role in DEMO_ROLES}
    seen: set[int] = set()
    members = Membership.objects.active().filter(edition__is_demo=True).select_related("user")
    for member in members.order_by("-is_chair", "-is_proceedings_chair", "user_id"):
        assert member.user is not None  # noqa: S101 - active members have accounts
        role = DEMO_ROLES[0 if member.is_chair else 1 if member.is_proceedings_chair else 2]
        if member.user.pk not in seen:
            seen.add(member.user.pk)
            people[role][member.user.pk] = member.user
    authors = User.objects.filter(is_active=True, memberships__isnull=True).order_by("pk")[:AUTHORS_SHOWN]
    people["Author"] = {user.pk: user for user in authors}
    return [{"words": role, "people": list(found.values())} for role, found in people.items() if found]


def frame(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    # A request refused before anybody signed in (a forged host) has no user; its error page must still render.
    signed_in = request.user.is_authenticated if hasattr(request, "user") else False
    looking = getattr(request, "looking", None)
    roles: Any = SimpleLazyObject(lambda: roles_of(request)) if signed_in and looking is None else []
    return {
        "now": now,
        "now_epoch": f"{now.timestamp():.3f}",
        "looking": looking,
        "demo": settings.DEMO and looking is None,
        "demo_people": demo_people() if settings.DEMO and looking is None else [],
        "sandbox": is_sandbox(),
        "roles": roles,
        "you_are": SimpleLazyObject(lambda: role_of(request, roles)) if signed_in else "",
    }
