"""The authors' pages: what I owe and own, one submission with its sections, receipt, questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.accounts.printed import without_hidden
from dlonsc.editions.access import visible_edition
from dlonsc.editions.arrival import begun_at, received_at
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import signed_in
from dlonsc.posted import fingerprint
from submissions import frontpage, receipts
from submissions.access import authored_by, looked_at_by, one
from submissions.actions import drafting, sending
from submissions.actions.moves import NoRoom, Refused, Stale, may_recast, too_late, window_of
from submissions.checks import held_back
from submissions.conflicts import Committee, computed_conflicts
from submissions.downloads import serve
from submissions.forms.author import (
    LONGEST_ABSTRACT,
    MOST_RECORD_ROWS,
    AuthorChangeForm,
    AuthorFormSet,
    DetailsForm,
    NewSubmissionForm,
    QuestionForm,
    RecordForms,
    SupplementForm,
    UploadForm,
    WithdrawForm,
    authors_initial,
)
from submissions.guide import guide
from submissions.models import (
    Conflict,
    ConflictKind,
    Manuscript,
    ReproducibilityRecord,
    Submission,
)
from submissions.pagemap import as_page_map
from submissions.states import Outcome, State

NOT_CAUGHT = 422
NO_ROOM = 507
# How many texts of one person wait beside a submission, and of how many characters together.
MOST_ASIDE, LONGEST_ASIDE = 10, 200_000
# Of what authors say to a conflict that they declare, and to many of them.
LONGEST_NOTE, LONGEST_REASON = 500, 1000
FULL = "Too many texts of yours are kept beside the submission already; discard some of them on its page."


def status_of(refusal: Refused) -> int:
    """What a refused upload is answered with."""
    return NO_ROOM if isinstance(refusal, NoRoom) else NOT_CAUGHT


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - signed_in has seen to it
    return request.user


def mine(request: HttpRequest, slug: str, number: int) -> Submission:
    return one(authored_by(person(request)), slug, number)


def is_autosave(request: HttpRequest) -> bool:
    return request.headers.get("X-Autosave") == "1"


def saved(version: int | str) -> JsonResponse:
    return JsonResponse({"saved_at": f"{timezone.now():%H:%M:%S}", "version": version})


@contextmanager
def typing(row: Submission) -> Iterator[dict[str, Any]]:
    """What was typed and not saved, to be changed: locked, so that of two people at once neither drops the other's."""
    with transaction.atomic():
        typed = Submission.objects.select_for_update(no_key=True).get(pk=row.pk).typed
        yield typed
        Submission.objects.filter(pk=row.pk).update(typed=typed)
    row.typed = typed


def put_aside(
    typed: dict[str, Any], section: str, by: dict[str, Any], fields: dict[str, list[str]], window: str = ""
) -> None:
    """Keep a text of somebody beside the section, each once.

    Only an earlier state of the same text gives way: what she typed into this section in the same window.
    """
    new = {"section": section, **by, "window": window, "fields": fields}

    def gives_way(old: dict[str, Any]) -> bool:
        is_same_window = bool(window) and old.get("window") == window
        return (old["section"], old.get("by_id")) == (section, by["by_id"]) and (
            is_same_window or old["fields"] == fields
        )

    typed["aside"] = [*(old for old in typed.get("aside", []) if not gives_way(old)), new]


def may_discard(kept: dict[str, Any], reader: User) -> bool:
    """Whether a text that is kept aside is the reader's own, or nobody's any more.

    Whether its writer is still an author is not asked: it would tell which addresses she has proven.
    """
    return kept.get("by_id") in {None, reader.pk}


def shown_aside(submission: Submission, reader: User, *, with_rows: bool) -> list[dict[str, Any]]:
    """What is kept beside the sections, with what its Discard sends, and whether she may.

    `with_rows`: also rows of authors that could not be saved, which no form shows any more.
    """
    kept = [*submission.typed.get("aside", []), *(unsaved_rows(submission.typed) if with_rows else [])]
    return [one | {"fingerprint": fingerprint(one), "may_discard": may_discard(one, reader)} for one in kept]


def unsaved_rows(typed: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of authors that wait to be complete, as one text beside the list; none where nothing waits."""
    rows = typed.get("authors", {})
    fields = words_of_rows(rows, "authors")
    return [{"section": "authors", "by": rows["by"], "by_id": rows["by_id"], "fields": fields}] if fields else []


def words_of_rows(rows: dict[str, Any], section: str) -> dict[str, list[str]]:
    """What was typed into rows that could not be saved, by field; what is empty or only their order is left out."""
    return {
        name: [value]
        for name, value in rows.items()
        if name.startswith(section) and "_FORMS" not in name and not name.endswith("-ORDER") and value
    }


def discard(row: Submission, chosen: str, by: User) -> None:
    """Drop one text that is kept aside, as its writer saw it."""
    with typing(row) as typed:
        typed["aside"] = [
            one for one in typed.get("aside", []) if fingerprint(one) != chosen or not may_discard(one, by)
        ]
        if any(fingerprint(one) == chosen and may_discard(one, by) for one in unsaved_rows(typed)):
            typed.pop("authors")


def writer(request: HttpRequest) -> dict[str, Any]:
    return {"by": person(request).name, "by_id": person(request).pk}


def typed_fields(request: HttpRequest) -> dict[str, list[str]]:
    return {
        name: values
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "version"} and "_FORMS" not in name and any(values)
    }


def kept_of(writer: User, typed: dict[str, Any]) -> tuple[int, int]:
    """How many texts of somebody are kept aside, and their characters, with the names of fields: a script makes any."""
    hers = [one["fields"] for one in typed.get("aside", []) if one.get("by_id") == writer.pk]
    return len(hers), sum(len(name) + len("".join(values)) for one in hers for name, values in one.items())


def keep_aside(row: Submission, section: str, request: HttpRequest, fields: dict[str, list[str]] | None = None) -> bool:
    """Keep a text beside the paper's, what was posted unless `fields` says another.

    False, and nothing is written, when she has too many there already: none of the earlier ones gives way. `row.typed`
    holds the text in either case, so that the answer shows it.
    """
    window = request.headers.get("X-Window", "")[:20] if fields is None else ""
    with typing(row) as typed:
        before = list(typed.get("aside", []))
        put_aside(typed, section, writer(request), typed_fields(request) if fields is None else fields, window)
        with_it = typed["aside"]
        count, length = kept_of(person(request), typed)
        is_kept = count <= MOST_ASIDE and length <= LONGEST_ASIDE
        typed["aside"] = with_it if is_kept else before
    row.typed = row.typed | {"aside": with_it}
    return is_kept


def kept_aside(row: Submission, section: str, request: HttpRequest, words: str) -> JsonResponse:
    """Answer a save that came second, or too late: the text is kept beside the paper's and shown on its page.

    No version goes back, so that this window cannot write over what it has not seen.
    """
    if keep_aside(row, section, request):
        return JsonResponse({"message": f"Not saved: {words}", "kept": True}, status=409)
    return JsonResponse({"message": f"Not saved: {words} {FULL} This one stays in your browser."}, status=409)


def kept_after_the_form(row: Submission, section: str, request: HttpRequest, words: str) -> HttpResponse:
    """Keep what no form will show again, for it is closed now, and show it on the paper's page."""
    if is_autosave(request):
        return kept_aside(row, section, request, words)
    if keep_aside(row, section, request):
        messages.warning(request, f"{words} What you typed is kept beside the submission, below; it is no part of it.")
    else:
        messages.error(request, f"{words} {FULL} This one is shown below and not kept: copy it.")
    return page(request, row, status=NOT_CAUGHT)


def words_of_errors(form: DetailsForm) -> str:
    """All errors of a form in one line, for the save mark."""
    return " ".join(f"{form[name].label}: {error}" for name, errors in form.errors.items() for error in errors)


@signed_in
@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """What I own in this edition."""
    edition = visible_edition(request.user, slug)
    rows = authored_by(person(request)).filter(edition=edition).prefetch_related("manuscripts", "late_permissions")
    now = timezone.now()
    due = edition.due(Phase.SUBMISSION)
    context = {
        "edition": edition,
        "rows": [
            {
                "submission": row,
                "current": current_of(row),
                "outcome": row.outcome_known(now),
                "extended": row.own_date(due),
            }
            for row in rows
        ],
        "is_open": edition.window(Phase.SUBMISSION, received_at=now).accepts,
        "due": due,
    }
    return render(request, "submissions/home.html", context)


def current_of(submission: Submission) -> Manuscript | None:
    return next((row for row in submission.manuscripts.all() if row.is_current), None)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Start a draft with only a title."""
    edition = visible_edition(request.user, slug)
    form = NewSubmissionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            submission = drafting.create_draft(
                edition=edition, title=form.cleaned_data["title"], by=person(request), at=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, refusal.words)
        else:
            return redirect("submissions:submission", slug, submission.number)
    is_open = edition.window(Phase.SUBMISSION, received_at=timezone.now()).accepts
    context = {"edition": edition, "form": form, "is_open": is_open, "due": edition.due(Phase.SUBMISSION)}
    return render(request, "submissions/new.html", context, status=NOT_CAUGHT if form.errors else 200)


def page(request: HttpRequest, submission: Submission, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The page of one submission, with the forms that a verb gave back in place of fresh ones."""
    at = timezone.now()
    record = record_of(submission)
    manuscript = submission.manuscripts.filter(is_current=True).first()
    may_write = drafting.may_write(submission, at)
    may_list = drafting.may_list(submission, at)
    lines = sending.missing(submission) if submission.state == State.DRAFT else []
    own_addresses = person(request).verified_emails
    # A chair who looks as her sees no unfinished text.
    is_looked_at = looked_at_by.get() is not None
    context: dict[str, Any] = {
        "edition": submission.edition,
        "submission": submission,
        "manuscript": manuscript,
        "versions": submission.manuscripts.all(),
        "late_files": submission.manuscripts.filter(is_late=True, is_current=False),
        "check": as_page_map(manuscript) if manuscript else None,
        "differences": differences_of(submission, manuscript),
        "refused": refused_version(submission),
        "may_write": may_write,
        "may_upload": drafting.may_upload(submission, at),
        "may_list": may_list,
        "missing": lines,
        "record": record,
        "authors": submission.authors.all(),
        "topics": submission.topics.all(),
        "supplements": submission.supplements.filter(removed_at__isnull=True),
        "own_conflicts": drafting.own_conflicts(submission),
        "questions": submission.questions.select_related("written_by"),
        "status": status_words(submission),
        "outcome": submission.outcome_known(at),
        "is_accepted": submission.outcome_known(at) == Outcome.ACCEPTED,
        "due": submission.edition.due(Phase.SUBMISSION),
        "extended": submission.own_date(submission.edition.due(Phase.SUBMISSION)),
        "upload": UploadForm(),
        "supplement": SupplementForm(),
        "question": QuestionForm(),
        "withdraw": WithdrawForm(),
        "told": told_words(submission),
        "details": details_form(submission),
        "author_rows": author_rows(submission, with_typed=not is_looked_at),
        "authors_version": drafting.version_of_authors(submission),
        "to_confirm": [
            row for row in submission.authors.all() if row.confirmed_at is None and row.email.lower() in own_addresses
        ],
        "aside": [] if is_looked_at else shown_aside(submission, person(request), with_rows=not may_list),
        "may_restore": may_recast(submission, at),
        **forms,
    }
    return render(request, "submissions/submission.html", context, status=status)


def told_words(submission: Submission) -> str:
    """Who is told that it is withdrawn. A number would tell co-authors of a draft which address its creator has too."""
    if submission.submitted_at is None:
        return "authors who know of this draft"
    return "1 author" if (count := submission.authors.count()) == 1 else f"{count} authors"


def record_of(submission: Submission) -> ReproducibilityRecord:
    """The submission's record, or an empty one that is written by the first save: looking changes nothing."""
    found = ReproducibilityRecord.objects.filter(submission=submission).first()
    return found or ReproducibilityRecord(submission=submission)


def fields_of_record(record: ReproducibilityRecord) -> dict[str, list[str]]:
    """What a record says, under the names of the form's fields; what is empty is left out."""
    fields = {"algorithms": record.algorithms}
    fields |= {f"not_{section}": reason for section, reason in record.not_applicable.items()}
    for section in record.SECTIONS[1:]:
        for place, entry in enumerate(getattr(record, section)):
            fields |= {f"{section}-{place}-{name}": str(value) for name, value in entry.items()}
    return {name: [value] for name, value in fields.items() if value}


def refused_version(submission: Submission) -> dict[str, Any] | None:
    """The newest version and its findings, when the check kept it from replacing the submitted one."""
    newest = held_back(submission, timezone.now())
    return {"manuscript": newest, "check": as_page_map(newest)} if newest else None


def differences_of(submission: Submission, manuscript: Manuscript | None) -> list[dict[str, str]]:
    """Where the record and the first page disagree, while it can still be changed; names only when they may show."""
    if manuscript is None or not drafting.may_write(submission, timezone.now()):
        return []
    what = [one for one in frontpage.ALL if one != "authors" or not submission.edition.blind]
    return frontpage.differences((manuscript.report or {}).get("front"), submission, what)


def status_words(submission: Submission) -> str:
    """One line, nothing else: no reviewer count, no score."""
    at = timezone.now()
    if submission.state == State.SUBMITTED and not submission.outcome_known(at):
        due = submission.edition.due(Phase.NOTIFICATION)
        words = f"Decision due {due.announced_at:%a} {due.announced_at.day} {due.announced_at:%b %Y}." if due else ""
        closed = not window_of(submission, Phase.SUBMISSION, received_at=at).accepts
        return f"{'Under review.' if closed else 'It may be replaced until the deadline.'} {words}".strip()
    return ""


def details_form(submission: Submission, data: Any = None) -> DetailsForm:
    initial = {
        "version": submission.version,
        "title": submission.title,
        "abstract": submission.abstract,
        "keywords": submission.keywords,
        "topics": submission.topics.all(),
        "is_original": submission.is_original,
    }
    return DetailsForm(data, initial=initial, edition=submission.edition, prefix=None)


def author_rows(submission: Submission, *, with_typed: bool) -> Any:
    """The author list as rows: what was typed and could not be saved comes back as it was."""
    typed = submission.typed.get("authors")
    if typed and with_typed:
        return AuthorFormSet(typed, prefix="authors")
    return AuthorFormSet(initial=authors_initial(submission), prefix="authors")


@signed_in
@require_safe
def submission(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return page(request, mine(request, slug, number))


@signed_in
@require_POST
def details(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Save title, abstract, keywords, topics and declaration; answers JSON to the autosave."""
    row = mine(request, slug, number)
    if "dismiss" in request.POST:
        discard(row, request.POST["dismiss"], person(request))
        return redirect("submissions:submission", slug, number)
    form = DetailsForm(request.POST, edition=row.edition)
    theirs: dict[str, Any] = {}
    try:
        if not form.is_valid():
            raise Refused(words_of_errors(form))
        row = drafting.update_details(submission=row, by=person(request), at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        row.refresh_from_db()
        if not drafting.may_write(row, timezone.now()):
            return kept_after_the_form(row, "details", request, refusal.words)
        if is_autosave(request):
            if isinstance(refusal, Stale):
                return kept_aside(row, "details", request, refusal.words)
            return JsonResponse({"message": f"Not saved: {refusal.words}"}, status=NOT_CAUGHT)
        if not form.errors:
            form.add_error(None, refusal.words)
        if isinstance(refusal, Stale):
            theirs = {
                **{name: refusal.theirs[name] for name in ("title", "abstract", "keywords")},
                "topics": ", ".join(topic.title for topic in row.topics.all()),
                "declaration": "made" if row.is_original else "not made",
            }
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = row.version  # type: ignore[index]
        return page(request, row, status=NOT_CAUGHT, details=form, theirs=theirs)
    if is_autosave(request):
        return saved(row.version)
    messages.success(request, "Details saved.")
    return redirect(f"{request.path.removesuffix('details/')}#details")


@signed_in
@require_POST
def authors(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Save the author list; rows that cannot be saved yet are kept as typed and shown again with their errors."""
    row = mine(request, slug, number)
    rows: Any = AuthorFormSet(request.POST, prefix="authors")
    known = request.POST.get("version", "")
    try:
        if not rows.is_valid():
            raise Refused("The author list is not complete: see the marked rows.")
        with transaction.atomic():
            drafting.set_authors(
                submission=row,
                version=known,
                entries=rows.entries(),
                by=person(request),
                at=timezone.now(),
                tell=not is_autosave(request),
            )
            forget_typed(row, "authors", request)
    except Stale as refusal:
        return authors_came_second(row, request, rows, refusal)
    except Refused as refusal:
        if not drafting.may_list(row, timezone.now()):
            return kept_after_the_form(row, "authors", request, refusal.words)
        try:
            keep_typed(row, "authors", request, known)
        except Stale as stale:
            return authors_came_second(row, request, rows, stale)
        except Refused as full:
            if is_autosave(request):
                words = f"Not saved: {full.words} They stay in your browser."
                return JsonResponse({"message": words}, status=NOT_CAUGHT)
            return page(request, row, status=NOT_CAUGHT, author_rows=rows, author_error=full.words)
        if is_autosave(request):
            why = refusal.words if rows.is_valid() else "some rows are not complete"
            words = f"{timezone.now():%H:%M:%S} as typed; {why}"
            return JsonResponse({"saved_at": words, "version": drafting.version_of_authors(row)})
        if rows.is_valid():
            messages.error(request, refusal.words)
        return page(request, row, status=NOT_CAUGHT, author_rows=rows, author_error=refusal.words)
    if is_autosave(request):
        return saved(drafting.version_of_authors(row))
    messages.success(request, "Authors saved.")
    return redirect(f"{request.path.removesuffix('authors/')}#authors")


def authors_came_second(row: Submission, request: HttpRequest, rows: Any, refusal: Stale) -> HttpResponse:
    """Another list was saved, or typed, since this window was opened: both stay."""
    if is_autosave(request):
        return kept_aside(row, "authors", request, refusal.words)
    with typing(row) as typed:
        # The form shows this window's rows now, and the next Save takes the place of what was typed in the other.
        leave_to(request, typed, "authors", request.POST.dict(), also_own=True)
        typed.pop("authors", None)
    return page(request, row, status=NOT_CAUGHT, author_rows=rows, author_error=refusal.words, is_newer_list=True)


def keep_typed(row: Submission, section: str, request: HttpRequest, version: str) -> None:
    """Keep what was typed into a section as posted, and aside what somebody else had typed there.

    The same a second time changes nothing: its answer was lost, or a save on leaving was quicker than the next page.
    Raises Stale; and Refused when its own writer has no room aside for it, whom it may have to give way to.
    """
    coming = {name: value for name, value in request.POST.items() if name.startswith(section)}
    with typing(row) as typed:
        row.typed = typed
        if typed.get(section) == coming | writer(request):
            return
        drafting.require_version_of_authors(row, version)
        require_room(typed, person(request), coming)
        leave_to(request, typed, section, request.POST.dict())
        typed[section] = coming | writer(request)


def require_room(typed: dict[str, Any], writer: User, coming: dict[str, Any]) -> None:
    """Refuse unsaved rows that could not be put aside for what somebody else types or saves: no save waits for that."""
    count, length = kept_of(writer, typed)
    if count >= MOST_ASIDE or length + sum(len(name) + len(value) for name, value in coming.items()) > LONGEST_ASIDE:
        raise Refused(f"The rows are not kept on the site. {FULL}")


def forget_typed(row: Submission, section: str, request: HttpRequest) -> None:
    """Once it is saved as rows, nothing of hers is left to keep; what somebody else had typed is put aside."""
    if section in row.typed:
        with typing(row) as typed:
            leave_to(request, typed, section, request.POST.dict())
            typed.pop(section, None)


def leave_to(
    request: HttpRequest, typed: dict[str, Any], section: str, coming: dict[str, Any], *, also_own: bool = False
) -> None:
    """Put another's unsaved rows aside, unless all of their words stand in what is coming in their place.

    `also_own`: hers too, where what is coming is no later state of them.
    """
    theirs = typed.get(section, {})
    fields = words_of_rows(theirs, section)
    words = {value for (value,) in fields.values()}
    is_left = theirs.get("by_id") not in ({None} if also_own else {None, person(request).pk})
    if is_left and not words <= set(coming.values()):
        put_aside(typed, section, {"by": theirs["by"], "by_id": theirs["by_id"]}, fields)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def author_change(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """After the deadline: ask for another author list, with the reason."""
    row = mine(request, slug, number)
    data = request.POST or None
    form = AuthorChangeForm(data)
    rows: Any = AuthorFormSet(data, prefix="authors", initial=authors_initial(row))
    is_stale = False
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            drafting.request_author_change(
                submission=row,
                entries=rows.entries(),
                reason=form.cleaned_data["reason"],
                version=request.POST.get("version", ""),
                by=person(request),
                at=timezone.now(),
            )
        except Refused as refusal:
            is_stale = isinstance(refusal, Stale)
            form.add_error(refusal.field or None, refusal.words)
        else:
            messages.success(request, "The request is with the chairs; all authors were told.")
            return redirect("submissions:submission", slug, number)
    waiting = row.author_requests.filter(decided_at__isnull=True).first()
    context = {
        "edition": row.edition,
        "submission": row,
        "form": form,
        "author_rows": rows,
        "authors": row.authors.all(),
        "is_newer_list": is_stale,
        # After another refusal the form still stands for the list that it showed.
        "authors_version": request.POST.get("version", "")
        if data and not is_stale
        else drafting.version_of_authors(row),
        "waiting": waiting,
        "earlier": row.author_requests.filter(decided_at__isnull=False),
        "may_list": drafting.may_list(row, timezone.now()),
    }
    # Whoever sent something and is still here was refused it.
    status = NOT_CAUGHT if request.method == "POST" else 200
    return render(request, "submissions/author_change.html", context, status=status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def conflicts(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The committee with affiliations; those who share an institution are marked and explained."""
    row = mine(request, slug, number)
    committee = Committee(row.edition_id, row.edition.memberships.known_to_authors(), for_authors=True)
    members = [member for member, _, _ in committee.members]
    found = {line.membership.pk: line for line in computed_conflicts(row, committee)}
    # Those that were found have no tick to take away.
    to_tick = [member for member in members if member.pk not in found]
    standing = {line.membership_id: line.reason for line in drafting.own_conflicts(row)}
    error, is_stale = "", False
    if request.method == "POST":
        declared = [
            drafting.Declared(
                membership=member,
                kind=request.POST.get(f"kind-{member.pk}", ""),
                reason=request.POST.get(f"why-{member.pk}", "").strip(),
            )
            for member in to_tick
            if request.POST.get(f"member-{member.pk}")
        ]
        # In one line: a note stands in a field that has no breaks, and would come back from it as another one.
        reason = " ".join(request.POST.get("reason", "").split())
        untyped = [line.membership.name for line in declared if line.kind not in ConflictKind.values]
        try:
            if gone := ticked_but_gone(request, to_tick):
                raise Refused(gone)
            if noted := [member.name for member in to_tick if is_noted_only(request, member, standing.get(member.pk))]:
                raise Refused(f"You noted something on {', '.join(noted)} without a tick: tick, or take the note out.")
            if untyped:
                raise Refused(f"Choose the kind of conflict with {', '.join(untyped)}.")
            for line in declared:
                if line.reason == standing.get(line.membership.pk):
                    continue  # it may have the reason for all in it
                refuse_longer(f"The note on {line.membership.name}", line.reason, LONGEST_NOTE)
            refuse_longer("The reason", reason, LONGEST_REASON)
            drafting.declare_conflicts(
                submission=row,
                version=request.POST.get("version", ""),
                declared=declared,
                among=to_tick,
                reason=reason,
                by=person(request),
                at=timezone.now(),
            )
        except Refused as refusal:
            error, is_stale = refusal.words, isinstance(refusal, Stale)
        else:
            messages.success(request, f"Conflicts saved: {len(declared)} declared.")
            return redirect(f"/{slug}/submissions/{number}/#conflicts")
    own = {line.membership_id: line for line in drafting.own_conflicts(row)}
    version = drafting.version_of_conflicts(row, to_tick)
    context = {
        "edition": row.edition,
        "submission": row,
        "error": error,
        "kinds": ConflictKind.choices,
        "limit": row.edition.conflicts_need_reason_above,
        "reason": request.POST.get("reason", ""),
        "may_write": drafting.may_write(row, timezone.now()),
        # After another refusal the form still stands for what it showed, and a newer text is told at the next save.
        "version": version if is_stale or request.method != "POST" else request.POST.get("version", ""),
        "lines": [
            conflict_line(request, member, own.get(member.pk), found.get(member.pk), is_stale=is_stale)
            for member in members
        ],
    }
    return render(request, "submissions/conflicts.html", context, status=NOT_CAUGHT if error else 200)


def is_noted_only(request: HttpRequest, member: Membership, standing: str | None) -> bool:
    """Whether a note was written and no tick set; with the note that stands, the tick was taken away."""
    note = request.POST.get(f"why-{member.pk}", "").strip()
    return bool(note) and note != standing and not request.POST.get(f"member-{member.pk}")


def ticked_but_gone(request: HttpRequest, members: list[Membership]) -> str:
    """What to say of a tick beside somebody who has none in the list any more, or at another place of it; '' for none.

    Without her name: a number that was made up would tell whose place it is.
    """
    shown = {f"member-{member.pk}" for member in members}
    gone = [name for name in request.POST if name.startswith("member-") and name not in shown]
    if not gone:
        return ""
    notes = " / ".join(filter(None, (request.POST.get(name.replace("member", "why", 1), "") for name in gone)))
    noted = f" You had noted: {notes}" if notes else ""
    return (
        "Nothing was saved: somebody whom you ticked is not in the committee any more, is found by itself by now, or "
        f"stands at another place of this list. Look for her, then save.{noted}"
    )


def refuse_longer(what: str, text: str, most: int) -> None:
    """Nothing that somebody typed is cut."""
    if len(text) > most:
        raise Refused(f"{what} has {len(text)} characters; at most {most} are taken.")


def conflict_line(
    request: HttpRequest, member: Membership, own: Conflict | None, found: Any, *, is_stale: bool
) -> dict[str, Any]:
    """One member of the form: as posted, else as it stands; after a save that came second, both."""
    is_ticked = bool(request.POST.get(f"member-{member.pk}"))
    typed = {name: request.POST.get(f"{name}-{member.pk}", "") for name in ("kind", "why")}
    is_other = own is not None and is_stale and is_ticked and typed != {"kind": own.kind, "why": own.reason}
    if own is not None and (request.method != "POST" or (is_stale and not is_ticked)):
        is_ticked = True
        typed = {"kind": own.kind, "why": own.reason}
    return {"member": member, "found": found, "ticked": is_ticked, "theirs": own if is_other else None, **typed}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def reproducibility(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The structured record: rows per section, or "not applicable because"."""
    row = mine(request, slug, number)
    record = record_of(row)
    record_forms = RecordForms(record, request.POST or None)
    message, is_stale = "", False
    if request.method == "POST":
        try:
            if not record_forms.is_valid():
                raise Refused(f"A field is too long, or a section has over {MOST_RECORD_ROWS} rows; see the marks.")
            record = drafting.save_reproducibility(
                submission=row,
                version=record_forms.texts.cleaned_data["version"],
                values=record_forms.values(),
                by=person(request),
                at=timezone.now(),
            )
        except Refused as refusal:
            message, is_stale = refusal.words, isinstance(refusal, Stale)
            record = record_of(row)
            if not drafting.may_write(row, timezone.now()):
                return kept_after_the_form(row, "reproducibility", request, message)
            if is_autosave(request):
                if is_stale:
                    return kept_aside(row, "reproducibility", request, message)
                return JsonResponse({"message": f"Not saved: {message}"}, status=NOT_CAUGHT)
            if is_stale:
                record_forms.use_version(record.version)
        else:
            if is_autosave(request):
                return saved(record.version)
            messages.success(request, "Reproducibility record saved.")
            return redirect(f"/{slug}/submissions/{number}/#reproducibility")
    others = authored_by(person(request)).exclude(pk=row.pk).filter(reproducibility__isnull=False)
    context = {
        "edition": row.edition,
        "submission": row,
        "record": record,
        "forms": record_forms,
        "message": message,
        "is_stale": is_stale,
        "others": others.select_related("edition"),
        "may_write": drafting.may_write(row, timezone.now()),
        "done": [section for section in record.SECTIONS if record.section_done(section)],
    }
    return render(request, "submissions/reproducibility.html", context, status=NOT_CAUGHT if message else 200)


@signed_in
@require_POST
def copy_reproducibility(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take the record of another submission of mine."""
    row = mine(request, slug, number)
    chosen = request.POST.get("from", "")
    if not chosen:
        messages.error(request, "Choose one of your other submissions to copy from.")
        return redirect("submissions:reproducibility", slug, number)
    other = get_object_or_404(authored_by(person(request)), pk=codes.number("submission", chosen))
    source = record_of(other)
    record = record_of(row)
    values = {name: getattr(source, name) for name in (*source.SECTIONS, "not_applicable")}
    before = fields_of_record(record)
    is_lost = bool(before) and before != fields_of_record(source)
    try:
        with transaction.atomic():
            if is_lost and not keep_aside(row, "reproducibility", request, before):
                raise Refused(f"Nothing was copied. {FULL}")
            drafting.save_reproducibility(
                submission=row, version=record.version, values=values, by=person(request), at=timezone.now()
            )
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        kept = " What stood here before is kept beside the submission, on its page." if is_lost else ""
        messages.success(request, f"Copied from paper {other.number}.{kept}")
    return redirect("submissions:reproducibility", slug, number)


@signed_in
@require_POST
def upload(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Store a PDF as the next version and show what the check says."""
    row = mine(request, slug, number)
    form = UploadForm(request.POST, request.FILES)
    errors: list[str] = []
    status = NOT_CAUGHT
    if form.is_valid():
        try:
            uploaded = sending.upload_manuscript(
                submission=row,
                upload=form.cleaned_data["file"],
                by=person(request),
                at=timezone.now(),
                received_at=received_at(request),
                begun_at=begun_at(request),
            )
        except Refused as refusal:
            errors, status = [refusal.words], status_of(refusal)
        else:
            if uploaded.is_late:
                words = too_late(row.edition, uploaded.manuscript.received_at)
                messages.warning(
                    request,
                    f"{words} Your file is kept and marked late; it is not part of the submission unless the chairs "
                    "adopt it.",
                )
            if uploaded.is_refused:
                why = (
                    "the check blocks it: the earlier version stays submitted. The findings stand under the versions."
                    if uploaded.manuscript.blocks
                    else "it came second: a newer version counts, or the decision is known."
                )
                kept = f"{uploaded.manuscript.original_name} is kept as version {uploaded.manuscript.number}"
                messages.warning(request, f"{kept}, but {why}")
            target = f"/{slug}/submissions/{number}/#pdf"
            if request.headers.get("X-Upload") == "1":
                # The page itself may be the one that is open: only the anchor would change.
                return JsonResponse({"location": f"/{slug}/submissions/{number}/?v={uploaded.manuscript.number}#pdf"})
            return redirect(target)
    else:
        errors = ["Choose the PDF of your paper first."]
    if request.headers.get("X-Upload") == "1":
        return JsonResponse({"errors": {"file": errors}}, status=status)
    if not form.errors:
        form.add_error("file", errors[0])
    return page(request, row, status=status, upload=form)


@signed_in
@require_POST
def prefill(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take title, abstract and keywords from the first page of the PDF."""
    row = mine(request, slug, number)
    manuscript = get_object_or_404(row.manuscripts, is_current=True)
    front = manuscript.report.get("front") or {}
    wanted = set(request.POST.getlist("take"))
    values: dict[str, Any] = {
        "title": without_hidden(front.get("title") or "") if "title" in wanted else None,
        "abstract": front.get("abstract") if "abstract" in wanted else None,
        "keywords": ", ".join(front.get("keywords", [])) if "keywords" in wanted else None,
    }
    current = {"title": row.title, "abstract": row.abstract, "keywords": row.keywords}
    longest = {"abstract": LONGEST_ABSTRACT}
    chosen = {name: (value or current[name])[: longest.get(name, 300)] for name, value in values.items()}
    written = {name: current[name] for name in ("abstract", "keywords")}
    lost = {name: [text] for name, text in written.items() if text.strip() and chosen[name] != text}
    try:
        with transaction.atomic():
            if lost and not keep_aside(row, "details", request, lost):
                raise Refused(f"Nothing was taken. {FULL}")
            drafting.update_details(
                submission=row,
                version=row.version,
                topics=list(row.topics.all()),
                is_original=row.is_original,
                by=person(request),
                at=timezone.now(),
                **chosen,
            )
            if "authors" in wanted:
                offer_authors(row, front.get("authors", []), request)
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        was = f' The title was "{current["title"]}".' if chosen["title"] != current["title"] else ""
        messages.success(request, f"Taken from the PDF. Please read it over.{was}")
    return redirect(f"/{slug}/submissions/{number}/#details")


def offer_authors(row: Submission, names: list[str], request: HttpRequest) -> None:
    """Put the names of the PDF into the author form, in printed order; who is listed already keeps her row."""
    listed = {drafting.plain(entry["name"]): entry for entry in authors_initial(row)}
    printed = [(name, listed.pop(drafting.plain(name), None)) for name in names]
    entries = [entry or {"name": name} for name, entry in printed] + list(listed.values())
    offered: dict[str, Any] = {"authors-TOTAL_FORMS": str(len(entries)), "authors-INITIAL_FORMS": "0"}
    for number, entry in enumerate(entries):
        for field, value in entry.items():
            if value:
                offered[f"authors-{number}-{field}"] = "on" if value is True else value
        offered[f"authors-{number}-ORDER"] = str(number + 1)
    with typing(row) as typed:
        require_room(typed, person(request), offered)
        leave_to(request, typed, "authors", offered, also_own=True)
        typed["authors"] = offered | writer(request)


@signed_in
@require_safe
def check_state(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The result of the check as a fragment that asks for itself until it is there."""
    row = mine(request, slug, number)
    manuscript = get_object_or_404(row.manuscripts, is_current=True)
    context = {"submission": row, "manuscript": manuscript, "check": as_page_map(manuscript), "edition": row.edition}
    return render(request, "submissions/parts/check.html", context)


@signed_in
@require_GET
def pdf(request: HttpRequest, slug: str, number: int, version: int) -> HttpResponseBase:
    row = mine(request, slug, number)
    manuscript = get_object_or_404(row.manuscripts, number=version)
    return serve(manuscript, f"paper-{row.number}-v{version}.pdf", inline="show" in request.GET)


@signed_in
@require_POST
def add_supplement(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = mine(request, slug, number)
    form = SupplementForm(request.POST, request.FILES)
    status = NOT_CAUGHT
    if form.is_valid():
        try:
            sending.add_supplement(
                submission=row,
                upload=form.cleaned_data["file"],
                description=form.cleaned_data["description"],
                by=person(request),
                at=timezone.now(),
                received_at=received_at(request),
                begun_at=begun_at(request),
            )
        except Refused as refusal:
            form.add_error(refusal.field or None, refusal.words)
            status = status_of(refusal)
        else:
            messages.success(request, "Supplementary file added.")
            return redirect(f"/{slug}/submissions/{number}/#supplements")
    return page(request, row, status=status, supplement=form)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def supplement(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponseBase:
    """GET downloads it, POST takes it out."""
    row = mine(request, slug, number)
    file = get_object_or_404(row.supplements.filter(removed_at__isnull=True), pk=pk)
    if request.method != "POST":
        return serve(file, file.original_name)
    try:
        drafting.remove_supplement(supplement=file, by=person(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        messages.success(request, f"{file.original_name} removed.")
    return redirect(f"/{slug}/submissions/{number}/#supplements")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Everything as reviewers will see it, and one Submit."""
    row = mine(request, slug, number)
    error = ""
    if request.method == "POST":
        try:
            sending.submit(
                submission=row,
                by=person(request),
                at=timezone.now(),
                received_at=received_at(request),
                begun_at=begun_at(request),
            )
        except Refused as refusal:
            error = refusal.words
        else:
            return redirect("submissions:receipt", slug, number)
    record = ReproducibilityRecord.objects.filter(submission=row).first()
    manuscript = row.manuscripts.filter(is_current=True).first()
    context = {
        "edition": row.edition,
        "submission": row,
        "authors": row.authors.all(),
        "topics": row.topics.all(),
        "record": record,
        "manuscript": manuscript,
        "check": as_page_map(manuscript) if manuscript else None,
        "differences": differences_of(row, manuscript),
        "supplements": row.supplements.filter(removed_at__isnull=True),
        "missing": sending.missing(row),
        "error": error,
        "due": row.edition.due(Phase.SUBMISSION),
        "extended": row.own_date(row.edition.due(Phase.SUBMISSION)),
    }
    return render(request, "submissions/submit.html", context, status=NOT_CAUGHT if error else 200)


@signed_in
@require_safe
def receipt(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Proof: number, author list, file, hash and time, with the code that verifies it."""
    row = mine(request, slug, number)
    manuscript = row.manuscripts.filter(is_current=True).first()
    if row.submitted_at is None or manuscript is None:
        raise Http404
    now = timezone.now()
    code = receipts.code_of(row, manuscript, at=now)
    context = {
        "edition": row.edition,
        "submission": row,
        "manuscript": manuscript,
        "authors": row.authors.all(),
        "listed": now,
        "code": code,
    }
    return render(request, "submissions/receipt.html", context)


@require_safe
def format_guide(request: HttpRequest) -> HttpResponse:
    """Every code of the format check explained; the findings link here."""
    intro, entries = guide()
    return render(request, "submissions/format_guide.html", {"intro": intro, "entries": entries})


@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a receipt is ours; shows the facts that it states and nothing of the paper."""
    found = receipts.verify(code)
    return render(request, "submissions/verify.html", {"receipt": found}, status=200 if found else 404)


@signed_in
@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = mine(request, slug, number)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return page(request, row, status=NOT_CAUGHT, withdraw=form)
    try:
        sending.withdraw(submission=row, reason=form.cleaned_data["reason"], by=person(request), at=timezone.now())
    except Refused as refusal:
        form.add_error("reason", refusal.words)
        row.refresh_from_db()
        return page(request, row, status=NOT_CAUGHT, withdraw=form)
    can_undo = may_recast(row, timezone.now())
    undo = "Until the deadline you can restore it here." if can_undo else "Only the chairs can undo it now."
    messages.success(request, f"Withdrawn; told by letter: {told_words(row)}. {undo}")
    return redirect("submissions:submission", slug, number)


@signed_in
@require_POST
def restore(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = mine(request, slug, number)
    try:
        sending.restore(submission=row, by=person(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        messages.success(request, "Restored as a draft. Submit it again to have it reviewed.")
    return redirect("submissions:submission", slug, number)


@signed_in
@require_POST
def confirm(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A co-author says: yes, this is my name and my paper."""
    row = mine(request, slug, number)
    email = request.POST.get("email", "")
    try:
        drafting.confirm_authorship(submission=row, email=email, by=person(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        messages.success(request, "Thank you; your authorship is confirmed.")
    return redirect(f"/{slug}/submissions/{number}/#authors")


@signed_in
@require_POST
def ask(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = mine(request, slug, number)
    form = QuestionForm(request.POST)
    if form.is_valid():
        try:
            drafting.ask(submission=row, text=form.cleaned_data["text"], by=person(request), at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.words)
        else:
            messages.success(request, "Your question is with the chairs; the answer comes by letter and stands here.")
        return redirect(f"/{slug}/submissions/{number}/#questions")
    return page(request, row, status=NOT_CAUGHT, question=form)
