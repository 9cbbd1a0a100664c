"""A chair looks with somebody else's eyes: read-only, in her own edition, and never at what she may not know herself.

The middleware replaces the person of the request, and tells submissions.access through whom it is looked at; every
queryset then holds only what both may see. Pages outside ALLOWED are refused, whatever the person could open.
"""

from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone
from django.utils.cache import patch_cache_control

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.editions.models import Membership
from reviews.access import open_sub_reviews
from submissions.access import looked_at_by, overseen_by
from submissions.models import Author

KEY = "looking"
SAFE = ("GET", "HEAD")
# The chair's own doors while she looks: another person, or stop; and the pages on which she confirms that it is her,
# which looking at another person may ask for (dlonsc.editions.sessions).
OWN_DOORS = frozenset(
    {
        "reviews:look_as",
        "reviews:stop_looking",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "accounts:carry_on",
    }
)
# No page with a secret link, a session, an account, a letter or an unfinished text.
ALLOWED = frozenset(
    {
        "editions:call",
        "editions:committee",
        "submissions:home",
        "submissions:submission",
        "submissions:conflicts",
        "submissions:reproducibility",
        "submissions:pdf",
        "submissions:supplement",
        "submissions:camera_ready",
        "submissions:own_item",
        "submissions:proceedings",
        "submissions:proceedings_paper",
        "submissions:item",
        "reviews:decision_for_authors",
        "reviews:home",
        "reviews:review",
        "reviews:paper",
        "reviews:supplement",
        "reviews:sub_review",
        "reviews:sub_paper",
        "reviews:sub_supplement",
    }
)
# Signed in and nothing more. No account has this number, so no row is hers.
NO_ROLE = User(pk=0, name="somebody without a role", email="nobody@no-role.invalid")


@dataclass(frozen=True)
class Looking:
    """Who looks, and as whom; `person` is None for a visitor."""

    chair: Membership
    person: User | None

    @property
    def words(self) -> str:
        return str(self.person) if self.person else "a visitor"


def ordinary(people: QuerySet[User], chair: Membership) -> QuerySet[User]:
    """Without administrators and chairs: their rooms hold secrets of others."""
    chairs = Membership.objects.chairs().filter(edition=chair.edition_id).values("user")
    return people.filter(is_active=True, is_staff=False, is_superuser=False).exclude(pk__in=chairs)


def committee_of(chair: Membership) -> QuerySet[User]:
    members = Membership.objects.active().filter(edition=chair.edition_id).values("user")
    return ordinary(User.objects.filter(pk__in=members), chair).order_by("name", "pk")


def authors_of(chair: Membership) -> QuerySet[User]:
    """Accounts of the authors of submissions that she may know."""
    known = overseen_by(chair)
    emails = Author.objects.filter(submission__in=known).values(low=Lower("email"))
    verified = EmailAddress.objects.filter(verified=True).annotate(low=Lower("email")).filter(low__in=emails)
    people = User.objects.filter(Q(pk__in=known.values("created_by")) | Q(pk__in=verified.values("user")))
    return ordinary(people, chair).order_by("name", "pk")


def sub_reviewers_of(chair: Membership) -> QuerySet[User]:
    """Who writes with a reviewer of a submission that she may know."""
    known = open_sub_reviews(timezone.now()).accepted().filter(assignment__submission__in=overseen_by(chair))
    return ordinary(User.objects.filter(pk__in=known.values("user")), chair).order_by("name", "pk")


def looking_of(request: HttpRequest) -> Looking | None:
    """As whom the signed-in chair looks; None when she does not, or may not any more."""
    chosen = request.session.get(KEY)
    if not chosen:
        return None
    chair = memberships_of(request.user).filter(pk=chosen["chair"], is_chair=True).first()
    if chair is None:
        return None
    if chosen["person"] is None:
        return Looking(chair, None)
    if chosen["person"] == NO_ROLE.pk:
        return Looking(chair, NO_ROLE)
    people = committee_of(chair) | authors_of(chair) | sub_reviewers_of(chair)
    person = people.filter(pk=chosen["person"]).first()
    return Looking(chair, person) if person else None


def match_of(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


def admitted(request: HttpRequest, match: ResolverMatch | None, chair: Membership) -> bool:
    """Whether a page may be looked at; 404 for a submission that the chair herself may not know."""
    if request.method not in SAFE or match is None or match.view_name not in ALLOWED:
        return False
    if match.kwargs.get("slug") != chair.edition.slug:
        return False
    number = match.kwargs.get("number")
    if number is not None and not overseen_by(chair).filter(number=number).exists():
        raise Http404
    return True


class LookAs:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or KEY not in request.session:
            return self.get_response(request)
        match, looking = match_of(request), looking_of(request)
        if looking is None:
            del request.session[KEY]
            return self.get_response(request)
        request.looking = looking  # type: ignore[attr-defined]
        if match is not None and match.view_name in OWN_DOORS:
            return self.get_response(request)
        response = self.look(request, match, looking)
        patch_cache_control(response, private=True, no_store=True)
        return response

    def look(self, request: HttpRequest, match: ResolverMatch | None, looking: Looking) -> HttpResponse:
        if not admitted(request, match, looking.chair):
            return render(request, "reviews/chair/not_looked_at.html", {"edition": looking.chair.edition}, status=403)
        request.user = looking.person or AnonymousUser()
        token = looked_at_by.set(looking.chair)
        try:
            return self.get_response(request)
        finally:
            looked_at_by.reset(token)
