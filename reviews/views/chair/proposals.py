"""Automatic assignment: run, look at the proposal, ask why, compare, repeat, commit."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.posted import whole_number
from reviews import assignment, likeness
from reviews.actions import proposing
from reviews.actions.assigning import Refused
from reviews.forms.chair import RunForm
from reviews.matching import PairReasons, ProblemError, explain_pair
from reviews.models import Proposal
from reviews.scores import weights_of
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from reviews.views.chair.shown import Shown, proposal_of, version_of

Status = Proposal.Status
GOING = (Status.WAITING, Status.RUNNING)
WORST = 10
CAUSES = 30


@chairs_only
def run(request: ChairRequest, chair: Membership) -> HttpResponse:
    """Choose the rules and run. `from` takes settings and locks of an earlier proposal over."""
    given = request.POST.get("from") or request.GET.get("from", "")
    earlier = proposal_of(request, chair, number) if (number := whole_number(given)) else None
    scene = assignment.scene_of(chair)
    form = RunForm(request.POST or None, initial=_initial(chair, scene, earlier, "partial" in request.GET))
    if request.method == "POST" and form.is_valid() and not assignment.wanted_of(chair, form.cleaned_data).submissions:
        form.add_error("demand", "Every submission has as many reviewers already; there is nothing to propose.")
    if request.method == "POST" and form.is_valid():
        locked = (
            [(pair["submission"], pair["membership"]) for pair in earlier.pairs if pair["locked"]] if earlier else []
        )
        _save_weights(request, chair, form)
        try:
            proposal = proposing.propose(
                chair, options=form.cleaned_data, by=request.user, at=timezone.now(), locked=locked
            )
        except ProblemError as error:
            form.add_error(None, str(error))
        else:
            return redirect("reviews:proposal", slug=chair.edition.slug, number=proposal.number)
    wanted = scene.lacking(chair.edition.reviews_per_submission)
    context = {
        "form": form,
        "earlier": earlier,
        "papers": len(wanted.submissions),
        "full": len(scene.submissions) - len(wanted.submissions),
        "people": len(scene.members),
        "vectors": likeness.progress_of(scene.submissions, scene.members) if likeness.model_folder() else None,
        "handled": sum(row.handling_chair_id == chair.pk for row in wanted.submissions),
    }
    return page(request, chair, "run.html", context, status=422 if form.errors else 200)


def _initial(chair: Membership, scene: assignment.Scene, earlier: Proposal | None, partial: bool) -> dict[str, Any]:
    if earlier is not None:
        return dict(earlier.settings) | ({"partial": True} if partial else {})
    edition = chair.edition
    weights = weights_of(edition)
    room = sum(max(member.load_limit - 1, 0) for member in scene.members)
    wanted = len(scene.submissions) * edition.reviews_per_submission
    return {
        "objective": "maxmin",
        "share": 100,
        "demand": edition.reviews_per_submission,
        # One place each is kept when there is room for it, whether or not another chair needs it.
        "reserve": 1 if room >= wanted else 0,
        "load_price": 0,
        "one_per_institution": True,
        "seed": chair.edition_id,
        "text": weights.text,
        "text_by": edition.matching.get("text_by", "words"),
        "topic": weights.topic,
        "bid_base": weights.bid_base,
    }


def _save_weights(request: ChairRequest, chair: Membership, form: RunForm) -> None:
    """The weights are the edition's: the next run and the pages by hand use the same."""
    names = ("text", "topic", "bid_base", *(("text_by",) if form.cleaned_data["text_by"] else ()))
    weights = {name: form.cleaned_data[name] for name in names}
    proposing.set_weights(chair.edition, weights, by=request.user, at=timezone.now())


@chairs_only
def proposal(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    row = proposal_of(request, chair, number)
    if row.status in GOING:
        template = "proposal_running_live.html" if "fragment" in request.GET else "proposal_running.html"
        at = timezone.now()
        slow = row.status == Status.WAITING and (at - row.created_at).total_seconds() > 20
        context = {"proposal": row, "slow": slow, "dead": proposing.is_dead(row, at)}
        return page(request, chair, template, context)
    if "fragment" in request.GET:
        return page(request, chair, "proposal_done_live.html", {"proposal": row})
    shown = Shown(chair, row)
    others = Proposal.objects.filter(edition=chair.edition, created_by=request.user, status__in=_LOOKABLE)
    causes = shown.causes
    context = {
        "proposal": row,
        "shown": shown,
        "figures": shown.figures,
        "causes": causes[:CAUSES],
        "more_causes": len(causes) - CAUSES,
        "worst_papers": [paper for paper in shown.papers if paper.demand][:WORST],
        "worst_pairs": sorted(shown.slots, key=lambda slot: (slot.score, slot.submission.number))[:WORST],
        "others": others.exclude(pk=row.pk).only("number", "status", "created_at"),
        "editable": row.status in proposing.EDITABLE,
        "error": shown.error,
        "repeated": _repeated(request, chair, row),
        "can_repeat": row.status in _LOOKABLE and "pairs" in row.result,
    }
    return page(request, chair, "proposal.html", context)


def _repeated(request: ChairRequest, chair: Membership, row: Proposal) -> dict[str, Any] | None:
    """Of a repeated run: the proposal it repeats and whether it gave the same pairs."""
    first = Proposal.objects.filter(
        edition=chair.edition, created_by=request.user, number=row.settings.get("repeats")
    ).first()
    if first is None:
        return None
    return {"number": first.number, "same": first.result.get("pairs") == row.result.get("pairs")}


_LOOKABLE = (Status.READY, Status.INFEASIBLE, Status.COMMITTED)


@chairs_only
def why(request: ChairRequest, chair: Membership, number: int, submission: int, member: int) -> HttpResponse:
    """Why a pair stands, or why it does not: parts of the score, nearest publications, ranks, what a change costs."""
    row = proposal_of(request, chair, number)
    overseen(chair, submission)
    get_object_or_404(Membership, edition=chair.edition_id, pk=member)
    shown = Shown(chair, row)
    paper = next((item for item in shown.papers if item.submission.number == submission), None)
    person = shown.members.get(member)
    if paper is None or person is None:
        messages.error(request, "This submission or reviewer is not in the proposal.")
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    at = (row.inputs["papers"].index(paper.submission.pk), row.inputs["people"].index(member))
    problem, result = shown.problem()
    reasons: PairReasons | None = None
    refusal = ""
    try:
        reasons = explain_pair(problem, result, *at)
    except ProblemError as error:
        refusal = str(error)
    hidden = not shown.is_whole
    context = {
        "proposal": row,
        "paper": paper,
        "person": person,
        "reasons": None if hidden else reasons,
        "refusal": refusal,
        "conflicts": shown.reasons.get((paper.submission.pk, member), []),
        "score": shown.scores.get((paper.submission.pk, member)),
        "parts": shown.fit.score(paper.submission.pk, member),
        "nearest": shown.fit.nearest(paper.submission.pk, member),
        "assigned": any(slot.member.pk == member for slot in paper.slots),
        "load": shown.loads[member],
        "limit": shown.limits[member],
    }
    return page(request, chair, "why.html", context)


@chairs_only
def cancel(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """Cancel a run, or (`here`) do it in this request when no worker takes it."""
    row = proposal_of(request, chair, number)
    if request.method == "POST":
        if "here" in request.POST:
            assignment.run(row.pk)
        elif proposing.cancel(row):
            messages.success(request, f"Proposal {number} is cancelled.")
            return redirect("reviews:assign", slug=chair.edition.slug)
    return redirect("reviews:proposal", slug=chair.edition.slug, number=number)


@chairs_only
def repeat(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """Solve the stored inputs again with the same settings and seed, as a new proposal beside the old one."""
    row = proposal_of(request, chair, number)
    if request.method != "POST" or row.status not in _LOOKABLE:
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    again = proposing.repeat(chair, row, by=request.user, at=timezone.now())
    return redirect("reviews:proposal", slug=chair.edition.slug, number=again.number)


@chairs_only
def compare(request: ChairRequest, chair: Membership, number: int, other: int) -> HttpResponse:
    """Two proposals side by side: figures, and the pairs that only one of them has."""
    one, two = (Shown(chair, proposal_of(request, chair, n)) for n in (number, other))
    left, right = ({(s.submission.pk, s.member.pk): s for s in shown.slots} for shown in (one, two))
    names = ("pairs", "missing", "total", "mean", "worst", "load_least", "load_most")
    words = ("Pairs", "Unfilled", "Total", "Mean per submission", "Worst-off submission", "Least load", "Greatest load")
    figures = [(word, one.figures[name], two.figures[name]) for name, word in zip(names, words, strict=True)]
    context = {
        "one": one.proposal,
        "two": two.proposal,
        "figures": figures,
        "only_one": [left[key] for key in sorted(left.keys() - right.keys())],
        "only_two": [right[key] for key in sorted(right.keys() - left.keys())],
        "both": len(left.keys() & right.keys()),
    }
    return page(request, chair, "compare.html", context)


@chairs_only
def commit(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """The one confirm: assignments are made, each reviewer concerned gets one letter."""
    row = proposal_of(request, chair, number)
    if request.method != "POST":
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    try:
        changes = proposing.commit_proposal(chair, row, version=version_of(request), by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reviews:proposal", slug=chair.edition.slug, number=number)
    messages.success(request, f"Assignments made: {len(changes.added)}. Letters written: {changes.letters}.")
    return redirect("reviews:assign", slug=chair.edition.slug)
