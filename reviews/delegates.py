"""Submissions with which chairs are in conflict: who may handle them, and whether anybody can."""

from dlonsc.editions.models import Edition, Membership
from submissions.access import in_conflict_with
from submissions.models import Submission, SubmissionQuerySet
from submissions.states import State


def open_ones(edition: Edition) -> SubmissionQuerySet:
    return Submission.objects.submitted().filter(edition=edition, outcome="")


def chairs_of(edition: Edition) -> list[Membership]:
    return list(Membership.objects.chairs().filter(edition=edition).select_related("user", "edition"))


def without_chair(edition: Edition) -> SubmissionQuerySet:
    """Submissions with which every chair is in conflict. One query per chair to build.

    Also those whose decision is announced, or that were returned without review, which can be undone: they have to be
    handled still, and the chairs must not read that it is so.
    """
    rows = Submission.objects.filter(edition=edition, state__in=(State.SUBMITTED, State.DESK_REJECTED))
    for chair in chairs_of(edition):
        rows = rows.filter(in_conflict_with(chair))
    return rows


def needs_delegate(edition: Edition) -> bool:
    return without_chair(edition).exists()


def with_conflicted_chair(edition: Edition) -> set[int]:
    """Primary keys of submissions under review with which at least one chair is in conflict."""
    found: set[int] = set()
    for chair in chairs_of(edition):
        found |= set(open_ones(edition).filter(in_conflict_with(chair)).values_list("pk", flat=True))
    return found
