"""Which methods a page takes, without telling outsiders that the page is there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from dlonsc.editions.access import chair_of

View = Callable[..., HttpResponseBase]
# Takes what the view takes and raises Http404 for who may not see the thing.
Gate = Callable[..., object]


def door(gate: Gate, *methods: str) -> Callable[[View], View]:
    """Signed-in people only, these methods only; a wrong method is 404 to outsiders and 405 to those inside."""

    def build(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                return view(request, *args, **kwargs)
            gate(request, *args, **kwargs)
            return HttpResponseNotAllowed(methods)

        return login_required(checked)

    return build


def chairs_gate(request: HttpRequest, slug: str, **_: object) -> object:
    return chair_of(request.user, slug)


def chairs_page(*methods: str) -> Callable[[View], View]:
    """A page of an edition's chairs."""
    return door(chairs_gate, *methods)
