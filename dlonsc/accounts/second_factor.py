"""After a chair has set up the second factor that her rooms need, the way back to the page she wanted."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html

WANTED = "page_behind_second_factor"


def remember(request: HttpRequest) -> None:
    """Keep the page that was asked for; a form that was sent is not repeated, so only its page is kept."""
    request.session[WANTED] = request.path


def offer_way_back(request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    """allauth tells (its signal authenticator_added, connected at start-up) that a factor was added."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    if wanted := request.session.pop(WANTED, None):
        messages.success(
            request, format_html('Your second factor is set up. <a href="{}">Go on to your page</a>', wanted)
        )
