"""The chair's pages about an edition: settings, dates, topics, readiness."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.access import chair_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.forms import ZONES, DeadlineForm, RenameTopicForm, SettingsForm, TopicForm
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from dlonsc.editions.readiness import NAMES, dates_out_of_order, overtaken_by, readiness
from dlonsc.editions.upstairs import concerned_by, upstairs
from dlonsc.editions.views.doors import chairs_page
from dlonsc.editions.visibility import Switch
from dlonsc.history.models import Entry
from dlonsc.posted import fingerprint, whole_number

LABELS = {
    Phase.SUBMISSION: "Technical paper due",
    Phase.REVIEW: "Reviews due",
    Phase.NOTIFICATION: "Acceptance notification",
    Phase.CAMERA_READY: "Camera ready",
    Phase.EVENT: "Workshop date",
}


def person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@chairs_page("GET", "HEAD", "POST")
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    chair = chair_of(request.user, slug)
    edition = chair.edition
    before = {switch: bool(getattr(edition, switch.value)) for switch in Switch}
    begun = upstairs.has_reviewing_begun(chair, timezone.now())
    form = SettingsForm(request.POST if request.method == "POST" else None, instance=edition, has_begun=begun)
    effects = effects_of(chair, form, before) if form.is_valid() else []
    # What was confirmed is what would happen now: another switch may be turned since, or more to be shown by it.
    if effects and request.POST.get("effects") != fingerprint(effects):
        words = {"edition": edition, "form": form, "effects": effects, "seen": fingerprint(effects)}
        return render(request, "editions/chair/settings.html", words, status=422)
    if form.is_valid():
        try:
            changed = actions.change_settings(
                edition=edition,
                values=form.values(),
                based_on=form.cleaned_data["version"],
                by=person(request),
                at=timezone.now(),
            )
        except actions.EditionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Settings saved." if changed else "Nothing was different; nothing changed.")
            return redirect("editions:settings", slug)
    words = {"edition": edition, "form": form}
    return render(request, "editions/chair/settings.html", words, status=422 if form.errors else 200)


def effects_of(chair: Membership, form: SettingsForm, before: dict[Switch, bool]) -> list[str]:
    """What the switches of the visibility table that the form turns would show or hide, in words with numbers.

    So would the months after which the reviewers' access ends, when they bring its end before or after this moment.
    """
    turned = [switch for switch in Switch if bool(form.cleaned_data[switch.value]) != before[switch]]
    effects = [upstairs.effect_of(chair, switch, not before[switch]) for switch in turned]
    at = timezone.now()
    is_over = chair.edition.committee_is_over(at, form.cleaned_data["committee_months"])
    if is_over != chair.edition.committee_is_over(at):
        effects.append(upstairs.end_of_access(chair, is_over))
    return [words for words in effects if words]


@chairs_page("GET", "HEAD")
def ready(request: HttpRequest, slug: str) -> HttpResponse:
    edition = chair_of(request.user, slug).edition
    checks = readiness(edition)
    words = {
        "edition": edition,
        "checks": checks,
        "missing": sum(1 for check in checks if not check.done),
    }
    return render(request, "editions/chair/readiness.html", words)


@chairs_page("POST")
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    edition = chair_of(request.user, slug).edition
    wanted = request.POST.get("publish") == "1"
    if actions.publish_call(edition=edition, publish=wanted, by=person(request), at=timezone.now()):
        messages.success(request, "The call is published." if wanted else "The call is no longer public.")
    return redirect("editions:readiness", slug)


# --- Dates -----------------------------------------------------------------------------------------------------------


@chairs_page("GET", "HEAD")
def dates(request: HttpRequest, slug: str) -> HttpResponse:
    edition = chair_of(request.user, slug).edition
    rows = [{"phase": phase, "name": name, "deadline": edition.due(phase)} for phase, name in NAMES.items()]
    words = {
        "edition": edition,
        "rows": rows,
        "wrong": dates_out_of_order(edition),
        "history": Entry.objects.of_edition(slug).filter(
            verb__in=("set_deadline", "change_deadline", "extend_deadline")
        )[:50],
    }
    return render(request, "editions/chair/dates.html", words)


@chairs_page("GET", "HEAD", "POST")
def date(request: HttpRequest, slug: str, phase: str) -> HttpResponse:
    """Set or move one date: first what it would do, then the confirmation.

    What it would do is a page of its own, with what was typed in its address: Back leads there without sending again.
    """
    chair = chair_of(request.user, slug)
    if phase not in {member.value for member in NAMES}:
        raise Http404
    which = Phase(phase)
    deadline = chair.edition.due(which)
    typed = request.POST if request.method == "POST" else request.GET if "announced" in request.GET else None
    form = DeadlineForm.of(deadline, typed, LABELS[which])
    words: dict[str, Any] = {
        "edition": chair.edition,
        "form": form,
        "phase": which,
        "name": NAMES[which],
        "deadline": deadline,
        "zones": ZONES,
        "changed": request.method == "GET" and "changed" in request.GET,
    }
    if form.is_valid():
        if request.method == "POST" and request.POST.get("confirm") != form.fingerprint:
            changed = "&changed=1" if "confirm" in request.POST else ""
            return redirect(f"{request.path}?{form.as_query()}{changed}")
        if request.method == "POST":
            try:
                return set_date(request, chair.edition, which, form)
            except actions.EditionError as error:
                form.add_error(None, str(error))
                words["deadline"] = deadline = Deadline.objects.filter(edition=chair.edition, phase=which).first()
                form.show_as_of(deadline.version if deadline else 0)
        words |= preview(chair, which, form, deadline)
    return render(request, "editions/chair/date.html", words, status=422 if form.errors else 200)


def preview(chair: Membership, phase: Phase, form: DeadlineForm, deadline: Deadline | None) -> dict[str, Any]:
    """What a new date would do."""
    data = form.cleaned_data
    new = Deadline(
        edition=chair.edition,
        phase=phase,
        label=data["label"],
        zone=data["zone"],
        cutoff_at=data["cutoff"],
        is_public=data["is_public"],
    )
    moved = deadline is not None and deadline.cutoff_at != new.cutoff_at
    return {
        "preview": new,
        "moved": moved,
        "later": deadline is not None and new.cutoff_at > deadline.cutoff_at,
        "overtaken": overtaken_by(new),
        "past": new.cutoff_at <= timezone.now(),
        "concerned": concerned_by(chair.edition, phase, chair) if moved else [],
        "members": chair.edition.memberships.active().count(),
        "reminders": upstairs.reminders(chair, new),
    }


def set_date(request: HttpRequest, edition: Edition, phase: Phase, form: DeadlineForm) -> HttpResponse:
    tell = request.POST.get("tell") == "1"
    letters = actions.set_deadline(
        edition=edition,
        phase=phase,
        **form.fields_of_action(),
        tell=tell,
        by=person(request),
        at=timezone.now(),
    )
    if letters is None:
        messages.info(request, "The date was set to this already; nothing changed and no letter was written.")
    elif tell:
        # No number, and none of "some" and "none" either: both count what she may not know of.
        messages.success(request, "The date is changed; whoever has something open for it is written to.")
    else:
        messages.success(request, "The date is changed.")
    return redirect("editions:dates", edition.slug)


# --- Topics ----------------------------------------------------------------------------------------------------------


@chairs_page("GET", "HEAD", "POST")
def topics(request: HttpRequest, slug: str) -> HttpResponse:
    chair = chair_of(request.user, slug)
    form = TopicForm(request.POST if request.method == "POST" else None, edition=chair.edition)
    if form.is_valid():
        try:
            actions.add_topic(edition=chair.edition, **form.cleaned_data, by=person(request), at=timezone.now())
        except actions.EditionError as error:
            form.add_error("title", str(error))
        else:
            messages.success(request, f"Topic added: {form.cleaned_data['title']}")
            return redirect("editions:topics", slug)
    words = {"edition": chair.edition, "form": form, "rows": topic_rows(chair)}
    return render(request, "editions/chair/topics.html", words, status=422 if form.errors else 200)


def topic_rows(chair: Membership) -> list[dict[str, Any]]:
    """The topics as nested in the call, with how many submissions and members use each."""
    uses = upstairs.topic_uses(chair)
    members = dict(chair.edition.topics.annotate(n=Count("interests")).values_list("pk", "n"))
    return [
        {"topic": topic, "submissions": uses.get(topic.pk, 0), "members": members.get(topic.pk, 0)}
        for topic in actions.nested(chair.edition)
    ]


def one_topic(edition: Edition, pk: int) -> Topic:
    return get_object_or_404(Topic.objects.select_related("edition"), edition=edition, pk=pk)


@chairs_page("POST")
def move_topic(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    topic = one_topic(chair_of(request.user, slug).edition, pk)
    start = whole_number(request.POST.get("start"), other=-1)
    actions.move_topic(
        topic=topic, up=request.POST.get("up") == "1", start=start, by=person(request), at=timezone.now()
    )
    return redirect("editions:topics", slug)


@chairs_page("GET", "HEAD", "POST")
def topic(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Rename or remove one topic; removing says how often it is used."""
    chair = chair_of(request.user, slug)
    row = one_topic(chair.edition, pk)
    if request.method == "POST" and "remove" in request.POST:
        actions.remove_topic(topic=row, by=person(request), at=timezone.now())
        messages.success(request, f"Topic removed: {row.title}")
        return redirect("editions:topics", slug)
    form = RenameTopicForm(request.POST if request.method == "POST" else None, initial={"title": row.title})
    if form.is_valid():
        try:
            actions.rename_topic(topic=row, title=form.cleaned_data["title"], by=person(request), at=timezone.now())
        except actions.EditionError as error:
            form.add_error("title", str(error))
        else:
            return redirect("editions:topics", slug)
    inside = [entry for entry in topic_rows(chair) if row.pk in {entry["topic"].pk, entry["topic"].parent_id}]
    words = {
        "edition": chair.edition,
        "topic": row,
        "form": form,
        "children": len(inside) - 1,
        "submissions": sum(entry["submissions"] for entry in inside),
        "members": sum(entry["members"] for entry in inside),
    }
    return render(request, "editions/chair/topic.html", words, status=422 if form.errors else 200)
