"""Two addresses for machines, /healthz (this process lives) and /readyz (what it stands on answers), and a page.

A broker that is down or letters that wait do not make the site unready: pages, uploads and reviews work without them.
They are reported as "care", so that whoever watches can tell. None of them names a person, a letter or an address.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import DatabaseError, connection
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from dlonsc.accounts.models import User
from dlonsc.editions.access import memberships_of
from dlonsc.history.models import Entry
from dlonsc.mail.ledger import leaving
from dlonsc.mail.models import Message, Pause, State
from submissions.lncs.sandbox import network_of_the_reader

MEGABYTE = 1024 * 1024
LEAST_FREE_BYTES = 500 * MEGABYTE
LATE = timedelta(minutes=15)
IN_HAND = (State.SENDING, State.HANDED_OVER)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: "ok", "care" (works, but someone should look) or "down" (do not send visitors here)."""

    state: str
    words: str


def look_at_database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        return Finding("down", type(error).__name__)
    return Finding("ok", "answers")


def look_at_broker() -> Finding:
    if not settings.REDIS_URL:
        return Finding("ok", "no server: a folder")
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as redis:
            redis.ping()
    except (RedisError, OSError) as error:
        return Finding("care", f"{type(error).__name__}: letters and checks wait for the sweeper")
    return Finding("ok", "answers")


def look_at_disk() -> Finding:
    """The folder of private files, or the nearest folder above it that exists.

    No numbers: everybody may ask, and what is free tells what others upload and when their letters are written.
    """
    folder = Path(settings.MEDIA_ROOT).absolute()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Finding("down", "files cannot be written")
    if free_bytes(folder) < LEAST_FREE_BYTES:
        return Finding("down", f"less than {LEAST_FREE_BYTES // MEGABYTE} MB free")
    return Finding("ok", "enough room")


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def look_at_letters(at: datetime) -> Finding:
    """ "care" when a letter has waited for a quarter of an hour though it might have left all that time.

    No numbers: everybody may ask, and how many letters wait tells how many decisions there are. Nor is it told that one
    waits, or has waited until now, for the end of a pause, or for the next day: a chair in conflict who paused all
    others would read of hers. So one that is being sent counts by when its worker should have been done.
    """
    since = at - LATE
    try:
        late = Message.objects.filter(
            Q(state=State.GATHERED, not_before__lte=since) | Q(state__in=IN_HAND, lease_until__lte=since)
        ).exists()
        if not late and not Pause.objects.filter(lifted_at__gt=since, lifted_at__lte=at).exists():
            free_then = leaving(since).order_by().values("pk")
            late = leaving(at).filter(not_before__lte=since, pk__in=free_then).exists()
    except DatabaseError:
        return Finding("down", "the ledger does not answer")
    return Finding("care", "some have waited for more than 15 minutes") if late else Finding("ok", "leave in time")


def look(at: datetime) -> Mapping[str, Finding]:
    """Everything this installation stands on, at `at`."""
    return {
        "database": look_at_database(),
        "broker": look_at_broker(),
        "disk": look_at_disk(),
        "letters": look_at_letters(at),
    }


def look_at_invariants(at: datetime) -> Finding:
    """What the nightly job found last; "care" when something is not as it must be, or nobody has asked for two days."""
    last = Entry.objects.filter(verb="invariants_checked").first()
    if last is None:
        return Finding("care", "not asked yet; the nightly job does")
    words = f"asked {last.at:%Y-%m-%d %H:%M} UTC: "
    breaches = int(last.detail["breaches"])
    if breaches:
        return Finding("care", f"{words}not all hold; the administrators have a letter that says which")
    if last.at < at - timedelta(days=2):
        return Finding("care", f"{words}all hold, but that is long ago")
    return Finding("ok", f"{words}all hold")


def look_at_reader() -> Finding:
    """Whether PDFs can be read, and in what isolation."""
    words = {
        "own": "answers; reads files without descriptors of its own and in a network without a way out",
        "ours": "answers; reads files without descriptors of its own; this system allows it no network of its own",
    }
    found = words.get(network_of_the_reader())
    return Finding("ok", found) if found else Finding("care", "cannot be started: uploads wait for their check")


@never_cache
@login_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For administrators and chairs: what this installation stands on, and the nightly questions to the database."""
    user = request.user
    if not (isinstance(user, User) and (user.is_superuser or memberships_of(user).filter(is_chair=True).exists())):
        raise Http404
    now = timezone.now()
    findings = {
        **look(now),
        "reader of PDFs": look_at_reader(),
        "what must always be true": look_at_invariants(now),
    }
    return render(request, "health.html", {"findings": findings.items(), "asked_at": now})


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when visitors may come, 503 when not; the body says what was found."""
    findings = look(timezone.now())
    states = {finding.state for finding in findings.values()}
    worst = next(state for state in ("down", "care", "ok") if state in states)
    body = {"state": worst, **{name: f"{finding.state}: {finding.words}" for name, finding in findings.items()}}
    return JsonResponse(body, status=503 if worst == "down" else 200)
