"""What holds for every page of a signed-in person."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from dlonsc.accounts.interrupted import words_sent
from dlonsc.accounts.second_factor import remember
from dlonsc.logged import SECRET
from dlonsc.posted import LONGEST_TEXT, too_long

Handler = Callable[[HttpRequest], HttpResponse]
# The chairs' and the proceedings chair's rooms, /<edition>/chair/ and /<edition>/proceedings/, and the administrators'
# room in which people are erased.
GUARDED = re.compile(r"^/([a-z0-9-]+/(chair|proceedings)|health/erasure)/")
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


# Not "storage": a text that the server does not have yet may be in it. The frame's script takes out the texts of
# whoever signs out, and holds her up while one of them is not saved.
FORGET_PAGES = '"cache"'


# As allauth shortens it.
LONGEST_BROWSER = UserSession._meta.get_field("user_agent").max_length
NOTED_EVERY = timedelta(minutes=5)


class SeenSessions:
    """Notes for the list of one's sessions when, from where and with which browser each was used last.

    Allauth's own writes a row at every page; who only reads changes nothing here but once in five minutes.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_known = request.user.is_authenticated and request.session.session_key
        if settings.USERSESSIONS_TRACK_ACTIVITY and is_known and not self.is_noted(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def is_noted(self, request: HttpRequest) -> bool:
        rows = UserSession.objects.filter(
            session_key=request.session.session_key,
            user=request.user,
            ip=get_adapter().get_client_ip(request),
            user_agent=request.headers.get("User-Agent", "")[:LONGEST_BROWSER],
            last_seen_at__gt=timezone.now() - NOTED_EVERY,
        )
        return bool(rows.exists())


class PrivatePages:
    """No cache keeps a page that was made for one person (OWASP ASVS 14.3.2), and signing out empties the browser's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Signed out for being idle before this, or in what follows.
        was_signed_in = request.user.is_authenticated or getattr(request, "was_idle", None) is not None
        response = self.get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
            patch_vary_headers(response, ["Cookie"])
        elif was_signed_in and getattr(request, "looking", None) is None:
            # A chair who looks as a visitor is still signed in.
            response.headers["Clear-Site-Data"] = FORGET_PAGES
        return response


class SecretAddresses:
    """An address that is a secret is told to no other page: the browser names only the site as where it comes from.

    Not "no-referrer": then a form would come from nowhere, and Django refuses it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if SECRET.match(request.path):
            response.headers["Referrer-Policy"] = "strict-origin"
        return response


class BoundedTexts:
    """No field takes a text without end; what was typed stands on the page that says so.

    In `process_view`, when the form is known to be one of ours.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False) or not (names := too_long(request)):
            return None
        if request.headers.get("X-Autosave"):
            told = f"Not saved: {', '.join(names)} has more than {LONGEST_TEXT:,} characters. Kept in this browser."
            return JsonResponse({"message": told}, status=413)
        words = {
            "names": [name.replace("_", " ") for name in names],
            "most": f"{LONGEST_TEXT:,}",
            "sent": words_sent(request),
        }
        return render(request, "413.html", words, status=413)


class RequireSecondFactor:
    """Chairs see who reviews whom, and no erasure is undone: outside the demo these rooms need a second factor."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            settings.CHAIRS_NEED_SECOND_FACTOR
            and GUARDED.match(request.path)
            and request.user.is_authenticated
            and not Authenticator.objects.filter(user=request.user, type__in=SECOND_FACTORS).exists()
        ):
            remember(request)
            messages.warning(
                request,
                "Chairs see who reviews whom, and an erasure cannot be undone, so these pages need a second factor. "
                "Set up an authenticator app or a passkey here, then go on.",
            )
            return redirect("mfa_index")
        return self.get_response(request)
