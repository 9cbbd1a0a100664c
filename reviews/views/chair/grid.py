"""The grid: a proposal by submission or by reviewer, changed by hand.

A pair is taken up (a link, or a drag) and put down (a button, or a drop). While it is held every place on the page says
what putting it there would cost, or why it may not be.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from dlonsc.editions.models import Membership
from dlonsc.posted import whole_number
from reviews.actions import proposing
from reviews.actions.assigning import Refused
from reviews.byhand import Change, Judged, Key
from reviews.views.chair.door import ChairRequest, chairs_only, page
from reviews.views.chair.shown import Paper, Shown, Slot, proposal_of, version_of
from submissions.models import Submission

ROWS = 25
NEARBY = 12
BY = {"papers": "By submission", "reviewers": "By reviewer"}
ONLY = {
    "": "All",
    "short": "With unfilled places",
    "hand": "Changed by hand",
    "conflict": "In conflict",
    "over": "Over the limit",
}
KEPT = ("by", "q", "only", "page")
GONE = "This submission or reviewer is not in the proposal any more."


@dataclass(frozen=True)
class Held:
    """What the chair has taken up: a pair, a reviewer without a submission, or an empty place of a submission."""

    words: str
    mark: str
    paper: Submission | None
    member: Membership | None


@dataclass(frozen=True)
class Offer:
    """One thing that can be done, as the value of a button, with what it would cost."""

    act: str
    judged: Judged

    @property
    def as_json(self) -> dict[str, str]:
        return {"act": self.act, "refusal": self.judged.refusal, "cost": self.judged.cost, "notes": self.judged.notes}


@dataclass(frozen=True)
class Cell:
    """One pair in the grid: its slot, and what else can be done with it."""

    slot: Slot
    words: str
    mark: str
    number: int
    exchange: Offer | None = None
    is_held: bool = False


@dataclass(frozen=True)
class Candidate:
    """A reviewer who could take the opened submission, or a submission that the opened reviewer could take."""

    submission: Submission
    member: Membership
    score: float
    load: str
    offer: Offer

    @property
    def mark(self) -> str:
        return f"0-{self.member.pk}"


@dataclass(frozen=True)
class Row:
    """One submission with its reviewers, or one reviewer with her submissions."""

    key: str
    title: str
    figure: str
    cells: list[Cell]
    empty: int = 0
    badge: str = ""
    submission: Submission | None = None
    member: Membership | None = None
    offer: Offer | None = None
    candidates: list[Candidate] = field(default_factory=list)
    more: int = 0

    @property
    def anchor(self) -> str:
        return f"row-{self.key}"

    @property
    def target(self) -> str:
        return f"row:{self.key}"

    @property
    def places(self) -> range:
        """One step per place that is not filled."""
        return range(self.empty)


class Grid:
    """The rows of one page of the grid, with the offers of what is held."""

    def __init__(self, shown: Shown, query: QueryDict) -> None:
        self.shown = shown
        self.board = shown.board
        self.by = query.get("by", "") if query.get("by", "") in BY else "papers"
        self.only = query.get("only", "") if query.get("only", "") in ONLY else ""
        self.words = query.get("q", "").strip()
        self.by_number = {row.number: row for row in shown.submissions.values()}
        self.held = self._held(query.get("carry", ""))
        self.opened = query.get("open", "")
        self.all = "all" in query
        self.page: Page[Any] = Paginator(self._found(), ROWS).get_page(query.get("page"))

    def _held(self, mark: str) -> Held | None:
        number, member = (whole_number(part) for part in (mark.split("-", 1) if mark.count("-") == 1 else ("", "")))
        paper, person = self.by_number.get(number), self.shown.members.get(member)
        if person is None and paper is None:
            return None
        if person is None or paper is None:
            lone = person.name if person else f"An empty place of submission {number}"
            return Held(lone, mark, paper, person)
        if (paper.pk, person.pk) not in self.board.pairs:
            return None
        return Held(f"{person.name} of submission {number}", mark, paper, person)

    def _found(self) -> Sequence[Any]:
        needle = self.words.casefold()
        if self.by == "papers":
            return [paper for paper in self.shown.papers if self._paper_fits(paper, needle)]
        return [person for person in self.shown.people if self._person_fits(person, needle)]

    def _paper_fits(self, paper: Paper, needle: str) -> bool:
        number, title = paper.submission.number, paper.submission.title
        names = " ".join(slot.member.name for slot in paper.slots)
        if (wanted := whole_number(needle)) > 0:
            return number == wanted
        return needle in f"{title} {names}".casefold() and self._slots_fit(
            paper.slots, short=paper.missing > 0, over=any(self._is_over(slot.member.pk) for slot in paper.slots)
        )

    def _person_fits(self, person: tuple[Membership, int, int], needle: str) -> bool:
        member, load, _ = person
        slots = self.shown.by_member[member.pk]
        return needle in f"{member.name} {member.email}".casefold() and self._slots_fit(
            slots, short=load < member.min_load, over=self._is_over(member.pk)
        )

    def _is_over(self, member: int) -> bool:
        return self.shown.loads[member] > self.shown.limits[member]

    def _slots_fit(self, slots: Sequence[Slot], *, short: bool, over: bool) -> bool:
        fits: dict[str, Callable[[], bool]] = {
            "": lambda: True,
            "short": lambda: short,
            "over": lambda: over,
            "hand": lambda: any(slot.by_hand for slot in slots),
            "conflict": lambda: any(slot.reasons for slot in slots),
        }
        return fits[self.only]()

    @property
    def rows(self) -> list[Row]:
        """The rows of this page, the opened one with its candidates."""
        rows = [self._paper_row(one) if self.by == "papers" else self._member_row(one) for one in self.page.object_list]
        return [self._open(row) if row.key == self.opened else row for row in rows]

    def _paper_row(self, paper: Paper) -> Row:
        number = paper.submission.number
        return Row(
            key=str(number),
            title=f"{number}. {paper.submission.title}",
            figure=f"{paper.total:.3f}",
            cells=[self._cell(slot) for slot in paper.slots],
            empty=paper.missing,
            badge=f"{paper.missing} unfilled" if paper.missing else "",
            submission=paper.submission,
            offer=self._onto_paper(paper.submission),
        )

    def _member_row(self, person: tuple[Membership, int, int]) -> Row:
        member, load, limit = person
        return Row(
            key=str(member.pk),
            title=member.name,
            figure=f"{load} of {limit}",
            cells=[self._cell(slot) for slot in self.shown.by_member[member.pk]],
            badge="over the limit" if load > limit else "",
            member=member,
            offer=self._onto_member(member),
        )

    def _cell(self, slot: Slot) -> Cell:
        number, member = slot.submission.number, slot.member
        mark = f"{number}-{member.pk}"
        words = member.name if self.by == "papers" else f"{number}. {slot.submission.title}"
        held = self.held
        return Cell(slot, words, mark, number, self._onto_slot(slot), held is not None and held.mark == mark)

    def _onto_paper(self, paper: Submission) -> Offer | None:
        held = self.held
        if held is None or held.member is None or held.paper == paper:
            return None
        if held.paper is None:
            return self.offer(f"put:{paper.number}:{held.member.pk}")
        return self.offer(f"move:{held.paper.number}:{held.member.pk}:{paper.number}")

    def _onto_member(self, member: Membership) -> Offer | None:
        held = self.held
        if held is None or held.paper is None or held.member == member:
            return None
        if held.member is None:
            return self.offer(f"put:{held.paper.number}:{member.pk}")
        return self.offer(f"pass:{held.paper.number}:{held.member.pk}:{member.pk}")

    def _onto_slot(self, slot: Slot) -> Offer | None:
        """Put what is held in the place of a pair: an exchange when both have a submission."""
        held, number, member = self.held, slot.submission.number, slot.member
        if held is None or held.mark == f"{number}-{member.pk}":
            return None
        if held.paper is None and held.member is not None:
            return None if held.member == member else self.offer(f"pass:{number}:{member.pk}:{held.member.pk}")
        if held.member is None and held.paper is not None:
            if held.paper == slot.submission:
                return None
            return self.offer(f"move:{number}:{member.pk}:{held.paper.number}")
        if held.paper is None or held.member is None or held.paper == slot.submission or held.member == member:
            return None
        return self.offer(f"swap:{held.paper.number}:{held.member.pk}:{number}:{member.pk}")

    def offer(self, act: str) -> Offer:
        return Offer(act, self.board.judge(self.change_of(act)))

    def change_of(self, act: str) -> Change:
        """What a button's value asks for. Raises Refused when it names what is not here."""
        verb, *numbers = act.split(":")
        found = [whole_number(part) for part in numbers]
        if verb == "put" and len(found) == 2:
            return Change(into=(self.key(*found),))
        if verb == "take" and len(found) == 2:
            return Change(out=(self.key(*found),))
        if verb == "move" and len(found) == 3:
            return Change((self.key(found[0], found[1]),), (self.key(found[2], found[1]),))
        if verb == "pass" and len(found) == 3:
            return Change((self.key(found[0], found[1]),), (self.key(found[0], found[2]),))
        if verb == "swap" and len(found) == 4:
            one, two = self.key(found[0], found[1]), self.key(found[2], found[3])
            return Change((one, two), ((one[0], two[1]), (two[0], one[1])))
        raise Refused(GONE)

    def key(self, number: int, member: int) -> Key:
        """A submission by its number and a member, both of the proposal; else Refused."""
        paper, person = self.by_number.get(number), self.shown.members.get(member)
        if paper is None or person is None:
            raise Refused(GONE)
        return paper.pk, person.pk

    def _open(self, row: Row) -> Row:
        found = sorted(self._candidates(row), key=lambda c: (bool(c.offer.judged.refusal), -c.score))
        kept = found if self.all else found[:NEARBY]
        return replace(row, candidates=kept, more=len(found) - len(kept))

    def _candidates(self, row: Row) -> Iterator[Candidate]:
        if row.submission is not None:
            keys = [(row.submission.pk, pk) for pk in self.shown.members]
        else:
            keys = [(pk, row.member.pk) for pk in self.shown.submissions] if row.member else []
        for key in keys:
            if key in self.board.pairs:
                continue
            paper, member = self.shown.submissions[key[0]], self.shown.members[key[1]]
            load = f"{self.shown.loads[member.pk]}/{self.shown.limits[member.pk]}"
            if row.submission is None:
                load = f"{len(self.board.members[paper.pk])}/{self.shown.demand[paper.pk]}"
            yield Candidate(
                paper, member, self.shown.score_of(key), load, self.offer(f"put:{paper.number}:{member.pk}")
            )

    @property
    def targets(self) -> dict[str, dict[str, str]]:
        """What can be done with the held pair on this page, by target, for the drag."""
        found: dict[str, dict[str, str]] = {}
        for row in self.rows:
            if row.offer is not None:
                found[row.target] = row.offer.as_json
            found |= {f"slot:{cell.mark}": cell.exchange.as_json for cell in row.cells if cell.exchange}
        return found


@chairs_only
def grid(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """The grid; with `costs`, what the held pair would cost in each place of the page, as JSON for the drag."""
    row = proposal_of(request, chair, number)
    if row.status not in (*proposing.EDITABLE, row.Status.COMMITTED):
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    shown = Shown(chair, row)
    board = Grid(shown, request.GET)
    if "costs" in request.GET:
        return JsonResponse({"targets": board.targets, "held": board.held.words if board.held else ""})
    kept = _kept(request.GET)
    pages = QueryDict(kept.urlencode(), mutable=True)
    pages.pop("page", None)
    if board.held:
        pages["carry"] = board.held.mark
    context = {
        "proposal": row,
        "figures": shown.figures,
        "board": board,
        "rows": board.rows,
        "tabs": BY.items(),
        "choices": ONLY.items(),
        "keep": kept.urlencode(),
        "pages_keep": pages.urlencode(),
        "editable": row.status in proposing.EDITABLE,
        "undo_steps": len(row.undo),
    }
    return page(request, chair, "grid.html", context)


def _kept(query: QueryDict) -> QueryDict:
    """Of an address: which part of the grid is shown, without what is held."""
    kept = QueryDict(mutable=True)
    kept.update({name: query.get(name, "") for name in KEPT if query.get(name)})
    return kept


@chairs_only
def edit(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """Carry out one change of the grid: put, take, move, pass, swap, lock, or undo the last."""
    row = proposal_of(request, chair, number)
    address = reverse("reviews:grid", args=[chair.edition.slug, number])
    kept = _kept(QueryDict(request.POST.get("back", "")))
    if whole_number(request.POST.get("open", "")):
        kept["open"] = request.POST["open"]
    if request.method == "POST":
        try:
            words = _edit(Shown(chair, row), request)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, words)
    return redirect(f"{address}?{kept.urlencode()}#{_near(request, kept)}")


def _near(request: ChairRequest, kept: QueryDict) -> str:
    """The row that a change was made in, so that the page comes back to it."""
    numbers = request.POST.get("act", "").split(":")[1:3]
    place = 1 if kept.get("by") == "reviewers" else 0
    known = len(numbers) == 2 and whole_number(numbers[place])
    return f"row-{numbers[place]}" if known else "grid"


def _edit(shown: Shown, request: ChairRequest) -> str:
    act, version = request.POST.get("act", ""), version_of(request)
    if act == "undo":
        proposing.undo(shown.proposal, version=version)
        return "Undone."
    grid = Grid(shown, QueryDict())
    if act.startswith("lock:"):
        return _lock(grid, act, version)
    judged = grid.board.judge(grid.change_of(act))
    if judged.refusal:
        raise Refused(judged.refusal)
    before = shown.figures["total"]
    proposing.edit(shown.proposal, grid.board.after(judged.change) + shown.hidden_pairs, version=version)
    notes = f" {judged.notes}" if judged.notes else ""
    return f"{_told(shown, judged.change)} Total {before:.3f} becomes {before + judged.gain:.3f}.{notes}"


def _told(shown: Shown, change: Change) -> str:
    def words(key: Key) -> str:
        return f"{shown.members[key[1]].name} {{}} submission {shown.submissions[key[0]].number}"

    into = [words(key).format("takes") for key in change.into]
    return f"{' and '.join(into) or ' and '.join(words(key).format('gives up') for key in change.out)}."


def _lock(grid: Grid, act: str, version: int) -> str:
    parts = act.split(":")[1:]
    if len(parts) != 2:
        raise Refused(GONE)
    key = grid.key(*(whole_number(part) for part in parts))
    member, paper = grid.shown.members[key[1]], grid.shown.submissions[key[0]]
    if key in grid.shown.standing:
        raise Refused(f"{member.name} is assigned already; that stays.")
    if key not in grid.board.pairs:
        raise Refused(f"{member.name} does not have submission {paper.number}.")
    pairs = [dict(pair) for pair in grid.shown.proposal.pairs]
    found = next(pair for pair in pairs if (pair["submission"], pair["membership"]) == key)
    found["locked"] = not found["locked"]
    proposing.edit(grid.shown.proposal, pairs, version=version)
    return f"{member.name} and submission {paper.number} are {'locked together' if found['locked'] else 'free again'}."
