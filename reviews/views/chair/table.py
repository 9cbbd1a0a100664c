"""The chair's workbench: all submissions in a table, as a file, and everything about one."""

import csv
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.cells import harmless
from dlonsc.editions.models import Membership
from dlonsc.mail.models import HAVE_LEFT, Message
from dlonsc.mail.models import State as LetterState
from reviews.access import discussions_overseen_by
from reviews.actions import assigning
from reviews.forms.chair import HandlingChairForm
from reviews.letters import letters_for
from reviews.models import Announcement, Assignment
from reviews.overview import DECISIONS, SORTS, VERDICTS, Row, Wish, rows_of, selected
from reviews.subreviewers import show_credit
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from reviews.views.chair.history import entries_for, said
from submissions import downloads
from submissions.access import overseen_by
from submissions.models import Conflict, Manuscript, Submission
from submissions.states import WORDS, State

HEADER = (
    "number",
    "title",
    "authors",
    "contact",
    "topics",
    "state",
    "format check",
    "pages",
    "reviews",
    "assigned",
    "scores",
    "mean",
    "spread",
    "decision",
    "announced",
)


@chairs_only
def table(request: ChairRequest, chair: Membership) -> HttpResponse:
    rows = rows_of(chair, conflicts=True)
    wish = Wish.of(request.GET)
    found = selected(rows, wish)
    return page(
        request,
        chair,
        "table.html",
        {
            "rows": found,
            "total": len(rows),
            "wish": wish,
            "states": [(state.value, words) for state, words in WORDS.items()],
            "verdicts": [*VERDICTS.items(), ("none", "no PDF")],
            "decisions": DECISIONS.items(),
            "topics": chair.edition.topics.all(),
            "missing": range(1, chair.edition.reviews_per_submission + 1),
            "columns": columns(request, wish),
            "query": request.GET.urlencode(),
            "scale": chair.edition.scores,
        },
    )


def columns(request: ChairRequest, wish: Wish) -> list[dict[str, str]]:
    """The sort choices as addresses that keep the filters; the present one turns round."""
    found = []
    for name, words in SORTS.items():
        query = request.GET.copy()
        present = wish.sort == name
        query["sort"] = f"-{name}" if present and not wish.descending else name
        arrow = ("descending" if wish.descending else "ascending") if present else ""
        found.append({"name": name, "words": words, "address": f"?{query.urlencode()}", "sorted": arrow})
    return found


@chairs_only
def export(request: ChairRequest, chair: Membership) -> HttpResponse:
    """The table as shown, for a spreadsheet."""
    rows = selected(rows_of(chair), Wish.of(request.GET))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chair.edition.slug}-submissions.csv"'
    response["Cache-Control"] = "private, no-store"
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([harmless(value) for value in cells(row)])
    return response


def cells(row: Row) -> list[Any]:
    submission = row.submission
    contact = next((author.email for author in row.authors if author.is_contact), "")
    return [
        submission.number,
        submission.title,
        "; ".join(author.name for author in row.authors),
        contact,
        "; ".join(topic.title for topic in row.topics),
        submission.get_state_display(),
        row.verdict_words,
        row.manuscript.pages if row.manuscript and row.manuscript.pages is not None else "",
        row.done,
        len(row.assignments),
        " ".join(f"{score:+d}" for score in row.scores),
        "" if row.mean is None else round(row.mean, 2),
        "" if row.spread is None else row.spread,
        DECISIONS[row.decision_key] if row.decision else "",
        "yes" if row.is_announced else "no",
    ]


@chairs_only
def submission(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """Everything about one submission, the confidential notes included."""
    row = overseen(chair, number)
    return page(request, chair, "submission.html", everything(chair, row))


def returned_from(letters: list[Message]) -> set[str]:
    """The addresses to which the last of these letters came back. An old one that is sent again leaves last."""
    left = [letter for letter in letters if letter.state in HAVE_LEFT]
    ordered = sorted(left, key=lambda letter: (letter.handed_over_at or letter.created_at, letter.pk))
    last = {letter.to_email.lower(): letter for letter in ordered}
    return {email for email, letter in last.items() if letter.state == LetterState.BOUNCED}


def everything(chair: Membership, submission: Submission) -> dict[str, Any]:
    found = rows_of(chair, overseen_by(chair).filter(pk=submission.pk), conflicts=True)[0]
    ended = Assignment.objects.filter(submission=submission).exclude(declined_at__isnull=True, removed_at__isnull=True)
    past = list(ended.select_related("membership", "review", "removed_by"))
    show_credit([*found.assignments, *past])
    conflicts = Conflict.objects.filter(submission=submission).select_related("membership", "declared_by", "lifted_by")
    # As everywhere: a letter about this task alone would tell by being missing whose letter lists a hidden one too.
    letters = list(letters_for(chair).filter(subject_label=submission.label).defer("text", "html"))
    return {
        "row": found,
        "submission": found.submission,
        "record": getattr(submission, "reproducibility", None),
        "manuscripts": submission.manuscripts.defer("report"),
        "supplements": submission.supplements.filter(removed_at__isnull=True),
        "past": past,
        "conflicts": conflicts.order_by("membership__name", "pk"),
        "letters": letters,
        "returned": returned_from(letters),
        "members": Membership.objects.active().filter(edition=chair.edition_id).order_by("name"),
        "history": [said(entry) for entry in entries_for(chair).about(submission.label)],
        "announcements": Announcement.objects.filter(decisions__submission=submission),
        "handling": HandlingChairForm(submission=submission),
        "under_review": submission.state == State.SUBMITTED,
        "scale": chair.edition.scores,
        "discussion": discussions_overseen_by(chair).filter(submission=submission).first(),
    }


@chairs_only
def manuscript(request: ChairRequest, chair: Membership, number: int, version: int) -> HttpResponseBase:
    """One version of the PDF; 404 when there is none."""
    row = overseen(chair, number)
    stored = get_object_or_404(Manuscript, submission=row, number=version)
    return downloads.serve(stored, f"{number:03d}-v{version}.pdf", inline=True)


@chairs_only
def handling_chair(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    row = overseen(chair, number)
    if request.method == "POST":
        form = HandlingChairForm(request.POST, submission=row)
        if form.is_valid():
            chosen = form.cleaned_data["handling_chair"]
            try:
                assigning.set_handling_chair(row, chosen, by=request.user, at=timezone.now())
            except assigning.Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"Handling chair: {chosen.name if chosen else 'nobody in particular'}.")
    return redirect("reviews:submission", slug=chair.edition.slug, number=number)
