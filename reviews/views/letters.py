"""The chair's ledger: every letter of the edition, what became of it, and what can be done about it."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.mail.ledger import PROBLEMS, REPEATABLE, NotPossible, Progress, day_limit, progress_of
from dlonsc.mail.models import Campaign, Message, Pause, State
from reviews.actions import lettering
from reviews.letters import campaigns_for, letters_for, shown_text
from reviews.views.chair.door import chairs_only, page

PER_PAGE = 50
KIND_WORDS = {
    "decision": "decision",
    "assigned": "reviews assigned",
    "unassigned": "review taken back",
    "chair_reminder": "reminder by a chair",
    "remind_reviews": "reminder of reviews",
    "remind_draft": "reminder of a draft",
    "remind_camera_ready": "reminder of camera-ready files",
    "digest": "reminders of a day",
    "mail_test": "test by a chair",
    "discussion_opened": "discussion opened",
    "discussion_news": "news of a discussion",
    "sub_reviewer_named": "sub-reviewer named",
    "sub_reviewer_invitation": "invitation of a sub-reviewer",
    "sub_reviewer_answered": "answer of a sub-reviewer",
    "sub_reviewer_refused": "sub-reviewer not agreed to",
    "sub_reviewer_ready": "text of a sub-reviewer ready",
    "sub_reviewer_ended": "end of a sub-reviewer's part",
    "decision_test": "decision, to a chair herself",
    "mailing": "written by a chair",
    "mailing_tasks": "written by a chair to reviewers",
    "mailing_test": "written by a chair, to herself",
    "mailing_tasks_test": "written by a chair to reviewers, to herself",
}
DONE_WORDS = {
    "arrived": "Marked as arrived.",
    "again": "It is queued again and leaves within a minute, or when its campaign is released.",
    "instead": "The decision is on its way to that author.",
    "cancel": "Cancelled: it will not leave.",
}
COLOURS = {
    State.SENT: "good",
    State.HELD: "note",
    State.GATHERED: "note",
    State.RETRY: "care",
    State.UNKNOWN: "care",
    State.FAILED: "stop",
    State.BOUNCED: "stop",
}


@dataclass(frozen=True)
class Row:
    letter: Message
    kind: str
    colour: str


@dataclass(frozen=True)
class Batch:
    """A campaign with the progress of the letters that this chair may see."""

    campaign: Campaign
    progress: Progress
    is_paused: bool


def row_of(letter: Message) -> Row:
    return Row(letter, kind_in_words(letter.kind), COLOURS.get(State(letter.state), "plain"))


def kind_in_words(kind: str) -> str:
    return KIND_WORDS.get(kind, kind.replace("_", " "))


@chairs_only
def log(request: HttpRequest, chair: Membership) -> HttpResponse:
    everything = letters_for(chair)
    state, kind, words = (request.GET.get(name, "").strip() for name in ("state", "kind", "q"))
    shown = Paginator(chosen(everything, state, kind, words), PER_PAGE).get_page(request.GET.get("page"))
    kinds = everything.order_by().values_list("kind").annotate(Count("pk"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "keep": query.urlencode(),
        "rows": [row_of(letter) for letter in shown],
        "shown": shown,
        "progress": progress_of(everything),
        "states": _state_links(everything, state),
        "kinds": sorted((kind_in_words(name), name, count) for name, count in kinds),
        "state": state,
        "kind": kind,
        "words": words,
        "batches": batches(chair),
        "day_limit": day_limit(timezone.now()),
        "undelivered": undelivered(everything),
        "failed": everything.filter(state=State.FAILED).count(),
        **_pauses(chair),
    }
    return page(request, chair, "letters/log.html", context)


def chosen(rows: QuerySet[Message], state: str, kind: str, words: str) -> QuerySet[Message]:
    if state in State.values:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if words:
        rows = rows.filter(Q(to_email__icontains=words) | Q(to_name__icontains=words) | Q(subject__icontains=words))
    return rows


def _state_links(rows: QuerySet[Message], here: str) -> list[tuple[str, str, int, bool]]:
    counts = progress_of(rows).states
    return [(state.value, str(state.label), counts[state], state == here) for state in State if counts.get(state)]


def undelivered(rows: QuerySet[Message]) -> list[tuple[int, int, str]]:
    """(not delivered, of all, kind in words), worst first: "3 of 98 decision letters"."""
    counts = (
        rows.order_by().values_list("kind").annotate(all=Count("pk"), bad=Count("pk", filter=Q(state__in=PROBLEMS)))
    )
    return sorted(((bad, total, kind_in_words(kind)) for kind, total, bad in counts if bad), reverse=True)


def batches(chair: Membership) -> list[Batch]:
    mine = letters_for(chair)
    paused = set(
        Pause.objects.filter(lifted_at__isnull=True, campaign__isnull=False).values_list("campaign", flat=True)
    )
    return [
        Batch(campaign, progress_of(mine.filter(campaign=campaign)), campaign.pk in paused)
        for campaign in campaigns_for(chair)[:10]
    ]


def _pauses(chair: Membership) -> dict[str, Pause | None]:
    standing = Pause.objects.filter(lifted_at__isnull=True, campaign__isnull=True)
    return {
        "paused": standing.filter(edition=chair.edition.slug).first(),
        "paused_everywhere": standing.filter(edition="").first(),
    }


def _letter(chair: Membership, pk: int) -> Message:
    return get_object_or_404(letters_for(chair), pk=pk)


def last_returned(chair: Membership, email: str) -> Message | None:
    """The last letter to an address that came back, of those that a chair may see: another would tell whose it is."""
    rows = letters_for(chair).filter(to_email=email, state=State.BOUNCED, finished_at__isnull=False)
    return rows.order_by("finished_at").last()


@chairs_only
def letter(request: HttpRequest, chair: Membership, pk: int) -> HttpResponse:
    found = _letter(chair, pk)
    context = {
        "row": row_of(found),
        "letter": found,
        "text": shown_text(found),
        "changes": found.changes.all(),
        "unknown": found.state == State.UNKNOWN,
        "waiting": found.state in {State.HELD, State.GATHERED, State.QUEUED, State.RETRY},
        "can_repeat": found.state in REPEATABLE,
        "instead": lettering.listed_without_letter(found, timezone.now()),
        "can_cancel": found.kind not in lettering.TOLD_TO_CHAIRS,
        "returned": last_returned(chair, found.to_email),
    }
    return page(request, chair, "letters/letter.html", context)


@chairs_only
def settle(request: HttpRequest, chair: Membership, pk: int) -> HttpResponse:
    """POST `what`: arrived, again, or cancel."""
    found = _letter(chair, pk)
    if request.method == "POST":
        _settle(request, found)
    return redirect("letters:letter", slug=chair.edition.slug, pk=pk)


def _settle(request: HttpRequest, found: Message) -> None:
    by, at, what = cast(User, request.user), timezone.now(), request.POST.get("what", "")
    try:
        if found.state == State.UNKNOWN and what in {"arrived", "again"}:
            lettering.resolve(found, arrived=what == "arrived", by=by, at=at)
        elif what == "cancel":
            lettering.cancel(found, by=by, at=at)
        elif what == "again":
            lettering.send_again(found, by=by, at=at)
        elif what == "instead":
            lettering.send_to_listed(found, email=request.POST.get("email", ""), by=by, at=at)
        else:
            raise NotPossible("Choose what to do with this letter.")
    except NotPossible as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, DONE_WORDS[what])


@chairs_only
def again(request: HttpRequest, chair: Membership) -> HttpResponse:
    """POST: queue every failed letter once more, or those of one `campaign`."""
    campaign = _campaign(request, chair)
    if request.method == "POST":
        by = cast(User, request.user)
        queued, kept = lettering.send_failed_again(chair, campaign=campaign, by=by, at=timezone.now())
        messages.success(request, f"Queued again: {queued}.")
        if kept:
            messages.warning(request, f"Not queued, because what they tell is not true any more: {kept}.")
    return _back(request, chair, campaign)


@chairs_only
def switch(request: HttpRequest, chair: Membership) -> HttpResponse:
    """POST `to` (pause or resume) and perhaps `campaign`."""
    campaign = _campaign(request, chair)
    if request.method == "POST":
        _switch(request, chair, campaign)
    return _back(request, chair, campaign)


def _campaign(request: HttpRequest, chair: Membership) -> Campaign | None:
    wanted = request.POST.get("campaign", "")
    if not wanted:
        return None
    return get_object_or_404(campaigns_for(chair), pk=codes.number("campaign", wanted))


def _back(request: HttpRequest, chair: Membership, campaign: Campaign | None) -> HttpResponse:
    """To the announcement that the button stood on, or to all letters."""
    if campaign is not None and "announcement" in request.POST and "announcement" in campaign.snapshot:
        return redirect("reviews:announcement", slug=chair.edition.slug, pk=campaign.snapshot["announcement"])
    return redirect("letters:log", slug=chair.edition.slug)


def _switch(request: HttpRequest, chair: Membership, campaign: Campaign | None) -> None:
    by, at = cast(User, request.user), timezone.now()
    if request.POST.get("to") == "pause":
        lettering.pause(chair.edition, campaign=campaign, by=by, at=at)
        messages.success(request, "Paused. What was handed over already is not called back.")
    else:
        lettering.resume(chair.edition, campaign=campaign, by=by, at=at)
        messages.success(request, "Letters leave again.")
