"""An assignment is proposed, explained, changed, compared and committed once; nobody else sees it before."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dlonsc.editions.models import Edition, Interest, Membership, MembershipAffiliation
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews import assignment
from reviews.actions import assigning, proposing
from reviews.actions.assigning import Refused
from reviews.models import Assignment, Proposal
from submissions.models import Submission
from tests import factories
from tests.factories import AT

As = Callable[[Membership | None], Client]
OPTIONS: dict[str, Any] = {
    "objective": "maxmin",
    "demand": 2,
    "reserve": 0,
    "load_price": 0.0,
    "one_per_institution": False,
    "one_senior": False,
    "partial": False,
    "prob_cap": None,
    "seed": 1,
}
FORM = {
    "objective": "maxmin",
    "demand": "2",
    "reserve": "0",
    "load_price": "0",
    "seed": "1",
    "text": "0.5",
    "topic": "0.5",
    "bid_base": "1.5",
}


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    rows = [factories.make_submission(edition) for _ in range(4)]
    for row in rows:
        row.topics.set(edition.topics.all())
    return rows


@pytest.fixture
def people(edition: Edition, reviewers: list[Membership]) -> list[Membership]:
    for value, member in enumerate(reviewers):
        for topic in edition.topics.all():
            Interest.objects.create(membership=member, topic=topic, value=value)
    return reviewers


def propose(chair: Membership, **options: Any) -> Proposal:
    assert chair.user is not None
    return proposing.propose(chair, options=OPTIONS | options, by=chair.user, at=AT)


def pairs(proposal: Proposal) -> set[tuple[int, int]]:
    return {(pair["submission"], pair["membership"]) for pair in proposal.pairs}


def test_a_proposal_fills_every_place_and_touches_nothing(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair)
    assert proposal.status == Proposal.Status.READY
    assert sorted(pair["submission"] for pair in proposal.pairs) == sorted([row.pk for row in papers] * 2)
    assert Assignment.objects.count() == 0
    assert Message.objects.count() == 0


def test_a_run_can_be_repeated_to_the_same_pairs(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair)
    again = assignment.solve_frozen(proposal.inputs, proposal.settings, proposal.seed)
    assert assignment.pairs_of(proposal.inputs, again) == proposal.pairs


def test_no_pair_is_in_conflict_and_who_refused_is_not_asked_again(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    factories.make_conflict(papers[0], people[2])
    factories.make_assignment(papers[1], people[2], declined_at=AT, refusal="competence")
    found = pairs(propose(chair))
    assert (papers[0].pk, people[2].pk) not in found
    assert (papers[1].pk, people[2].pk) not in found
    assert len(found) == 8


def test_what_stands_is_kept_and_full_submissions_are_left_out(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    factories.make_assignment(papers[0], people[0])
    for member in people[:2]:
        factories.make_assignment(papers[1], member)
    proposal = propose(chair)
    assert (papers[0].pk, people[0].pk) in pairs(proposal)
    assert papers[1].pk not in {pair["submission"] for pair in proposal.pairs}


def test_loads_count_what_is_left_out(chair: Membership, papers: list[Submission], people: list[Membership]) -> None:
    for member in people[:2]:
        factories.make_assignment(papers[0], member)
    Membership.objects.filter(pk__in=[member.pk for member in people]).update(max_load=2)
    proposal = propose(chair, demand=1)
    assert sum(pair["membership"] == people[0].pk for pair in proposal.pairs) <= 1
    assert len(proposal.pairs) == 3


def test_a_shortage_is_named_and_the_partial_answer_is_fair(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    Membership.objects.filter(pk__in=[member.pk for member in people]).update(max_load=2)
    refused = propose(chair)
    assert refused.status == Proposal.Status.INFEASIBLE
    assert "short" in " ".join(refused.result["explanation"]["sentences"])
    partial = propose(chair, partial=True)
    counts = [sum(pair["submission"] == row.pk for pair in partial.pairs) for row in papers]
    assert sorted(counts) == [1, 1, 2, 2]


def test_places_are_kept_free_for_submissions_that_other_chairs_handle(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair, demand=1, reserve=5)
    loads = [sum(pair["membership"] == member.pk for pair in proposal.pairs) for member in people]
    assert max(loads) <= 1
    assert proposal.status == Proposal.Status.INFEASIBLE


def test_a_chair_learns_nothing_of_a_hidden_submission(
    chair: Membership, other_chair: Membership, secret: Submission, papers: list[Submission], people: list[Membership]
) -> None:
    assert secret.pk in propose(other_chair).inputs["papers"]
    before = propose(chair)
    for member in people:
        assigning.assign(secret, member, by=other_chair.user, at=AT)
    after = propose(chair)
    assert secret.pk not in after.inputs["papers"]
    assert after.inputs == before.inputs
    assert after.pairs == before.pairs


def test_another_chair_cannot_open_it(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    papers: list[Submission],
    people: list[Membership],
    as_user: As,
) -> None:
    number = propose(chair).number
    address = f"/{edition.slug}/chair/assign/proposals/{number}/"
    assert as_user(chair).get(address).status_code == 200
    for page in ("", "edit/", "export.csv", "import/", "commit/", "cancel/"):
        assert as_user(other_chair).get(address + page).status_code == 404
        assert as_user(other_chair).post(address + page).status_code == 404


def test_commit_writes_one_letter_each_and_a_second_run_tells_only_those_concerned(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair)
    changes = proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    assert len(changes.added) == 8
    told = list(Message.objects.filter(kind="assigned").values_list("to_email", flat=True))
    assert sorted(told) == sorted({row.membership.email for row in changes.added})
    with pytest.raises(Refused, match="committed already"):
        proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    late = factories.make_submission(edition)
    second = propose(chair, demand=1)
    again = proposing.commit_proposal(chair, second, version=second.version, by=chair.user, at=AT)
    assert [row.submission for row in again.added] == [late]
    assert Message.objects.filter(kind="assigned").count() == len(told) + 1


def test_a_commit_after_tasks_given_by_hand_asks_no_more_reviewers_than_wanted(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair)
    assert chair.user is not None
    planned = {member for paper, member in pairs(proposal) if paper == papers[0].pk}
    other = next(person for person in people if person.pk not in planned)
    assigning.assign(papers[0], other, by=chair.user, at=AT)
    words = rf"more reviewers than wanted for submission {papers[0].number} \(3 instead of 2\)\. Nobody was asked"
    with pytest.raises(Refused, match=words):
        proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    proposal.refresh_from_db()
    assert (proposal.status, Assignment.objects.count()) == (Proposal.Status.READY, 1)
    left = [pair for pair in proposal.pairs if (pair["submission"], pair["membership"]) != (papers[0].pk, min(planned))]
    proposing.edit(proposal, left, version=proposal.version)
    proposal.refresh_from_db()
    proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    assert Assignment.objects.filter(submission=papers[0]).count() == 2


def test_a_conflict_that_came_since_stops_the_commit_whole(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    proposal = propose(chair)
    first = proposal.pairs[0]
    paper = Submission.objects.get(pk=first["submission"])
    member = Membership.objects.get(pk=first["membership"])
    factories.make_conflict(paper, member)
    with pytest.raises(Refused, match="has a conflict of interest"):
        proposing.commit_proposal(chair, proposal, version=proposal.version, by=chair.user, at=AT)
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.READY
    assert Assignment.objects.count() == 0


def test_edit_by_hand_shows_the_cost_refuses_conflicts_and_can_be_undone(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    proposal = propose(chair)
    taken = pairs(proposal)
    number = papers[0].number
    one = next(member for member in people if (papers[0].pk, member.pk) in taken)
    free = next(member for member in people if (papers[0].pk, member.pk) not in taken)
    browser = as_user(chair)
    address = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/edit/"
    factories.make_conflict(papers[0], free, reason="Joint grant")

    def press(act: str) -> str:
        proposal.refresh_from_db()
        given = {"act": act, "version": proposal.version}
        return " ".join(browser.post(address, given, follow=True).content.decode().split())

    assert "Joint grant" in press(f"put:{number}:{free.pk}")
    assert "locked together" in press(f"lock:{number}:{one.pk}")
    assert "Unlock them first" in press(f"take:{number}:{one.pk}")
    press(f"lock:{number}:{one.pk}")
    assert "becomes" in press(f"take:{number}:{one.pk}")
    proposal.refresh_from_db()
    assert (papers[0].pk, one.pk) not in pairs(proposal)
    for _ in range(3):
        press("undo")
    proposal.refresh_from_db()
    assert pairs(proposal) == taken
    stale = browser.post(address, {"version": 1, "act": f"take:{number}:{one.pk}"}, follow=True)
    assert "changed in another window" in stale.content.decode()


def test_why_answers_for_every_pair(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    Membership.objects.filter(pk=people[0].pk).update(publications="Abstract of paper one\nSomething else")
    factories.make_conflict(papers[3], people[1], reason="Siblings")
    proposal = propose(chair)
    for row in papers:
        for member in people:
            address = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/why/{row.number}/{member.pk}/"
            page = as_user(chair).get(address)
            assert page.status_code == 200
            if (row, member) == (papers[3], people[1]):
                assert "Siblings" in page.content.decode()
            else:
                assert "Rank among the submission" in page.content.decode()


def test_exported_edited_and_imported_with_the_differences_first(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    proposal = propose(chair)
    browser = as_user(chair)
    address = f"/{edition.slug}/chair/assign/proposals/{proposal.number}/"
    rows = list(csv.reader(io.StringIO(browser.get(f"{address}export.csv").content.decode("utf-8-sig"))))
    assert len(rows) == 9
    taken = pairs(proposal)
    free = next(member for member in people if (papers[0].pk, member.pk) not in taken)
    changed = next(row for row in rows[1:] if row[0] == str(papers[0].number))
    changed[1] = free.email
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    file = SimpleUploadedFile("edited.csv", out.getvalue().encode())
    page = browser.post(f"{address}import/", {"file": file})
    assert "1 pair put in, 1 pair taken out, 7 unchanged" in " ".join(page.content.decode().split())
    proposal.refresh_from_db()
    assert pairs(proposal) == taken
    given = {"apply": "1", "payload": page.context["payload"], "version": proposal.version}
    browser.post(f"{address}import/", given)
    proposal.refresh_from_db()
    assert (papers[0].pk, free.pk) in pairs(proposal)
    assert len(pairs(proposal) - taken) == 1


def test_a_file_with_an_unknown_reviewer_says_so(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    number = propose(chair).number
    address = f"/{edition.slug}/chair/assign/proposals/{number}/import/"
    good = SimpleUploadedFile("a.csv", b"paper_id,reviewer_id\n1,nobody@nowhere.example\n")
    page = as_user(chair).post(address, {"file": good})
    assert page.context["reading"].problems == ["Line 2: nobody in the committee is nobody@nowhere.example."]
    assert page.status_code == 422
    bad = SimpleUploadedFile("b.csv", b"paper_id,reviewer_id,score\n1,,x\n")
    response = as_user(chair).post(address, {"file": bad})
    assert response.status_code == 422
    assert "b.csv line 2" in response.content.decode()


def test_two_proposals_side_by_side(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    one, two = propose(chair), propose(chair, demand=3)
    page = as_user(chair).get(f"/{edition.slug}/chair/assign/proposals/{one.number}/compare/{two.number}/")
    assert len(page.context["only_two"]) == 4
    assert page.context["only_one"] == []
    assert page.context["both"] == 8


def test_one_reviewer_of_an_institution_per_submission(
    chair: Membership, papers: list[Submission], people: list[Membership]
) -> None:
    for member in people[:2]:
        MembershipAffiliation.objects.create(membership=member, institution="Argonne")
    found = pairs(propose(chair, one_per_institution=True))
    for row in papers:
        assert not {(row.pk, people[0].pk), (row.pk, people[1].pk)} <= found


def test_the_form_runs_it_and_keeps_the_weights(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    given = FORM | {"text": "0.2", "topic": "0.8"}
    response = as_user(chair).post(f"/{edition.slug}/chair/assign/run/", given, follow=True)
    assert "Only you see it" in response.content.decode()
    edition.refresh_from_db()
    assert edition.matching == {"text": 0.2, "topic": 0.8, "bid_base": 1.5}


def test_when_all_have_their_reviewers_nothing_is_proposed(
    edition: Edition, chair: Membership, paper: Submission, people: list[Membership], as_user: As
) -> None:
    for member in people[:2]:
        factories.make_assignment(paper, member)
    response = as_user(chair).post(f"/{edition.slug}/chair/assign/run/", FORM)
    assert response.status_code == 422
    assert "there is nothing to propose" in response.content.decode()
    assert Proposal.objects.count() == 0


def test_a_cancelled_run_stays_cancelled(chair: Membership, papers: list[Submission], people: list[Membership]) -> None:
    assert chair.user is not None
    waiting = assignment.new_proposal(chair, OPTIONS, by=chair.user, at=AT)
    assert proposing.cancel(waiting)
    assignment.run(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.pairs) == (Proposal.Status.CANCELLED, [])


def test_weights_that_a_run_changes_stand_in_the_history_with_what_they_were(
    edition: Edition, chair: Membership, papers: list[Submission], people: list[Membership], as_user: As
) -> None:
    Edition.objects.update(matching={"text": 0.5, "topic": 0.5, "bid_base": 1.5})
    browser, address = as_user(chair), f"/{edition.slug}/chair/assign/run/"
    for text in ("0.5", "0.9", "0.9"):
        browser.post(address, FORM | {"text": text})
    entry = Entry.objects.get(verb="change_weights")
    assert (entry.by_id, entry.detail) == (chair.user_id, {"before": {"text": 0.5}, "after": {"text": 0.9}})
    assert Edition.objects.get().matching["text"] == 0.9
