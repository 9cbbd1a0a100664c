"""What migrations make of rows from before: their functions, called with the models of today."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from dlonsc.editions import actions
from dlonsc.editions.models import Edition, Membership
from tests import factories
from tests.factories import AFTER_DEADLINE, AT

pytestmark = pytest.mark.django_db

STEPS = (("0012_invitations_have_no_account", "leave_accounts"), ("0013_open_invitations_apart", "set_apart"))


def migrate() -> None:
    for module, function in STEPS:
        getattr(import_module(f"dlonsc.editions.migrations.{module}"), function)(apps, None)


@pytest.fixture
def by(chair: Membership) -> Any:
    return chair.user


def open_row(edition: Edition, email: str, **fields: Any) -> Membership:
    """An invitation as it was written before: in the row of its account."""
    return factories.make_member(edition, factories.make_user(email), accepted_at=None, invitation_round=2, **fields)


def test_an_open_invitation_loses_the_account_that_a_sign_in_gave_it_and_its_link_works(edition: Edition) -> None:
    row = open_row(edition, "nadia@new.example")
    migrate()
    row.refresh_from_db()
    assert (row.user, row.removed_at, row.invitation_round, Membership.objects.count()) == (None, None, 2, 1)


@pytest.mark.parametrize("address", ["her own", "another"])
def test_an_open_invitation_to_an_earlier_place_gives_it_back_to_nobody_but_its_owner(
    edition: Edition, reviewer: Membership, by: Any, address: str
) -> None:
    paper, hers = factories.make_submission(edition), reviewer.user
    assert hers is not None
    task = factories.make_assignment(paper, reviewer)
    invited_at = AT + timedelta(days=2)
    actions.remove_member(membership=reviewer, by=by, at=AT + timedelta(days=1))
    email = reviewer.email if address == "her own" else "rita@new.example"
    hers.emailaddress_set.get_or_create(email=email, defaults={"verified": True})
    Membership.objects.filter(pk=reviewer.pk).update(
        accepted_at=None, removed_at=None, invited_at=invited_at, invited_by=by, invitation_round=2, email=email,
        is_proceedings_chair=True,
    )  # fmt: skip
    migrate()
    invitation = Membership.objects.get(edition=edition, email=email, removed_at=None)
    assert (invitation.pk != reviewer.pk, invitation.invited_at, actions.awaiting(invitation)) == (
        True,
        invited_at,
        True,
    )
    assert actions.accept_invitation(membership=invitation, max_load=2, by=None, at=AFTER_DEADLINE) is True
    assert not Membership.objects.active().filter(user=hers).exists()
    assert actions.claim_memberships(hers, AFTER_DEADLINE) == [reviewer]
    reviewer.refresh_from_db()
    told = (reviewer.is_active, reviewer.is_proceedings_chair, reviewer.max_load, reviewer.email)
    assert told == (True, True, 2, email)
    assert [one.membership for one in paper.assignments.all()] == [task.membership]


@pytest.mark.parametrize("state", ["member", "removed", "declined", "no account"])
def test_what_is_no_open_invitation_stays_as_it_is(edition: Edition, reviewer: Membership, by: Any, state: str) -> None:
    was = {"removed": {"removed_at": AT}, "declined": {"accepted_at": None, "declined_at": AT}}
    was["no account"] = {"accepted_at": None, "user": None}
    actions.remove_member(membership=reviewer, by=by, at=AT)
    Membership.objects.filter(pk=reviewer.pk).update(removed_at=None)
    Membership.objects.filter(pk=reviewer.pk).update(**was.get(state, {}))
    before = list(Membership.objects.values())
    migrate()
    assert list(Membership.objects.values()) == before
