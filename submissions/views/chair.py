"""The chairs' pages on the authors' side: format triage, late cases, author lists, questions."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.cells import harmless
from dlonsc.editions.access import chair_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import signed_in
from dlonsc.posted import whole_number
from submissions.access import one, overseen_by
from submissions.actions import overseeing
from submissions.actions.moves import Refused
from submissions.actions.sending import missing
from submissions.checks import held_back
from submissions.emails import who_know_of
from submissions.forms.chair import AnswerChangeForm, CorrectForm, LateForm, OverrideForm, TextForm
from submissions.lncs import SAME_TEXT, same_texts, similarity
from submissions.models import (
    AuthorListRequest,
    LatePermission,
    Manuscript,
    Question,
    Submission,
)
from submissions.pagemap import as_page_map
from submissions.states import State

ORDER = {"reject": 0, "unchecked": 1, "warn": 2, "accept": 3}


def by(chair: Membership) -> User:
    assert chair.user is not None  # noqa: S101 - an active membership has its user
    return chair.user


def triage_rows(chair: Membership) -> list[dict[str, Any]]:
    manuscripts = (
        Manuscript.objects.filter(submission__in=overseen_by(chair), is_current=True)
        .exclude(submission__state=State.WITHDRAWN)
        .select_related("submission")
    )
    newer = Manuscript.objects.filter(
        submission=OuterRef("submission"), number__gt=OuterRef("number"), is_late=False, overridden_at=None
    )
    # As in held_back, of all at once.
    was_blocked = Q(checked_at__isnull=False, submission__in=Submission.objects.under_review(timezone.now()))
    manuscripts = manuscripts.annotate(has_blocked=Exists(newer.filter(was_blocked | Q(verdict="reject"))))
    rows = []
    for manuscript in manuscripts:
        findings = manuscript.report.get("findings", [])
        rows.append(
            {
                "manuscript": manuscript,
                "submission": manuscript.submission,
                "codes": sorted({one["code"] for one in findings if one["severity"] != "info"}),
                "hidden": [one for one in findings if one.get("quote")],
            }
        )
    add_twins(rows)
    return sorted(rows, key=lambda row: (ORDER.get(row["manuscript"].verdict, 1), row["submission"].number))


def add_twins(rows: list[dict[str, Any]]) -> None:
    """Beside each row, the other rows with the same text: a chair learns of it only when she may see both papers.

    It stands outside the author's report and its verdict: one of the two authors may know nothing of the other.
    """
    by_number = {row["submission"].number: row for row in rows}
    for row in rows:
        row["twins"] = []
    prints = {number: tuple(row["manuscript"].report.get("fingerprint", ())) for number, row in by_number.items()}
    for first, second, share in same_texts(prints):
        by_number[first]["twins"].append(Twin(by_number[second]["submission"], share))
        by_number[second]["twins"].append(Twin(by_number[first]["submission"], share))


@dataclass(frozen=True)
class Twin:
    """Another submission with the same text; `share` of it, 0 to 1."""

    submission: Submission
    share: float

    @property
    def percent(self) -> int:
        return round(100 * self.share)


def twins_of(chair: Membership, submission: Submission) -> list[Twin]:
    """The submissions that a chair may see whose current PDF has the same text as this one's."""
    if submission.state == State.WITHDRAWN:
        return []
    rows = (
        Manuscript.objects.filter(submission__in=overseen_by(chair), is_current=True)
        .exclude(submission__state=State.WITHDRAWN)
        .values_list("submission__number", "report__fingerprint")
    )
    prints = {number: tuple(print or ()) for number, print in rows}
    own = prints.pop(submission.number, ())
    shares = {number: similarity(own, print) for number, print in prints.items()}
    same = {number: share for number, share in shares.items() if share >= SAME_TEXT}
    others = Submission.objects.filter(edition=submission.edition_id, number__in=same).order_by("number")
    return [Twin(other, same[other.number]) for other in others]


@signed_in
@require_safe
def triage(request: HttpRequest, slug: str) -> HttpResponse:
    """All current PDFs by verdict and code; hidden text in a list of its own."""
    chair = chair_of(request.user, slug)
    rows = triage_rows(chair)
    verdict, code = request.GET.get("verdict", ""), request.GET.get("code", "")
    shown = [
        row
        for row in rows
        if (not verdict or row["manuscript"].verdict == verdict) and (not code or code in row["codes"])
    ]
    counts = {name: sum(row["manuscript"].verdict == name for row in rows) for name in ORDER}
    context = {
        "edition": chair.edition,
        "rows": shown,
        "counts": counts,
        "codes": sorted({one for row in rows for one in row["codes"]}),
        "verdict": verdict,
        "code": code,
        "hidden": [row for row in rows if row["hidden"]],
        "twins": [row for row in rows if row["twins"]],
        "total": len(rows),
    }
    return render(request, "submissions/chair/triage.html", context)


@signed_in
@require_safe
def triage_csv(request: HttpRequest, slug: str) -> HttpResponse:
    chair = chair_of(request.user, slug)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "title", "state", "version", "pages", "verdict", "codes", "override", "same text as"])
    for row in triage_rows(chair):
        manuscript, submission = row["manuscript"], row["submission"]
        cells = (
            submission.number,
            submission.title,
            submission.state,
            manuscript.number,
            manuscript.pages,
            manuscript.verdict,
            " ".join(row["codes"]),
            manuscript.override_note,
            " ".join(str(twin.submission.number) for twin in row["twins"]),
        )
        writer.writerow([harmless(cell) for cell in cells])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-format.csv"'
    return response


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def triage_one(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The page map of one PDF; override with a note, ask for a corrected one, return without review."""
    chair = chair_of(request.user, slug)
    submission = one(overseen_by(chair), slug, number)
    manuscript = held_back(submission, timezone.now()) or get_object_or_404(submission.manuscripts, is_current=True)
    act = request.POST.get("act", "")
    forms: dict[str, Any] = {
        "override": OverrideForm(request.POST if act == "override" else None),
        "correct": CorrectForm(request.POST if act == "correct" else None),
        "reject": TextForm(request.POST if act == "reject" else None, prefix=None),
    }
    if act in forms and forms[act].is_valid():
        try:
            require_seen(request, manuscript)
            words = carry_out(act, forms[act].cleaned_data, submission, manuscript, by(chair))
        except Refused as refusal:
            forms[act].add_error(refusal.field or None, refusal.words)
        else:
            messages.success(request, words)
            return redirect("submissions:triage_one", slug, number)
    may_change = overseeing.may_change_version(submission)
    has_passed = manuscript.overridden_at or manuscript.verdict == "accept"
    context = {
        "edition": chair.edition,
        "submission": submission,
        "manuscript": manuscript,
        "check": as_page_map(manuscript),
        "twins": twins_of(chair, submission),
        "may_change_version": may_change,
        "may_override": may_change and not (has_passed and manuscript.is_current),
        "authors": who_know_of(submission),
        **forms,
    }
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render(request, "submissions/chair/triage_one.html", context, status=status)


def require_seen(request: HttpRequest, manuscript: Manuscript) -> None:
    """Refuse what a chair does about another version than the one that her page showed."""
    if request.POST.get("shown") != str(manuscript.number):
        raise Refused(f"Version {manuscript.number} has come since you opened this page; it is shown above now.")


def carry_out(act: str, data: dict[str, Any], submission: Submission, manuscript: Manuscript, who: User) -> str:
    at = timezone.now()
    if act == "override":
        overseeing.override_check(manuscript=manuscript, words=data["note"], by=who, at=at)
        return "Your note stands beside the check; the authors may submit."
    letters = len(who_know_of(submission))
    if act == "correct":
        overseeing.ask_for_corrected_pdf(manuscript=manuscript, text=data["text"], until=data["until"], by=who, at=at)
        return f"{letters} letters ask for a corrected PDF."
    overseeing.desk_reject(submission=submission, text=data["text"], by=who, at=at)
    return f"Returned without review; {letters} authors are told."


@signed_in
@require_POST
def reinstate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return brought_back(request, slug, number, overseeing.reinstate)


@signed_in
@require_POST
def undo_return(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return brought_back(request, slug, number, overseeing.undo_desk_reject)


def brought_back(request: HttpRequest, slug: str, number: int, act: Callable[..., None]) -> HttpResponse:
    chair = chair_of(request.user, slug)
    submission = one(overseen_by(chair), slug, number)
    try:
        act(submission=submission, by=by(chair), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.words)
    else:
        told = len(who_know_of(submission))
        messages.success(request, f"{submission.get_state_display()}. Authors told: {told}.")
    return redirect("reviews:submission", slug, number)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def late(request: HttpRequest, slug: str) -> HttpResponse:
    """Late files, complete drafts after the cut-off, and permissions for one paper."""
    chair = chair_of(request.user, slug)
    rows = overseen_by(chair)
    form = LateForm(request.POST if "give" in request.POST else None, rows=rows)
    if request.method == "POST":
        try:
            if "adopt" in request.POST:
                file = get_object_or_404(
                    Manuscript.objects.filter(submission__in=rows).select_related("submission__edition"),
                    pk=codes.number("manuscript", request.POST["adopt"]),
                )
                overseeing.adopt_late_manuscript(manuscript=file, by=by(chair), at=timezone.now())
                messages.success(request, f"The late file of paper {file.submission.number} is adopted.")
                return redirect("submissions:late", slug)
            if "draft" in request.POST:
                draft = get_object_or_404(rows.select_related("edition"), number=number_in(request, "draft"))
                overseeing.adopt_draft(submission=draft, by=by(chair), at=timezone.now())
                messages.success(request, f"Paper {draft.number} is submitted; its authors got the receipt.")
                return redirect("submissions:late", slug)
            if form.is_valid():
                overseeing.give_late_permission(
                    submission=form.cleaned_data["submission"],
                    phase=Phase(form.cleaned_data["phase"]),
                    cutoff=form.cleaned_data["until"],
                    reason=form.cleaned_data["reason"],
                    by=by(chair),
                    at=timezone.now(),
                )
                told = number_of_authors(form.cleaned_data["submission"])
                messages.success(request, f"Permission given; the letter is on its way to {told}.")
                return redirect("submissions:late", slug)
        except Refused as refusal:
            if form.is_bound:
                form.add_error(refusal.field or None, refusal.words)
            else:
                messages.error(request, refusal.words)
    now = timezone.now()
    edition = chair.edition
    prefetch_related_objects([edition], "topics")
    drafts = list(rows.drafts().select_related("reproducibility").prefetch_related("authors", "manuscripts", "topics"))
    for draft in drafts:
        # One edition, and one query for its topics, for all of them.
        draft.edition = edition
    is_over = not edition.window(Phase.SUBMISSION, received_at=now).accepts
    context = {
        "edition": edition,
        "form": form,
        "late_files": with_missing(overseeing.late_files(rows), drafts),
        "permissions": LatePermission.objects.filter(submission__in=rows).select_related("submission", "given_by"),
        "drafts": [{"submission": row, "missing": missing(row)} for row in drafts] if is_over else [],
        "is_over": is_over,
    }
    return render(request, "submissions/chair/late.html", context)


def with_missing(files: list[Manuscript], drafts: list[Submission]) -> list[dict[str, Any]]:
    """Late files, each with what its draft would still miss."""
    by_pk = {draft.pk: draft for draft in drafts}
    return [
        {"file": file, "missing": missing(by_pk[file.submission_id], with_file=file)}
        if file.submission_id in by_pk
        else {"file": file, "missing": []}
        for file in files
    ]


def number_of_authors(submission: Submission) -> str:
    count = len(who_know_of(submission))
    return "1 author" if count == 1 else f"{count} authors"


def number_in(request: HttpRequest, name: str) -> int:
    return whole_number(request.POST.get(name))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def author_requests(request: HttpRequest, slug: str) -> HttpResponse:
    """Changes of author lists after the deadline: old and new list, reason; grant or refuse."""
    chair = chair_of(request.user, slug)
    rows = AuthorListRequest.objects.filter(submission__in=overseen_by(chair)).order_by("-requested_at", "-pk")
    rows = rows.select_related("submission__edition", "requested_by", "decided_by")
    refused: dict[str, Any] = {}
    if request.method == "POST":
        wanted = get_object_or_404(rows, pk=codes.number("request", request.POST.get("request", "")))
        form = AnswerChangeForm(request.POST)
        form.is_valid()
        try:
            overseeing.decide_author_change(
                request=wanted,
                grant="grant" in request.POST,
                answer=form.cleaned_data.get("answer", ""),
                by=by(chair),
                at=timezone.now(),
            )
        except Refused as refusal:
            refused = {
                "pk": wanted.pk,
                "number": wanted.submission.number,
                "words": refusal.words,
                "answer": request.POST.get("answer", ""),
                "is_over": not rows.filter(pk=wanted.pk, decided_at__isnull=True).exists(),
            }
        else:
            messages.success(request, "Answered; all authors of both lists are told.")
            return redirect("submissions:author_requests", slug)
    context = {
        "edition": chair.edition,
        "refused": refused,
        "waiting": rows.filter(decided_at__isnull=True),
        "done": rows.filter(decided_at__isnull=False),
        "form": AnswerChangeForm(),
    }
    return render(request, "submissions/chair/author_requests.html", context, status=422 if refused else 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The authors' threads, those that wait for an answer first."""
    chair = chair_of(request.user, slug)
    rows = overseen_by(chair).select_related("edition")
    if request.method == "POST":
        submission = get_object_or_404(rows, number=number_in(request, "number"))
        try:
            overseeing.answer(submission=submission, text=request.POST.get("text", ""), by=by(chair), at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.words)
        else:
            messages.success(request, f"The answer is on its way to {number_of_authors(submission)}.")
        return redirect("submissions:questions", slug)
    threads: dict[int, list[Question]] = {}
    for question in Question.objects.filter(submission__in=rows).select_related("submission", "written_by"):
        threads.setdefault(question.submission_id, []).append(question)
    ordered = sorted(threads.values(), key=lambda thread: (thread[-1].from_chairs, -thread[-1].written_at.timestamp()))
    context = {
        "edition": chair.edition,
        "threads": [
            {"submission": thread[0].submission, "lines": thread, "waits": not thread[-1].from_chairs}
            for thread in ordered
        ],
    }
    return render(request, "submissions/chair/questions.html", context)
