"""A chair writes to an audience: the list, one mailing with its dry run, the release, and what became of it."""

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.mail.ledger import progress_of
from dlonsc.mail.models import Campaign, State
from reviews.actions import mailing as verbs
from reviews.actions.assigning import Refused
from reviews.actions.mailing import DryRun
from reviews.audiences import AUDIENCES, BY_KEY, Audience
from reviews.emails.mailing import Person, rendered
from reviews.forms.mailing import AudienceForm, MailingForm, MailingReleaseForm
from reviews.letters import letters_for
from reviews.models import Mailing
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import overseen_by

PER_PAGE = 25
PROBLEMS = (State.FAILED, State.UNKNOWN, State.BOUNCED, State.CANCELLED)
STOPPABLE = (State.HELD, State.QUEUED, State.RETRY, State.SENDING)


@chairs_only
def mailings(request: ChairRequest, chair: Membership) -> HttpResponse:
    """POST begins one; the list holds only what this chair wrote."""
    form = AudienceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        row = verbs.begin(chair, form.cleaned_data["audience"], by=request.user, at=timezone.now())
        return redirect("letters:mailing", chair.edition.slug, row.pk)
    now, among = timezone.now(), overseen_by(chair)
    context = {
        "form": form,
        "audiences": [(one, sum(1 for _ in one.people(chair.edition, among, now))) for one in AUDIENCES],
        "rows": [(row, BY_KEY[row.audience].words) for row in own(chair)],
    }
    return page(request, chair, "mailings.html", context, status=422 if form.errors else 200)


def own(chair: Membership) -> list[Mailing]:
    return list(Mailing.objects.filter(edition=chair.edition_id, written_by=chair.user))


class Kept(Refused):
    """Words that were typed beside the pressed button are saved; the letters have changed and must be looked at."""


@chairs_only
def mailing(request: ChairRequest, chair: Membership, pk: int) -> HttpResponse:
    """Write, look, send to oneself, release; afterwards the progress, and Stop while letters wait.

    Every button of a draft posts the words too: what was typed is never lost, and no older text is released.
    """
    row = get_object_or_404(Mailing, pk=pk, edition=chair.edition_id, written_by=request.user)
    row.edition = chair.edition
    audience = BY_KEY[row.audience]
    form = form_of(row, audience)
    release_form, status = MailingReleaseForm(), 200
    if request.method == "POST":
        form = MailingForm(request.POST, audience=audience) if "text" in request.POST else form
        if request.headers.get("X-Autosave") == "1":
            return autosave(row, form)
        release_form = MailingReleaseForm(request.POST) if "release" in request.POST else release_form
        try:
            goto = act(request, chair, row, form, release_form)
            if goto is not None:
                return redirect("letters:mailing", chair.edition.slug, goto)
        except Refused as refusal:
            if "release" in request.POST:
                # Beside the button, where the page has it: the letters above may be many.
                release_form.add_error(None, str(refusal))
            else:
                messages.error(request, str(refusal))
            is_kept = isinstance(refusal, Kept)
        else:
            is_kept = False
        status = 422
        row.refresh_from_db()
        row.edition = chair.edition
        form = form_of(row, audience) if is_kept else form
    refused = release_form.non_field_errors() if release_form.is_bound else []
    if row.released_at is not None:
        for words in refused:
            messages.error(request, str(words))
        live = request.method == "GET" and "fragment" in request.GET
        template = "mailing_released_live.html" if live else "mailing_released.html"
        return page(request, chair, template, released(chair, row) | {"unsent": unsent(row, form)}, status=status)
    run = verbs.dry_run(chair, row, timezone.now())
    if run.wrong:
        for words in refused:
            messages.error(request, str(words))
    listed = chosen(run, request.GET.get("q", ""))
    person = next((one for one in run.people if one.key == request.GET.get("letter")), listed[0] if listed else None)
    context = {
        "mailing": row,
        "audience": audience,
        "form": form,
        "release_form": release_form,
        "run": run,
        "people": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "listed": len(listed),
        "words": request.GET.get("q", ""),
        "person": person,
        "letter": rendered(row, person) if person and not run.wrong else None,
    }
    return page(request, chair, "mailing.html", context, status=status)


def act(
    request: ChairRequest, chair: Membership, row: Mailing, form: MailingForm, release_form: MailingReleaseForm
) -> int | None:
    """Do what was pressed; gives the mailing to go on with, None when the form is wrong. Raises Refused."""
    now = timezone.now()
    if "stop" in request.POST:
        count = verbs.stop(chair, row, by=request.user, at=now)
        messages.success(request, f"Letters kept back: {count}.")
    elif "again" in request.POST:
        return verbs.begin(chair, row.audience, by=request.user, at=now, like=typed_over(request, row)).pk
    elif form.is_bound and not form.is_valid():
        return None
    elif "release" in request.POST:
        if not release_form.is_valid():
            return None
        if row.released_at is None and keep(row, form, now):
            raise Kept("Your new words are saved, and nothing is sent. Look at the letters as they are now.")
        verbs.release(chair, row, **release_form.cleaned_data, by=request.user, at=now)
        messages.success(request, "Released. You may close this page; the letters leave without it.")
    elif "myself" in request.POST:
        keep(row, form, now)
        sent = verbs.to_myself(chair, row, request.POST.get("letter", ""), by=request.user, at=now)
        words = f"It is on its way to {request.user.email}." if sent else "You sent yourself one within this minute."
        messages.success(request, words)
    elif form.is_bound:
        verbs.write(row, **form.cleaned_data, at=now)
        messages.success(request, "Saved. Nothing is sent; look at the letters below.")
    else:
        return None
    return row.pk


def form_of(row: Mailing, audience: Audience) -> MailingForm:
    return MailingForm(initial={"subject": row.subject, "text": row.text, "version": row.version}, audience=audience)


def keep(row: Mailing, form: MailingForm, at: datetime) -> bool:
    """Save what was typed beside the pressed button; whether it was something new. Raises Refused as `write`."""
    if not form.is_bound:
        return False
    words = form.cleaned_data
    if not verbs.differs(row, words["subject"], words["text"]):
        return False
    verbs.write(row, **words, at=at)
    row.refresh_from_db()
    return True


def autosave(row: Mailing, form: MailingForm) -> JsonResponse:
    """Save while she types. No version goes back when it is refused: this window must not write over another."""
    if not form.is_valid():
        wrong = " ".join(f"{form[name].label}: {error}" for name, errors in form.errors.items() for error in errors)
        return JsonResponse({"message": f"Not saved yet: {wrong}"}, status=422)
    try:
        verbs.write(row, **form.cleaned_data, at=timezone.now())
    except Refused as refusal:
        return JsonResponse({"message": f"Not saved: {refusal}"}, status=409)
    return JsonResponse({"saved_at": f"{timezone.now():%H:%M:%S}", "version": form.cleaned_data["version"] + 1})


def typed_over(request: ChairRequest, row: Mailing) -> Mailing:
    """The words with which a new one begins: those that came too late for this one, if any were typed."""
    if "text" not in request.POST:
        return row
    words = verbs.as_kept(request.POST.get("subject", "")[:200], request.POST["text"])
    return Mailing(audience=row.audience, **words)


def unsent(row: Mailing, form: MailingForm) -> MailingForm | None:
    """The form of an old window whose words came after the release, to go on with."""
    if not form.is_bound or not verbs.differs(row, form["subject"].value() or "", form["text"].value() or ""):
        return None
    return form


def chosen(run: DryRun, words: str) -> list[Person]:
    """The recipients whose name, address or reason holds the words."""
    low = words.strip().lower()
    return [one for one in run.people if low in f"{one.name} {one.email} {one.reason}".lower()]


def released(chair: Membership, row: Mailing) -> dict[str, object]:
    """What became of the letters, as far as she may know by now: "was done in the meantime" tells of a review."""
    letters = letters_for(chair).filter(campaign=row.campaign_id_label)
    is_held = row.release_at is not None and row.release_at > timezone.now()
    # Her own words she may stop while nothing has left, also where the letters are hidden from her by now.
    is_stopped = Campaign.objects.filter(pk=row.campaign_id_label or 0, stopped_at__isnull=False).exists()
    progress = progress_of(letters)
    return {
        "mailing": row,
        "audience": BY_KEY[row.audience],
        "progress": progress,
        "hidden": len(row.recipients) - progress.total,
        "problems": letters.filter(state__in=PROBLEMS).order_by("to_name", "pk"),
        "can_stop": letters.filter(state__in=STOPPABLE).exists() or (is_held and not is_stopped),
        "is_held": is_held,
        "recipients": len(row.recipients),
    }
