"""How long a chair stays signed in without doing anything, and which acts ask for a sign-in that is not old.

Who sits down at a chair's unlocked machine the next morning finds a page to sign in; within the day she can read, but
not release, look as somebody, name chairs or take a table away. Nothing typed is lost: a form that was sent is kept
(dlonsc.accounts.interrupted) and carried on after the sign-in.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from dlonsc.accounts import interrupted
from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of

SEEN = "seen"
# A session is written at most this often; the idle limit is exact to it.
NOTED_EVERY_SECONDS = 300
SAFE = ("GET", "HEAD")
# Requests of the pages' scripts: they know how to keep what they send, and want no page to sign in.
SCRIPTS = ("X-Autosave", "X-Upload", "X-Fragment")
# Where passwords and codes are typed: no form from there is kept.
PROVING = "/accounts/"
ANY, SENT = frozenset({"GET", "HEAD", "POST"}), frozenset({"POST"})
# What cannot be taken back, or opens what is secret. Stopping a release is not among them: it must never wait.
NEEDS_FRESH_SIGN_IN = {
    "reviews:announce": SENT,
    "reviews:look_as": SENT,
    "reviews:conflict": SENT,
    "reviews:delegate": SENT,
    "reviews:export": ANY,
    "reviews:export_proposal": ANY,
    "reviews:export_sub_reviewers": ANY,
    "reviews:commit_proposal": SENT,
    "reviews:decide": SENT,
    "letters:mailing": SENT,
    "submissions:triage_csv": ANY,
    "submissions:triage_one": SENT,
    "editions:settings": SENT,
    "editions:invite": SENT,
    "editions:resend": SENT,
    "editions:member": SENT,
    "editions:end_membership": SENT,
    "persons:download": SENT,
    "persons:erase": SENT,
}
# A new way to sign in would count as a proof of who she is.
NEW_KEYS = (
    "account_set_password",
    "account_email",
    "github_login",
    "google_login",
    "orcid_login",
    "mfa_activate_totp",
    "mfa_add_webauthn",
)
NEEDS_FRESH_SIGN_IN |= dict.fromkeys(NEW_KEYS, SENT)
# Where one address takes several forms: the field of the one that asks, and its value ("" for any). It corrects a
# released decision, releases letters, or returns a paper without review; to decide in private, to write and to stop do
# not wait.
ONLY_WITH = {
    "reviews:decide": ("draft", ""),
    "letters:mailing": ("release", ""),
    "submissions:triage_one": ("act", "reject"),
}


# What sending such a form does, for the page on which it is carried on.
DOES = {
    "reviews:announce": "Release the decisions and their letters, or confirm that release",
    "reviews:look_as": "Look as somebody else",
    "reviews:conflict": "Set or lift a conflict of interest",
    "reviews:delegate": "Name a delegate",
    "reviews:commit_proposal": "Commit an assignment and write to its reviewers",
    "reviews:decide": "Correct a decision that is released",
    "letters:mailing": "Release the letters that you wrote",
    "submissions:triage_one": "Return a submission without review",
    "editions:settings": "Change the settings of the edition",
    "editions:invite": "Invite people",
    "editions:resend": "Send an invitation again",
    "editions:member": "Change the roles of a member",
    "editions:end_membership": "End a membership, or take that back",
    "persons:download": "Download everything about yourself",
    "persons:erase": "Erase a person",
}


def does(request: HttpRequest) -> str:
    return DOES.get(request.resolver_match.view_name, "") if request.resolver_match else ""


def holds_a_key(user: User) -> bool:
    """Chairs and proceedings chairs of any edition, and administrators."""
    keys = Q(is_chair=True) | Q(is_proceedings_chair=True)
    return user.is_superuser or memberships_of(user).filter(keys).exists()


def proven_at(request: HttpRequest, user: User, default: float) -> float:
    """When the person last proved in this session who she is, seconds since the epoch."""
    return max((float(one["at"]) for one in get_authentication_records(request, user)), default=default)


def to_sign_in(request: HttpRequest, address: str) -> HttpResponse:
    """To her password or second factor, and then on to an address; who has neither signs in anew."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    return redirect(f"{methods[0]['url'] if methods else reverse('account_login')}?{urlencode({'next': address})}")


class ChairsSessions:
    """Ends a chair's session that has been idle, and asks again before an act of NEEDS_FRESH_SIGN_IN."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.CHAIRS_IDLE_HOURS and isinstance(request.user, User):
            self.end_when_idle(request, request.user)
        return self.get_response(request)

    def end_when_idle(self, request: HttpRequest, user: User) -> None:
        now = timezone.now().timestamp()
        idle = now - request.session.get(SEEN, proven_at(request, user, default=now))
        if idle > settings.CHAIRS_IDLE_HOURS * 3600 and holds_a_key(user):
            logout(request)
            request.user = AnonymousUser()
            request.was_idle = user  # type: ignore[attr-defined]
            messages.info(request, "You were signed out after hours without a request. Sign in to go on.")
        elif (idle >= NOTED_EVERY_SECONDS or SEEN not in request.session) and "X-Fragment" not in request.headers:
            # A page that asks for itself, forgotten on a screen, is nobody who works.
            request.session[SEEN] = now

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, words: object
    ) -> HttpResponseBase | None:
        """Here, and not before: a form that is kept has passed the check of its CSRF token."""
        idle = getattr(request, "was_idle", None)
        if idle is not None:
            return self.keep_and_sign_in(request, idle)
        if isinstance(request.user, User) and self.is_too_old(request, request.user):
            return self.ask_again(request, request.user)
        if request.method not in SAFE:
            interrupted.forget_if_sent(request)
        return None

    def is_too_old(self, request: HttpRequest, user: User) -> bool:
        match = request.resolver_match
        if not settings.CHAIRS_FRESH_MINUTES or match is None:
            return False
        if request.method not in NEEDS_FRESH_SIGN_IN.get(match.view_name, ()) or not holds_a_key(user):
            return False
        field, value = ONLY_WITH.get(match.view_name, ("", ""))
        sent = request.POST.get(field)
        if field and (sent is None or value not in {"", sent}):
            return False
        # A session that does not say when it began is too old.
        age = timezone.now().timestamp() - proven_at(request, user, default=0)
        return age > settings.CHAIRS_FRESH_MINUTES * 60

    def keep_and_sign_in(self, request: HttpRequest, person: User) -> HttpResponse | None:
        if request.method in SAFE or any(name in request.headers for name in SCRIPTS):
            return None  # as for every visitor: the page itself says who may read it
        if request.path.startswith(PROVING):
            return to_sign_in(request, reverse("editions:dashboard"))
        interrupted.keep(request, person, what=does(request))
        return to_sign_in(request, reverse("accounts:carry_on"))

    def ask_again(self, request: HttpRequest, person: User) -> HttpResponse:
        address = request.get_full_path()
        if not get_adapter().get_reauthentication_methods(person):
            logout(request)
        if request.method not in SAFE and not request.path.startswith(PROVING):
            interrupted.keep(request, person, what=does(request))
            address = reverse("accounts:carry_on")
        messages.info(request, "This act asks for a recent sign-in. Confirm that it is you, then go on.")
        return to_sign_in(request, address)
