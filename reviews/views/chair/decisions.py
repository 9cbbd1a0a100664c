"""Deciding, in private, one submission after the other."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from dlonsc.posted import whole_number
from reviews.access import decision_versions_overseen_by
from reviews.actions import deciding
from reviews.actions.assigning import Refused
from reviews.actions.deciding import Correction
from reviews.forms.chair import DecisionForm
from reviews.models import Decision, DecisionVersion
from reviews.overview import DECISIONS, Row, Tally, Wish, rows_of, selected
from reviews.subreviewers import show_credit
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from reviews.views.chair.history import said
from reviews.views.chair.table import columns
from submissions.access import overseen_by
from submissions.models import Submission

VERBS = ("decided", "decision_taken_back", "announced", "announcement_stopped", "decision_corrected")


@dataclass(frozen=True)
class Acted:
    """What became of a press: done, or a correction to look at first, or neither (the form says why)."""

    done: bool
    draft: Correction | None = None


@chairs_only
def decisions(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Everything under review with its scores; one press decides, privately."""
    if request.method == "POST":
        return _decide_from_list(request, chair)
    query = request.GET.copy()
    query.setdefault("sort", "-mean")
    wish = Wish.of(query)
    every = rows_of(chair, overseen_by(chair).submitted())
    context = {
        "rows": selected(every, wish),
        "tally": Tally(every),
        "wish": wish,
        "decisions": DECISIONS.items(),
        "columns": [row for row in columns(request, wish) if row["name"] not in {"submitted", "decision"}],
        "query": request.GET.urlencode(),
        "scale": chair.edition.scores,
    }
    return page(request, chair, "decisions.html", context)


def _decide_from_list(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Accept or reject by one press; words already written to the authors stay."""
    back = redirect("reviews:decisions", slug=chair.edition.slug)
    query = request.META.get("QUERY_STRING", "")
    row = overseen(chair, whole_number(request.POST.get("number")))
    back["Location"] = (
        f"{back['Location']}?{query}#paper-{row.number}" if query else f"{back['Location']}#paper-{row.number}"
    )
    before = Decision.objects.filter(submission=row).first()
    kept = {"note": before.note, "to_authors": before.to_authors} if before else {}
    form = DecisionForm(_merged(request.POST, kept))
    if not form.is_valid():
        messages.error(request, "Choose Accept or Reject.")
        return back
    _try_to_decide(request, row, form)
    return back


def _merged(post: QueryDict, kept: dict[str, str]) -> dict[str, str]:
    return {**kept, "verdict": post.get("verdict", ""), "version": post.get("version", "")}


def _try_to_decide(request: ChairRequest, row: Submission, form: DecisionForm) -> bool:
    try:
        decision = deciding.decide(row, **form.cleaned_data, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    words = decision.get_verdict_display()
    messages.success(request, f"Submission {row.number}: {words}. Private until announced.")
    return True


@chairs_only
def decide(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """One submission with its reviews beside the decision: words to the authors, reason, history."""
    row = overseen(chair, number)
    draft: Correction | None = None
    decision = Decision.objects.filter(submission=row).select_related("announcement", "decided_by").first()
    form = DecisionForm(initial=_initial(decision))
    if request.method == "POST":
        takes_back = "take_back" in request.POST and decision is not None
        form = DecisionForm(request.POST)
        if takes_back and decision is not None:
            typed = _typed_beside(request.POST, decision)
            decision = _take_back(request, row, decision)
            if not typed:
                return redirect("reviews:decide", slug=chair.edition.slug, number=number)
            messages.warning(request, "What you had typed beside the button is not saved; it stands in the form below.")
            form = DecisionForm(initial=_initial(decision) | typed)
        elif form.is_valid():
            acted = _act(request, row, decision, form)
            if acted.done:
                return redirect("reviews:decide", slug=chair.edition.slug, number=number)
            draft = acted.draft
    found = _row(chair, row)
    show_credit(found.assignments)
    entries = Entry.objects.about(row.label).filter(verb__in=VERBS)
    at = timezone.now()
    announcement = decision.announcement if decision else None
    context = {
        "row": found,
        "submission": found.submission,
        "decision": decision,
        "form": form,
        "earlier": _earlier(chair, row, decision),
        "history": [said(entry) for entry in entries],
        "letters": Message.objects.filter(subject_label=row.label, kind="decision").order_by("created_at"),
        "held": announcement is not None and announcement.release_at > at,
        "left_out": left_out_of_one(row, decision),
        "released": announcement is not None and announcement.release_at <= at,
        "draft": draft,
        "changed": draft is not None and "draft" in request.POST,
        "few": found.done < found.wanted,
        "neighbours": _neighbours(chair, row),
    }
    status = 422 if request.method == "POST" and draft is None else 200
    return page(request, chair, "decide.html", context, status=status)


def left_out_of_one(row: Submission, decision: Decision | None) -> int:
    if decision is None or decision.announcement is None:
        return 0
    decision.submission = row
    return deciding.left_out_of([decision])[row.pk]


def _earlier(chair: Membership, row: Submission, decision: Decision | None) -> list[DecisionVersion]:
    """What was recorded before the decision that stands, newest first; of one that was taken back, all."""
    every = list(decision_versions_overseen_by(chair).filter(submission=row).select_related("decided_by"))
    return every if decision is None else every[1:]


def _initial(decision: Decision | None) -> dict[str, object]:
    if decision is None:
        return {"version": 0}
    names = ("verdict", "note", "to_authors", "version")
    return {name: getattr(decision, name) for name in names}


def _act(request: ChairRequest, row: Submission, decision: Decision | None, form: DecisionForm) -> Acted:
    """Decide, or correct what is released; a correction is shown as a letter before it leaves."""
    at = timezone.now()
    if decision is None or decision.announcement is None or decision.announcement.release_at > at:
        return Acted(_try_to_decide(request, row, form))
    data = form.cleaned_data
    decision.submission = row
    try:
        draft = deciding.draft_correction(decision, verdict=data["verdict"], to_authors=data["to_authors"], at=at)
        if request.POST.get("draft") != draft.fingerprint:
            return Acted(False, draft)
        done = deciding.correct(decision, **data, by=request.user, at=at)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return Acted(False)
    done.refresh_from_db()
    messages.success(request, f"Corrected and announced. Letters that take the earlier one back: {done.letters}.")
    return Acted(True)


def _take_back(request: ChairRequest, row: Submission, decision: Decision) -> Decision | None:
    """Make it undecided again; gives the decision that stands afterwards."""
    version = whole_number(request.POST.get("version"))
    try:
        deciding.take_back(decision, version=version, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Submission {decision.submission.number} is undecided again.")
    return Decision.objects.filter(submission=row).select_related("announcement", "decided_by").first()


def _typed_beside(post: QueryDict, decision: Decision) -> dict[str, str]:
    """The words and the verdict as they were typed, where the words are others than those of the decision."""
    typed = {name: post.get(name, "") for name in ("verdict", "to_authors", "note")}
    changed = any(typed[name].strip() != getattr(decision, name).strip() for name in ("to_authors", "note"))
    return typed if changed and (typed["to_authors"].strip() or typed["note"].strip()) else {}


def _row(chair: Membership, row: Submission) -> Row:
    return rows_of(chair, overseen_by(chair).filter(pk=row.pk), conflicts=True)[0]


def _neighbours(chair: Membership, row: Submission) -> dict[str, int | None]:
    """Numbers of the submissions before and after, among those under review that the chair may see."""
    numbers = overseen_by(chair).submitted()
    return {
        "before": numbers.filter(number__lt=row.number).order_by("-number").values_list("number", flat=True).first(),
        "after": numbers.filter(number__gt=row.number).order_by("number").values_list("number", flat=True).first(),
    }
