"""A chair in conflict: another one handles, a delegate where all are, and nothing happens in silence."""

import pytest
from django.test import Client
from django.urls import reverse

from dlonsc import codes
from dlonsc.editions import actions as editions
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews.actions import assigning
from reviews.actions.assigning import Refused
from reviews.actions.delegating import name_delegate
from reviews.delegates import needs_delegate
from reviews.late_conflicts import name_missing_handlers, tell_chairs
from reviews.models import Assignment
from reviews.tasks import tell_late_conflicts
from submissions.access import overseen_by
from submissions.actions import overseeing
from submissions.conflicts import refresh_conflicts
from submissions.models import Conflict, Submission
from tests import factories


@pytest.fixture
def edition(db: None) -> Edition:
    return factories.make_edition()


@pytest.fixture
def chairs(edition: Edition) -> list[Membership]:
    return [factories.make_member(edition, email=f"{name}@{name}.example", chair=True) for name in ("anna", "bela")]


@pytest.fixture
def paper(edition: Edition) -> Submission:
    return factories.make_submission(edition, factories.make_user("ada@uni.example"), title="Wombat")


@pytest.fixture
def rita(edition: Edition) -> Membership:
    return factories.make_member(edition, factories.make_user("rita@r.example", "Rita"))


def client_of(member: Membership) -> Client:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


def test_nothing_is_assigned_while_every_chair_is_in_conflict_with_a_paper(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    other = factories.make_submission(edition, paper.created_by)
    for chair in chairs:
        factories.make_conflict(paper, chair)
    with pytest.raises(Refused, match="Name a delegate"):
        assigning.assign(other, rita, by=chairs[0].user, at=factories.AT)
    page = client_of(chairs[0]).get(reverse("reviews:assign", args=[edition.slug])).content.decode()
    assert reverse("reviews:delegate", args=[edition.slug]) in page
    assert not Assignment.objects.exists()


def test_the_delegate_becomes_a_chair_handles_the_paper_and_all_chairs_are_told(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    for chair in chairs:
        factories.make_conflict(paper, chair)
    address = reverse("reviews:delegate", args=[edition.slug])
    assert client_of(chairs[0]).post(address, {"member": rita.pk}).status_code == 302
    rita.refresh_from_db()
    paper.refresh_from_db()
    assert (rita.is_chair, rita.is_reviewer, paper.handling_chair) == (True, True, rita)
    assert not needs_delegate(edition)
    told = Message.objects.filter(kind="delegate_named").values_list("to_email", flat=True)
    assert sorted(told) == ["anna@anna.example", "bela@bela.example", "rita@r.example"]
    assert not any("Wombat" in letter.text for letter in Message.objects.filter(kind="delegate_named"))
    assert Message.objects.exclude(kind="delegate_named").count() == 0, "each is told once"
    assert Entry.objects.get(verb="delegate_named").subject == f"membership:{rita.pk}"
    greta = factories.make_member(edition, email="greta@g.example")
    assert assigning.assign(paper, greta, by=rita.user, at=factories.AT).membership == greta


@pytest.mark.parametrize("is_announced", [False, True])
def test_a_delegate_is_asked_for_whether_or_not_the_decision_on_a_hidden_paper_is_announced(
    edition: Edition, chairs: list[Membership], paper: Submission, is_announced: bool
) -> None:
    """Its chair announced it and left: those who stay must not read that it is decided."""
    for chair in chairs:
        factories.make_conflict(paper, chair)
    if is_announced:
        factories.announce(paper)
    page = client_of(chairs[0]).get(reverse("reviews:delegate", args=[edition.slug]))
    assert (needs_delegate(edition), page.context["needed"]) == (True, True)


@pytest.mark.parametrize("is_returned", [False, True])
def test_a_delegate_is_asked_for_whether_or_not_a_hidden_paper_was_returned_without_review(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership, is_returned: bool
) -> None:
    """They may take the role of who returned it, and read again what is asked of them."""
    for chair in chairs:
        factories.make_conflict(paper, chair)
    name_delegate(edition, rita, by=chairs[0].user, at=factories.AT)
    rita.refresh_from_db()
    if is_returned:
        overseeing.desk_reject(submission=paper, text="Out of scope.", by=rita.user, at=factories.AT)
    assert not needs_delegate(edition)
    editions.set_roles(
        membership=rita, roles={"is_reviewer": True}, title=rita.title, by=chairs[0].user, at=factories.AT
    )
    page = client_of(chairs[0]).get(reverse("reviews:delegate", args=[edition.slug]))
    assert (needs_delegate(edition), page.context["needed"]) == (True, True)


def test_a_delegate_in_conflict_too_changes_nothing_but_her_role(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    for member in (*chairs, rita):
        factories.make_conflict(paper, member)
    name_delegate(edition, rita, by=chairs[0].user, at=factories.AT)
    paper.refresh_from_db()
    assert (paper.handling_chair, needs_delegate(edition)) == (None, True)


def test_no_delegate_without_need_and_none_who_is_a_chair(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    client, address = client_of(chairs[0]), reverse("reviews:delegate", args=[edition.slug])
    assert "No submission needs" in client.post(address, {"member": rita.pk}, follow=True).content.decode()
    for chair in chairs:
        factories.make_conflict(paper, chair)
    with pytest.raises(Refused, match="no chair"):
        name_delegate(edition, chairs[1], by=chairs[0].user, at=factories.AT)
    assert client.post(address, {"member": "0"}).status_code == 422


def test_the_chair_who_assigns_handles_a_paper_that_another_chair_is_in_conflict_with(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    free = factories.make_submission(edition, paper.created_by)
    factories.make_conflict(paper, chairs[1])
    for row in (paper, free):
        assigning.assign(row, rita, by=chairs[0].user, at=factories.AT)
        row.refresh_from_db()
    assert (paper.handling_chair, free.handling_chair) == (chairs[0], None)
    assert Entry.objects.filter(verb="handling_chair_set", subject=paper.label).count() == 1


def test_leaving_the_author_list_does_not_lift_a_chairs_conflict(
    edition: Edition, chairs: list[Membership], paper: Submission
) -> None:
    author = factories.make_author(paper, "anna@anna.example", "Anna")
    refresh_conflicts(paper, factories.AT)
    author.delete()
    refresh_conflicts(paper, factories.AT)
    assert not overseen_by(chairs[0]).filter(pk=paper.pk).exists()


def test_another_chair_lifts_the_authorship_of_whoever_is_on_no_list_any_more(
    edition: Edition, chairs: list[Membership], paper: Submission
) -> None:
    author = factories.make_author(paper, "anna@anna.example", "Anna")
    refresh_conflicts(paper, factories.AT)
    row = Conflict.objects.get(membership=chairs[0])
    with pytest.raises(Refused, match="is an author"):
        assigning.lift_conflict(row, reason="never an author", by=chairs[1].user, at=factories.AT)
    author.delete()
    refresh_conflicts(paper, factories.AT)
    address = reverse("reviews:conflict", args=[edition.slug, paper.number, chairs[0].pk])
    answer = {"lift": codes.code("conflict", row.pk), "reason": "never an author"}
    assert client_of(chairs[0]).post(address, answer).status_code == 404
    assert client_of(chairs[1]).post(address, answer).status_code == 302
    assert overseen_by(chairs[0]).filter(pk=paper.pk).exists()
    told = Message.objects.filter(kind="conflict_lifted").values_list("to_email", flat=True)
    assert sorted(told) == ["anna@anna.example", "bela@bela.example"]


def test_lifting_is_logged_and_told_to_all_chairs_who_may_know_the_paper(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    third = factories.make_member(edition, email="cleo@cleo.example", chair=True)
    factories.make_conflict(paper, third)
    row = factories.make_conflict(paper, rita, source="domain")
    assigning.lift_conflict(row, reason="Another institute", by=chairs[0].user, at=factories.AT)
    letters = Message.objects.filter(kind="conflict_lifted").order_by("to_email")
    assert [letter.to_email for letter in letters] == ["anna@anna.example", "bela@bela.example"]
    assert "Reason: Another institute" in letters[0].text
    assert Entry.objects.filter(verb="conflict_lifted", subject=paper.label).count() == 1


def test_nobody_lifts_a_conflict_of_her_own(edition: Edition, chairs: list[Membership], paper: Submission) -> None:
    row = factories.make_conflict(paper, chairs[0], source="domain")
    with pytest.raises(Refused, match="your own"):
        assigning.lift_conflict(row, reason="I promise", by=chairs[0].user, at=factories.AT)
    assert Conflict.objects.get().lifted_at is None


def test_a_submission_under_review_gets_a_named_chair_when_another_comes_into_conflict(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    anna, bela = chairs[0], chairs[1]
    other = factories.make_submission(edition)
    for row in (paper, other):
        factories.make_assignment(row, rita)
    assigning.set_handling_chair(paper, bela, by=anna.user, at=factories.AT)
    assert name_missing_handlers(edition, at=factories.AT) == 0
    assigning.add_conflict(paper, bela, kind="personal", reason="A friend", by=anna.user, at=factories.AT)
    for row in (paper, other):
        row.refresh_from_db()
    assert (paper.handling_chair, other.handling_chair) == (anna, None)
    # What is computed from homes and addresses later, the next round finds.
    factories.make_conflict(other, anna, source="domain")
    tell_late_conflicts()
    other.refresh_from_db()
    assert other.handling_chair == bela
    names = Entry.objects.filter(verb="handling_chair_set").order_by("pk").values_list("by", "detail__chair")
    hers = str(anna.user)
    assert list(names) == [(hers, bela.name), (hers, ""), ("the site", anna.name), ("the site", bela.name)]


def test_which_chair_is_named_tells_no_chair_that_another_handles_a_paper_hidden_from_her(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    third = factories.make_member(edition, email="cleo@cleo.example", chair=True)
    factories.make_conflict(paper, third)
    factories.make_assignment(paper, rita)
    hidden, named = factories.make_submission(edition), []
    factories.make_conflict(hidden, chairs[1])
    for handling in (None, chairs[0]):
        Submission.objects.filter(pk=hidden.pk).update(handling_chair=handling)
        Submission.objects.filter(pk=paper.pk).update(handling_chair=None)
        assert name_missing_handlers(edition, at=factories.AT) == 1
        named.append(Submission.objects.get(pk=paper.pk).handling_chair)
    assert named[0] == named[1]


def test_a_late_conflict_keeps_the_review_and_tells_each_chair_once(
    edition: Edition, chairs: list[Membership], paper: Submission, rita: Membership
) -> None:
    review = factories.make_review(factories.make_assignment(paper, rita))
    assert tell_chairs(edition, factories.AT) == 0
    factories.make_conflict(paper, rita, source="institution", reason="Example Institute")
    factories.make_conflict(paper, chairs[1])
    assert [tell_chairs(edition, factories.AT) for _ in range(2)] == [1, 0]
    tell_late_conflicts()
    letter = Message.objects.get(kind="late_conflict")
    assert letter.to_email == "anna@anna.example"
    assert "same institution: Example Institute" in letter.text
    review.refresh_from_db()
    assert review.submitted_at is not None
    assert review.assignment.removed_at is None
