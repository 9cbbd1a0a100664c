"""A proposal as a file: export, and import with the differences first."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from dlonsc.editions.models import Membership
from reviews import assignment
from reviews.actions import proposing
from reviews.actions.assigning import Refused
from reviews.byhand import Key, new_pair
from reviews.forms.chair import ImportForm
from reviews.matching.csvio import (
    FileError,
    Line,
    difference,
    read_assignment,
    write_assignment,
    write_hotcrp,
    write_openreview,
)
from reviews.views.chair.door import ChairRequest, chairs_only, page
from reviews.views.chair.shown import Shown, Slot, proposal_of, version_of

LARGEST_FILE = 5 * 1024 * 1024
MOST_PROBLEMS = 50


@chairs_only
def export(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """The proposal as a file: our own CSV, HotCRP's bulk assignment or openreview-matcher's JSON; people by address."""
    row = proposal_of(request, chair, number)
    shown = Shown(chair, row)
    name = f"{chair.edition.slug}-proposal-{number}"
    wanted = request.GET.get("format")
    if wanted == "hotcrp":
        people = _addresses(shown)
        body = write_hotcrp((str(slot.submission.number), people[slot.member.pk]) for slot in shown.slots)
        return _file(f"{name}-hotcrp.csv", f"\ufeff{body}", "text/csv")
    problem = _named(shown)
    result = assignment.result_of(row.inputs, shown.visible_pairs)
    if wanted == "openreview":
        found = json.loads(write_openreview(problem, result))
        seen = {str(submission.number) for submission in shown.submissions.values()}
        body = json.dumps({paper: rows for paper, rows in found.items() if paper in seen}, indent=1)
        return _file(f"{name}-openreview.json", body, "application/json")
    parts = _parts(row.inputs)
    body = write_assignment(problem, result, lambda p, r: parts.get((p, r), {}))
    return _file(f"{name}.csv", f"\ufeff{body}", "text/csv")


def _file(name: str, body: str, kind: str) -> HttpResponse:
    response = HttpResponse(body, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _addresses(shown: Shown) -> dict[int, str]:
    """The address by which a file names each member; who was erased has none."""
    return {pk: member.email or f"former-member-{pk}" for pk, member in shown.members.items()}


def _named(shown: Shown) -> Any:
    """The problem with people by their addresses."""
    emails = _addresses(shown)
    people = shown.proposal.inputs["people"]
    return replace(
        assignment.problem_of(shown.proposal.inputs),
        reviewer_ids=tuple(emails.get(pk, f"former-member-{pk}") for pk in people),
    )


def _parts(inputs: dict[str, Any]) -> dict[tuple[int, int], dict[str, float | None]]:
    rows = zip(
        inputs["pair_paper"], inputs["pair_reviewer"], inputs["text"], inputs["topic"], inputs["bid"], strict=True
    )
    return {(paper, person): {"text": t, "topic": o, "bid": b} for paper, person, t, o, b in rows}


@dataclass(frozen=True)
class Reading:
    """An uploaded assignment against the proposal: wanted pairs, what changes, and why it cannot be (by lines)."""

    pairs: list[Key]
    added: list[Slot]
    removed: list[Slot]
    kept: int
    problems: list[str] = field(default_factory=list)

    @property
    def shown_problems(self) -> list[str]:
        return self.problems[:MOST_PROBLEMS]

    @property
    def more_problems(self) -> int:
        return max(len(self.problems) - MOST_PROBLEMS, 0)

    @property
    def gain(self) -> float:
        return sum(slot.score for slot in self.added) - sum(slot.score for slot in self.removed)


@chairs_only
def upload(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """A file edited elsewhere: first the differences, then, confirmed, the change. Nothing is assigned by it."""
    row = proposal_of(request, chair, number)
    shown = Shown(chair, row)
    if row.status not in proposing.EDITABLE:
        messages.error(request, "This proposal can no longer be changed.")
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    form = ImportForm(request.POST or None, request.FILES or None) if request.method == "POST" else ImportForm()
    reading: Reading | None = None
    if request.method == "POST" and "apply" in request.POST:
        return _apply(request, chair, shown)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            form.add_error("file", f"The file has {file.size:,} bytes; at most {LARGEST_FILE:,} are read.")
        else:
            try:
                reading = _read(shown, file.name, file.read())
            except FileError as error:
                form.add_error("file", str(error))
    context = {
        "proposal": row,
        "form": form,
        "reading": reading,
        "payload": json.dumps(reading.pairs) if reading else "",
    }
    wrong = form.errors or (reading and reading.problems)
    return page(request, chair, "import.html", context, status=422 if wrong else 200)


def _read(shown: Shown, name: str, content: bytes) -> Reading:
    papers = {str(row.number): pk for pk, row in shown.submissions.items()}
    people = {address.lower(): pk for pk, address in _addresses(shown).items()}
    people |= {shown.names[pk].lower(): pk for pk in shown.members}
    wanted: dict[Key, str] = {}
    problems: list[str] = []
    for line in read_assignment(name, content):
        where = f"Line {line.row}: " if line.row else ""
        paper, person = papers.get(_plain(line)), people.get(line.reviewer_id.lower())
        if paper is None:
            problems.append(f"{where}submission {line.paper_id} is not in this proposal.")
        elif person is None:
            problems.append(f"{where}nobody in the committee is {line.reviewer_id}.")
        elif (paper, person) in wanted:
            problems.append(f"{where}{shown.members[person].name} has submission {line.paper_id} in an earlier line.")
        else:
            wanted[paper, person] = where
    return _reading(shown, wanted, problems)


def _plain(line: Line) -> str:
    """A number as spreadsheets may write it: 7 or 7.0."""
    return line.paper_id.removesuffix(".0")


def _reading(shown: Shown, wanted: dict[Key, str], problems: list[str]) -> Reading:
    before = {(slot.submission.pk, slot.member.pk): slot for slot in shown.slots}
    change = difference([(str(a), str(b)) for a, b in before], [(str(a), str(b)) for a, b in wanted])
    added, removed = ([(int(a), int(b)) for a, b in rows] for rows in (change.added, change.removed))
    for key in added:
        if shown.reasons.get(key):
            name, number = shown.members[key[1]].name, shown.submissions[key[0]].number
            problems.append(f"{wanted[key]}{name} cannot take submission {number}: {'; '.join(shown.reasons[key])}.")
    for key in removed:
        slot = before[key]
        if slot.standing:
            problems.append(f"{slot.member.name} is assigned submission {slot.submission.number} already; that stays.")
        elif slot.locked:
            problems.append(f"{slot.member.name} and submission {slot.submission.number} are locked together.")
    new = [shown.slot_of(new_pair(key, shown.score_of(key))) for key in added]
    return Reading(list(wanted), new, [before[key] for key in removed], len(change.kept), problems)


def _apply(request: ChairRequest, chair: Membership, shown: Shown) -> HttpResponse:
    """All of the differences that were shown, or nothing."""
    address = redirect("reviews:proposal", slug=chair.edition.slug, number=shown.proposal.number)
    try:
        given = json.loads(request.POST.get("payload", ""))
        wanted = {(int(a), int(b)): "" for a, b in given}
    except (ValueError, TypeError, OverflowError, RecursionError):
        messages.error(request, "The differences did not arrive whole. Upload the file again.")
        return address
    if not all(a in shown.submissions and b in shown.members for a, b in wanted):
        messages.error(request, "A submission or reviewer is not in this proposal any more. Upload the file again.")
        return address
    reading = _reading(shown, wanted, [])
    if reading.problems:
        messages.error(request, f"Nothing was changed. {reading.problems[0]}")
        return address
    gone = {(slot.submission.pk, slot.member.pk) for slot in reading.removed}
    pairs = [pair for pair in shown.proposal.pairs if (pair["submission"], pair["membership"]) not in gone]
    pairs += [new_pair((slot.submission.pk, slot.member.pk), slot.score) for slot in reading.added]
    try:
        proposing.edit(shown.proposal, pairs, version=version_of(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Put in: {len(reading.added)}. Taken out: {len(reading.removed)}.")
    return address
