"""Camera-ready: the authors' checklist and the proceedings chair's board."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dlonsc import codes
from dlonsc.editions.access import proceedings_chair_of
from dlonsc.editions.arrival import begun_at, received_at
from dlonsc.editions.calendar import Phase
from dlonsc.editions.views.doors import signed_in
from submissions import frontpage
from submissions.access import authored_by, for_proceedings, one
from submissions.actions import printing
from submissions.actions.chasing import owes
from submissions.actions.moves import Refused, Stale
from submissions.downloads import serve
from submissions.forms.author import CameraReadyForm, ItemForm
from submissions.forms.chair import TextForm
from submissions.models import CameraReadyDetails, CameraReadyItem, CameraReadyKind, Submission
from submissions.pagemap import as_page_map
from submissions.states import Outcome
from submissions.views.author import NOT_CAUGHT, person, status_of
from submissions.views.chair import by

ENDINGS = {"pdf": "pdf", "sources": "zip", "licence": "pdf"}


def accepted_of_mine(request: HttpRequest, slug: str, number: int) -> Submission:
    """My accepted submission; before the announcement there is no such page."""
    row = one(authored_by(person(request)), slug, number)
    if row.outcome_known(timezone.now()) != Outcome.ACCEPTED:
        raise Http404
    return row


def items_of(submission: Submission) -> list[dict[str, Any]]:
    current = {row.kind: row for row in submission.camera_ready_items.all() if row.is_current}
    return [{"kind": kind, "words": words, "item": current.get(kind)} for kind, words in CameraReadyKind.choices]


def checklist(submission: Submission, details: CameraReadyDetails) -> list[tuple[str, bool]]:
    """What print needs, each with whether it is there."""
    have = {
        line["kind"]: line["item"] is not None and line["item"].returned_at is None for line in items_of(submission)
    }
    authors = list(submission.authors.all())
    return [
        *[(str(words), have[kind]) for kind, words in CameraReadyKind.choices],
        ("Running head", bool(details.running_head)),
        ("Licence: signer and date", bool(details.licence_signer and details.licence_signed_on)),
        ("ORCID iD of every author", all(author.orcid for author in authors)),
        ("Alternative texts of figures", details.alt_text_done),
        ("Contact author", any(author.is_contact for author in authors)),
        (
            "Title and authors as in the PDF",
            have[CameraReadyKind.PDF] and frontpage.was_read(front_of(submission)) and not differences(submission),
        ),
    ]


def front_of(submission: Submission) -> dict[str, Any] | None:
    """What was read from the first page of the camera-ready PDF."""
    item = next((row for row in submission.camera_ready_items.all() if row.is_current and row.kind == "pdf"), None)
    return (item.report or {}).get("front") if item else None


def differences(submission: Submission) -> list[dict[str, str]]:
    """Where the record and the first page of the camera-ready PDF disagree."""
    return frontpage.differences(front_of(submission), submission)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def camera_ready(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The authors' checklist; POST saves the details."""
    row = accepted_of_mine(request, slug, number)
    form = details_form(row, request.POST or None)
    theirs: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            printing.save_details(
                submission=row,
                version=request.POST.get("version", ""),
                details=printing.Details(**form.details()),
                orcids=form.orcids(),
                by=person(request),
                at=timezone.now(),
            )
        except Refused as refusal:
            if isinstance(refusal, Stale):
                # The list may have been written anew while this waited: the form asks for the authors of now.
                form = details_form(row, request.POST)
                form.is_valid()
                known = [(name, refusal.theirs[key]) for name, key in form.keys_of_values() if key in refusal.theirs]
                theirs = {str(form[name].label): in_words(value) for name, value in known}
                form.data = {**form.data.dict(), "version": printing.version_of_details(row)}  # type: ignore[attr-defined]
            form.add_error(None, refusal.words)
        else:
            messages.success(request, "Details saved.")
            return redirect("submissions:camera_ready", slug, number)
    return camera_ready_page(request, row, form, theirs=theirs)


def in_words(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value or "empty")


def details_form(row: Submission, data: Any = None) -> CameraReadyForm:
    details = printing.details_of(row)
    initial = {name: getattr(details, name) for name in printing.Details.__dataclass_fields__}
    initial["version"] = printing.version_of_details(row)
    return CameraReadyForm(data, initial=initial, authors=list(row.authors.all()))


def camera_ready_page(
    request: HttpRequest,
    row: Submission,
    form: CameraReadyForm | None = None,
    *,
    wrong: str = "",
    kind: str = "",
    status: int = 200,
    theirs: dict[str, Any] | None = None,
) -> HttpResponse:
    details = printing.details_of(row)
    if form is None:
        form = details_form(row)
    lines = items_of(row)
    pdf = next((line["item"] for line in lines if line["kind"] == "pdf"), None)
    due = row.edition.due(Phase.CAMERA_READY)
    context = {
        "edition": row.edition,
        "submission": row,
        "details": details,
        "form": form,
        "theirs": theirs,
        "lines": lines,
        "wrong": wrong,
        "wrong_kind": kind,
        "checklist": checklist(row, details),
        "differences": differences(row),
        "check": as_page_map(pdf) if pdf else None,
        "due": due,
        "extended": row.own_date(due),
    }
    return render(request, "submissions/camera_ready.html", context, status=NOT_CAUGHT if form.errors else status)


@signed_in
@require_POST
def deliver(request: HttpRequest, slug: str, number: int, kind: str) -> HttpResponse:
    """Upload one camera-ready item."""
    row = accepted_of_mine(request, slug, number)
    if kind not in CameraReadyKind.values:
        raise Http404
    form = ItemForm(request.POST, request.FILES)
    wrong, status = "", NOT_CAUGHT
    if form.is_valid():
        try:
            printing.deliver_item(
                submission=row,
                kind=CameraReadyKind(kind),
                upload=form.cleaned_data["file"],
                by=person(request),
                at=timezone.now(),
                received_at=received_at(request),
                begun_at=begun_at(request),
            )
        except Refused as refusal:
            wrong, status = refusal.words, status_of(refusal)
    else:
        wrong = "Choose a file first."
    quick = request.headers.get("X-Upload") == "1"
    if wrong:
        if quick:
            return JsonResponse({"errors": {"file": [wrong]}}, status=status)
        return camera_ready_page(request, row, wrong=wrong, kind=kind, status=status)
    messages.success(request, f"{CameraReadyKind(kind).label} received.")
    address = f"/{slug}/submissions/{number}/camera-ready/"
    return JsonResponse({"location": address}) if quick else redirect(address)


@signed_in
@require_safe
def own_item(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponseBase:
    row = accepted_of_mine(request, slug, number)
    return serve_item(get_object_or_404(row.camera_ready_items, pk=pk))


def serve_item(item: CameraReadyItem) -> HttpResponseBase:
    name = f"paper-{item.submission.number}-{item.kind}-v{item.number}.{ENDINGS[item.kind]}"
    return serve(item, name)


@signed_in
@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Accepted papers x items, with what is missing."""
    chair = proceedings_chair_of(request.user, slug)
    now = timezone.now()
    rows = for_proceedings(chair, now).prefetch_related("camera_ready_items", "authors")
    details = {one.submission_id: one for one in CameraReadyDetails.objects.filter(submission__in=rows)}
    lines: list[dict[str, Any]] = []
    for row in rows:
        own = details.get(row.pk) or CameraReadyDetails(submission=row)
        todo = checklist(row, own)
        lines.append(
            {
                "submission": row,
                "items": items_of(row),
                "missing": [words for words, done in todo if not done],
                "locked": own.is_locked,
                "differences": differences(row),
            }
        )
    due = chair.edition.due(Phase.CAMERA_READY)
    context = {
        "edition": chair.edition,
        "lines": lines,
        "due": due,
        "days_left": (due.cutoff_at - now).days if due else None,
        "complete": sum(not line["missing"] for line in lines),
        "chases": [
            (kind, words, count)
            for kind, words in CameraReadyKind.choices
            if (count := sum(owes(line["submission"], kind) for line in lines))
        ],
        "approved": sum(line["locked"] for line in lines),
    }
    return render(request, "submissions/proceedings/board.html", context)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One paper: PDF beside the record, its differences; accept, return, approve."""
    chair = proceedings_chair_of(request.user, slug)
    row = one(for_proceedings(chair, timezone.now()), slug, number)
    error, wrong_item = "", None
    if request.method == "POST":
        try:
            words = act_on(request, row, by(chair))
        except Refused as refusal:
            error = refusal.words
            wrong_item = codes.number("item", request.POST.get("item", ""))
        else:
            messages.success(request, words)
            return redirect("submissions:proceedings_paper", slug, number)
    details = printing.details_of(row)
    lines = items_of(row)
    pdf = next((line["item"] for line in lines if line["kind"] == "pdf"), None)
    shown = {line["item"].pk for line in lines if line["item"] and line["item"].returned_at is None}
    context = {
        "edition": chair.edition,
        "submission": row,
        "details": details,
        "version": printing.version_of_details(row),
        "lines": lines,
        # Whose form is gone: a newer version came, or it is returned already.
        "unsent": request.POST.get("text", "") if error and wrong_item not in shown else "",
        "authors": row.authors.all(),
        "checklist": checklist(row, details),
        "differences": differences(row),
        "was_read": frontpage.was_read(front_of(row)),
        "check": as_page_map(pdf) if pdf else None,
        "pdf": pdf,
        "error": error,
        "wrong_item": wrong_item,
        "typed": request.POST.get("text", ""),
        "versions": row.camera_ready_items.select_related("uploaded_by").order_by("-uploaded_at"),
        "return_form": TextForm(),
    }
    return render(request, "submissions/proceedings/paper.html", context, status=NOT_CAUGHT if error else 200)


def act_on(request: HttpRequest, row: Submission, who: Any) -> str:
    """Accept or return an item, approve or unlock the paper; the words say what was done."""
    at = timezone.now()
    act = request.POST.get("act", "")
    if act == "approve":
        printing.approve(submission=row, version=request.POST.get("version", ""), by=who, at=at)
        return "Approved and locked; all authors get the final receipt."
    if act == "unlock":
        printing.unlock(submission=row, by=who, at=at)
        return "Unlocked: the authors may deliver again."
    item = get_object_or_404(row.camera_ready_items, pk=codes.number("item", request.POST.get("item", "")))
    if act == "accept":
        if request.POST.get("text", "").strip():
            raise Refused("You wrote what to change. Return the item, or take the words out and accept it.", "text")
        if item.returned_at is not None and "returned" not in request.POST:
            raise Refused("It was returned meanwhile, with the words below. Accept it all the same if it is right.")
        printing.accept_item(item=item, by=who, at=at)
        return f"{item.get_kind_display()} accepted."
    if act == "return":
        printing.return_item(item=item, text=request.POST.get("text", ""), by=who, at=at)
        return f"{item.get_kind_display()} returned; {row.authors.count()} authors are told."
    raise Http404


@signed_in
@require_safe
def item(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponseBase:
    chair = proceedings_chair_of(request.user, slug)
    row = one(for_proceedings(chair, timezone.now()), slug, number)
    found = get_object_or_404(row.camera_ready_items, pk=pk)
    name = f"paper-{row.number}-{found.kind}-v{found.number}.{ENDINGS[found.kind]}"
    return serve(found, name, inline="show" in request.GET)
