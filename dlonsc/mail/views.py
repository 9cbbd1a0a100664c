"""The addresses of this room, which need no account: leaving the reminders, and what a mail provider tells."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dlonsc.mail.leaving import leave, wishes
from dlonsc.mail.models import Message
from dlonsc.mail.webhooks import events_in, take

# From when the letter was written. Longer than any edition writes reminders; each newer letter has a link of its own.
LINK_LASTS = timedelta(days=365)


@never_cache
@csrf_exempt  # A mail program presses the button (RFC 8058) and has no cookie of ours; the token is the key.
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing; POST leaves the reminders of the letter's edition, or with `again` comes back.

    410 and no effect once the link has ended.
    """
    named = Q(leave_token=token) | Q(leave_token=None, return_token=token)
    message = get_object_or_404(Message, named, headers__has_key="List-Unsubscribe")
    if timezone.now() - message.created_at > LINK_LASTS:
        return render(request, "mail/unsubscribe.html", {"ended": True}, status=410)
    wish = wishes(message.to_email, message.edition)
    if request.method == "POST":
        if "again" in request.POST:
            wish.delete()
        else:
            leave(message.to_email, message.edition, timezone.now())
    return render(request, "mail/unsubscribe.html", {"letter": message, "left": wish.exists()})


@never_cache
@csrf_exempt  # A provider calls; its secret and its signature are checked instead.
@require_http_methods(["HEAD", "POST"])
def events(request: HttpRequest) -> HttpResponse:
    """What the mail provider says became of letters. 404 unless a provider is named; 400 without its secret."""
    if not settings.MAIL_PROVIDER:
        raise Http404
    if request.method == "POST":
        now = timezone.now()
        for event in events_in(request):
            take(event, at=now)
    return HttpResponse()
