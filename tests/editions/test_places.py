"""When a place in a committee is printed, given to an account, and marked as one that letters do not reach."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

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


def test_nobody_is_printed_before_she_has_said_yes(edition: Edition, invited: Membership) -> None:
    page = f"/{edition.slug}/committee/"
    assert "Nadia Newcomer" not in Client().get(page).content.decode()
    actions.accept_invitation(membership=invited, max_load=None, by=None, at=AT)
    assert "Nadia Newcomer" in Client().get(page).content.decode()


def test_the_page_of_an_invitation_says_whose_place_it_is(edition: Edition, invited: Membership) -> None:
    Membership.objects.filter(pk=invited.pk).update(user=factories.make_user("nadia@new.example"))
    browser = Client()
    browser.force_login(factories.make_user("bob@y.example"))
    answer = browser.post(reverse("editions:invitation", args=[token_of(invited)]), {"answer": "accept"})
    assert answer.status_code == 422
    assert "This place belongs to another account." in answer.content.decode()
    assert Membership.objects.get(pk=invited.pk).accepted_at is None


@pytest.mark.parametrize("ended_at", [None, AT - timedelta(days=1), AFTER_DEADLINE])
def test_who_was_forwarded_a_link_learns_neither_the_account_of_who_was_invited_nor_what_became_of_her_place(
    edition: Edition, chair: Membership, reviewer: Membership, ended_at: datetime | None
) -> None:
    by, rita = chair.user, reviewer.user
    assert by is not None
    assert rita is not None
    EmailAddress.objects.create(user=rita, email="rita@public.example", verified=True)
    person = Invitee(1, "Rita", "rita@public.example", "")
    (row,) = actions.invite(edition=edition, people=[person], roles={"is_reviewer": True}, note_text="", by=by, at=AT)
    if ended_at is not None:
        actions.remove_member(membership=reviewer, by=by, at=ended_at)
    answer = Client().post(reverse("editions:invitation", args=[token_of(row)]), {"answer": "accept"})
    page = " ".join(answer.text.split())
    assert (answer.status_code, "Sign in to your account with rita@public.example, then accept." in page) == (422, True)
    assert [words in page for words in (rita.email, "has a place", "was ended")] == [False, False, False]


def test_the_page_of_an_accepted_invitation_tells_who_was_forwarded_its_link_no_account_and_nothing_newer(
    invited: Membership, chair: Membership
) -> None:
    assert chair.user is not None
    address = reverse("editions:invitation", args=[token_of(invited)])
    shown = [re.findall("<main.*</main>", Client().post(address, {"answer": "accept"}, follow=True).text, re.DOTALL)]
    hers = factories.make_user("nadia@new.example")
    actions.claim_memberships(hers, AT)
    roles = {"is_reviewer": True, "is_proceedings_chair": True}
    actions.set_roles(membership=invited, roles=roles, title="", by=chair.user, at=AT)
    Membership.objects.filter(pk=invited.pk).update(max_load=2)
    shown.append(re.findall("<main.*</main>", Client().get(address).text, re.DOTALL))
    assert shown[0] == shown[1] != []
    browser = Client()
    browser.force_login(hers)
    page = " ".join(browser.get(address).text.split())
    assert [words in page for words in ("at most 2 submissions", "Name your topics and conflicts")] == [True, True]


def test_who_comes_back_by_a_new_invitation_is_led_to_her_own_page_and_the_link_says_that_it_was_answered(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT)
    person = Invitee(1, "Rita", "rita@new.example", "")
    (row,) = actions.invite(
        edition=edition, people=[person], roles={"is_reviewer": True}, note_text="", by=chair.user, at=AFTER_DEADLINE
    )
    browser, address = Client(), reverse("editions:invitation", args=[token_of(row)])
    browser.force_login(reviewer.user)
    answer = browser.post(address, {"answer": "accept"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/me/")
    assert "Your earlier place in the committee is yours again." in browser.get("/me/").content.decode()
    assert browser.get(f"/{edition.slug}/reviews/").status_code == 200
    again = browser.post(address, {"answer": "accept"})
    assert (again.status_code, "was answered, withdrawn or replaced" in again.content.decode()) == (410, True)


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
