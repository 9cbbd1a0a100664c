"""Who did what when in an edition, without what the chair may not know."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse

from dlonsc.editions.models import Membership
from dlonsc.history.models import Entry, EntryQuerySet
from reviews.letters import TASK_KINDS
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import in_conflict_with
from submissions.models import Submission

PER_PAGE = 100
# As actions write one into the details.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:[\d.]+)?(Z|[+-]\d\d:\d\d)")
# Earlier entries of these acts count letters about papers that the reading chair may not know of.
COUNT_TOO_MUCH = {"extend_deadline", "change_deadline", "letters_cancelled"}
# Numbers of rows say nothing to a reader, and by their gaps how many rows there are of what she may not know.
ROW_NUMBERS = ("assignment", "request", "letter", "campaign", "mailing")
# Acts that name no paper and happen because of some: where a chair's own lists show none for them, that they happened
# tells of the hidden one that was accepted, announced or given to reviewers.
MAY_TELL = (
    Q(verb__in=("mailing_released", "mailing_stopped", "letters_cancelled"))
    | Q(verb__in=("proposal_made", "proposal_committed", "change_weights"))
    | Q(verb__in=("letters_paused", "letters_resumed"), detail__has_key="campaign")
    | Q(verb__in=("letter_arrived", "letter_sent_again", "letter_cancelled"))
    & (Q(detail__kind__in=TASK_KINDS) | ~Q(subject__startswith="submission:"))
)
WORDS = {
    "assigned": "assigned a reviewer",
    "unassigned": "took a task back",
    "decided": "decided",
    "decision_taken_back": "made undecided again",
    "decision_corrected": "corrected the announced decision",
    "announced": "announced the decision",
    "letter_worded": "worded a letter",
    "letter_reset": "went back to the built-in text of a letter",
    "mailing_released": "wrote to an audience",
    "mailing_stopped": "stopped letters to an audience",
    "mail_tested": "sent a test letter",
    "letters_confirmed": "read and confirmed the letters",
    "announcement_stopped": "stopped the announcement",
    "conflict_added": "set a conflict of interest",
    "conflict_lifted": "lifted a conflict of interest",
    "delegate_named": "named the delegate of the chairs",
    "looked_as": "looked as somebody else",
    "stopped_looking": "stopped looking",
    "handling_chair_set": "named the handling chair",
    "reviewer_reminded": "reminded a reviewer",
    "discussion_opened": "opened the discussion",
    "discussion_closed": "closed the discussion",
    "commented": "wrote in the discussion",
    "sub_reviewer_named": "named a sub-reviewer",
    "sub_reviewer_agreed": "agreed to a sub-reviewer",
    "sub_reviewer_refused": "did not agree to a sub-reviewer",
    "sub_reviewer_accepted": "accepted to write with the reviewer",
    "sub_reviewer_ready": "handed the text over to the reviewer",
    "sub_reviewer_ended": "ended a sub-reviewer's part",
    "change_weights": "changed the weights of the assignment",
    "proposal_made": "ran the assignment",
    "proposal_committed": "committed an assignment",
}


@dataclass(frozen=True)
class Said:
    """One act in words."""

    at: datetime
    by: str
    what: str
    number: int | None
    detail: str


def said(entry: Entry, numbers: dict[str, int] | None = None) -> Said:
    detail: dict[str, Any] = dict(entry.detail or {})
    number = detail.pop("number", None)
    if entry.verb in COUNT_TOO_MUCH:
        detail.pop("letters", None)
    if entry.verb == "report_renewed":
        # Earlier ones name the file by the number of a row.
        detail.pop("file", None)
    for name in ROW_NUMBERS:
        if isinstance(detail.get(name), int):
            del detail[name]
    if number is None and numbers:
        number = numbers.get(entry.subject)
    words = "; ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in detail.items() if value != "")
    return Said(entry.at, entry.by, WORDS.get(entry.verb, entry.verb.replace("_", " ")), number, words)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return f"{datetime.fromisoformat(value).astimezone(UTC):%-d %b %Y, %H:%M} UTC"
    return str(value)


def entries_for(chair: Membership) -> EntryQuerySet:
    """The edition's entries without those about submissions that the chair is in conflict with.

    An act of others that names no paper and may be one on hers (MAY_TELL) is left out too; her own she knows.
    """
    hidden = Submission.objects.filter(in_conflict_with(chair), edition=chair.edition_id).values_list("pk", flat=True)
    labels = [f"submission:{pk}" for pk in hidden]
    rows = Entry.objects.of_edition(chair.edition.slug).exclude(subject__in=labels)
    if not labels:
        return rows
    # Who confirms the rules mostly does so at her first paper, perhaps a hidden one.
    return rows.exclude(verb="confirm_rules").exclude(MAY_TELL & ~Q(by_id=chair.user_id))


@chairs_only
def history(request: ChairRequest, chair: Membership) -> HttpResponse:
    entries = entries_for(chair)
    words = request.GET.get("q", "").strip()
    if words:
        entries = entries.filter(Q(by__icontains=words) | Q(verb__icontains=words.replace(" ", "_")))
    shown = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    numbers = {
        f"submission:{pk}": number
        for pk, number in Submission.objects.filter(edition=chair.edition_id).values_list("pk", "number")
    }
    return page(
        request, chair, "history.html", {"acts": [said(row, numbers) for row in shown], "shown": shown, "words": words}
    )
