"""Between the database and the matching: what is to be assigned, and what a run found, as plain JSON."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Max
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, InstitutionAlias, Membership
from reviews.conflicts import conflict_reasons, refresh_all
from reviews.matching import Cancelled, Problem, ProblemError, Quota, Result, solve
from reviews.matching.problem import pair_keys
from reviews.matching.result import Unmet
from reviews.matching.score import candidates
from reviews.models import Assignment, Proposal
from reviews.scores import fit_of
from submissions.access import overseen_by
from submissions.models import Submission, SubmissionQuerySet

DIED = (
    "The run died: its worker was stopped, took longer than it may, or met an error. Nothing was changed. Run it again."
)
REFUSED = "refused this submission before"
# Below this many pairs a run takes well under a second and needs no worker.
INLINE_PAIRS = {"total": 60_000, "maxmin": 3_000, "leximin": 3_000}
Status = Proposal.Status


@dataclass(frozen=True)
class Scene:
    """What a chair may assign: her submissions without announced decision, all reviewers, conflicts with reasons.

    standing: (submission, member) of tasks on these submissions; elsewhere: member -> tasks on her other submissions
    """

    submissions: list[Submission]
    members: list[Membership]
    reasons: dict[tuple[int, int], list[str]]
    standing: set[tuple[int, int]]
    elsewhere: Counter[int]

    def lacking(self, demand: int) -> "Scene":
        """Only the submissions that lack reviewers; tasks on the others count as load."""
        counts = Counter(submission for submission, _ in self.standing)
        return self._only([row for row in self.submissions if counts[row.pk] < demand])

    def handled_by(self, chair: Membership) -> "Scene":
        """Only the submissions that this chair handles; tasks on the others count as load."""
        return self._only([row for row in self.submissions if row.handling_chair_id == chair.pk])

    def _only(self, rows: list[Submission]) -> "Scene":
        left = {row.pk for row in rows}
        elsewhere = self.elsewhere + Counter(member for submission, member in self.standing if submission not in left)
        standing = {pair for pair in self.standing if pair[0] in left}
        return Scene(rows, self.members, self.reasons, standing, elsewhere)


def scene_of(chair: Membership) -> Scene:
    return _scene(chair.edition, overseen_by(chair).submitted())


def scene_of_all(edition: Edition) -> Scene:
    """The whole edition's, for the one who runs the installation: no chair may be shown it."""
    return _scene(edition, Submission.objects.filter(edition=edition).submitted())


def _scene(edition: Edition, submitted: SubmissionQuerySet) -> Scene:
    rows = list(submitted.filter(outcome="").order_by("number"))
    members = Membership.objects.reviewers().filter(edition=edition).prefetch_related("affiliations")
    people = list(members.order_by("pk"))
    for person in people:
        person.edition = edition
    ids = [row.pk for row in rows]
    reasons = conflict_reasons(ids)
    refused = Assignment.objects.filter(submission__in=ids, declined_at__isnull=False)
    for pair in refused.values_list("submission_id", "membership_id"):
        reasons.setdefault(pair, []).append(REFUSED)
    tasks = Assignment.objects.standing().filter(submission__in=submitted)
    pairs = set(tasks.values_list("submission_id", "membership_id"))
    here = {pair for pair in pairs if pair[0] in set(ids)}
    return Scene(rows, people, reasons, here, Counter(member for _, member in pairs - here))


def names_of(members: Sequence[Membership]) -> list[str]:
    """Names as sentences use them; people of one name are told apart by their address."""
    counts = Counter(person.name for person in members)
    return [person.name if counts[person.name] == 1 else f"{person.name} <{person.email}>" for person in members]


def institutions_of(edition: Edition, members: Sequence[Membership]) -> list[str]:
    """The first institution of each reviewer, by its one name where the edition knows aliases; "" for none."""
    aliases = InstitutionAlias.objects.filter(edition=edition).values_list("alias", "institution")
    one_name = {alias.casefold(): institution for alias, institution in aliases}
    found = []
    for person in members:
        first = next((row.institution for row in person.affiliations.all()), "")
        found.append(one_name.get(first.casefold(), first))
    return found


def freeze(chair: Membership, scene: Scene, options: dict[str, Any], locked: set[tuple[int, int]]) -> dict[str, Any]:
    """Everything needed to repeat a run of a chair, as JSON (see `freeze_edition`)."""
    return freeze_edition(chair.edition, scene, options, locked)


def freeze_edition(
    edition: Edition, scene: Scene, options: dict[str, Any], locked: set[tuple[int, int]]
) -> dict[str, Any]:
    """Everything needed to repeat a run, as JSON. Standing assignments are locked; papers by number, people by name.

    A reviewer's limit is her own less her other tasks and less the places kept free for submissions that other chairs
    handle.
    """
    fit = fit_of(edition, scene.submissions, scene.members)
    papers, people = list(fit.papers), list(fit.people)
    row, person = ({pk: place for place, pk in enumerate(keys)} for keys in (papers, people))
    paper, reviewer, score = candidates(fit.scored.score)
    fixed = {pair for pair in scene.standing | locked if pair[0] in row and pair[1] in person}
    busy = [scene.elsewhere[member.pk] for member in scene.members]
    most = [
        max(member.load_limit - options["reserve"] - load, 0) for member, load in zip(scene.members, busy, strict=True)
    ]
    least = [
        min(max(member.min_load - load, 0), limit)
        for member, load, limit in zip(scene.members, busy, most, strict=True)
    ]
    barred = [pair for pair in scene.reasons if pair[0] in row and pair[1] in person and pair not in fixed]
    return {
        "papers": papers,
        "numbers": [str(submission.number) for submission in scene.submissions],
        "people": people,
        "names": names_of(scene.members),
        "pair_paper": paper.tolist(),
        "pair_reviewer": reviewer.tolist(),
        "score": score.tolist(),
        "demand": [max(options["demand"], sum(pair[0] == pk for pair in fixed)) for pk in papers],
        "busy": busy,
        "min_load": least,
        "max_load": most,
        "conflicts": sorted([row[pair[0]], person[pair[1]]] for pair in barred),
        "locked": sorted([row[pair[0]], person[pair[1]]] for pair in fixed),
        "groups": {
            "institution": institutions_of(edition, scene.members),
            "seniority": ["senior" if member.is_senior else "" for member in scene.members],
        },
        "quotas": _quotas(options),
        "load_price": options["load_price"],
        "text": _known(fit.scored.text[paper, reviewer]),
        "topic": _known(fit.scored.topic[paper, reviewer]),
        "bid": _known(fit.scored.bid[paper, reviewer]),
    }


def _known(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 4) for value in values.tolist()]


def _quotas(options: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = []
    if options["one_per_institution"]:
        found.append(["institution", "*", "<=", 1])
    if options["one_senior"]:
        found.append(["seniority", "senior", ">=", 1])
    return found


def problem_of(inputs: dict[str, Any]) -> Problem:
    """The frozen inputs as a Problem. Raises ProblemError."""
    return Problem(
        n_papers=len(inputs["papers"]),
        n_reviewers=len(inputs["people"]),
        pair_paper=np.array(inputs["pair_paper"], dtype=np.int64),
        pair_reviewer=np.array(inputs["pair_reviewer"], dtype=np.int64),
        score=np.array(inputs["score"], dtype=np.float64),
        demand=np.array(inputs["demand"], dtype=np.int64),
        min_load=np.array(inputs["min_load"], dtype=np.int64),
        max_load=np.array(inputs["max_load"], dtype=np.int64),
        conflicts=np.array(inputs["conflicts"], dtype=np.int64).reshape(-1, 2),
        locked=np.array(inputs["locked"], dtype=np.int64).reshape(-1, 2),
        groups=inputs["groups"],
        quotas=tuple(Quota(*row) for row in inputs["quotas"]),
        load_price=inputs["load_price"],
        paper_ids=tuple(inputs["numbers"]),
        reviewer_ids=tuple(inputs["names"]),
    )


def problem_for_edition(
    edition: Edition, options: dict[str, Any], at: datetime
) -> tuple[Problem, dict[tuple[str, str], dict[str, float | None]]]:
    """The whole edition as a Problem, with conflicts as they are today, and the known parts of each pair's score.

    Papers go by number and reviewers by address, as in the files that chairs export. Raises ProblemError.
    """
    refresh_all(edition, at)
    scene = scene_of_all(edition)
    inputs = freeze_edition(edition, scene, options, set())
    addresses = tuple(member.email or f"member-{member.pk}" for member in scene.members)
    problem = replace(problem_of(inputs), reviewer_ids=addresses)
    pairs = zip(problem.pair_paper.tolist(), problem.pair_reviewer.tolist(), strict=True)
    named = [(problem.paper_ids[paper], problem.reviewer_ids[reviewer]) for paper, reviewer in pairs]
    rows = zip(inputs["text"], inputs["topic"], inputs["bid"], strict=True)
    parts = [{"text": text, "topic": topic, "bid": bid} for text, topic, bid in rows]
    return problem, dict(zip(named, parts, strict=True))


def solve_frozen(
    inputs: dict[str, Any], options: dict[str, Any], seed: int, progress: Callable[[str], bool] | None = None
) -> Result:
    """Run a proposal's problem; the same inputs, options and seed always give the same pairs."""
    return solve(
        problem_of(inputs),
        objective=options["objective"],
        fairness=_share(options),
        seed=seed,
        prob_cap=options["prob_cap"] or None,
        partial=options["partial"],
        progress=progress,
    )


def _share(options: dict[str, Any]) -> float | None:
    """The part of the worst-off paper's best score that every paper is to reach (0..1); None leaves it to the aim."""
    percent = options.get("share")
    return None if options["objective"] != "maxmin" or percent in (None, 100) else float(percent) / 100


def pairs_of(inputs: dict[str, Any], result: Result) -> list[dict[str, Any]]:
    """A result's pairs by primary keys, as Proposal.pairs holds them."""
    standing = {tuple(pair) for pair in inputs["locked"]}
    return [
        {
            "submission": inputs["papers"][paper],
            "membership": inputs["people"][reviewer],
            "score": score,
            "locked": (paper, reviewer) in standing,
            "by_hand": False,
        }
        for (paper, reviewer), score in zip(result.pairs.tolist(), result.scores.tolist(), strict=True)
    ]


def kept(inputs: dict[str, Any], result: Result) -> dict[str, Any]:
    """What a proposal stores of a result."""
    return {
        "status": result.status,
        # As the run gave them, whatever is changed by hand afterwards: a repetition must give the same.
        "pairs": result.pairs.tolist(),
        "metrics": dict(result.metrics),
        "bounds": dict(result.bounds),
        "explanation": {name: value for name, value in result.explanation.items() if name not in {"metrics", "unmet"}},
        "unmet": [
            {
                "submission": None if row.paper is None else inputs["papers"][row.paper],
                "membership": None if row.reviewer is None else inputs["people"][row.reviewer],
                "missing": row.missing,
                "why": row.why,
            }
            for row in result.unmet
        ],
    }


def result_of(inputs: dict[str, Any], pairs: Sequence[dict[str, Any]]) -> Result:
    """A proposal's pairs, as edited, in the form that the explanations read."""
    row, person = ({pk: place for place, pk in enumerate(inputs[name])} for name in ("papers", "people"))
    known = [pair for pair in pairs if pair["submission"] in row and pair["membership"] in person]
    placed = sorted((row[p["submission"]], person[p["membership"]], p["score"], p["locked"]) for p in known)
    array = np.array([[p[0], p[1]] for p in placed], dtype=np.int64).reshape(-1, 2)
    scores = np.array([p[2] for p in placed], dtype=np.float64)
    locked = np.array([p[3] for p in placed], dtype=bool)
    unmet: tuple[Unmet, ...] = ()
    return Result("solved", array, scores, locked, {}, {}, {}, unmet)


def with_locks(problem: Problem, result: Result) -> Problem:
    """The problem with the locked pairs of an edited proposal, so that no exchange takes them away.

    What stands in it and was in conflict at the run was put in once the conflict had been lifted.
    """
    fixed = result.pairs[result.locked]
    barred, standing = (
        pair_keys(pairs[:, 0], pairs[:, 1], problem.n_reviewers) for pairs in (problem.conflicts, result.pairs)
    )
    conflicts = problem.conflicts[~np.isin(barred, standing)]
    return replace(problem, locked=np.unique(np.concatenate((problem.locked, fixed)), axis=0), conflicts=conflicts)


def next_number(chair: Membership) -> int:
    """Her own runs are counted: a gap would tell her of another's, perhaps for a submission hidden from her.

    To be asked in a transaction: whoever asks at the same time waits, or both would get one number.
    """
    Edition.objects.select_for_update(no_key=True).get(pk=chair.edition_id)
    hers = Proposal.objects.filter(edition=chair.edition_id, created_by=chair.user_id)
    return (hers.aggregate(last=Max("number"))["last"] or 0) + 1


def wanted_of(chair: Membership, options: dict[str, Any]) -> Scene:
    """What a run is about: the submissions that lack reviewers, of all or only of those that the chair handles."""
    scene = scene_of(chair).lacking(options["demand"])
    return scene.handled_by(chair) if options.get("handled") else scene


def new_proposal(
    chair: Membership,
    options: dict[str, Any],
    *,
    by: User,
    at: datetime,
    locked: frozenset[tuple[int, int]] = frozenset(),
) -> Proposal:
    """A proposal with its frozen inputs, the conflicts as they stand, waiting to be run."""
    return Proposal.objects.create(
        edition=chair.edition,
        number=next_number(chair),
        created_by=by,
        created_at=at,
        settings=options,
        seed=options["seed"],
        inputs=freeze(chair, wanted_of(chair, options), options, set(locked)),
    )


def is_quick(proposal: Proposal) -> bool:
    """Whether the run may be done while the chair waits."""
    pairs = len(proposal.inputs["score"])
    return pairs <= INLINE_PAIRS[proposal.settings["objective"]] and not proposal.settings["prob_cap"]


def run(proposal_id: int) -> None:
    """Solve a waiting proposal and store what came out. A second call, or one after Cancel, does nothing."""
    waiting = Proposal.objects.filter(pk=proposal_id, status=Status.WAITING)
    if not waiting.update(status=Status.RUNNING, heard_at=timezone.now()):
        return
    proposal = Proposal.objects.get(pk=proposal_id)
    steps = 0

    def tell(_what: str) -> bool:
        nonlocal steps
        steps = min(steps + 8, 95)
        return not running.update(progress=steps, heard_at=timezone.now())

    running = Proposal.objects.filter(pk=proposal_id, status=Status.RUNNING)
    try:
        result = solve_frozen(proposal.inputs, proposal.settings, proposal.seed, tell)
    except Cancelled:
        return
    except (ProblemError, ValueError) as error:
        running.update(status=Status.FAILED, result={"error": str(error)})
        return
    except Exception:
        bury(proposal_id)
        raise
    status = Status.READY if len(result.pairs) or result.status == "solved" else Status.INFEASIBLE
    running.update(
        status=status,
        progress=100,
        result=kept(proposal.inputs, result),
        pairs=pairs_of(proposal.inputs, result),
    )


def bury(proposal_id: int) -> None:
    """Mark a run that ended without a result; a finished or cancelled one stays as it is."""
    running = Proposal.objects.filter(pk=proposal_id, status=Status.RUNNING)
    running.update(status=Status.FAILED, result={"error": DIED})
