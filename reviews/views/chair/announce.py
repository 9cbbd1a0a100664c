"""From private decisions to letters: what will change, every letter, the release, and Stop."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.mail.ledger import WAITING, day_limit
from dlonsc.mail.models import Message, Pause, State
from reviews.access import decisions_overseen_by
from reviews.actions import deciding
from reviews.actions.assigning import Refused
from reviews.actions.deciding import Plan
from reviews.emails.deciding import Letter, post_to_myself, rendered
from reviews.forms.chair import ReleaseForm
from reviews.letters import letters_for
from reviews.models import Announcement, Decision, Verdict
from reviews.reach import release_of
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.models import Author

PER_PAGE = 50


@dataclass(frozen=True)
class Recipient:
    """One letter of the dry run, before it is rendered."""

    place: int
    decision: Decision
    author: Author


@dataclass(frozen=True)
class Release:
    """One announcement as this chair may see it: counts over her submissions only."""

    announcement: Announcement
    decisions: list[Decision]
    letters: dict[str, int]

    def count(self, verdict: str) -> int:
        return sum(row.verdict == verdict for row in self.decisions)

    @property
    def accepts(self) -> int:
        return self.count(Verdict.ACCEPT)

    @property
    def rejects(self) -> int:
        return self.count(Verdict.REJECT)

    @property
    def total(self) -> int:
        return sum(self.letters.values())

    @property
    def sent(self) -> int:
        return self.letters.get(State.SENT, 0)

    @property
    def waiting(self) -> int:
        """Letters that a pause would keep back."""
        return sum(self.letters.get(state, 0) for state in WAITING)

    @property
    def in_words(self) -> list[tuple[str, int]]:
        return [(str(State(name).label), count) for name, count in sorted(self.letters.items())]

    @property
    def is_moving(self) -> bool:
        """Whether letters are still on their way."""
        moving = (State.HELD, State.QUEUED, State.SENDING, State.RETRY, State.HANDED_OVER)
        return any(self.letters.get(state) for state in moving)


@dataclass(frozen=True)
class SecondChair:
    """How far the letters of a dry run are confirmed, seen by one chair: numbers of decisions."""

    confirmed: int
    wanted: int
    # No other chair may read these.
    alone: int
    to_confirm: int

    @classmethod
    def of(cls, now: Plan, chair: User) -> "SecondChair":
        confirmed = sum(now.is_read(row, chair) for row in now.decisions)
        wanted = len(now.unconfirmed(chair))
        return cls(confirmed, wanted, len(now.decisions) - confirmed - wanted, len(now.to_confirm(chair)))

    @property
    def ready(self) -> int:
        """What she can release: all at once, so nothing while another chair must still confirm some."""
        return 0 if self.wanted else self.confirmed + self.alone


@dataclass(frozen=True)
class Since:
    """What is different from the dry run that this chair looked at before: numbers of submissions."""

    at: datetime
    new: list[int]
    gone: list[int]
    changed: list[int]


def since_last_look(request: ChairRequest, now: Plan) -> Since | None:
    """Compare with the last different dry run of this session, and remember this one; None at the first look."""
    key = f"dry_run:{now.edition.slug}"
    prints = {str(row.submission.number): now.prints[row.pk] for row in now.decisions}
    looks = request.session.get(key, [])
    if not looks or looks[-1]["prints"] != prints:
        looks = [*looks, {"at": timezone.now().isoformat(), "prints": prints}][-2:]
        request.session[key] = looks
    if len(looks) < 2:
        return None
    before = looks[0]["prints"]
    return Since(
        datetime.fromisoformat(looks[0]["at"]),
        sorted(int(number) for number in prints.keys() - before.keys()),
        sorted(int(number) for number in before.keys() - prints.keys()),
        sorted(int(number) for number in prints.keys() & before.keys() if prints[number] != before[number]),
    )


@chairs_only
def announce(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Three steps on one page; POST releases."""
    now = deciding.plan(chair)
    form = ReleaseForm(initial={"fingerprint": now.fingerprint})
    if request.method == "POST" and "confirm" in request.POST:
        _confirm(request, chair)
        return redirect("reviews:announce", slug=chair.edition.slug)
    if request.method == "POST" and "myself" in request.POST:
        _to_myself(request, chair, now)
        return redirect(f"{request.path}?letter={quote(request.POST['myself'])}#letter")
    if request.method == "POST":
        form = ReleaseForm(request.POST)
        if form.is_valid():
            try:
                released = deciding.announce(chair, **form.cleaned_data, by=request.user, at=timezone.now())
            except Refused as refusal:
                now = deciding.plan(chair)
                form = _refused(request, now, str(refusal))
            else:
                return redirect("reviews:announcement", slug=chair.edition.slug, pk=released.pk)
    listed = recipients(now, request.GET.get("q", ""), request.GET.get("kind", ""))
    shown = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "plan": now,
        "form": form,
        "recipients": shown,
        "listed": len(listed),
        "letter": chosen_letter(now, listed, request.GET.get("letter", "")),
        "words": request.GET.get("q", ""),
        "kind": request.GET.get("kind", ""),
        "releases": releases(chair),
        "second": SecondChair.of(now, request.user) if chair.edition.needs_second_chair else None,
        "since": since_last_look(request, now),
        "samples": _samples(recipients(now)),
        "reach": release_of(chair),
        "not_yet": deciding.not_yet_because(chair.edition, timezone.now()),
    }
    return page(request, chair, "announce.html", context, status=422 if request.method == "POST" else 200)


def _confirm(request: ChairRequest, chair: Membership) -> None:
    given = request.POST.get("fingerprint", "")
    try:
        count = deciding.confirm_letters(chair, fingerprint=given, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        confirmed = "1 decision" if count == 1 else f"{count} decisions"
        messages.success(request, f"You confirmed the letters of {confirmed}. Another chair can release them.")


def _to_myself(request: ChairRequest, chair: Membership, now: Plan) -> None:
    """The letter that the page shows, by mail, before anybody else gets it."""
    chosen = chosen_letter(now, recipients(now), request.POST["myself"])
    sent = chosen and post_to_myself(chosen[1], request.user, chair=chair, at=timezone.now())
    if sent:
        messages.success(request, f"It is on its way to {request.user.email}. Nobody else gets anything.")
    else:
        messages.info(request, "You sent yourself this one within the last minute.")


def _refused(request: ChairRequest, now: Plan, words: str) -> ReleaseForm:
    """The form as it was typed, over the letters as they are now, with the reason beside the button."""
    form = ReleaseForm({**request.POST.dict(), "fingerprint": now.fingerprint})
    if now.decisions:
        form.add_error(None, words)
    else:
        # Nothing is left to announce, so the page has no form.
        messages.error(request, words)
    return form


def recipients(now: Plan, words: str = "", kind: str = "") -> list[Recipient]:
    """Everybody who would get a letter, one row per letter, filtered by words and kind of decision."""
    found: list[Recipient] = []
    place = 0
    for decision in now.decisions:
        for author in now.authors.get(decision.submission_id, []):
            place += 1
            found.append(Recipient(place, decision, author))
    needle = words.strip().casefold()
    return [
        row
        for row in found
        if (not kind or row.decision.verdict == kind)
        and (
            not needle
            or needle == str(row.decision.submission.number)
            or needle in f"{row.author.name} {row.author.email} {row.decision.submission.title}".casefold()
        )
    ]


def _samples(everybody: list[Recipient]) -> list[Recipient]:
    """The first letter of each kind."""
    kinds: dict[str, Recipient] = {}
    for row in everybody:
        kinds.setdefault(row.decision.verdict, row)
    return list(kinds.values())


def chosen_letter(now: Plan, listed: list[Recipient], place: str) -> tuple[Recipient, Letter] | None:
    """The letter that the page shows, rendered as its recipient will get it."""
    row = next((item for item in listed if str(item.place) == place), listed[0] if listed else None)
    if row is None:
        return None
    authors = now.authors[row.decision.submission_id]
    letters = rendered(now.edition, row.decision, authors, now.shown[row.decision.pk])
    return row, letters[authors.index(row.author)]


def releases(chair: Membership) -> list[Release]:
    """Announcements that hold at least one submission the chair may see, newest first, with her counts."""
    visible = list(
        decisions_overseen_by(chair)
        .filter(announcement__isnull=False)
        .select_related("announcement__created_by", "submission__edition")
        .order_by("submission__number")
    )
    by_announcement: dict[Announcement, list[Decision]] = {}
    for row in visible:
        if row.announcement is not None:
            by_announcement.setdefault(row.announcement, []).append(row)
    letters = _letters_of(visible)
    found = [Release(row, rows, letters.get(row.campaign_id_label, {})) for row, rows in by_announcement.items()]
    return sorted(found, key=lambda release: release.announcement.created_at, reverse=True)


def _letters_of(decisions: list[Decision]) -> dict[int | None, dict[str, int]]:
    """Letters by campaign and state, only those about submissions that the chair may see."""
    labels = [row.submission.label for row in decisions]
    campaigns = {row.announcement.campaign_id_label for row in decisions if row.announcement}
    counted = (
        Message.objects.filter(campaign__in=[pk for pk in campaigns if pk], subject_label__in=labels)
        .order_by()
        .values_list("campaign", "state")
        .annotate(count=Count("pk"))
    )
    found: dict[int | None, dict[str, int]] = {}
    for campaign, state, count in counted:
        found.setdefault(campaign, {})[state] = count
    return found


def _release_of(chair: Membership, pk: int) -> Release:
    """An announcement by its number; 404 when it holds nothing that the chair may see."""
    found = next((row for row in releases(chair) if row.announcement.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _stopped_of(chair: Membership, pk: int) -> Announcement | None:
    """A stopped announcement that held something the chair may see.

    Its decisions are private again: which papers it held, its letters still say.
    """
    hers = letters_for(chair).filter(campaign__isnull=False).values("campaign")
    rows = Announcement.objects.filter(edition=chair.edition_id, stopped_at__isnull=False)
    return rows.filter(pk=pk, campaign_id_label__in=hers).first()


def left_out_in(release: Release) -> list[dict[str, object]]:
    """The submissions of which the authors do not read every review as it is now, with how many."""
    counts = deciding.left_out_of(release.decisions)
    rows = [{"submission": row.submission, "count": counts[row.submission_id]} for row in release.decisions]
    return [row for row in rows if row["count"]]


@chairs_only
def announcement(request: ChairRequest, chair: Membership, pk: int) -> HttpResponse:
    """A released or held announcement: the letters' progress, and Stop while it is held."""
    if (stopped := _stopped_of(chair, pk)) is not None:
        template = "announcement_stopped_live.html" if "fragment" in request.GET else "announcement_stopped.html"
        return page(request, chair, template, {"announcement": stopped})
    release = _release_of(chair, pk)
    template = "announcement_live.html" if "fragment" in request.GET else "announcement.html"
    campaign = release.announcement.campaign_id_label
    problems = Message.objects.filter(
        campaign=campaign,
        subject_label__in=[row.submission.label for row in release.decisions],
        state__in=[State.FAILED, State.UNKNOWN, State.BOUNCED, State.CANCELLED],
    )
    pauses = Pause.objects.filter(lifted_at__isnull=True)
    context = {
        "release": release,
        "held": release.announcement.release_at > timezone.now(),
        "left_out": left_out_in(release),
        "problems": problems,
        "day_limit": day_limit(timezone.now()) if release.is_moving else None,
        "failed": release.letters.get(State.FAILED, 0),
        "pause": pauses.filter(campaign=campaign).first(),
        "all_paused": pauses.filter(campaign=None, edition__in=["", chair.edition.slug]).exists(),
    }
    return page(request, chair, template, context)


@chairs_only
def stop(request: ChairRequest, chair: Membership, pk: int) -> HttpResponse:
    if _stopped_of(chair, pk) is not None:
        # Whoever presses after another chair reads who stopped it.
        return redirect("reviews:announcement", slug=chair.edition.slug, pk=pk)
    release = _release_of(chair, pk)
    if request.method != "POST":
        return redirect("reviews:announcement", slug=chair.edition.slug, pk=pk)
    try:
        deciding.stop_announcement(release.announcement, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reviews:announcement", slug=chair.edition.slug, pk=pk)
    messages.success(request, "Stopped. The decisions are private again and no letter leaves.")
    return redirect("reviews:announce", slug=chair.edition.slug)
