"""Proposals of an assignment: run, edit by hand, undo, import, commit. Nobody but their chair sees them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from reviews import assignment
from reviews.actions.assigning import Changes, Refused, commit
from reviews.conflicts import refresh_all
from reviews.models import Proposal
from reviews.tasks_matching import run_proposal
from submissions.access import overseen_by
from submissions.models import Submission

UNDO_STEPS = 50
# A little more than the time after which the worker ends a task by force.
SILENCE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 30)
EDITABLE = (Proposal.Status.READY, Proposal.Status.INFEASIBLE)
Pairs = list[dict[str, Any]]
TOO_MANY = "Tasks were given since this proposal was made, and it would ask more reviewers than wanted for submission"
TAKE_OUT = "Nobody was asked. Take so many of its pairs out and commit again."


def propose(
    chair: Membership,
    *,
    options: dict[str, Any],
    by: User,
    at: datetime,
    locked: Sequence[tuple[int, int]] = (),
) -> Proposal:
    """Freeze the problem, with the conflicts as they are today, and run it: at once when it is small, else by the
    worker."""
    refresh_all(chair.edition, at)
    with transaction.atomic():
        proposal = assignment.new_proposal(chair, options, by=by, at=at, locked=frozenset(locked))
        run_by_worker = _begin(chair, proposal, by, at)
    return _begun(proposal, run_by_worker)


def repeat(chair: Membership, proposal: Proposal, *, by: User, at: datetime) -> Proposal:
    """The same inputs, settings and seed once more, as a proposal of its own: it must give the same pairs.

    Conflicts are not looked up anew: this shows that a run can be repeated, it is not a way to a better one.
    """
    with transaction.atomic():
        again = Proposal.objects.create(
            edition=chair.edition,
            number=assignment.next_number(chair),
            created_by=by,
            created_at=at,
            settings=proposal.settings | {"repeats": proposal.number},
            seed=proposal.seed,
            inputs=proposal.inputs,
        )
        run_by_worker = _begin(chair, again, by, at)
    return _begun(again, run_by_worker)


def _begin(chair: Membership, proposal: Proposal, by: User, at: datetime) -> bool:
    """Note a new run and ring the worker when it may take long; whether the worker has it."""
    # No counts here: every chair of the edition reads this line.
    record("proposal_made", by_id=by.pk, by=str(by), at=at, edition=chair.edition.slug)
    if assignment.is_quick(proposal) or not settings.RING_DOORBELLS:
        return False
    transaction.on_commit(partial(run_proposal.delay, proposal.pk), robust=True)
    return True


def _begun(proposal: Proposal, run_by_worker: bool) -> Proposal:
    if not run_by_worker:
        assignment.run(proposal.pk)
    proposal.refresh_from_db()
    return proposal


def is_dead(proposal: Proposal, at: datetime) -> bool:
    """Whether a run has been silent for longer than a worker may take: nobody works on it any more."""
    silent_since = proposal.heard_at or proposal.created_at
    return proposal.status == Proposal.Status.RUNNING and at - silent_since > SILENCE


def cancel(proposal: Proposal) -> bool:
    """Stop a run that has not finished."""
    going = (Proposal.Status.WAITING, Proposal.Status.RUNNING)
    rows = Proposal.objects.filter(pk=proposal.pk, status__in=going)
    return bool(rows.update(status=Proposal.Status.CANCELLED))


def edit(proposal: Proposal, pairs: Pairs, *, version: int) -> None:
    """Store pairs as edited; what they were can be undone. Raises Refused when another window was quicker."""
    undo = [*proposal.undo, proposal.pairs][-UNDO_STEPS:]
    _store(proposal, pairs, undo, version)


def undo(proposal: Proposal, *, version: int) -> None:
    if not proposal.undo:
        raise Refused("There is nothing to undo.")
    _store(proposal, proposal.undo[-1], proposal.undo[:-1], version)


def _store(proposal: Proposal, pairs: Pairs, earlier: list[Pairs], version: int) -> None:
    rows = Proposal.objects.filter(pk=proposal.pk, version=version, status__in=EDITABLE)
    if not rows.update(pairs=pairs, undo=earlier, version=version + 1):
        raise Refused("This proposal was changed in another window, or is committed. Look at it again.")


def commit_proposal(chair: Membership, proposal: Proposal, *, version: int, by: User, at: datetime) -> Changes:
    """Turn a proposal into assignments and tell each reviewer concerned, once. Standing assignments stay.

    The conflicts of today count. They are looked up before and kept even when the commit is refused because of one,
    so that the page then shows which.
    """
    refresh_all(chair.edition, at)
    with transaction.atomic():
        return _commit(chair, proposal, version, by, at)


def _commit(chair: Membership, proposal: Proposal, version: int, by: User, at: datetime) -> Changes:
    rows = Proposal.objects.filter(pk=proposal.pk, version=version, status__in=EDITABLE)
    if not rows.update(status=Proposal.Status.COMMITTED, committed_at=at, version=version + 1):
        raise Refused("This proposal was changed in another window, or is committed already.")
    # Who gives a task by hand at the same time waits, or was waited for: what stands is counted.
    papers = Submission.objects.filter(pk__in=[pair["submission"] for pair in proposal.pairs])
    list(papers.select_for_update(no_key=True).order_by("pk").values("pk"))
    scene = assignment.scene_of(chair)
    submissions = {row.pk: row for row in scene.submissions}
    members = {row.pk: row for row in scene.members}
    # Of what became hidden from her since the run, nothing may refuse her.
    gone = [pair for pair in proposal.pairs if pair["submission"] in submissions and pair["membership"] not in members]
    if gone:
        raise Refused("A reviewer of this proposal is no longer in the committee. Take the pair out and commit again.")
    wanted = overseen_by(chair).submitted().filter(outcome="", pk__in=[pair["submission"] for pair in proposal.pairs])
    open_now = set(wanted.values_list("pk", flat=True))
    add = [
        (submissions[pair["submission"]], members[pair["membership"]])
        for pair in proposal.pairs
        if pair["submission"] in open_now and (pair["submission"], pair["membership"]) not in scene.standing
    ]
    if words := _too_many(proposal, scene, add):
        raise Refused(words)
    changes = commit(chair.edition, add=add, remove=[], by=by, at=at)
    record("proposal_committed", by_id=by.pk, by=str(by), at=at, edition=chair.edition.slug)
    return changes


def _too_many(proposal: Proposal, scene: assignment.Scene, add: Sequence[tuple[Submission, Membership]]) -> str:
    """Of which submissions more reviewers would be asked than the run, or its chair by hand, wanted: tasks were given
    to others since. Empty for none.
    """
    planned = Counter(pair["submission"] for pair in proposal.pairs)
    standing = Counter(submission for submission, _ in scene.standing)
    added = Counter(submission.pk for submission, _ in add)
    found = [
        f"{row.number} ({standing[row.pk] + added[row.pk]} instead of {wanted})"
        for row in scene.submissions
        if added[row.pk]
        and standing[row.pk] + added[row.pk] > (wanted := max(proposal.settings["demand"], planned[row.pk]))
    ]
    return f"{TOO_MANY} {', '.join(found)}. {TAKE_OUT}" if found else ""


@transaction.atomic
def set_weights(edition: Edition, weights: dict[str, Any], *, by: User, at: datetime) -> None:
    """Keep the weights of the score, and how texts are compared, in the edition's settings: all chairs use them.

    A chair in conflict may notice other weights on her form: somebody has run since, at whatever time and with whatever
    demand. That names no paper, and with weights of her own she and the others would read two scores of one pair.
    """
    kept = Edition.objects.select_for_update(no_key=True).get(pk=edition.pk).matching
    changed = [name for name, value in weights.items() if kept.get(name) != value]
    edition.matching = kept | weights
    if changed:
        edition.save(update_fields=["matching"])
        detail = {
            "before": {name: kept.get(name, "the usual") for name in changed},
            "after": {name: weights[name] for name in changed},
        }
        record("change_weights", by_id=by.pk, by=str(by), at=at, edition=edition.slug, detail=detail)
