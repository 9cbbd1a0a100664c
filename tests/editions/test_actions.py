"""What chairs do to an edition, and what invited people answer: once, recorded, nothing twice."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.actions import EditionError
from dlonsc.editions.calendar import AOE, CalendarError, Phase
from dlonsc.editions.emails import role_words
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from dlonsc.editions.pasted import Invitee
from dlonsc.history.models import Entry
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from reviews.audiences import BY_KEY
from submissions.models import Submission
from submissions.states import State
from tests import factories
from tests.factories import AT

ADA = Invitee(1, "Ada Invited", "ada@uni.example", "Example University")


def invite(edition: Edition, chair: Membership, *people: Invitee, at: datetime = AT, **roles: bool) -> list[Membership]:
    assert chair.user is not None
    return actions.invite(
        edition=edition, people=list(people), roles=roles or {"is_reviewer": True}, note_text="", by=chair.user, at=at
    )


@pytest.fixture
def invited(edition: Edition, chair: Membership) -> Membership:
    return invite(edition, chair, ADA)[0]


# --- Settings --------------------------------------------------------------------------------------------------------


def test_two_chairs_do_not_overwrite_each_other(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    change: dict[str, Any] = {"edition": edition, "by": chair.user, "at": AT, "based_on": 1}
    assert actions.change_settings(**change, values={"venue": "Hall A"}) == ["venue"]
    with pytest.raises(EditionError, match="meanwhile"):
        actions.change_settings(**change, values={"venue": "Hall B"})
    edition.refresh_from_db()
    assert (edition.venue, edition.version) == ("Hall A", 2)


def test_the_same_settings_again_change_nothing(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    values = {"venue": edition.venue, "max_pages": edition.max_pages}
    assert actions.change_settings(edition=edition, values=values, based_on=1, by=chair.user, at=AT) == []
    assert not Entry.objects.filter(verb="change_settings").exists()


def test_publishing_twice_is_one_act(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    Edition.objects.update(is_public=False)
    first = actions.publish_call(edition=edition, publish=True, by=chair.user, at=AT)
    second = actions.publish_call(edition=edition, publish=True, by=chair.user, at=AT)
    assert (first, second, Entry.objects.filter(verb="publish_call").count()) == (True, False, 1)


# --- Dates -----------------------------------------------------------------------------------------------------------


def extend(edition: Edition, chair: Membership, **changes: Any) -> int | None:
    assert chair.user is not None
    values: dict[str, Any] = {
        "phase": Phase.SUBMISSION,
        "announced": datetime(2026, 4, 7, 23, 59),  # noqa: DTZ001 - a local minute, its zone is beside it
        "zone": "AoE",
        "label": "Technical paper due",
        "grace_minutes": 0,
        "is_soft": False,
        "is_public": True,
        "tell": True,
    }
    return actions.set_deadline(edition=edition, **(values | changes), by=chair.user, at=AT)


def test_a_date_made_soft_stands_in_the_history_with_what_it_was(edition: Edition, chair: Membership) -> None:
    extend(edition, chair)
    extend(edition, chair, is_soft=True, grace_minutes=30)
    first, second = Entry.objects.filter(verb__in=("extend_deadline", "change_deadline")).order_by("pk")
    assert "was" not in first.detail
    assert second.detail["was"] == {"grace_minutes": 0, "is_soft": False}
    assert second.detail["now"] == {"grace_minutes": 30, "is_soft": True}


def test_an_extension_keeps_the_first_date_and_writes_to_owners_of_drafts(edition: Edition, chair: Membership) -> None:
    draft = factories.make_submission(edition, state=State.DRAFT)
    factories.make_submission(edition)
    assert extend(edition, chair) == 1
    deadline = edition.deadlines.get(phase=Phase.SUBMISSION)
    assert deadline.cutoff_at.isoformat() == "2026-04-08T12:00:00+00:00"
    assert deadline.first_cutoff_at.isoformat() == "2026-04-01T12:00:00+00:00"
    letter = Message.objects.get()
    assert letter.to_email == draft.created_by.email
    assert "Tue 31 Mar 2026, 23:59 AoE" in letter.text
    assert "Tue 7 Apr 2026, 23:59 AoE" in letter.text
    assert "letters" not in Entry.objects.get(verb="extend_deadline").detail


def test_pressing_extend_twice_changes_and_mails_nothing_more(edition: Edition, chair: Membership) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    assert [extend(edition, chair), extend(edition, chair)] == [1, None]
    assert (Message.objects.count(), Entry.objects.filter(verb="extend_deadline").count()) == (1, 1)


def test_one_person_with_two_drafts_gets_one_letter(edition: Edition, chair: Membership) -> None:
    owner = factories.make_user("owner@uni.example")
    for _ in range(2):
        factories.make_submission(edition, owner, state=State.DRAFT)
    assert extend(edition, chair) == 1


def test_review_extensions_go_to_those_with_an_open_review(edition: Edition, chair: Membership) -> None:
    done = factories.make_assignment(factories.make_submission(edition), factories.make_member(edition))
    factories.make_review(done)
    late = factories.make_assignment(done.submission, factories.make_member(edition))
    extend(edition, chair, phase=Phase.REVIEW, announced=datetime(2026, 4, 20, 23, 59))  # noqa: DTZ001
    assert late.membership.user is not None
    assert list(Message.objects.values_list("to_email", flat=True)) == [late.membership.user.email]


def test_a_chair_who_does_not_want_letters_sends_none(edition: Edition, chair: Membership) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    assert extend(edition, chair, tell=False) == 0
    assert not Message.objects.exists()


def test_a_minute_that_the_clocks_skip_is_refused(edition: Edition, chair: Membership) -> None:
    skipped = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001
    with pytest.raises(CalendarError, match="does not exist"):
        extend(edition, chair, zone="Europe/Berlin", announced=skipped)
    assert edition.deadlines.get(phase=Phase.SUBMISSION).announced == "2026-03-31T23:59"


# --- Topics ----------------------------------------------------------------------------------------------------------


def titles(edition: Edition) -> list[str]:
    return [topic.title for topic in actions.nested(edition)]


def test_topics_are_added_moved_renamed_and_removed(edition: Edition, chair: Membership) -> None:
    by = chair.user
    assert by is not None
    first = Topic.objects.get(title="Scalable methods")
    second = actions.add_topic(edition=edition, title="Hardware", parent=None, by=by, at=AT)
    actions.add_topic(edition=edition, title="Compression", parent=first, by=by, at=AT)
    assert titles(edition) == ["Scalable methods", "I/O optimisation", "Compression", "Hardware"]
    actions.move_topic(topic=second, up=True, start=3, by=by, at=AT)
    assert titles(edition) == ["Hardware", "Scalable methods", "I/O optimisation", "Compression"]
    actions.rename_topic(topic=second, title="Machines", by=by, at=AT)
    actions.remove_topic(topic=first, by=by, at=AT)
    assert titles(edition) == ["Machines"]


def test_a_topic_comes_once_at_a_place(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(EditionError, match="already"):
        actions.add_topic(edition=edition, title="scalable METHODS", parent=None, by=chair.user, at=AT)


# --- Invitations -----------------------------------------------------------------------------------------------------


def test_an_invitation_is_one_row_and_one_letter(edition: Edition, chair: Membership, invited: Membership) -> None:
    assert invite(edition, chair, ADA) == []
    assert (invited.invited_at, invited.invitation_round, invited.is_active) == (AT, 1, False)
    assert invited.affiliations.get().institution == "Example University"
    letter = Message.objects.get()
    assert (letter.to_email, letter.kind) == ("ada@uni.example", "invitation")
    assert str(chair.user) in letter.text


def test_somebody_whom_the_call_names_keeps_her_row(edition: Edition, chair: Membership) -> None:
    named = Membership.objects.create(edition=edition, name="Ada Invited", title="publicity chair")
    assert [member.pk for member in invite(edition, chair, ADA)] == [named.pk]
    named.refresh_from_db()
    assert (named.email, named.title) == ("ada@uni.example", "publicity chair")


def accept(member: Membership, **kwargs: Any) -> bool:
    return actions.accept_invitation(membership=member, **({"max_load": None, "by": None, "at": AT} | kwargs))


def decline(member: Membership, **kwargs: Any) -> bool:
    values = {"reason": "No time.", "suggestion": "Ask Bo.", "by": None, "at": AT}
    return actions.decline_invitation(membership=member, **(values | kwargs))


def test_accepting_counts_once(invited: Membership) -> None:
    assert [accept(invited, max_load=3), accept(invited), decline(invited)] == [True, False, False]
    invited.refresh_from_db()
    assert (invited.accepted_at, invited.max_load, invited.declined_at) == (AT, 3, None)
    assert Message.objects.filter(kind="thanks").count() == 1


def test_declining_counts_once_and_stops_all_mail(edition: Edition, chair: Membership, invited: Membership) -> None:
    assert chair.user is not None
    assert [decline(invited), accept(invited)] == [True, False]
    later = AT + timedelta(days=9)
    assert actions.remind_invited(edition=edition, members=[invited], by=chair.user, at=later) == []
    assert invite(edition, chair, ADA, at=later) == []
    with pytest.raises(EditionError, match="declined"):
        actions.resend_invitation(membership=invited, email="ada@uni.example", by=chair.user, at=later)
    assert list(Message.objects.values_list("kind", flat=True)) == ["invitation"]
    invited.refresh_from_db()
    assert (invited.decline_reason, invited.suggestion) == ("No time.", "Ask Bo.")


def test_accepting_while_signed_in_gives_the_place_to_the_account_that_has_proven_the_address(
    invited: Membership,
) -> None:
    holder = factories.make_user(ADA.email)
    accept(invited, by=holder)
    invited.refresh_from_db()
    assert (invited.user, invited.is_active) == (holder, True)


def test_accepting_by_the_link_alone_gives_nobody_a_place_before_she_is_signed_in(
    edition: Edition, invited: Membership, stranger: Any
) -> None:
    holder = factories.make_user(ADA.email)
    accept(invited, by=stranger)
    invited.refresh_from_db()
    assert (invited.user, invited.accepted_at, edition.memberships.reviewers().exists()) == (None, AT, False)
    assert actions.claim_memberships(stranger, AT) == []
    assert actions.claim_memberships(holder, AT) == [invited]


def test_who_accepted_and_cannot_prove_the_address_is_invited_at_another(
    edition: Edition, chair: Membership, invited: Membership, stranger: Any
) -> None:
    assert chair.user is not None
    accept(invited, by=stranger)
    anew = actions.resend_invitation(membership=invited, email=stranger.email, by=chair.user, at=AT)
    assert actions.claim_memberships(factories.make_user(ADA.email), AT) == []
    accept(anew, by=stranger)
    assert [row.user for row in edition.memberships.reviewers()] == [stranger]


def test_a_load_that_another_named_with_the_link_is_not_hers_who_is_invited_anew(
    chair: Membership, invited: Membership, stranger: Any
) -> None:
    assert chair.user is not None
    accept(invited, by=stranger, max_load=1)
    anew = actions.resend_invitation(membership=invited, email=ADA.email, by=chair.user, at=AT)
    accept(anew)
    assert [row.max_load for row in actions.claim_memberships(factories.make_user(ADA.email), AT)] == [None]


def test_an_unverified_address_gets_no_place_until_it_is_verified(invited: Membership) -> None:
    claimant = factories.make_user("ada@uni.example", verified=False)
    accept(invited)
    assert actions.claim_memberships(claimant, AT) == []
    claimant.emailaddress_set.update(verified=True)
    assert [member.pk for member in actions.claim_memberships(claimant, AT)] == [invited.pk]
    assert actions.claim_memberships(claimant, AT) == []
    invited.refresh_from_db()
    assert invited.is_active


def test_a_chair_who_accepted_before_she_had_an_account_does_not_come_unnoticed(
    edition: Edition, chair: Membership, invited: Membership
) -> None:
    Membership.objects.filter(pk=invited.pk).update(is_chair=True)
    accept(invited)
    assert Message.objects.filter(kind="new_chair").count() == 0
    actions.claim_memberships(factories.make_user("ada@uni.example"), AT)
    assert [row.to_email for row in Message.objects.filter(kind="new_chair")] == ["chair@institute-a.example"]


def test_the_other_chairs_are_told_with_which_account_somebody_took_the_place_of_a_chair(
    invited: Membership, stranger: Any
) -> None:
    Membership.objects.filter(pk=invited.pk).update(is_chair=True)
    stranger.emailaddress_set.create(email=ADA.email, verified=True)
    accept(invited, by=stranger)
    letter = Message.objects.get(kind="new_chair")
    words = f"Ada Invited <ada@uni.example>, who signs in as {stranger.email}, has become a chair"
    assert [words in " ".join(unescape(text).split()) for text in (letter.text, letter.html)] == [True, True]


@pytest.mark.parametrize("is_declined", [True, False])
def test_claiming_leaves_places_alone_that_were_declined_or_not_answered(
    invited: Membership, *, is_declined: bool
) -> None:
    if is_declined:
        decline(invited)
    assert actions.claim_memberships(factories.make_user("ada@uni.example"), AT) == []
    assert again(invited).user is None


def again(row: Membership) -> Membership:
    return Membership.objects.get(pk=row.pk)


def came_back(invited: Membership, place: Membership) -> tuple[bool, bool, int | None, bool]:
    """Whether a place lives, whether it is a chair's, its load, and whether the invited row is ended."""
    place.refresh_from_db()
    invited.refresh_from_db()
    return place.is_active, place.is_chair, place.max_load, invited.removed_at is not None and not invited.accepted_at


def test_a_removed_member_who_accepts_at_a_new_address_has_her_place_again_with_the_conflicts_of_both(
    edition: Edition, chair: Membership, other_chair: Membership
) -> None:
    assert chair.user is not None
    actions.remove_member(membership=other_chair, by=chair.user, at=AT - timedelta(days=2))
    invited = invite(edition, chair, ADA)[0]
    paper = factories.make_submission(edition)
    factories.make_conflict(paper, invited)
    assert other_chair.user is not None
    other_chair.user.emailaddress_set.create(email=ADA.email, verified=True)
    assert accept(invited, by=other_chair.user, max_load=4) is True
    assert came_back(invited, other_chair) == (True, False, 4, True)
    assert [one.submission for one in other_chair.conflicts.filter(source="author")] == [paper]
    assert Membership.objects.active().filter(user=other_chair.user).count() == 1


def test_a_removed_member_who_accepts_before_her_new_address_is_proven_has_her_place_with_the_proof(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT - timedelta(days=2))
    invited = invite(edition, chair, ADA)[0]
    accept(invited)
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    assert actions.claim_memberships(reviewer.user, AT) == [reviewer]
    assert came_back(invited, reviewer) == (True, False, None, True)
    assert reviewer.email == ADA.email
    actions.remove_member(membership=reviewer, by=chair.user, at=AT)
    assert actions.claim_memberships(reviewer.user, AT) == []


def test_a_member_who_accepts_at_an_address_not_known_as_hers_has_its_roles_and_conflicts_too_once_it_is_proven(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    invited = actions.invite(
        edition=edition, people=[ADA], roles={"is_chair": True}, note_text="", by=chair.user, at=AT
    )[0]
    paper = factories.make_submission(edition)
    factories.make_conflict(paper, invited)
    accept(invited)
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    before = reviewer.email
    assert actions.claim_memberships(reviewer.user, AT) == [reviewer]
    assert came_back(invited, reviewer) == (True, True, None, True)
    assert (reviewer.is_reviewer, reviewer.email) == (True, before)
    assert [one.submission for one in reviewer.conflicts.filter(source="author")] == [paper]
    assert list(edition.memberships.listed().filter(email=ADA.email)) == []
    assert [row.to_email for row in Message.objects.filter(kind="new_chair")] == ["chair@institute-a.example"]
    # An address of a chair more makes no chair anew.
    other = invite(edition, chair, Invitee(2, "Ada", "ada@third.example", ""))[0]
    accept(other)
    reviewer.user.emailaddress_set.create(email="ada@third.example", verified=True)
    actions.claim_memberships(reviewer.user, AT + timedelta(minutes=1))
    assert came_back(other, reviewer) == (True, True, None, True)
    assert Message.objects.filter(kind="new_chair").count() == 1


def test_a_role_that_chairs_took_from_a_place_does_not_come_back_by_an_invitation_from_before(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    by, both = chair.user, {"is_chair": True, "is_senior": True}
    (invited,) = actions.invite(edition=edition, people=[ADA], roles=both, note_text="", by=by, at=AT)
    accept(invited)
    for minutes, is_chair in enumerate((True, False), 1):
        roles, later = {"is_reviewer": True, "is_chair": is_chair}, AT + timedelta(minutes=minutes)
        actions.set_roles(membership=reviewer, roles=roles, title="", by=by, at=later)
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    assert actions.claim_memberships(reviewer.user, AT + timedelta(minutes=3)) == [reviewer]
    reviewer.refresh_from_db()
    assert (reviewer.is_chair, reviewer.is_senior, reviewer.is_reviewer) == (False, True, True)


def test_nor_does_one_that_chairs_took_from_a_place_that_nobody_had_yet(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    acts: dict[str, Any] = {"edition": edition, "note_text": "", "by": chair.user, "at": AT}
    bo = Invitee(2, "Bo", "bo@uni.example", "")
    both = {"is_chair": True, "is_reviewer": True}
    place, invited = actions.invite(people=[bo, ADA], roles=both, **acts)
    accept(place)
    later = AT + timedelta(days=1)
    actions.set_roles(membership=again(place), roles={"is_reviewer": True}, title="", by=chair.user, at=later)
    accept(invited)
    hers = factories.make_user(bo.email)
    hers.emailaddress_set.create(email=ADA.email, verified=True)
    assert actions.claim_memberships(hers, later) == [place, place]
    assert came_back(invited, place)[:2] == (True, False)


@pytest.mark.parametrize("is_accepted_again", [True, False])
def test_a_chair_who_was_removed_and_invited_to_review_is_no_chair_by_an_invitation_from_before(
    edition: Edition, chair: Membership, other_chair: Membership, is_accepted_again: bool
) -> None:
    assert chair.user is not None
    assert other_chair.user is not None
    by, hers = chair.user, other_chair.user
    acts: dict[str, Any] = {"edition": edition, "note_text": "", "by": by}
    (older,) = actions.invite(people=[ADA], roles={"is_chair": True}, at=AT, **acts)
    accept(older)
    actions.remove_member(membership=other_chair, by=by, at=AT + timedelta(days=1))
    again = Invitee(1, "Other", hers.email, "")
    (newer,) = actions.invite(people=[again], roles={"is_reviewer": True}, at=AT + timedelta(days=2), **acts)
    if is_accepted_again:
        accept(newer, by=hers, at=AT + timedelta(days=3))
    hers.emailaddress_set.create(email=ADA.email, verified=True)
    actions.claim_memberships(hers, AT + timedelta(days=4))
    places = Membership.objects.active().filter(user=hers).values_list("pk", "is_chair", "is_reviewer")
    assert list(places) == [(other_chair.pk, False, True)] * is_accepted_again
    assert list(Membership.objects.chairs().filter(edition=edition)) == [chair]
    assert Message.objects.filter(kind="new_chair").count() == 0


@pytest.mark.parametrize("has_come_back_before", [True, False])
def test_a_removal_that_was_taken_back_keeps_no_older_invitation_from_bringing_its_roles_and_another_one_does(
    edition: Edition, chair: Membership, reviewer: Membership, has_come_back_before: bool
) -> None:
    by, hers = chair.user, reviewer.user
    assert by is not None
    assert hers is not None
    days = (AT + timedelta(days=number) for number in range(1, 9))
    (older,) = actions.invite(edition=edition, people=[ADA], roles={"is_chair": True}, note_text="", by=by, at=AT)
    accept(older)
    if has_come_back_before:
        actions.remove_member(membership=reviewer, by=by, at=next(days))
        accept(invite(edition, chair, Invitee(1, "Rita", hers.email, ""), at=next(days))[0], by=hers, at=next(days))
    actions.remove_member(membership=reviewer, by=by, at=next(days))
    hers.emailaddress_set.create(email=ADA.email, verified=True)
    assert actions.claim_memberships(hers, next(days)) == []
    assert actions.restore_member(membership=reviewer, by=by, at=next(days)) is True
    assert actions.claim_memberships(hers, next(days)) == [reviewer]
    assert (again(reviewer).is_chair, again(reviewer).is_reviewer) == (not has_come_back_before, True)


def test_a_role_that_chairs_took_and_gave_again_comes_with_an_invitation_from_before(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT - timedelta(days=1))
    (invited,) = invite(edition, chair, ADA)
    for minutes, is_reviewer in enumerate((False, True), 1):
        roles, later = {"is_reviewer": is_reviewer}, AT + timedelta(minutes=minutes)
        actions.set_roles(membership=reviewer, roles=roles, title="", by=chair.user, at=later)
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    accept(invited, by=reviewer.user)
    assert (again(reviewer).is_active, again(reviewer).is_reviewer) == (True, True)


def test_an_invitation_that_is_open_stays_open_beside_one_that_was_accepted_and_each_keeps_its_roles(
    edition: Edition, chair: Membership
) -> None:
    assert chair.user is not None
    bo = Invitee(2, "Bo", "bo@uni.example", "")
    acts: dict[str, Any] = {"edition": edition, "note_text": "", "by": chair.user, "at": AT}
    (is_open,) = actions.invite(people=[bo], roles={"is_proceedings_chair": True}, **acts)
    (accepted,) = actions.invite(people=[ADA], roles={"is_reviewer": True}, **acts)
    accept(accepted)
    hers = factories.make_user(ADA.email)
    hers.emailaddress_set.create(email=bo.email, verified=True)
    assert actions.claim_memberships(hers, AT) == [accepted]
    rows = [(row.user, row.is_active, row.is_proceedings_chair) for row in (again(accepted), again(is_open))]
    assert rows == [(hers, True, False), (None, False, True)]


def test_an_open_invitation_to_who_is_signed_in_keeps_its_roles_when_she_accepts_at_another_address_and_adds_them(
    edition: Edition, chair: Membership
) -> None:
    bo = Invitee(2, "Bo", "bo@uni.example", "")
    acts: dict[str, Any] = {"edition": edition, "note_text": "", "by": chair.user, "at": AT}
    (is_open,) = actions.invite(people=[bo], roles={"is_proceedings_chair": True}, **acts)
    (other,) = actions.invite(people=[ADA], roles={"is_reviewer": True}, **acts)
    hers = factories.make_user(bo.email)
    hers.emailaddress_set.create(email=ADA.email, verified=True)
    actions.claim_memberships(hers, AT)
    accept(other, by=hers)
    assert (again(is_open).is_proceedings_chair, actions.awaiting(again(is_open))) == (True, True)
    accept(again(is_open), by=hers)
    place = Membership.objects.active().get(user=hers)
    assert (place.is_reviewer, place.is_proceedings_chair) == (True, True)


@pytest.mark.parametrize("had_left", [True, False])
def test_the_title_that_was_to_be_printed_stays_with_the_place_that_an_invitation_is_given_to(
    edition: Edition, invited: Membership, reviewer: Membership, had_left: bool
) -> None:
    assert reviewer.user is not None
    if had_left:
        Membership.objects.filter(pk=reviewer.pk).update(removed_at=AT)
    Membership.objects.filter(pk=invited.pk).update(title="publicity")
    accept(again(invited))
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    assert [row.title for row in actions.claim_memberships(reviewer.user, AT)] == ["publicity"]


def test_an_invitation_from_before_a_removal_does_not_undo_it_and_says_so(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    invited = invite(edition, chair, ADA)[0]
    assert reviewer.user is not None
    reviewer.user.emailaddress_set.create(email=ADA.email, verified=True)
    actions.remove_member(membership=reviewer, by=chair.user, at=AT + timedelta(days=1))
    with pytest.raises(EditionError, match="ended after this invitation was written"):
        accept(invited, by=reviewer.user, at=AT + timedelta(days=2))
    reviewer.refresh_from_db()
    assert reviewer.is_active is False


def test_who_comes_back_to_her_place_is_thanked_as_at_the_first_time(edition: Edition, chair: Membership) -> None:
    bo = factories.make_user("bo@uni.example")
    place = invite(edition, chair, Invitee(1, "Bo", bo.email, ""))[0]
    accept(place, by=bo)
    assert chair.user is not None
    actions.remove_member(membership=place, by=chair.user, at=AT)
    bo.emailaddress_set.create(email=ADA.email, verified=True)
    accept(invite(edition, chair, ADA)[0], by=bo)
    thanks = Message.objects.filter(kind="thanks").order_by("pk")
    assert [letter.to_email for letter in thanks] == [bo.email, ADA.email]
    assert objection(thanks[1]) is None


@pytest.mark.parametrize(("is_resent", "had_declined"), [(False, False), (True, False), (True, True)])
def test_who_had_left_or_declined_is_printed_again_only_once_she_accepts(
    edition: Edition, chair: Membership, is_resent: bool, had_declined: bool
) -> None:
    was = {"accepted_at": None, "declined_at": AT} if had_declined else {"removed_at": AT}
    member = factories.make_member(edition, email=ADA.email, user=None, **was)
    assert (chair.user, member.is_listed) != (None, False)
    hers = User.objects.get(email=ADA.email)
    if is_resent:
        again: dict[str, Any] = {"membership": member, "email": ADA.email, "by": chair.user, "at": AT, "asked": True}
        actions.resend_invitation(**again)
    else:
        invite(edition, chair, ADA)
    rows = edition.memberships.exclude(pk=chair.pk)
    assert (rows.listed().exists(), rows.known_to_authors().exists()) == (False, False)
    accept(rows.get(email=ADA.email), by=hers)
    assert (rows.listed().exists(), rows.known_to_authors().exists()) == (True, True)


def test_reminders_go_to_the_silent_at_most_once_a_day(
    edition: Edition, chair: Membership, invited: Membership
) -> None:
    answered = invite(edition, chair, Invitee(1, "Bo", "bo@uni.example", ""))[0]
    accept(answered, by=factories.make_user("bo@uni.example"))
    assert chair.user is not None
    later = AT + timedelta(days=6)
    both = [invited, answered]
    first = actions.remind_invited(edition=edition, members=both, by=chair.user, at=later)
    second = actions.remind_invited(edition=edition, members=both, by=chair.user, at=later)
    assert ([member.pk for member in first], second) == ([invited.pk], [])
    assert Message.objects.filter(kind="invitation_reminder").count() == 1


def test_a_letter_that_waits_does_not_leave_after_the_answer(chair: Membership, invited: Membership) -> None:
    letter = Message.objects.get(kind="invitation")
    assert objection(letter) is None
    decline(invited)
    assert objection(letter) == "the invitation was declined in the meantime"


def test_a_letter_of_an_earlier_round_does_not_leave(chair: Membership, invited: Membership) -> None:
    assert chair.user is not None
    actions.resend_invitation(membership=invited, email="ada@new.example", by=chair.user, at=AT)
    old, new = Message.objects.filter(kind="invitation").order_by("pk")
    assert (objection(old), objection(new)) == ("the invitation was withdrawn or sent anew", None)


def test_a_withdrawn_invitation_cannot_be_accepted(chair: Membership, invited: Membership) -> None:
    assert chair.user is not None
    assert actions.withdraw_invitation(membership=invited, by=chair.user, at=AT) is True
    assert actions.withdraw_invitation(membership=invited, by=chair.user, at=AT) is False
    assert accept(invited) is False


def test_resending_starts_a_new_round(chair: Membership, invited: Membership) -> None:
    assert chair.user is not None
    again = actions.resend_invitation(membership=invited, email="Ada@New.example", by=chair.user, at=AT)
    assert (again.invitation_round, again.email) == (2, "ada@new.example")
    assert accept(invited) is False
    assert accept(again) is True


def test_resending_to_another_members_address_is_refused(chair: Membership, invited: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(EditionError, match="another member"):
        actions.resend_invitation(membership=invited, email=chair.email, by=chair.user, at=AT)


def test_who_was_invited_anew_meanwhile_is_not_ended_by_the_removal_of_what_was_accepted_before(
    chair: Membership, invited: Membership
) -> None:
    assert chair.user is not None
    accept(invited)
    shown = again(invited)
    actions.resend_invitation(membership=invited, email=ADA.email, by=chair.user, at=AT)
    assert actions.remove_member(membership=shown, by=chair.user, at=AT) is False
    assert accept(again(invited)) is True


# --- Roles -----------------------------------------------------------------------------------------------------------


def test_the_last_chair_stays_one(chair: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(EditionError, match="only chair"):
        actions.set_roles(membership=chair, roles={"is_reviewer": True}, title="", by=chair.user, at=AT)
    with pytest.raises(EditionError, match="only chair"):
        actions.remove_member(membership=chair, by=chair.user, at=AT)
    chair.refresh_from_db()
    assert (chair.is_chair, chair.removed_at) == (True, None)


def test_with_another_chair_one_may_leave(chair: Membership, other_chair: Membership) -> None:
    assert chair.user is not None
    assert actions.remove_member(membership=other_chair, by=chair.user, at=AT) is True
    with pytest.raises(EditionError, match="only chair"):
        actions.remove_member(membership=chair, by=chair.user, at=AT)


def test_an_invited_chair_without_account_does_not_count_as_another(edition: Edition, chair: Membership) -> None:
    invite(edition, chair, ADA, is_chair=True)
    assert chair.user is not None
    with pytest.raises(EditionError, match="only chair"):
        actions.remove_member(membership=chair, by=chair.user, at=AT)


def test_roles_change_once_and_are_recorded(chair: Membership, reviewer: Membership) -> None:
    assert chair.user is not None
    roles = {"is_reviewer": True, "is_proceedings_chair": True}
    acts = [actions.set_roles(membership=reviewer, roles=roles, title="", by=chair.user, at=AT) for _ in range(2)]
    assert acts == [True, False]
    assert Entry.objects.filter(verb="set_roles").count() == 1


def test_a_removed_member_can_come_back(chair: Membership, reviewer: Membership) -> None:
    assert chair.user is not None
    actions.remove_member(membership=reviewer, by=chair.user, at=AT)
    reviewer.refresh_from_db()
    assert reviewer.is_active is False
    actions.restore_member(membership=reviewer, by=chair.user, at=AT)
    reviewer.refresh_from_db()
    assert reviewer.is_active is True


# --- What was left out above: the first date of a phase, words of roles, refusals ------------------------------------


def test_the_first_date_of_a_phase_is_set_and_writes_to_nobody(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    Deadline.objects.filter(edition=edition, phase=Phase.CAMERA_READY).delete()
    letters = actions.set_deadline(
        edition=edition,
        phase=Phase.CAMERA_READY,
        announced=datetime(2026, 5, 20, 23, 59),  # noqa: DTZ001 - a local minute, its zone beside it
        zone=AOE,
        label="Camera ready",
        grace_minutes=0,
        is_soft=False,
        is_public=True,
        tell=True,
        by=chair.user,
        at=AT,
    )
    row = Deadline.objects.get(edition=edition, phase=Phase.CAMERA_READY)
    assert (letters, row.cutoff_at, row.first_cutoff_at) == (
        0,
        datetime(2026, 5, 21, 12, 0, tzinfo=UTC),
        datetime(2026, 5, 21, 12, 0, tzinfo=UTC),
    )


def test_a_topic_of_the_same_name_is_renamed_without_an_entry(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    topic = Topic.objects.get(title="I/O optimisation")
    actions.rename_topic(topic=topic, title="I/O optimisation", by=chair.user, at=AT)
    assert Entry.objects.filter(verb="rename_topic").count() == 0


def test_each_known_address_says_why_it_cannot_be_invited(
    edition: Edition, chair: Membership, invited: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    gone = factories.make_member(edition, email="gone@uni.example")
    actions.remove_member(membership=gone, by=chair.user, at=AT)
    no = actions.invite(
        edition=edition,
        people=[Invitee(1, "Nora No", "nora@uni.example", "")],
        roles={"is_reviewer": True},
        note_text="",
        by=chair.user,
        at=AT,
    )[0]
    decline(no)
    assert actions.known_addresses(edition) == {
        "chair@institute-a.example": "is a member already",
        "rita@institute-d.example": "is a member already",
        "ada@uni.example": "is invited already",
        "nora@uni.example": "declined on 01 Mar 2026; nothing more is sent",
    }


def test_who_has_accepted_is_not_invited_again(chair: Membership, reviewer: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(EditionError, match="has accepted already"):
        actions.resend_invitation(membership=reviewer, email=reviewer.email, by=chair.user, at=AT)


def test_removing_and_restoring_a_second_time_does_nothing(chair: Membership, reviewer: Membership) -> None:
    assert chair.user is not None
    act: dict[str, Any] = {"membership": reviewer, "by": chair.user, "at": AT}
    removed = [actions.remove_member(**act), actions.remove_member(**act)]
    restored = [actions.restore_member(**act), actions.restore_member(**act)]
    assert (removed, restored) == ([True, False], [True, False])


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"is_chair": True, "is_proceedings_chair": True}, "a co-chair and the proceedings chair"),
        ({"is_reviewer": True}, "a member of the programme committee"),
        ({}, "a member of the committee"),
    ],
)
def test_an_invitation_names_the_roles(roles: dict[str, bool], words: str) -> None:
    assert role_words(Membership(**({"is_reviewer": False} | roles))) == words


def test_a_letter_to_a_removed_membership_does_not_leave(chair: Membership, invited: Membership) -> None:
    letter = Message.objects.get(to_email="ada@uni.example")
    Membership.objects.filter(pk=invited.pk).update(accepted_at=AT)
    assert objection(letter) == "the invitation was accepted in the meantime"
    Membership.objects.filter(pk=invited.pk).update(accepted_at=None)
    assert objection(letter) is None


def chair_letters(kind: str) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("to_email", flat=True))


def test_every_other_chair_is_told_when_one_alone_may_release_again(
    edition: Edition, chair: Membership, other_chair: Membership
) -> None:
    change: dict[str, Any] = {"edition": edition, "by": chair.user, "at": AT}
    actions.change_settings(**change, values={"needs_second_chair": True}, based_on=1)
    assert chair_letters("one_releases") == []
    actions.change_settings(**change, values={"needs_second_chair": False, "venue": "Hall A"}, based_on=2)
    assert chair_letters("one_releases") == [other_chair.email]


@pytest.mark.parametrize("is_removed", [True, False])
def test_no_chair_loses_her_role_unnoticed(
    edition: Edition, chair: Membership, other_chair: Membership, *, is_removed: bool
) -> None:
    third = factories.make_member(edition, email="third@chairs.example", chair=True)
    assert chair.user is not None
    if is_removed:
        actions.remove_member(membership=other_chair, by=chair.user, at=AT)
    else:
        roles = {"is_reviewer": True}
        actions.set_roles(membership=other_chair, roles=roles, title="", by=chair.user, at=AT)
        actions.remove_member(membership=other_chair, by=chair.user, at=AT)
    assert chair_letters("chair_ended") == sorted([other_chair.email, third.email])


def removed(edition: Edition, by: Membership, **roles: bool) -> Membership:
    """Alice, a member who was removed."""
    member = factories.make_member(edition, factories.make_user("alice@x.example", "Alice"), **roles)
    assert by.user is not None
    actions.remove_member(membership=member, by=by.user, at=AT)
    return member


def test_a_place_goes_to_whoever_is_invited_and_never_back_to_who_was_removed(
    edition: Edition, chair: Membership
) -> None:
    alice, bob = removed(edition, chair, chair=True, reviewer=True), factories.make_user("bob@y.example", "Bob")
    assert chair.user is not None
    new = actions.resend_invitation(membership=alice, email="Bob@y.example", by=chair.user, at=AT)
    [silent] = BY_KEY["silent"].people(edition, Submission.objects.none(), AT)
    assert silent.email == "bob@y.example"
    assert accept(new, by=bob) is True
    alice.refresh_from_db()
    new.refresh_from_db()
    assert (alice.user == bob, alice.is_active, alice.email) == (False, False, "alice@x.example")
    assert (new.user, new.is_active, new.is_chair, new.is_reviewer) == (bob, True, True, True)


def test_nobody_takes_the_place_of_who_has_proven_the_invited_address_by_a_forwarded_link(
    invited: Membership, stranger: Any
) -> None:
    ada = factories.make_user("ada@uni.example")
    accept(invited, by=stranger)
    assert actions.claim_memberships(stranger, AT) == []
    assert actions.claim_memberships(ada, AT) == [invited]


def test_a_place_that_belongs_to_an_account_is_accepted_by_nobody_else(edition: Edition, chair: Membership) -> None:
    alice, bob = removed(edition, chair), factories.make_user("bob@y.example", "Bob")
    assert chair.user is not None
    assert alice.user is not None
    anew = actions.resend_invitation(membership=alice, email="alice@x.example", by=chair.user, at=AT)
    assert (again(alice).email, anew.email) == ("", "alice@x.example")
    accept(anew, by=bob)
    assert actions.claim_memberships(bob, AT) == []
    assert again(alice).is_active is False
    assert actions.claim_memberships(alice.user, AT) == [alice]
    assert (again(alice).is_active, again(alice).email) == (True, "alice@x.example")


@pytest.mark.parametrize("is_resent", [True, False])
def test_an_invitation_to_the_address_of_a_place_that_somebody_else_took_is_a_new_one(
    edition: Edition, chair: Membership, *, is_resent: bool
) -> None:
    alice = removed(edition, chair)
    Membership.objects.filter(pk=alice.pk).update(email="bob@y.example")
    bob = factories.make_user("bob@y.example", "Bob")
    assert chair.user is not None
    if is_resent:
        new = actions.resend_invitation(membership=alice, email="bob@y.example", by=chair.user, at=AT)
    else:
        [new] = invite(edition, chair, Invitee(1, "Bob", "bob@y.example", ""))
    accept(new, by=bob)
    rows = Membership.objects.filter(pk__in=[alice.pk, new.pk]).order_by("pk")
    assert [(row.email, row.is_active) for row in rows] == [("alice@x.example", False), ("bob@y.example", True)]


def test_whoever_holds_a_wrong_address_has_no_place_by_it_once_it_is_corrected(
    chair: Membership, invited: Membership
) -> None:
    wrong = factories.make_user(ADA.email, "Somebody")
    assert chair.user is not None
    new = actions.resend_invitation(membership=invited, email="ada@right.example", by=chair.user, at=AT)
    assert accept(invited, by=wrong) is False
    assert (new, actions.claim_memberships(wrong, AT), again(new).accepted_at) == (invited, [], None)
    first, second = Message.objects.filter(kind="invitation").order_by("pk")
    assert (objection(first), objection(second)) == ("the invitation was withdrawn or sent anew", None)
