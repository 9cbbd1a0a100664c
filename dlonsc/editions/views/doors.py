"""Which methods a page takes, without telling outsiders that the page is there."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils.http import url_has_allowed_host_and_scheme

from dlonsc.editions.access import chair_of

View = Callable[..., HttpResponseBase]
# Takes what the view takes and raises Http404 for who may not see the thing.
Gate = Callable[..., object]


def signed_in(view: View) -> View:
    """Others sign in first. Who sent a form goes on at the page it stood on: its own address may take no visit, and the
    page puts back what was typed.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        came_from = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
        if request.method == "POST" and came_from and is_ours:
            return redirect_to_login(urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl())
        return redirect_to_login(request.get_full_path())

    return checked


def door(gate: Gate, *methods: str) -> Callable[[View], View]:
    """Signed-in people only, these methods only; a wrong method is 404 to outsiders and 405 to those inside."""

    def build(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                return view(request, *args, **kwargs)
            gate(request, *args, **kwargs)
            return HttpResponseNotAllowed(methods)

        return signed_in(checked)

    return build


def chairs_gate(request: HttpRequest, slug: str, **_: object) -> object:
    return chair_of(request.user, slug)


def chairs_page(*methods: str) -> Callable[[View], View]:
    """A page of an edition's chairs."""
    return door(chairs_gate, *methods)
