"""One member's page: roles, a new invitation, the end of a membership, each in words and each undone or refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from dlonsc.editions import actions
from dlonsc.editions.emails import post_invitation
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.views.committee import NOT_ENDED
from dlonsc.mail.models import Message
from reviews.actions import erasing
from tests import factories
from tests.factories import AT

As = Callable[[Membership | None], Client]


def told(response: Any) -> list[str]:
    """The words that one press leaves for the next page."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def address(name: str, member: Membership) -> str:
    return reverse(f"editions:{name}", args=[member.edition.slug, member.pk])


def test_a_removal_that_an_invitation_has_ended_meanwhile_is_not_said_to_be_taken_back(
    chair: Membership, reviewer: Membership, as_user: As
) -> None:
    assert chair.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT)
    again = {"membership": reviewer, "email": reviewer.email, "by": chair.user, "at": AT}
    asked = actions.resend_invitation(**again)
    actions.accept_invitation(membership=asked, max_load=None, by=reviewer.user, at=AT)
    restored = as_user(chair).post(address("end_membership", reviewer), {"restore": "1"})
    assert told(restored) == [f"There was no removal of {reviewer.name} to take back; nothing changed."]
    reviewer.refresh_from_db()
    assert reviewer.is_active is True


def test_a_member_is_removed_and_restored(chair: Membership, reviewer: Membership, as_user: As) -> None:
    browser = as_user(chair)
    removed = browser.post(address("end_membership", reviewer))
    assert told(removed) == [f"{reviewer.name} is removed. What she wrote is kept."]
    reviewer.refresh_from_db()
    assert reviewer.is_active is False
    restored = browser.post(address("end_membership", reviewer), {"restore": "1"})
    assert told(restored)[-1] == f"{reviewer.name} is a member again."
    reviewer.refresh_from_db()
    assert reviewer.is_active is True


def test_nobody_makes_who_was_erased_a_member_again(chair: Membership, other_chair: Membership, as_user: As) -> None:
    assert other_chair.user is not None
    erasing.erase(other_chair.user, by="command line", at=AT)
    browser = as_user(chair)
    assert 'name="restore"' not in browser.get(address("member", other_chair)).text
    browser.post(address("end_membership", other_chair), {"restore": "1"})
    assert list(Membership.objects.chairs().filter(edition=chair.edition)) == [chair]


def test_an_older_page_gives_no_role_back_that_another_chair_has_taken_and_says_what_it_is_now(
    chair: Membership, other_chair: Membership, edition: Edition, as_user: As
) -> None:
    third = factories.make_member(edition, chair=True)
    browser = as_user(other_chair)
    shown = browser.get(address("member", third)).context["version"]
    as_user(chair).post(address("member", third), {"is_reviewer": "on", "title": "", "version": shown})
    late = {"is_chair": "on", "title": "co-chair", "version": shown}
    refused = browser.post(address("member", third), late)
    third.refresh_from_db()
    assert (refused.status_code, third.is_chair, third.is_reviewer, third.title) == (422, False, True, "")
    words = (
        "This was changed meanwhile. Now: reviewer; as printed: nothing. Nothing was saved; below stands what you sent."
    )
    assert (refused.text.count(words), refused.text.count('value="co-chair"')) == (1, 1)
    # Who has read that and presses again means it.
    browser.post(address("member", third), late | {"version": refused.context["version"]})
    third.refresh_from_db()
    assert (third.is_chair, third.is_reviewer, third.title) == (True, False, "co-chair")


def test_who_accepts_while_her_invitation_is_withdrawn_is_not_removed_by_the_press(
    edition: Edition, chair: Membership, as_user: As
) -> None:
    asked = factories.make_invited(edition)
    browser = as_user(chair)
    assert 'name="withdraw"' in browser.get(address("member", asked)).content.decode()
    Membership.objects.filter(pk=asked.pk).update(accepted_at=AT)
    answer = browser.post(address("end_membership", asked), {"withdraw": "1"})
    asked.refresh_from_db()
    assert asked.removed_at is None
    assert told(answer) == [f"{asked.name} has answered, or was invited again, meanwhile. Nothing was changed."]
    assert 'name="remove"' in browser.get(address("member", asked)).content.decode()
    browser.post(address("end_membership", asked), {"remove": "1"})
    asked.refresh_from_db()
    assert asked.removed_at is not None


def test_an_invitation_is_withdrawn(edition: Edition, chair: Membership, as_user: As) -> None:
    asked = factories.make_invited(edition)
    browser = as_user(chair)
    answers = [told(browser.post(address("end_membership", asked), {"withdraw": "1"})) for _ in range(2)]
    assert answers[0] == [f"The invitation to {asked.name} is withdrawn; its link has ended."]
    assert answers[1][1:] == [NOT_ENDED.format(asked.name)]


@pytest.mark.parametrize("press", ["withdraw", "remove", "roles"])
def test_no_older_page_of_an_invitation_says_that_it_ended_or_changed_who_has_her_earlier_place_by_it(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: As, press: str
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT - timedelta(days=2))
    asked = factories.make_invited(edition)
    reviewer.user.emailaddress_set.create(email=asked.email, verified=True)
    browser = as_user(chair)
    shown = browser.get(address("member", asked)).context["version"]
    actions.accept_invitation(membership=asked, max_load=None, by=reviewer.user, at=AT)
    if press == "roles":
        answer = browser.post(address("member", asked), {"version": shown})
        assert (answer.status_code, "this place has ended, and she may have another" in answer.text) == (422, True)
        assert "she accepted and has it in the place that she had" in " ".join(answer.text.split())
    else:
        answer = browser.post(address("end_membership", asked), {press: "1"})
        assert told(answer) == [NOT_ENDED.format(asked.name)]
    reviewer.refresh_from_db()
    assert (reviewer.is_active, reviewer.is_reviewer) == (True, True)


def test_who_accepts_at_the_moment_of_the_press_is_not_said_to_be_withdrawn(
    edition: Edition, chair: Membership, as_user: As
) -> None:
    asked, withdraw = factories.make_invited(edition), actions.withdraw_invitation

    def answered_first(**given: Any) -> bool:
        actions.accept_invitation(membership=asked, max_load=None, by=None, at=AT)
        return withdraw(**given)

    with patch.object(actions, "withdraw_invitation", answered_first):
        answer = as_user(chair).post(address("end_membership", asked), {"withdraw": "1"})
    assert told(answer) == [NOT_ENDED.format(asked.name)]


def test_the_last_chair_cannot_be_removed(chair: Membership, as_user: As) -> None:
    as_user(chair).post(address("end_membership", chair))
    chair.refresh_from_db()
    assert (chair.removed_at, chair.is_chair) == (None, True)


def test_a_new_invitation_needs_an_address(edition: Edition, chair: Membership, as_user: As) -> None:
    asked = factories.make_invited(edition)
    answer = as_user(chair).post(address("resend", asked), {"email": "no address"})
    assert answer["Location"] == address("member", asked)
    assert told(answer) == ["'no address' is no e-mail address; nothing was sent."]
    assert Message.objects.count() == 0


def test_a_member_whom_letters_do_not_reach_is_named_on_the_board_and_her_page_says_why_and_what_to_do(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: As
) -> None:
    asked = factories.make_invited(edition)
    assert chair.user is not None
    post_invitation(asked, asked_by="Chantal", note="", at=factories.AT)
    browser, board = as_user(chair), reverse("editions:chair_committee", args=[edition.slug])
    assert "Letters do not" not in browser.get(board).text
    assert "did not arrive" not in browser.get(address("member", asked)).text
    Message.objects.update(state="bounced", finished_at=factories.AT, answer="550 no such mailbox")
    assert [row["member"] for row in browser.get(board).context["lost"]] == [asked]
    assert [row["member"] for row in browser.get(board, {"state": "lost"}).context["rows"]] == [asked]
    page = " ".join(browser.get(address("member", asked)).text.split())
    top = page.partition("<main")[2].partition("<dl")[0]
    assert ("The last letter to this address did not arrive." in top, "550 no such mailbox" in top) == (True, True)
    assert '<a href="#id_email"' in top
    assert "did not arrive" not in browser.get(address("member", reviewer)).text


def test_a_member_of_another_edition_does_not_exist_here(edition: Edition, chair: Membership, as_user: As) -> None:
    foreign = factories.make_member(factories.make_edition("other-2026"))
    for name in ("member", "resend", "end_membership"):
        here = reverse(f"editions:{name}", args=[edition.slug, foreign.pk])
        assert as_user(chair).post(here).status_code == 404


def test_a_membership_is_not_ended_by_looking(chair: Membership, reviewer: Membership, as_user: As) -> None:
    assert as_user(chair).get(address("end_membership", reviewer)).status_code == 405
    reviewer.refresh_from_db()
    assert reviewer.removed_at is None


def test_board_and_page_say_alike_that_who_accepted_has_not_signed_in_yet(
    edition: Edition, chair: Membership, as_user: As
) -> None:
    row = factories.make_invited(edition, "nadia@new.example")
    Membership.objects.filter(pk=row.pk).update(accepted_at=AT)
    browser = as_user(chair)
    pages = [browser.get(f"/{edition.slug}/chair/committee/{end}").text for end in ("", f"{row.pk}/")]
    assert [">Accepted, not signed in yet<" in page for page in pages] == [True, True]
