"""How often one account or one address may sign in, ask for letters, upload and search; counted in the database.

The counters stand in the database and not in Redis, so that they hold when Redis is down. Who is over a limit gets 429
and may go on when the window is over; nobody is locked out: a limit counts the account and the address that a request
comes from together, so that a stranger cannot use up somebody else's. No rule here names a page that saves a review, so
no limit can stop one; of a submission's text only a press of Save on the author list is counted, which writes to all of
them. What only saves by itself is not counted.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from dlonsc.accounts.interrupted import PROOF
from dlonsc.accounts.models import Hit, User
from dlonsc.posted import without_nul

# What a browser sends for a ticked box.
TICKED = "on"
Handler = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Rule:
    """`most` requests of a kind within `window`, counted per account, or per address where nobody is signed in."""

    name: str
    method: str
    path: re.Pattern[str]
    most: int
    window: timedelta
    query: str = ""  # only requests that ask with one of these words
    unless: str = ""  # not requests in which this header is 1
    typed: str = ""  # counted also for what is typed into this field, together with the address


# An account is free and an author list may name anybody's address: what writes to all authors, or to the chairs.
WRITES_LETTERS = re.compile(
    r"^/[a-z0-9-]+/submissions/\d+/(authors/change|submit|withdraw|restore|questions|camera-ready/[a-z-]+)/$"
)
# Saved by itself while it is typed it writes to nobody.
SAVES_AUTHORS = re.compile(r"^/[a-z0-9-]+/submissions/\d+/authors/$")

RULES = (
    Rule("sign-in", "POST", re.compile(r"^/accounts/login/$"), 60, timedelta(minutes=5)),
    Rule("sign-in", "POST", re.compile(r"^/accounts/login/$"), 20, timedelta(minutes=5), typed="login"),
    Rule(
        "letters",
        "POST",
        re.compile(r"^/accounts/(signup|3rdparty/signup|password/reset|login/code|confirm-email|email)/$"),
        10,
        timedelta(hours=1),
        typed="email",
    ),
    Rule(
        "letters",
        "POST",
        re.compile(r"^/accounts/(signup|3rdparty/signup|password/reset|login/code|confirm-email|email)/$"),
        100,
        timedelta(hours=1),
    ),
    Rule(
        "upload",
        "POST",
        re.compile(r"^/[a-z0-9-]+/submissions/\d+/(upload/|supplements/|camera-ready/[a-z-]+/)$"),
        60,
        timedelta(hours=1),
    ),
    Rule("letters to others", "POST", WRITES_LETTERS, 40, timedelta(hours=1)),
    Rule("letters to others", "POST", WRITES_LETTERS, 100, timedelta(days=1)),
    Rule("letters to others", "POST", SAVES_AUTHORS, 40, timedelta(hours=1), unless="X-Autosave"),
    Rule("letters to others", "POST", SAVES_AUTHORS, 100, timedelta(days=1), unless="X-Autosave"),
    Rule("search", "GET", re.compile(r"^/[a-z0-9-]+/"), 120, timedelta(minutes=1), query="q search"),
)


def words_for(wait: timedelta, *, is_shown: bool = False) -> str:
    """`is_shown`: what was typed stands below, and is saved nowhere."""
    hours = wait // timedelta(hours=1)
    how_long = "a few minutes" if hours == 0 else "up to an hour" if hours == 1 else f"up to {hours} hours"
    lost = "What you sent is shown below" if is_shown else "Nothing is lost"
    return f"That was too often in a short time. {lost}: wait {how_long} and try again."


def count(bucket: str, window: timedelta, at: datetime) -> int:
    """Count one request of a bucket; how many there are in the current window with it."""
    seconds = int(window.total_seconds())
    begun = int(at.timestamp()) // seconds * seconds
    key = hashlib.sha256(f"{bucket}|{seconds}|{begun}".encode()).hexdigest()
    rows = Hit.objects.filter(key=key)
    for _ in range(2):
        if rows.update(count=F("count") + 1):
            return rows.values_list("count", flat=True).get()
        try:
            with transaction.atomic():
                Hit.objects.create(key=key, count=1, until=datetime.fromtimestamp(begun + seconds, tz=at.tzinfo))
        except IntegrityError:
            continue  # another process was first: count on its row
        return 1
    return 1


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from, behind our own proxy too; of IPv6 the network that one customer has."""
    address = str(get_adapter().get_client_ip(request))
    return str(ip_network((address, 64), strict=False)) if ":" in address else address


def who(request: HttpRequest) -> str:
    user: User | AnonymousUser = request.user
    return f"account {user.pk}" if user.is_authenticated else f"address {address_of(request)}"


def is_over(rule: Rule, request: HttpRequest, at: datetime) -> bool:
    """Whether this request is one too many; counts it."""
    if request.method != rule.method or not rule.path.match(request.path):
        return False
    if rule.unless and request.headers.get(rule.unless) == "1":
        return False
    if rule.query and not any(request.GET.get(word) for word in rule.query.split()):
        return False
    bucket = f"{rule.name} {who(request)}"
    if rule.typed:
        bucket += f" {address_of(request)} {without_nul(request.POST.get(rule.typed, '')).strip().lower()}"
    return count(bucket, rule.window, at) > rule.most


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """What a signed-in person typed, as (label, value), to be read and copied: nothing that proves who she is."""
    if not request.user.is_authenticated:
        return []
    own = re.compile(rf"{PROOF.pattern}|_FORMS$|-ORDER$|^version$", re.IGNORECASE)
    return [
        (name.rpartition("-")[2].replace("_", " ").capitalize(), value)
        for name, values in request.POST.lists()
        if not own.search(name)
        for value in values
        if value.strip() and value != TICKED
    ]


class Limits:
    """Answers 429 to who is over a limit. A database that cannot count lets the request through."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            over = [rule for rule in RULES if is_over(rule, request, timezone.now())]
        except DatabaseError:
            over = []
        if not over:
            return self.get_response(request)
        wait = max(rule.window for rule in over)
        response: HttpResponse
        if "X-Upload" in request.headers:
            response = JsonResponse({"errors": {"file": [words_for(wait)]}}, status=429)
        else:
            typed = typed_in(request)
            words = {"words": words_for(wait, is_shown=bool(typed)), "typed": typed}
            response = render(request, "429.html", words, status=429)
        response.headers["Retry-After"] = str(int(wait.total_seconds()))
        return response


def forget_old(at: datetime) -> int:
    """Delete the counters of windows that are over."""
    return Hit.objects.filter(until__lt=at).delete()[0]
