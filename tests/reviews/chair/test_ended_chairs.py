"""A chair whose place ended while her act waited its turn: she is answered as at the door, and nothing is changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.http import Http404
from django.test import Client

from dlonsc.editions import actions as editions
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import Invitee
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews.actions import assigning, deciding, delegating, mailing
from reviews.models import Announcement, Decision
from submissions.actions import overseeing
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

Act = Callable[[], object]
WORDS = {"note": "", "to_authors": "Well done."}
NO_ROLES = dict.fromkeys(editions.ROLES, False)


def acts(chair: Membership) -> dict[str, Act]:
    """What she has begun, by what it is; all is read before her place ends, as by a request that waits."""
    edition, by = chair.edition, chair.user
    assert by is not None
    who = {"by": by, "at": AT}
    reviewer, other = (factories.make_member(edition) for _ in range(2))
    papers = [factories.make_submission(edition) for _ in range(5)]
    task = factories.make_assignment(papers[0], reviewer)
    private, released = (factories.make_decision(paper, by) for paper in papers[1:3])
    before = AT - timedelta(days=1)
    factories.announce(papers[2], at=before)
    released.announcement = Announcement.objects.create(
        edition=edition, created_by=by, created_at=before, release_at=before, accepts=1, rejects=0, letters=1
    )
    released.save()
    conflict = factories.make_conflict(papers[3], reviewer)
    invited = factories.make_invited(edition)
    letter = mailing.begin(chair, "reviewers", **who)
    mailing.write(letter, subject="Thanks", text="Dear {name}, thanks.", version=letter.version, at=AT)
    letter.refresh_from_db()
    seen, run = deciding.plan(chair), mailing.dry_run(chair, letter, AT)
    assert run.wrong == []
    typed = {"accepts": seen.accepts, "rejects": seen.rejects, "fingerprint": seen.fingerprint}
    invitee = Invitee(1, "Mia", "mia@far.example", "")
    roles = {name: getattr(reviewer, name) for name in editions.ROLES} | {"is_chair": True}
    return {
        "decide": lambda: deciding.decide(papers[0], verdict="accept", version=0, **WORDS, **who),
        "decide anew": lambda: deciding.decide(papers[1], verdict="reject", version=private.version, **WORDS, **who),
        "take back": lambda: deciding.take_back(private, version=private.version, **who),
        "correct": lambda: deciding.correct(released, verdict="reject", version=released.version, **WORDS, **who),
        "announce": lambda: deciding.announce(chair, **typed, leave_undecided=True, **who),
        "confirm": lambda: deciding.confirm_letters(chair, fingerprint=seen.fingerprint, **who),
        "mail": lambda: mailing.release(chair, letter, count=len(run.people), fingerprint=run.fingerprint, **who),
        "assign": lambda: assigning.assign(papers[0], other, **who),
        "unassign": lambda: assigning.unassign(task, **who),
        "replace": lambda: assigning.replace(task, other, **who),
        "handle": lambda: assigning.set_handling_chair(papers[0], None, **who),
        "lift a conflict": lambda: assigning.lift_conflict(conflict, reason="None.", **who),
        "name a delegate": lambda: delegating.name_delegate(edition, other, **who),
        "invite": lambda: editions.invite(
            edition=edition, people=[invitee], roles={"is_reviewer": True}, note_text="", **who
        ),
        "invite again": lambda: editions.resend_invitation(membership=invited, email=invited.email, **who),
        "change roles": lambda: editions.set_roles(membership=reviewer, roles=roles, title="", **who),
        "remove": lambda: editions.remove_member(membership=reviewer, **who),
        "change settings": lambda: editions.change_settings(
            edition=edition, values={"hold_minutes": 0}, based_on=edition.version, **who
        ),
        "publish": lambda: editions.publish_call(edition=edition, publish=not edition.is_public, **who),
        "set a date": lambda: editions.set_deadline(
            edition=edition, phase=Phase.REVIEW, announced=(AT + timedelta(days=90)).replace(tzinfo=None, second=0),
            zone="UTC", label="", grace_minutes=0, is_soft=False, is_public=True, **who,
        ),
        "return": lambda: overseeing.desk_reject(submission=papers[0], text="Out of scope.", **who),
    }  # fmt: skip


NAMES = (
    "decide", "decide anew", "take back", "correct", "announce", "confirm", "mail", "assign", "unassign", "replace",
    "handle", "lift a conflict", "name a delegate", "invite", "invite again", "change roles", "remove",
    "change settings", "publish", "set a date", "return",
)  # fmt: skip


def everything() -> list[int]:
    return [row.objects.count() for row in (Entry, Message, Decision)]


@pytest.mark.parametrize("how", ["removed", "no chair"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chair_whose_place_ended_while_her_act_waited_changes_nothing_by_it(
    name: str, how: str, edition: Edition
) -> None:
    chair, second = (factories.make_member(edition, chair=True) for _ in range(2))
    chair = Membership.objects.select_related("edition", "user").get(pk=chair.pk)
    assert second.user is not None
    begun = acts(chair)
    assert tuple(begun) == NAMES
    if how == "removed":
        editions.remove_member(membership=chair, by=second.user, at=AT)
    else:
        editions.set_roles(membership=chair, roles=NO_ROLES | {"is_reviewer": True}, title="", by=second.user, at=AT)
    before = everything()
    with pytest.raises(Http404), transaction.atomic():
        begun[name]()
    assert everything() == before


def test_the_page_that_removes_a_chair_says_what_becomes_of_what_she_released(
    edition: Edition, as_user: Callable[[Membership], Client]
) -> None:
    chair, other, reviewer = (factories.make_member(edition, chair=number < 2) for number in range(3))
    pages = [as_user(chair).get(f"/{edition.slug}/chair/committee/{row.pk}/").text for row in (other, reviewer)]
    words = "What she released as a chair stands, also what is still held"
    assert [" ".join(page.split()).count(words) for page in pages] == [1, 0]


def test_the_same_acts_of_a_chair_are_not_kept_from_her(edition: Edition) -> None:
    chair = factories.make_member(edition, chair=True)
    factories.make_member(edition, chair=True)
    for name in sorted(set(NAMES) - {"name a delegate"}):
        with transaction.atomic():
            acts(Membership.objects.select_related("edition", "user").get(pk=chair.pk))[name]()
            transaction.set_rollback(True)
