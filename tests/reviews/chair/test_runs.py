"""A run uses the conflicts of its day, can be repeated to the same pairs, and is shown as died when it died."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client

from dlonsc.editions.models import Edition, Membership, MembershipAffiliation
from reviews import assignment, tasks_matching
from reviews.actions import assigning, proposing
from reviews.actions.assigning import Refused
from reviews.models import Assignment, Proposal
from submissions.models import Conflict, Submission
from tests import factories
from tests.factories import AT
from tests.reviews.chair.test_proposals import FORM, OPTIONS, pairs, propose

As = Callable[[Membership | None], Client]
Status = Proposal.Status


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    return [factories.make_submission(edition) for _ in range(3)]


@pytest.fixture
def browser(chair: Membership, as_user: As) -> Client:
    return as_user(chair)


def share_a_home(paper: Submission, member: Membership) -> None:
    """An author and a reviewer of one institution, of which no conflict is stored yet."""
    factories.make_author(paper, "ann@argonne.example", institution="Argonne")
    MembershipAffiliation.objects.create(membership=member, institution="Argonne")


def waiting(chair: Membership) -> Proposal:
    assert chair.user is not None
    return assignment.new_proposal(chair, OPTIONS, by=chair.user, at=AT)


def test_a_run_knows_the_conflicts_of_today(
    chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    share_a_home(papers[0], reviewers[0])
    assert not Conflict.objects.exists()
    assert (papers[0].pk, reviewers[0].pk) not in pairs(propose(chair))


def test_a_commit_is_refused_by_a_conflict_of_today_and_the_page_then_shows_it(
    edition: Edition, browser: Client, chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal = propose(chair, demand=3)
    share_a_home(papers[0], reviewers[0])
    base = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    browser.post(f"{base}commit/", {"version": proposal.version})
    assert Assignment.objects.count() == 0
    found = browser.get(f"{base}grid/", {"only": "conflict"}).context["rows"]
    assert [row.key for row in found] == [str(papers[0].number)]


def test_assigning_by_hand_knows_the_conflicts_of_today(
    chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    share_a_home(papers[0], reviewers[0])
    with pytest.raises(Refused, match="same institution: Argonne"):
        assigning.assign(papers[0], reviewers[0], by=chair.user, at=AT)
    standing = assigning.assign(papers[0], reviewers[1], by=chair.user, at=AT)
    with pytest.raises(Refused, match="same institution: Argonne"):
        assigning.replace(standing, reviewers[0], by=chair.user, at=AT)


@pytest.mark.parametrize("options", [{}, {"objective": "total"}, {"objective": "total", "prob_cap": 0.8}])
def test_a_stored_run_is_repeated_to_the_same_pairs_whatever_changed_since(
    edition: Edition,
    browser: Client,
    chair: Membership,
    papers: list[Submission],
    reviewers: list[Membership],
    options: dict[str, Any],
) -> None:
    first = propose(chair, **options)
    proposing.edit(first, first.pairs[1:], version=first.version)
    for member in reviewers:
        member.publications = "Something new"
        member.save()
    base = f"/{edition.slug}/chair/assign/proposals/"
    answer = browser.post(f"{base}{first.number}/repeat/")
    assert answer["Location"] == f"{base}{first.number + 1}/"
    again = Proposal.objects.get(number=first.number + 1)
    assert (again.inputs, again.seed, again.result["pairs"]) == (first.inputs, first.seed, first.result["pairs"])
    assert again.pairs == first.pairs
    page = browser.get(answer["Location"])
    assert page.context["repeated"] == {"number": first.number, "same": True}
    assert browser.get(f"{base}{first.number}/repeat/")["Location"] == f"{base}{first.number}/"
    assert Proposal.objects.count() == 2


def test_the_slider_goes_from_the_total_to_the_worst_off(
    chair: Membership, papers: list[Submission], reviewers: list[Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = assignment.solve

    def solve(problem: Any, **words: Any) -> Any:
        asked.append((words["objective"], words["fairness"]))
        return real(problem, **words)

    monkeypatch.setattr(assignment, "solve", solve)
    for options in ({"share": 100}, {"share": 40}, {"share": None}, {"objective": "total", "share": 40}):
        propose(chair, **options)
    assert asked == [("maxmin", None), ("maxmin", 0.4), ("maxmin", None), ("total", None)]


def test_only_what_the_chair_handles(
    edition: Edition, browser: Client, chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    Submission.objects.filter(pk=papers[1].pk).update(handling_chair=chair)
    factories.make_assignment(papers[0], reviewers[0])
    form = browser.get(f"/{edition.slug}/chair/assign/run/")
    assert form.context["handled"] == 1
    browser.post(f"/{edition.slug}/chair/assign/run/", FORM | {"handled": "on"})
    proposal = Proposal.objects.get()
    assert proposal.inputs["papers"] == [papers[1].pk]
    busy = dict(zip(proposal.inputs["people"], proposal.inputs["busy"], strict=True))
    assert busy == {reviewers[0].pk: 1, reviewers[1].pk: 0, reviewers[2].pk: 0}


def test_a_long_run_is_left_to_the_worker(
    chair: Membership,
    papers: list[Submission],
    reviewers: list[Membership],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(settings, "RING_DOORBELLS", True)
    monkeypatch.setattr(assignment, "INLINE_PAIRS", dict.fromkeys(assignment.INLINE_PAIRS, 0))
    monkeypatch.setattr(proposing.run_proposal, "delay", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        proposal = propose(chair)
    assert (rung, proposal.status) == ([proposal.pk], Status.WAITING)


@pytest.mark.parametrize(("redelivered", "status"), [(False, Status.READY), (True, Status.READY)])
def test_the_doorbell_runs_what_waits(
    chair: Membership,
    papers: list[Submission],
    reviewers: list[Membership],
    redelivered: bool,
    status: str,
) -> None:
    proposal = waiting(chair)
    bell = SimpleNamespace(request=SimpleNamespace(delivery_info={"redelivered": redelivered}))
    tasks_matching.run_proposal.run.__func__(bell, proposal.pk)
    proposal.refresh_from_db()
    assert proposal.status == status


def test_a_run_whose_worker_was_lost_is_shown_as_died_and_not_tried_again(
    edition: Edition, browser: Client, chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal = waiting(chair)
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.RUNNING)
    bell = SimpleNamespace(request=SimpleNamespace(delivery_info={"redelivered": True}))
    tasks_matching.run_proposal.run.__func__(bell, proposal.pk)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.pairs) == (Status.FAILED, [])
    page = browser.get(f"/{edition.slug}/chair/assign/proposals/{proposal.number}/")
    assert assignment.DIED in page.content.decode()


def test_an_error_on_the_way_leaves_no_run_that_runs_for_ever(
    chair: Membership, papers: list[Submission], reviewers: list[Membership], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    proposal = waiting(chair)
    monkeypatch.setattr(assignment, "solve_frozen", fail)
    with pytest.raises(MemoryError):
        assignment.run(proposal.pk)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.result) == (Status.FAILED, {"error": assignment.DIED})


def test_a_run_that_gives_no_sign_of_life_is_shown_as_died(
    edition: Edition, browser: Client, chair: Membership, papers: list[Submission], reviewers: list[Membership]
) -> None:
    proposal = waiting(chair)
    Proposal.objects.filter(pk=proposal.pk).update(status=Status.RUNNING, heard_at=AT)
    address = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    for at, dead in ((AT + proposing.SILENCE, False), (AT + proposing.SILENCE + timedelta(seconds=1), True)):
        with time_machine.travel(at, tick=False):
            page = browser.get(address)
        assert (page.context["dead"], "This run died" in page.content.decode()) == (dead, dead)
        assert ("data-poll" in page.content.decode()) is not dead
    told = browser.post(f"{address}cancel/")
    assert [str(row) for row in get_messages(told.wsgi_request)] == [f"Proposal {proposal.number} is cancelled."]
