"""When a place in a committee is printed, given to an account, and marked as one that letters do not reach."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.invitations import token_of
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import Invitee
from dlonsc.editions.views.committee import not_reached
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from tests import factories
from tests.factories import AFTER_DEADLINE, AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def invited(edition: Edition, chair: Membership) -> Membership:
    assert chair.user is not None
    person = Invitee(1, "Nadia Newcomer", "nadia@new.example", "New Institute")
    return actions.invite(
        edition=edition, people=[person], roles={"is_reviewer": True}, note_text="", by=chair.user, at=AT
    )[0]


def test_nobody_is_printed_before_she_whose_address_was_invited_has_said_yes_and_signed_in(
    edition: Edition, invited: Membership
) -> None:
    page = f"/{edition.slug}/committee/"
    assert "Nadia Newcomer" not in Client().get(page).content.decode()
    actions.accept_invitation(membership=invited, max_load=None, by=None, at=AT)
    assert "Nadia Newcomer" not in Client().get(page).content.decode()
    actions.claim_memberships(factories.make_user("nadia@new.example"), AT)
    assert "Nadia Newcomer" in Client().get(page).content.decode()


def main_of(page: str) -> list[str]:
    return re.findall("<main.*</main>", page, re.DOTALL)


# What the invited address is here.
KINDS = ("free", "an account's", "a member's second", "removed before", "removed since", "invited again")


@pytest.fixture
def link(edition: Edition, chair: Membership, reviewer: Membership, request: pytest.FixtureRequest) -> str:
    """The address of the page behind an invitation to nadia@new.example, which is what the parameter says."""
    kind, by, rita = request.param, chair.user, reviewer.user
    assert by is not None
    assert rita is not None
    if kind == "an account's":
        factories.make_user("nadia@new.example")
    elif kind != "free":
        EmailAddress.objects.create(user=rita, email="nadia@new.example", verified=True)
    if kind == "invited again":
        Membership.objects.filter(pk=reviewer.pk).update(email="nadia@new.example")
    if kind in {"removed before", "invited again"}:
        actions.remove_member(membership=reviewer, by=by, at=AT - timedelta(days=1))
    people = [Invitee(1, "Nadia Newcomer", "nadia@new.example", "New Institute")]
    roles = {"is_reviewer": True}
    (row,) = actions.invite(edition=edition, people=people, roles=roles, note_text="", by=by, at=AT)
    if kind == "removed since":
        actions.remove_member(membership=reviewer, by=by, at=AT + timedelta(days=1))
    return reverse("editions:invitation", args=[token_of(row)])


@pytest.mark.parametrize("link", KINDS, indirect=True)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_who_was_forwarded_a_link_reads_the_same_whatever_the_invited_address_is_here(
    edition: Edition, stranger: User, link: str, is_signed_in: bool, request: pytest.FixtureRequest
) -> None:
    is_ended_since = request.node.callspec.params["link"] == "removed since"
    browser = Client()
    if is_signed_in:
        browser.force_login(stranger)
    answer = browser.post(link, {"answer": "accept", "max_load": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (302, link)
    shown = main_of(browser.get(link).text)
    assert "You have accepted to help with" in shown[0]
    assert [words in shown[0] for words in ("@", "Rita", "earlier place")] == [False] * 3
    assert "Nadia Newcomer" not in Client().get(f"/{edition.slug}/committee/").text
    known = edition.memberships.known_to_authors()
    assert [row.name for row in known.exclude(name__in=("Chantal Chair", "Rita Reviewer"))] == []
    # Nor does it change once she whose address it is has been signed in, or a second press say more.
    owner = EmailAddress.objects.filter(email="nadia@new.example").first()
    user = owner.user if owner is not None else factories.make_user("nadia@new.example")
    assert len(actions.claim_memberships(user, AFTER_DEADLINE)) == (0 if is_ended_since else 1)
    again = browser.post(link, {"answer": "accept"})
    assert (again.status_code, again.headers["Location"]) == (302, link)
    assert main_of(browser.get(link).text) == shown
    # Nor once chairs have ended the place, which may be one that she had before.
    by = edition.memberships.get(is_chair=True).user
    assert by is not None
    for place in edition.memberships.filter(user=user):
        actions.remove_member(membership=place, by=by, at=AFTER_DEADLINE)
    assert main_of(browser.get(link).text) == shown


@pytest.mark.parametrize("link", KINDS, indirect=True)
@pytest.mark.parametrize("comes", ["by the link alone", "signed in"])
def test_she_whose_address_was_invited_has_the_place_once_she_is_signed_in_unless_chairs_ended_hers_since(
    edition: Edition, reviewer: Membership, link: str, comes: str, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["link"]
    owner = EmailAddress.objects.filter(email="nadia@new.example").first()
    user = owner.user if owner is not None else factories.make_user("nadia@new.example")
    browser = Client()
    if comes == "signed in":
        browser.force_login(user)
    answer = browser.post(link, {"answer": "accept", "max_load": "2"})
    if comes == "by the link alone":
        browser.post("/accounts/login/", {"login": user.email, "password": factories.PASSWORD})
    elif kind == "removed since":
        assert "Your earlier place in this committee was ended after" in " ".join(answer.text.split())
    page = f"/{edition.slug}/reviews/"
    assert browser.get(page).status_code == (404 if kind == "removed since" else 200)
    places = Membership.objects.active().filter(user=user)
    # A member keeps the load that she has.
    loads = {"removed since": [], "a member's second": [None]}
    assert list(places.values_list("max_load", flat=True)) == loads.get(kind, [2])
    assert [row == reviewer for row in places] == [kind not in {"free", "an account's"}] * len(places)
    name = "Nadia Newcomer" if kind in {"free", "an account's"} else "Rita Reviewer"
    assert (name in Client().get(f"/{edition.slug}/committee/").text) is (kind != "removed since")


def test_the_page_of_an_accepted_invitation_shows_her_who_has_the_place_what_is_so_now(invited: Membership) -> None:
    hers, address = factories.make_user("nadia@new.example"), reverse("editions:invitation", args=[token_of(invited)])
    browser = Client()
    browser.force_login(hers)
    browser.post(address, {"answer": "accept"})
    Membership.objects.filter(pk=invited.pk).update(max_load=2)
    page = " ".join(browser.get(address).text.split())
    assert [words in page for words in ("at most 2 submissions", "Name your topics and conflicts")] == [True, True]
    Membership.objects.filter(pk=invited.pk).update(removed_at=AT)
    assert "Name your topics and conflicts" not in browser.get(address).text


def test_who_comes_back_by_a_new_invitation_is_led_to_her_own_page_and_the_link_says_that_it_was_accepted(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT)
    EmailAddress.objects.create(user=reviewer.user, email="rita@new.example", verified=True)
    person = Invitee(1, "Rita", "rita@new.example", "")
    (row,) = actions.invite(
        edition=edition, people=[person], roles={"is_reviewer": True}, note_text="", by=chair.user, at=AFTER_DEADLINE
    )
    browser, address = Client(), reverse("editions:invitation", args=[token_of(row)])
    browser.force_login(reviewer.user)
    answer = browser.post(address, {"answer": "accept"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/me/")
    assert "Your place in the committee has the roles of this invitation." in browser.get("/me/").content.decode()
    assert browser.get(f"/{edition.slug}/reviews/").status_code == 200
    again = browser.post(address, {"answer": "accept"}, follow=True)
    assert (again.status_code, "You have accepted to help with" in again.content.decode()) == (200, True)


@pytest.mark.parametrize("answer", ["accept", "decline", "later"])
def test_who_answers_while_her_invitation_is_withdrawn_is_not_told_that_a_place_is_hers(
    edition: Edition, chair: Membership, invited: Membership, answer: str
) -> None:
    address = reverse("editions:invitation", args=[token_of(invited)])

    def withdrawn_first(act: Callable[..., object]) -> Callable[..., object]:
        def run(**given: object) -> object:
            actions.withdraw_invitation(membership=invited, by=chair.user, at=AT)
            return act(**given)

        return run

    browser = Client()
    browser.force_login(factories.make_user("somebody@new.example"))
    name = {"accept": "accept_invitation", "decline": "decline_invitation", "later": "see_invitation"}[answer]
    with patch.object(actions, name, withdrawn_first(getattr(actions, name))):
        browser.post(address, {"answer": answer})
    assert "is yours again" not in browser.get("/me/").content.decode()
    assert browser.get(address).status_code == 410


@pytest.mark.parametrize("end", ["withdrawn", "withdrawn meanwhile", "sent anew", "accepted"])
def test_why_somebody_declines_an_invitation_that_has_ended_stands_on_the_page_that_says_so(
    edition: Edition, chair: Membership, invited: Membership, end: str
) -> None:
    by, address = chair.user, reverse("editions:invitation", args=[token_of(invited)])
    assert by is not None
    decline = actions.decline_invitation

    def end_it() -> None:
        if end == "sent anew":
            actions.resend_invitation(membership=invited, email=invited.email, by=by, at=AT)
        elif end == "accepted":
            actions.accept_invitation(membership=invited, max_load=None, by=None, at=AT)
        else:
            actions.withdraw_invitation(membership=invited, by=by, at=AT)

    def too_late(**given: Any) -> bool:
        end_it()
        return decline(**given)

    if end != "withdrawn meanwhile":
        end_it()
    sent = {"answer": "decline", "reason": "I move to Oslo.", "suggestion": "Ask Bo Bergen."}
    with patch.object(actions, "decline_invitation", too_late if end == "withdrawn meanwhile" else decline):
        answer = Client().post(address, sent)
    assert answer.status_code == (422 if end == "accepted" else 410)
    page = answer.content.decode()
    assert [page.count(words) for words in ("I move to Oslo.", "Ask Bo Bergen.")] == [1, 1]


def test_thanks_that_wait_still_leave_once_an_earlier_place_lives_by_the_invitation_and_not_once_it_is_taken_back(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    by, user = chair.user, reviewer.user
    assert by is not None
    assert user is not None
    actions.remove_member(membership=reviewer, by=by, at=AT)
    person = Invitee(1, "Rita", "rita@new.example", "")
    (row,) = actions.invite(
        edition=edition, people=[person], roles={"is_reviewer": True}, note_text="", by=by, at=AFTER_DEADLINE
    )
    actions.accept_invitation(membership=row, max_load=None, by=None, at=AFTER_DEADLINE)
    thanks = Message.objects.get(kind="thanks", to_email="rita@new.example")
    EmailAddress.objects.create(user=user, email="rita@new.example", verified=True)
    assert actions.claim_memberships(user, AFTER_DEADLINE) == [reviewer]
    assert objection(thanks) is None
    actions.remove_member(membership=reviewer, by=by, at=AFTER_DEADLINE)
    assert objection(thanks) == "the place was taken back in the meantime"


def test_a_place_is_given_at_sign_in_before_any_page_of_ones_own(edition: Edition, invited: Membership) -> None:
    actions.accept_invitation(membership=invited, max_load=None, by=None, at=AT)
    user = factories.make_user("nadia@new.example", "Nadia Newcomer")
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": factories.PASSWORD})
    assert browser.get(f"/{edition.slug}/reviews/").status_code == 200


def test_a_member_is_marked_while_her_last_letter_that_was_settled_did_not_arrive(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    fields = {"edition": edition.slug, "to_email": reviewer.user.email, "subject": "s", "text": "t"}
    Message.objects.create(key="lost", kind="assigned", state="failed", finished_at=AT, **fields)
    browser = Client()
    browser.force_login(chair.user)
    board = f"/{edition.slug}/chair/committee/"
    assert not_reached(chair) == {reviewer.user.email}
    assert "Letters do not arrive" in browser.get(board).content.decode()
    Message.objects.create(key="arrived", kind="assigned", state="sent", finished_at=AFTER_DEADLINE, **fields)
    assert not_reached(chair) == set()
    assert "Letters do not arrive" not in browser.get(board).content.decode()


def test_chairs_read_that_nobody_handles_a_submission(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    browser = Client()
    browser.force_login(chair.user)
    paper, words = factories.make_submission(edition), "Every chair is in conflict with a submission"
    assert words not in browser.get(f"/{edition.slug}/chair/").content.decode()
    factories.make_conflict(paper, chair)
    assert words in browser.get(f"/{edition.slug}/chair/").content.decode()


def test_chairs_who_may_know_an_accepted_paper_read_that_no_proceedings_chair_sees_it(
    edition: Edition, chair: Membership, other_chair: Membership, proceedings_chair: Membership
) -> None:
    """The sole proceedings chair wrote it; one of the chairs is in conflict with it too."""
    assert proceedings_chair.user is not None
    hers = factories.announce(factories.make_submission(edition, proceedings_chair.user))
    factories.announce(factories.make_submission(edition))
    factories.make_conflict(hers, other_chair)
    Membership.objects.filter(pk=proceedings_chair.pk).update(is_chair=True)
    words = f"Paper {hers.number} is accepted, and no proceedings chair may see it: name another one"

    def told() -> list[bool]:
        pages = []
        for member in (chair, other_chair, proceedings_chair):
            browser = Client()
            assert member.user is not None
            browser.force_login(member.user)
            pages.append(browser.get(f"/{edition.slug}/chair/").content.decode())
        return ["no proceedings chair" in page for page in pages] + [words in pages[0]]

    assert told() == [True, False, False, True]
    factories.make_member(edition, proceedings=True)
    assert told() == [False, False, False, False]
