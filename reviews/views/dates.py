"""A person's own calendar: a page, and a secret address for calendar programs."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dlonsc.accounts.models import User
from dlonsc.editions.feeds import calendar_of, ics
from dlonsc.editions.models import CalendarFeed, new_feed_token
from reviews.dates import dates_for


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Her dates and the address of her calendar; POST `to` makes a new address or throws it away."""
    user = cast(User, request.user)
    if request.method == "POST":
        _change(request, user)
        return redirect("feeds:mine")
    feed = CalendarFeed.objects.filter(user=user).first()
    address = f"{settings.SITE_URL}{reverse('feeds:personal', args=[feed.token])}" if feed else ""
    return render(request, "reviews/dates.html", {"dates": dates_for(user), "address": address})


def _change(request: HttpRequest, user: User) -> None:
    if request.POST.get("to") == "remove":
        CalendarFeed.objects.filter(user=user).delete()
        messages.success(request, "The calendar address is gone; calendars that used it get nothing any more.")
        return
    now = timezone.now()
    CalendarFeed.objects.update_or_create(user=user, defaults={"token": new_feed_token(), "created_at": now})
    messages.success(request, "This is your new calendar address; an earlier one no longer works.")


@require_safe
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """A calendar program has no account: the address is the key. 404 once it was thrown away, or the person left."""
    feed = get_object_or_404(CalendarFeed.objects.select_related("user"), token=token, user__is_active=True)
    response = ics(calendar_of("My workshop dates", dates_for(feed.user)), "my-dates")
    response["Cache-Control"] = "private, no-store"
    return response
