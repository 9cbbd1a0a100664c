"""Two people act on one thing at the same instant, on PostgreSQL: the second waits or is refused in words."""

import threading
from contextlib import suppress
from datetime import datetime
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import Http404

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions import actions as editions
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import Invitee
from dlonsc.editions.upstairs import upstairs
from dlonsc.mail.models import Message
from reviews.actions import assigning, erasing, proposing, reviewing, subreviewing
from reviews.models import Assignment, Proposal, SubReviewer
from reviews.subreviewers import Findings
from submissions.actions import drafting, sending
from submissions.actions.forgetting import forget_typed
from submissions.conflicts import refresh_conflicts, refresh_edition
from submissions.models import AuthorListRequest, Conflict, Submission
from submissions.states import State
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.reviews.chair.test_proposals import pairs, propose
from tests.services.test_two_chairs import at_once, while_open
from tests.submissions.desk import pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]
HOME = "Example University"
TEXT = {"summary": "S", "strengths": "T", "weaknesses": "W", "reproducibility": "R", "for_chairs": ""}


@pytest.fixture
def edition(transactional_db: None) -> Edition:
    return factories.make_edition()


def of(paper: Submission) -> Submission:
    return Submission.objects.select_related("edition", "created_by").get(pk=paper.pk)


def entries(author: User) -> list[drafting.AuthorEntry]:
    return [drafting.AuthorEntry(name="Ada", email=author.email, is_contact=True)]


def test_a_conflict_that_two_acts_find_at_once_is_written_once_and_stops_neither(edition: Edition) -> None:
    paper = factories.make_submission(edition)
    chair = factories.make_member(edition, chair=True)
    people = [factories.make_member(edition) for _ in range(3)]
    Affiliation.objects.create(user=people[2].user, institution=paper.authors.get().institution or HOME)
    paper.authors.update(institution=HOME)
    Affiliation.objects.update(institution=HOME)
    assert chair.user is not None
    by = chair.user
    ended = at_once(*[lambda member=member: assigning.assign(of(paper), member, by=by, at=AT) for member in people[:2]])
    assert ended == ["done", "done"]
    assert Conflict.objects.filter(membership=people[2]).count() == 1


def test_a_conflict_that_a_new_author_list_finds_beside_the_sweep_stays(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    first, second = (factories.make_submission(edition, ada, state=State.DRAFT) for _ in range(2))
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))

    held, begun = threading.Event(), threading.Event()

    def save() -> None:
        # The sweep waits at the first paper, where both find the same, and has begun when the second list is saved.
        with transaction.atomic():
            factories.make_author(first, "x@far.example")
            refresh_conflicts(first, AT)
            held.set()
            begun.wait(10)
            listed = [*entries(ada), drafting.AuthorEntry(name="X", email="x@far.example")]
            drafting.set_authors(submission=of(second), entries=listed, by=ada, at=AT)

    def sweep() -> None:
        held.wait(10)
        begun.set()
        refresh_edition(edition, AT)

    factories.make_author(first, "y@far.example")
    assert at_once(save, sweep) == ["done", "done"]
    pairs = Conflict.objects.filter(membership=mia).order_by("submission").values_list("submission", "source")
    assert list(pairs) == [(first.pk, "domain"), (second.pk, "domain")]


def test_two_authors_who_ask_for_a_change_at_once_make_one_request(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada)

    def ask() -> object:
        return drafting.request_author_change(
            submission=of(paper), entries=entries(ada), reason="She left.", by=ada, at=AFTER_DEADLINE
        )

    assert sorted(at_once(ask, ask)) == ["A request is waiting for the chairs already.", "done"]
    assert AuthorListRequest.objects.count() == 1


def test_a_supplement_sent_twice_at_once_is_one(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada, state=State.DRAFT)

    def add() -> object:
        return sending.add_supplement(
            submission=of(paper), upload=pdf(b"bytes", "code.py"), description="", by=ada, at=AT, received_at=AT
        )

    assert at_once(add, add) == ["done", "done"]
    assert paper.supplements.count() == 1


def test_who_confirms_and_who_saves_the_list_do_not_wait_for_each_other(edition: Edition) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada, state=State.DRAFT)
    factories.make_member(edition, ada)
    ended = at_once(
        lambda: drafting.confirm_authorship(submission=of(paper), email=ada.email, by=ada, at=AT),
        lambda: drafting.set_authors(submission=of(paper), entries=entries(ada), by=ada, at=AT),
    )
    assert ended == ["done", "done"]


def test_who_comes_back_by_an_invitation_and_who_saves_an_author_list_do_not_wait_for_each_other(
    edition: Edition,
) -> None:
    ada = factories.make_user("ada@uni.example", "Ada")
    paper = factories.make_submission(edition, ada, state=State.DRAFT)
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))
    by = factories.make_member(edition, chair=True).user
    assert by is not None
    editions.remove_member(membership=mia, by=by, at=AT)
    (row,) = editions.invite(
        edition=edition,
        people=[Invitee(1, "Mia", "mia@near.example", "")],
        roles={"is_reviewer": True},
        note_text="",
        by=by,
        at=AFTER_DEADLINE,
    )
    assert mia.user is not None
    EmailAddress.objects.create(user=mia.user, email=row.email, verified=True)
    factories.make_author(paper, "x@near.example")
    refresh_conflicts(paper, AT)
    assert Conflict.objects.get(membership=row).source == "domain"

    held, moved = threading.Event(), threading.Event()

    def save() -> None:
        with transaction.atomic():
            Submission.objects.select_for_update(no_key=True).get(pk=paper.pk)
            held.set()
            # Whoever comes back has got as far as she can while the paper is held.
            moved.wait(2)
            paper.authors.filter(email="x@near.example").delete()
            refresh_conflicts(of(paper), AT)

    def come_back() -> None:
        held.wait(10)
        editions.accept_invitation(membership=row, max_load=None, by=mia.user, at=AFTER_DEADLINE)

    def all_found(edition: Edition, at: datetime) -> None:
        moved.set()
        refresh_edition(edition, at)

    with patch.object(upstairs, "committee_changed", all_found):
        assert at_once(save, come_back) == ["done", "done"]
    mia.refresh_from_db()
    assert (mia.is_active, Conflict.objects.filter(membership__in=[mia, row]).count()) == (True, 0)


def test_the_name_of_who_is_erased_while_she_comes_back_by_an_invitation_does_not_come_back(edition: Edition) -> None:
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))
    assert mia.user is not None
    her, by = mia.user, factories.make_member(edition, chair=True).user
    assert by is not None
    editions.remove_member(membership=mia, by=by, at=AT)
    (row,) = editions.invite(
        edition=edition,
        people=[Invitee(1, "Mia", "mia@near.example", "")],
        roles={"is_reviewer": True},
        note_text="",
        by=by,
        at=AFTER_DEADLINE,
    )
    EmailAddress.objects.create(user=her, email=row.email, verified=True)
    while_open(
        lambda: erasing.erase(her, by="the administrator", at=AFTER_DEADLINE),
        lambda: editions.accept_invitation(membership=row, max_load=None, by=her, at=AFTER_DEADLINE),
    )
    mia.refresh_from_db()
    assert (mia.name, mia.email) == (erasing.NOBODY, "")


def test_who_accepts_while_another_page_of_hers_claims_her_places_does_not_end_in_a_deadlock(edition: Edition) -> None:
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))
    her, by = mia.user, factories.make_member(edition, chair=True).user
    assert her is not None
    assert by is not None
    EmailAddress.objects.create(user=her, email="mia@near.example", verified=True)
    editions.remove_member(membership=mia, by=by, at=AT)
    (row,) = editions.invite(
        edition=edition,
        people=[Invitee(1, "Mia", "mia@near.example", "")],
        roles={"is_reviewer": True},
        note_text="",
        by=by,
        at=AFTER_DEADLINE,
    )
    held, go, attach = threading.Event(), threading.Event(), editions.attach

    def slowly(membership: Membership, user: User, at: datetime) -> Membership | None:
        if not held.is_set():
            held.set()
            # Whoever accepts has got as far as she can while the row of the invitation is held.
            go.wait(1)
        return attach(membership, user, at)

    def accept() -> None:
        held.wait(10)
        editions.accept_invitation(membership=row, max_load=None, by=her, at=AFTER_DEADLINE)

    with patch.object(editions, "attach", slowly):
        assert at_once(lambda: editions.claim_memberships(her, AFTER_DEADLINE), accept) == ["done", "done"]
    mia.refresh_from_db()
    assert mia.is_active


def test_who_comes_back_by_an_invitation_and_who_erases_her_do_not_wait_for_each_other(edition: Edition) -> None:
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"), removed_at=AT)
    by = factories.make_member(edition, chair=True).user
    assert mia.user is not None
    assert by is not None
    people = [Invitee(1, "Mia", "mia@near.example", "")]
    (row,) = editions.invite(edition=edition, people=people, roles={"is_reviewer": True}, note_text="", by=by, at=AT)
    her, held, go, demand = mia.user, threading.Event(), threading.Event(), editions.demand_not_ended
    EmailAddress.objects.create(user=her, email=row.email, verified=True)

    def demanded(invitation: Membership, user: User) -> None:
        held.set()
        go.wait(1)
        demand(invitation, user)

    def erase() -> None:
        held.wait(10)
        erasing.erase(her, by="the administrator", at=AFTER_DEADLINE)

    with patch.object(editions, "demand_not_ended", demanded):
        ended = at_once(
            lambda: editions.accept_invitation(membership=row, max_load=None, by=her, at=AFTER_DEADLINE), erase
        )
    assert ended == ["done", "done"]
    assert set(Membership.objects.filter(is_chair=False).values_list("name", "email")) == {(erasing.NOBODY, "")}


@pytest.mark.parametrize("first", ["the erasure", "the removal", "another erasure"])
def test_of_two_chairs_who_leave_at_once_by_erasure_one_stays(edition: Edition, first: str) -> None:
    ada, bea = (factories.make_member(edition, chair=True) for _ in range(2))
    assert ada.user is not None
    assert bea.user is not None
    hers, by = ada.user, bea.user

    def erase(user: User) -> None:
        with suppress(assigning.Refused):
            erasing.erase(user, by="the administrator", at=AT)

    def remove() -> None:
        with suppress(editions.EditionError, Http404):
            editions.remove_member(membership=bea, by=hers, at=AT)

    other = remove if first != "another erasure" else lambda: erase(by)
    acts = [lambda: erase(hers), other]
    assert while_open(*(reversed(acts) if first == "the removal" else acts)) == "done"
    assert Membership.objects.chairs().filter(edition=edition).count() == 1


def test_roles_that_an_invitation_brings_while_a_chair_sets_others_are_not_saved_over(edition: Edition) -> None:
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))
    her, by = mia.user, factories.make_member(edition, chair=True).user
    assert her is not None
    assert by is not None
    people, shown = [Invitee(1, "Mia", "mia@near.example", "")], editions.version_of_roles(mia)
    (row,) = editions.invite(edition=edition, people=people, roles={"is_chair": True}, note_text="", by=by, at=AT)
    editions.accept_invitation(membership=row, max_load=None, by=None, at=AT)
    EmailAddress.objects.create(user=her, email=row.email, verified=True)

    def set_others() -> None:
        roles = {"is_reviewer": True, "is_senior": True}
        with pytest.raises(editions.EditionError, match="changed meanwhile"):
            editions.set_roles(membership=mia, roles=roles, title="", by=by, at=AT, based_on=shown)

    assert while_open(lambda: editions.claim_memberships(her, AT), set_others) == "done"
    mia.refresh_from_db()
    assert (mia.is_chair, mia.is_senior) == (True, False)


@pytest.mark.parametrize("first", ["the removal", "the acceptance"])
def test_who_accepts_a_further_invitation_while_chairs_end_her_place_has_none_afterwards(
    edition: Edition, first: str
) -> None:
    mia = factories.make_member(edition, factories.make_user("mia@far.example", "Mia"))
    her, by = mia.user, factories.make_member(edition, chair=True).user
    assert her is not None
    assert by is not None
    people = [Invitee(1, "Mia", "mia@near.example", "")]
    (row,) = editions.invite(edition=edition, people=people, roles={"is_chair": True}, note_text="", by=by, at=AT)
    EmailAddress.objects.create(user=her, email=row.email, verified=True)

    def accept() -> None:
        with suppress(editions.EditionError):
            editions.accept_invitation(membership=row, max_load=None, by=her, at=AFTER_DEADLINE)

    acts = [lambda: editions.remove_member(membership=mia, by=by, at=AFTER_DEADLINE), accept]
    assert while_open(*(acts if first == "the removal" else reversed(acts))) == "done"
    assert list(Membership.objects.active().filter(user=her)) == []


def test_who_sets_a_conflict_and_who_keeps_several_papers_do_not_wait_for_each_other(edition: Edition) -> None:
    first, second = (factories.make_submission(edition) for _ in range(2))
    chairs = [factories.make_member(edition, chair=True) for _ in range(3)]
    by = chairs[0].user
    assert by is not None
    for paper in (first, second):
        factories.make_assignment(paper, factories.make_member(edition))
    factories.make_conflict(first, chairs[1])
    assigning.set_handling_chair(second, chairs[2], by=by, at=AT)
    kept, go = threading.Event(), threading.Event()

    def keep() -> None:
        with transaction.atomic():
            for paper in (first, second):
                Submission.objects.select_for_update(no_key=True).get(pk=paper.pk)
                kept.set()
                go.wait(1)

    def conflict() -> None:
        kept.wait(10)
        assigning.add_conflict(second, chairs[2], kind="personal", reason="A friend", by=by, at=AT)
        go.set()

    assert at_once(keep, conflict) == ["done", "done"]


def test_who_gives_a_task_back_while_it_saves_is_not_stopped(edition: Edition) -> None:
    rita = factories.make_member(edition)
    task = factories.make_assignment(factories.make_submission(edition), rita)
    review = factories.make_review(task, submitted=False)
    assert rita.user is not None
    by = rita.user

    def fresh() -> Assignment:
        return Assignment.objects.select_related("membership__user", "submission__edition").get(pk=task.pk)

    ended = at_once(
        lambda: reviewing.decline_assignment(
            assignment=fresh(), refusal="conflict", reason="We wrote together.", by=by, at=AFTER_DEADLINE
        ),
        lambda: reviewing.save_review(
            assignment=fresh(), fields=TEXT, based_on=review.version, by=by, at=AFTER_DEADLINE
        ),
    )
    assert ended[0] == "done"


@pytest.mark.parametrize("goes", ["reviewer", "sub-reviewer"])
def test_who_saves_or_submits_a_review_and_who_erases_one_of_its_writers_do_not_wait_for_each_other(
    edition: Edition, goes: str
) -> None:
    rita = factories.make_member(edition)
    task = factories.make_assignment(factories.make_submission(edition, typed={"aside": []}), rita)
    review = factories.make_review(task, submitted=False)
    helper = factories.make_sub_reviewer(task, factories.make_user("sue@far.example", "Sue")).user
    assert rita.user is not None
    assert helper is not None
    by, held, begun = rita.user, threading.Event(), threading.Event()

    def submit() -> None:
        with transaction.atomic():
            reviewing.lock(task)
            held.set()
            begun.wait(10)
            reviewing.submit_review(assignment=task, based_on=review.version, by=by, at=AFTER_DEADLINE)

    def forget(user: User) -> None:
        begun.set()
        forget_typed(user)

    def erase() -> None:
        held.wait(10)
        erasing.erase(by if goes == "reviewer" else helper, by="the administrator", at=AFTER_DEADLINE)

    with patch.object(erasing, "forget_typed", forget):
        assert at_once(submit, erase) == ["done", "done"]


def test_nobody_is_named_for_a_task_that_is_being_taken_back(edition: Edition) -> None:
    rita = factories.make_member(edition)
    chair = factories.make_member(edition, chair=True)
    task = factories.make_assignment(factories.make_submission(edition), rita)
    assert rita.user is not None
    assert chair.user is not None
    by, taker = rita.user, chair.user

    def name() -> None:
        fresh = Assignment.objects.select_related("membership__user", "submission__edition").get(pk=task.pk)
        with pytest.raises(reviewing.ReviewingError, match="no longer on your list"):
            subreviewing.name_sub_reviewer(
                fresh, name="Sue", email="sue@far.example", institution="Far", why="", by=by, at=AFTER_DEADLINE
            )

    assert while_open(lambda: assigning.unassign(task, by=taker, at=AFTER_DEADLINE), name) == "done"
    assert SubReviewer.objects.count() == 0


@pytest.fixture
def papers(edition: Edition) -> list[Submission]:
    return [factories.make_submission(edition) for _ in range(3)]


@pytest.fixture
def chair(edition: Edition, papers: list[Submission]) -> Membership:
    """A chair with somebody to assign."""
    for _ in range(3):
        factories.make_member(edition)
    return factories.make_member(edition, chair=True)


def again(chair: Membership) -> Membership:
    return Membership.objects.select_related("edition", "user").get(pk=chair.pk)


def test_two_runs_that_one_chair_begins_at_once_have_two_numbers(chair: Membership) -> None:
    assert at_once(lambda: propose(again(chair)), lambda: propose(again(chair))) == ["done", "done"]
    assert sorted(Proposal.objects.values_list("number", "status")) == [(1, "ready"), (2, "ready")]


def test_a_run_that_is_repeated_twice_at_once_is_two_runs_of_their_own_numbers(chair: Membership) -> None:
    first, user = propose(again(chair)), chair.user

    def repeat() -> object:
        assert user is not None
        proposing.repeat(again(chair), first, by=user, at=AT)
        return "done"

    assert at_once(repeat, repeat) == ["done", "done"]
    assert sorted(Proposal.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_a_proposal_committed_twice_at_once_is_committed_once_and_each_letter_leaves_once(chair: Membership) -> None:
    proposal = propose(again(chair))
    user = chair.user
    assert user is not None

    def commit() -> object:
        return proposing.commit_proposal(again(chair), proposal, version=proposal.version, by=user, at=AT)

    ended = at_once(commit, commit)
    assert sorted(ended) == ["This proposal was changed in another window, or is committed already.", "done"]
    standing = set(Assignment.objects.standing().values_list("submission", "membership"))
    assert standing == pairs(proposal)
    told = Message.objects.filter(kind="assigned")
    assert told.count() == len({member for _, member in pairs(proposal)})


def test_of_two_proposals_with_the_same_pairs_that_two_chairs_commit_at_once_each_pair_is_made_and_told_once(
    chair: Membership, edition: Edition
) -> None:
    other = factories.make_member(edition, chair=True)
    proposals = [propose(again(one)) for one in (chair, other)]
    assert pairs(proposals[0]) == pairs(proposals[1])

    def commit(one: Membership, proposal: Proposal) -> object:
        assert one.user is not None
        return proposing.commit_proposal(again(one), proposal, version=proposal.version, by=one.user, at=AT)

    ended = while_open(lambda: commit(chair, proposals[0]), lambda: commit(other, proposals[1]))
    assert ended == "done"
    standing = Assignment.objects.standing().order_by("submission", "membership")
    assert list(standing.values_list("submission", "membership")) == sorted(pairs(proposals[0]))
    told = Message.objects.filter(kind="assigned")
    assert told.count() == len({member for _, member in pairs(proposals[0])})


def test_an_edit_beside_the_commit_is_refused_and_changes_no_assignment(chair: Membership) -> None:
    proposal = propose(again(chair))
    user = chair.user
    assert user is not None
    ended = while_open(
        lambda: proposing.commit_proposal(again(chair), proposal, version=proposal.version, by=user, at=AT),
        lambda: proposing.edit(proposal, proposal.pairs[:1], version=proposal.version),
    )
    assert ended == "This proposal was changed in another window, or is committed. Look at it again."
    proposal.refresh_from_db()
    assert set(Assignment.objects.standing().values_list("submission", "membership")) == pairs(proposal)


def test_two_moves_of_topics_at_once_are_both_done(edition: Edition) -> None:
    by = factories.make_member(edition, chair=True).user
    assert by is not None
    edition.topics.all().delete()
    one, two, three, four = (
        editions.add_topic(edition=edition, title=title, parent=None, by=by, at=AT) for title in ("1", "2", "3", "4")
    )
    ended = while_open(
        lambda: editions.move_topic(topic=one, up=False, start=0, by=by, at=AT),
        lambda: editions.move_topic(topic=four, up=True, start=3, by=by, at=AT),
    )
    assert (ended, [row.title for row in editions.nested(edition)]) == ("done", ["2", "1", "4", "3"])
    assert sorted(edition.topics.values_list("position", flat=True)) == [0, 1, 2, 3]
    assert {one.pk, two.pk, three.pk, four.pk} == set(edition.topics.values_list("pk", flat=True))


def test_a_topic_added_twice_at_once_is_one(edition: Edition) -> None:
    by = factories.make_member(edition, chair=True).user
    assert by is not None

    def add() -> None:
        with suppress(editions.EditionError):
            editions.add_topic(edition=edition, title="Tensor cores", parent=None, by=by, at=AT)

    assert at_once(add, add) == ["done", "done"]
    assert edition.topics.filter(title="Tensor cores").count() == 1


def test_of_two_who_agree_at_once_to_one_person_for_two_reviews_of_a_paper_one_is_refused(
    transactional_db: None,
) -> None:
    edition = factories.make_edition(sub_reviewers=True)
    paper = factories.make_submission(edition)
    chairs = [factories.make_member(edition, chair=True) for _ in range(2)]
    rows = [
        subreviewing.name_sub_reviewer(
            factories.make_assignment(paper, member), name="Sue", email="sue@suburb.example",
            institution="Suburb College", why="My student.", by=member.user, at=AFTER_DEADLINE,
        )
        for member in (factories.make_member(edition) for _ in range(2))
        if member.user is not None
    ]  # fmt: skip
    both, found = threading.Barrier(2), subreviewing.findings

    def slowly(row: SubReviewer, user: User | None = None) -> Findings:
        seen = found(row, user)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return seen

    with patch.object(subreviewing, "findings", slowly):
        ended = at_once(
            *[
                lambda row=row, chair=chair: subreviewing.agree(row, chair=chair, reason="", at=AFTER_DEADLINE)
                for row, chair in zip(rows, chairs, strict=True)
            ]
        )
    refused = "Sue cannot be agreed to. She is the sub-reviewer of another reviewer of this submission."
    assert sorted(ended) == [refused, "done"]
    assert SubReviewer.objects.invited().count() == 1


def test_two_chairs_who_remind_of_one_review_at_once_write_one_letter(edition: Edition) -> None:
    chairs = [factories.make_member(edition, chair=True) for _ in range(2)]
    task = factories.make_assignment(factories.make_submission(edition), factories.make_member(edition))
    both, asked = threading.Barrier(2), assigning.reminded_lately

    def slowly(edition: Edition, at: datetime) -> set[int]:
        seen = asked(edition, at)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return seen

    def press(chair: Membership) -> object:
        assert chair.user is not None
        return assigning.remind(edition, [task], press=f"of {chair.pk}", by=chair.user, at=AFTER_DEADLINE)

    with patch.object(assigning, "reminded_lately", slowly):
        assert at_once(*[lambda chair=chair: press(chair) for chair in chairs]) == ["done", "done"]
    assert Message.objects.filter(kind="chair_reminder").count() == 1
