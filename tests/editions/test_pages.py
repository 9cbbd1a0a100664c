"""The chair's pages of an edition, and the page behind an invitation's link."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.calendar import Phase
from dlonsc.editions.invitations import LINK_LASTS, SALT, read_token, token_of
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from dlonsc.editions.pasted import Invitee
from dlonsc.editions.readiness import readiness
from dlonsc.editions.templatetags.look import histogram
from dlonsc.editions.views.committee import state_of
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from submissions.states import State
from tests import factories
from tests.editions.desk import confirmed
from tests.factories import AT

AsUser = Callable[[User | Membership | None], Client]


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


def address(name: str, *args: object) -> str:
    return reverse(f"editions:{name}", args=["dlonsc-2026", *args])


@pytest.fixture
def invited(edition: Edition, chair: Membership) -> Membership:
    assert chair.user is not None
    return actions.invite(
        edition=edition,
        people=[Invitee(1, "Ada Invited", "ada@uni.example", "Example University")],
        roles={"is_reviewer": True},
        note_text="We miss you.",
        by=chair.user,
        at=AT,
    )[0]


PAGES = ["settings", "readiness", "dates", "topics", "chair_committee", "remind", "invite"]


@pytest.mark.parametrize("name", PAGES)
def test_only_chairs_open_the_chairs_pages(
    name: str,
    edition: Edition,
    chair: Membership,
    reviewer: Membership,
    proceedings_chair: Membership,
    stranger: User,
    as_user: AsUser,
) -> None:
    foreign = factories.make_member(factories.make_edition("other-2026"), chair=True)
    people = (chair, reviewer, proceedings_chair, stranger, foreign)
    assert [as_user(who).get(address(name)).status_code for who in people] == [200, 404, 404, 404, 404]


def test_a_member_of_another_edition_is_not_found(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    foreign = factories.make_member(factories.make_edition("other-2026"))
    assert as_user(chair).get(address("member", foreign.pk)).status_code == 404
    assert as_user(chair).post(address("end_membership", foreign.pk)).status_code == 404


# --- Settings --------------------------------------------------------------------------------------------------------


def form_data(client: Client, where: str) -> dict[str, Any]:
    form = client.get(where).context["form"]
    values = {name: form[name].value() for name in form.fields}
    shown = {name: form.fields[name].prepare_value(value) for name, value in values.items()}
    return {name: value for name, value in shown.items() if value is not None and value is not False}


def test_settings_are_saved_as_typed(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    client = as_user(chair)
    data = form_data(client, address("settings"))
    data |= {
        "venue": "Hall A",
        "scores": "2: Yes\n\n-2: No",
        "links": "Template | https://www.example.org/t",
        "reminder_days": "2, 7; 0.5",
        "guidance_summary": "In two sentences.",
        "blind": "on",
    }
    assert client.post(address("settings"), data).status_code == 302
    edition.refresh_from_db()
    assert edition.scores == [{"value": 2, "label": "Yes"}, {"value": -2, "label": "No"}]
    assert edition.links == [{"title": "Template", "url": "https://www.example.org/t"}]
    assert edition.reminder_days == [7, 2, 0.5]
    assert edition.review_guidance == {"summary": "In two sentences."}
    assert (edition.venue, edition.blind, edition.version) == ("Hall A", True, 2)


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("scores", "best: Yes\n1: No", "Line 1: begin with a whole number"),
        ("scores", "1: Yes\n1: No", "Line 2: the value 1 comes twice."),
        ("scores", "1: Yes", "A scale has at least two values."),
        ("scores", "2: Yes\n1", "Line 2: the words for 1 are missing."),
        ("scores", "2: Yes\n-101: No", "Line 2: -101 is not between -100 and 100."),
        ("reminder_days", "7, 61", "Each is more than 0 and at most 60 days."),
        ("links", "Template | not an address at all", "Line 1: not an address at all is no web address."),
        ("reminder_days", "7, often", "Write days as numbers with commas"),
        ("max_pages", "3", "At most 3 pages is less than at least 6."),
    ],
)
def test_a_wrong_setting_is_named_and_everything_typed_is_kept(
    edition: Edition, chair: Membership, as_user: AsUser, name: str, typed: str, says: str
) -> None:
    client = as_user(chair)
    data = form_data(client, address("settings")) | {"venue": "Typed and kept", name: typed}
    answer = client.post(address("settings"), data)
    assert answer.status_code == 422
    assert says in answer.text
    assert "Typed and kept" in answer.text
    edition.refresh_from_db()
    assert edition.version == 1


def test_once_reviewing_has_begun_every_value_stays_on_its_scale_whether_a_review_holds_it_or_not(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    Edition.objects.update(scores=[{"value": value, "label": "So"} for value in (2, 1, -1)])
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(first_cutoff_at=timezone.now())
    client = as_user(chair)
    data = form_data(client, address("settings"))
    hers = factories.make_submission(edition)
    factories.make_conflict(hers, chair)
    factories.make_review(factories.make_assignment(hers, factories.make_member(edition)), score=-1)
    typed = ("2: A\n1: B", "2: A\n-1: B")
    answers = [client.post(address("settings"), data | {"scores": scale}) for scale in typed]
    refusal = {"scores": ["Reviewing has begun: values can be reworded, none can be removed."]}
    assert [(answer.status_code, answer.context["form"].errors) for answer in answers] == [(422, refusal)] * 2
    reworded = client.post(address("settings"), data | {"scores": "3: New\n2: A\n1: B\n-1: C"})
    assert reworded.status_code == 302


@pytest.mark.parametrize(("is_hidden", "status"), [(None, 302), (True, 302), (False, 422)])
def test_before_submission_ends_a_value_leaves_its_scale_unless_she_knows_of_a_reviewer_whatever_a_hidden_paper_has(
    edition: Edition, chair: Membership, as_user: AsUser, is_hidden: bool | None, status: int
) -> None:
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(first_cutoff_at=timezone.now() + timedelta(days=1))
    if is_hidden is not None:
        paper = factories.make_submission(edition)
        factories.make_review(factories.make_assignment(paper, factories.make_member(edition)), score=1)
        if is_hidden:
            factories.make_conflict(paper, chair)
    client = as_user(chair)
    data = form_data(client, address("settings"))
    assert client.post(address("settings"), data | {"scores": "5: Yes\n0: No"}).status_code == status


def test_a_review_keeps_the_words_of_a_value_that_left_its_scale(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    """It may be of a paper that the chair who took the value away may not know of."""
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(first_cutoff_at=timezone.now() + timedelta(days=1))
    client = as_user(chair)
    for scales in ({"scores": "5: Yes\n-2: No", "confidences": "4: Sure\n0: Not"}, {"scores": "6: Yes\n-2: No"}):
        data = form_data(client, address("settings")) | scales
        assert client.post(address("settings"), data).status_code == 302
    edition.refresh_from_db()
    assert [edition.score_label(value) for value in (6, 5, 1, -2, 50, None)] == [
        "Yes",
        "Yes",
        "Weak accept",
        "No",
        "",
        "",
    ]
    assert [edition.confidence_label(value) for value in (4, 1)] == ["Sure", "Low: an educated guess"]
    assert "1 x +1, 1 x +6" in histogram([6, 1], edition.scores)


# --- Dates -----------------------------------------------------------------------------------------------------------

NEW_DATE = {
    "label": "Technical paper due",
    "announced": "2026-04-07T23:59",
    "zone": "AoE",
    "grace_minutes": "0",
    "version": "1",
}


def test_a_new_date_is_shown_with_its_effects_before_anything_happens(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    owner = factories.make_user("owner@uni.example", "Olive Owner")
    factories.make_submission(edition, owner, state=State.DRAFT)
    page = as_user(chair).post(address("date", "submission"), NEW_DATE, follow=True).text
    assert "Tue 7 Apr 2026, 23:59 AoE" in page
    assert "Wed 8 Apr 2026, 12:00 UTC" in page
    assert "1 person" in page
    assert "Olive Owner" in page
    assert edition.deadlines.get(phase=Phase.SUBMISSION).announced == "2026-03-31T23:59"
    assert not Message.objects.exists()


def test_a_confirmed_extension_is_made_once(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    client = as_user(chair)
    for _ in range(2):
        client.post(address("date", "submission"), confirmed(NEW_DATE | {"tell": "1"}))
    assert edition.deadlines.get(phase=Phase.SUBMISSION).announced == "2026-04-07T23:59"
    assert Message.objects.count() == 1
    assert "Tue 31 Mar 2026, 23:59 AoE" in client.get(address("dates")).text


@pytest.mark.parametrize("changed", [{"announced": "2026-04-09T23:59"}, {"zone": "UTC"}, {"is_soft": "on"}])
def test_a_date_changed_after_its_preview_is_shown_again_before_anything_happens(
    edition: Edition, chair: Membership, as_user: AsUser, changed: dict[str, str]
) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    client = as_user(chair)
    answer = client.post(address("date", "submission"), confirmed(NEW_DATE) | changed | {"tell": "1"}, follow=True)
    form, preview = answer.context["form"], answer.context["preview"]
    assert {name: form.data[name] for name in changed} == changed
    assert f'name="confirm" value="{escape(form.fingerprint)}"' in answer.text
    assert "Nothing has happened yet: something is different from what was shown to you." in answer.text
    assert answer.context["changed"] is True
    assert edition.deadlines.get(phase=Phase.SUBMISSION).version == 1
    assert not Message.objects.exists()
    assert preview.zone == form.data["zone"]


def test_the_enter_key_shows_what_a_date_would_do_and_does_not_confirm_it(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    page = as_user(chair).post(address("date", "submission"), NEW_DATE, follow=True).text
    form = page.partition('<form class="stack"')[2].partition("</form>")[0]
    # Enter in a field presses the first button that submits its form.
    buttons = re.findall(r"<button([^>]*)>", form)
    assert ['name="confirm"' in attributes for attributes in buttons] == [False, True]


def test_the_preview_of_a_date_names_the_later_dates_that_it_overtakes_and_its_letters(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    pages = {
        announced: as_user(chair).post(address("date", "submission"), NEW_DATE | {"announced": announced}, follow=True)
        for announced in ("2026-04-01T23:59", "2026-05-01T23:59")
    }
    overtaken = [[row.phase for row in page.context["overtaken"]] for page in pages.values()]
    assert overtaken == [[], [Phase.REVIEW, Phase.NOTIFICATION]]
    words = [" ".join(page.text.split()) for page in pages.values()]
    assert ["This is now later than: Reviews due (" in page for page in words] == [False, True]
    assert ["and write to 1 person" in page for page in words] == [True, True]


def test_a_conflicted_chair_does_not_count_the_draft_she_must_not_know(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    hidden = factories.make_submission(edition, factories.make_user("h@uni.example", "Hidden Owner"), state=State.DRAFT)
    factories.make_conflict(hidden, chair)
    page = as_user(chair).post(address("date", "submission"), NEW_DATE, follow=True)
    assert ("Hidden Owner" in page.text, page.context["reminders"]) == (False, [])
    assert "Nobody that you may know of has something open" in page.text


def test_an_extension_is_told_to_the_people_of_a_draft_that_the_chair_must_not_know(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    hidden = factories.make_submission(edition, factories.make_user("h@uni.example", "Hidden Owner"), state=State.DRAFT)
    factories.make_conflict(hidden, chair)
    page = as_user(chair).post(address("date", "submission"), NEW_DATE, follow=True).text
    assert '<input type="hidden" name="tell" value="1">' in page
    as_user(chair).post(address("date", "submission"), confirmed(NEW_DATE | {"tell": "1"}))
    assert list(Message.objects.values_list("kind", "to_email")) == [("date_changed", "h@uni.example")]


def test_no_page_after_a_change_of_date_counts_the_draft_that_a_chair_must_not_know(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    factories.make_conflict(factories.make_submission(edition, state=State.DRAFT), chair)
    client = as_user(chair)
    after = client.post(address("date", "submission"), confirmed(NEW_DATE | {"tell": "1"}), follow=True).text
    pages = [after, client.get("/dlonsc-2026/chair/history/").text]
    assert Message.objects.count() == 2
    assert "The date is changed; whoever has something open for it is written to." in after
    assert [re.findall(r"\b[12] letters?|letters: \d", page) for page in pages] == [[], []]


@pytest.mark.parametrize(
    ("field", "value", "zone", "says"),
    [
        ("announced", "2026-03-29T02:30", "Europe/Berlin", "does not exist in Europe/Berlin"),
        ("announced", "2026-10-25T02:30", "Europe/Berlin", "happens twice in Europe/Berlin"),
        ("zone", "2026-03-29T02:30", "Mars/Olympus", "is not a zone"),
        ("announced", "soon", "AoE", "Write date and time as"),
    ],
)
def test_an_impossible_minute_is_refused_beside_its_field(
    edition: Edition, chair: Membership, as_user: AsUser, field: str, value: str, zone: str, says: str
) -> None:
    answer = as_user(chair).post(
        address("date", "submission"), NEW_DATE | {"announced": value, "zone": zone, "confirm": "1"}
    )
    assert answer.status_code == 422
    assert says in str(answer.context["form"].errors[field])
    assert edition.deadlines.get(phase=Phase.SUBMISSION).announced == "2026-03-31T23:59"


def test_a_phase_that_does_not_exist_is_not_found(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    assert as_user(chair).get(address("date", "party")).status_code == 404


def test_no_page_offers_bidding_which_nothing_asks_for(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    client = as_user(chair)
    pages = [client.get(address(name)).text for name in ("settings", "dates")]
    assert ["bid" in page.lower().partition("<main")[2] for page in pages] == [False, False]
    assert client.get(address("date", "bidding")).status_code == 404


# --- Topics ----------------------------------------------------------------------------------------------------------


def test_removing_a_topic_says_how_often_it_is_used(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    topic = Topic.objects.get(title="I/O optimisation")
    factories.make_submission(edition).topics.add(topic)
    hidden = factories.make_submission(edition)
    hidden.topics.add(topic)
    factories.make_conflict(hidden, chair)
    client = as_user(chair)
    assert "chosen 1 time by submissions" in client.get(address("topic", topic.pk)).text
    client.post(address("topic", topic.pk), {"remove": "1"})
    assert not Topic.objects.filter(pk=topic.pk).exists()


def test_a_topic_added_twice_is_refused_beside_the_field(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    client = as_user(chair)
    answers = [client.post(address("topics"), {"title": "Hardware"}).status_code for _ in range(2)]
    assert answers == [302, 422]


# --- Readiness -------------------------------------------------------------------------------------------------------


def test_readiness_names_what_is_missing(edition: Edition, chair: Membership) -> None:
    Deadline.objects.filter(phase=Phase.CAMERA_READY).delete()
    words = [check.words for check in readiness(Edition.objects.get()) if not check.done]
    assert "Dates are missing: camera-ready papers." in words
    assert "There is no proceedings chair." in words
    assert "The call is published." not in words


def test_dates_in_the_wrong_order_are_named(edition: Edition, chair: Membership) -> None:
    early = edition.deadlines.get(phase=Phase.SUBMISSION).cutoff_at - timedelta(days=1)
    Deadline.objects.filter(phase=Phase.REVIEW).update(cutoff_at=early)
    words = [check.words for check in readiness(Edition.objects.get()) if not check.done]
    assert "reviews" not in words
    assert any("comes before" in word for word in words)


# --- The board -------------------------------------------------------------------------------------------------------


def test_the_board_costs_the_same_with_3_and_30(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    client = as_user(chair)

    def grow(to: int) -> int:
        while edition.memberships.count() < to:
            number = edition.memberships.count()
            actions.invite(
                edition=edition,
                people=[Invitee(1, f"Person {number}", f"p{number}@x.example", "X")],
                roles={"is_reviewer": True},
                note_text="",
                by=chair.user,  # type: ignore[arg-type]
                at=AT,
            )
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address("chair_committee")).status_code == 200
        return len(seen)

    grow(3)
    assert grow(3) == grow(30)


def test_the_silent_are_named_and_reminded_once(
    edition: Edition, chair: Membership, invited: Membership, as_user: AsUser
) -> None:
    client = as_user(chair)
    assert "Remind the silent" not in client.get(address("chair_committee")).text
    with time_machine.travel(AT + timedelta(days=5), tick=False):
        client.force_login(chair.user)  # type: ignore[arg-type]
        assert "Remind the silent 1" in client.get(address("chair_committee")).text
        assert "Ada Invited" in client.get(address("remind")).text
        for _ in range(2):
            client.post(address("remind"), {"member": [str(invited.pk)]})
        assert Message.objects.filter(kind="invitation_reminder").count() == 1
        assert "Remind the silent" not in client.get(address("chair_committee")).text


def test_who_accepted_by_the_link_alone_is_reminded_to_sign_in_until_she_has(
    edition: Edition, chair: Membership, invited: Membership, as_user: AsUser
) -> None:
    actions.accept_invitation(membership=invited, max_load=None, by=None, at=AT + timedelta(days=4))
    for days, silent in ((8, 0), (9, 1), (10, 0), (14, 1)):
        with time_machine.travel(AT + timedelta(days=days), tick=False):
            client = as_user(chair)
            assert ("Remind the silent 1" in client.get(address("chair_committee")).text) is bool(silent)
            (shown,) = client.get(address("remind")).context["letters"] or [None]
            client.post(address("remind"), {"member": [str(invited.pk)]})
        left = Message.objects.filter(kind="sign_in_reminder").order_by("pk").last()
        if silent:
            assert left is not None
            assert (shown["subject"], shown["text"]) == (left.subject, left.text)
            assert (left.to_email, objection(left)) == (invited.email, None)
            assert ["/me/" in left.text, "/invitation/" in left.text] == [True, False]
    assert (Message.objects.filter(kind="sign_in_reminder").count(), left is not None) == (2, True)
    actions.claim_memberships(factories.make_user(invited.email), AT)
    assert "has signed in" in str(objection(left))
    with time_machine.travel(AT + timedelta(days=30), tick=False):
        client = as_user(chair)
        assert "Remind the silent" not in client.get(address("chair_committee")).text
        client.post(address("remind"), {"member": [str(invited.pk)]})
    assert Message.objects.filter(kind="sign_in_reminder").count() == 2


# --- Inviting --------------------------------------------------------------------------------------------------------

LIST = "Bo <bo@uni.example>, Example University\nnobody here\nBo again <bo@uni.example>"


def test_a_list_is_read_and_its_letter_shown_before_anything_is_sent(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    page = as_user(chair).post(address("invite"), {"people": LIST, "role": "reviewer", "note": "We miss you."}).text
    page = " ".join(page.split())
    assert "Line 2: no e-mail address" in page
    assert "Line 3: bo@uni.example is already in line 1" in page
    assert "Send 1 invitation and leave 2 lines in the box" in page
    assert "We miss you." in page
    assert "Dear Bo," in page
    assert "nobody here" in page
    assert not Message.objects.exists()


def shown_to_send(client: Client, typed: dict[str, str]) -> dict[str, str]:
    """The press of the button under the letter that the page shows for a list."""
    return {"send": client.post(address("invite"), typed).context["fingerprint"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"people": "Bo <bo@uni.example>\nAda <ada@uni.example>"},
        {"people": "Bob <bo@uni.example>"},
        {"note": "Not what was read."},
        {"role": "chair"},
    ],
)
def test_invitations_changed_after_their_preview_are_shown_again_before_any_leaves(
    edition: Edition, chair: Membership, as_user: AsUser, changed: dict[str, str]
) -> None:
    client = as_user(chair)
    typed = {"people": "Bo <bo@uni.example>", "role": "reviewer", "note": "Read this."}
    answer = client.post(address("invite"), typed | shown_to_send(client, typed) | changed)
    assert "Nothing is sent yet: the list or the letter is not what was shown to you." in answer.text
    assert {name: answer.context["form"][name].value() for name in changed} == changed
    assert not Message.objects.exists()
    client.post(address("invite"), typed | changed | {"send": answer.context["fingerprint"]})
    assert Message.objects.count() == len((typed | changed)["people"].splitlines())


def test_a_reminder_of_an_invitation_is_shown_as_it_leaves(
    edition: Edition, chair: Membership, invited: Membership, as_user: AsUser
) -> None:
    with time_machine.travel(AT + timedelta(days=5), tick=False):
        client = as_user(chair)
        (shown,) = client.get(address("remind")).context["letters"]
        client.post(address("remind"), {"member": [str(invited.pk)]})
    left = Message.objects.get(kind="invitation_reminder")
    link = re.compile(r"/invitation/[^/]+/")
    assert (shown["to"], shown["subject"]) == (f"{invited.name} <{invited.email}>", left.subject)
    assert link.sub("", shown["text"]) == link.sub("", left.text)


def test_sending_leaves_the_bad_lines_in_the_box(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    client = as_user(chair)
    typed = {"people": LIST, "role": "reviewer"}
    send = shown_to_send(client, typed)
    page = client.post(address("invite"), typed | send)
    assert page.context["form"]["people"].value() == "nobody here\nBo again <bo@uni.example>"
    client.post(address("invite"), typed | send)
    assert Message.objects.filter(kind="invitation").count() == 1


def test_co_chairs_are_invited_as_chairs_only(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    typed = {"people": "Bo <bo@uni.example>", "role": "chair"}
    client = as_user(chair)
    client.post(address("invite"), typed | shown_to_send(client, typed))
    member = Membership.objects.get(email="bo@uni.example")
    assert (member.is_chair, member.is_reviewer) == (True, False)
    assert "co-chair" in Message.objects.get().subject


# --- The link --------------------------------------------------------------------------------------------------------


def link(member: Membership) -> str:
    return reverse("editions:invitation", args=[token_of(member)])


def test_a_damaged_link_of_an_invitation_says_what_to_do(invited: Membership, client: Client) -> None:
    for damaged in (token_of(invited)[:-3], "nothing"):
        page = client.get(reverse("editions:invitation", args=[damaged]))
        assert (page.status_code, "answer the letter: the chairs who invited you" in page.text) == (404, True)
        assert "no-store" in page.headers["Cache-Control"]


def test_an_invitations_link_ends_by_time(invited: Membership) -> None:
    token = token_of(invited)
    with time_machine.travel(AT + LINK_LASTS, tick=False):
        assert read_token(token) == (invited.pk, 1)
    with time_machine.travel(AT + LINK_LASTS + timedelta(seconds=2), tick=False):
        assert read_token(token) is None


def test_looking_at_the_invitation_changes_nothing(invited: Membership) -> None:
    before = Membership.objects.filter(pk=invited.pk).values().get()
    page = Client().get(link(invited))
    assert page.status_code == 200
    assert "Ada Invited" in page.text
    assert Membership.objects.filter(pk=invited.pk).values().get() == before


def test_the_letters_link_opens_the_page(invited: Membership) -> None:
    letter = Message.objects.get()
    assert link(invited) in letter.text
    assert link(invited) in letter.html


def test_accepting_works_without_signing_in_and_once(invited: Membership) -> None:
    client = Client()
    client.post(link(invited), {"answer": "accept", "max_load": "2"})
    client.post(link(invited), {"answer": "decline", "reason": "changed my mind"})
    invited.refresh_from_db()
    assert (invited.accepted_at, invited.max_load, invited.declined_at) == (AT, 2, None)
    assert "Make an account" in client.get(link(invited)).text


def test_declining_thanks_and_keeps_reason_and_suggestion(invited: Membership) -> None:
    client = Client()
    client.post(link(invited), {"answer": "decline", "reason": "No time.", "suggestion": "Ask Bo."})
    client.post(link(invited), {"answer": "accept"})
    invited.refresh_from_db()
    assert (invited.declined_at, invited.accepted_at, invited.suggestion) == (AT, None, "Ask Bo.")
    assert "Thank you for the answer" in " ".join(client.get(link(invited)).text.split())


def test_answering_later_is_noted(invited: Membership, chair: Membership, as_user: AsUser) -> None:
    Client().post(link(invited), {"answer": "later"})
    invited.refresh_from_db()
    assert (invited.opened_at, invited.accepted_at) == (AT, None)
    assert "Read, answers later" in as_user(chair).get(address("chair_committee")).text


def test_a_load_below_one_is_refused_with_a_way_out(invited: Membership) -> None:
    page = Client().post(link(invited), {"answer": "accept", "max_load": "0"})
    assert (page.status_code, "to take none, decline" in page.text) == (422, True)
    invited.refresh_from_db()
    assert invited.accepted_at is None


def test_forged_tokens_are_not_found(invited: Membership) -> None:
    good = token_of(invited)
    forged = [
        "x",
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        signing.dumps([invited.pk, 1], salt="another purpose"),
        signing.dumps([invited.pk, 1], key="another key", salt=SALT),
    ]
    addresses = [reverse("editions:invitation", args=[token]) for token in forged]
    assert [Client().get(where).status_code for where in addresses] == [404] * 4
    assert [Client().post(where, {"answer": "accept"}).status_code for where in addresses] == [404] * 4


def test_a_tokens_signature_has_at_least_128_bits(invited: Membership) -> None:
    assert len(token_of(invited).rpartition(":")[2]) * 6 >= 128


def test_the_link_of_an_earlier_round_has_ended(invited: Membership, chair: Membership) -> None:
    old = link(invited)
    assert chair.user is not None
    actions.resend_invitation(membership=invited, email=invited.email, by=chair.user, at=AT)
    assert Client().get(old).status_code == 410
    assert Client().post(old, {"answer": "accept"}).status_code == 410
    invited.refresh_from_db()
    assert invited.accepted_at is None


def test_the_page_of_a_capability_is_kept_by_no_cache(invited: Membership) -> None:
    assert "no-store" in Client().get(link(invited))["Cache-Control"]


def test_who_is_signed_in_at_another_address_has_the_place_once_she_has_proven_the_invited_one(
    edition: Edition, invited: Membership, stranger: User, as_user: AsUser
) -> None:
    browser = as_user(stranger)
    page = browser.post(link(invited), {"answer": "accept"}, follow=True)
    assert "otherwise add the address to your account" in " ".join(page.text.split())
    browser.post("/accounts/email/", {"action_add": "", "email": invited.email})
    assert browser.get(f"/{edition.slug}/reviews/").status_code == 404
    EmailAddress.objects.filter(email=invited.email).update(verified=True)
    browser.get("/me/")
    assert browser.get(f"/{edition.slug}/reviews/").status_code == 200


def test_the_first_sign_in_with_the_invited_address_finds_the_place(invited: Membership, as_user: AsUser) -> None:
    Client().post(link(invited), {"answer": "accept"})
    ada = factories.make_user("ada@uni.example")
    client = as_user(ada)
    assert client.get(reverse("reviews:home", args=["dlonsc-2026"])).status_code == 404
    client.get(reverse("editions:dashboard"))
    assert client.get(reverse("reviews:home", args=["dlonsc-2026"])).status_code == 200


def test_a_topic_is_renamed_refused_beside_its_field_and_moved_once_by_two_presses(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    client = as_user(chair)
    client.post(address("topics"), {"title": "Hardware"})
    topic = Topic.objects.get(title="Hardware")
    page = client.post(address("topic", topic.pk), {"title": "Scalable  methods"})
    assert (page.status_code, "already" in str(page.context["form"].errors["title"])) == (422, True)
    assert client.post(address("topic", topic.pk), {"title": " Machines  of the future "}).status_code == 302
    client.post(address("topics"), {"title": "Networks"})
    last = Topic.objects.get(title="Networks")
    for _ in range(2):
        client.post(address("move_topic", last.pk), {"up": "1", "start": last.position})
    assert [row.title for row in actions.nested(edition)] == [
        "Scalable methods",
        "I/O optimisation",
        "Networks",
        "Machines of the future",
    ]


# --- The committee's board -------------------------------------------------------------------------------------------


def test_the_board_tells_each_members_state(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    def member(name: str, **fields: Any) -> Membership:
        values = {"email": f"{name}@uni.example", "is_reviewer": True} | fields
        return Membership.objects.create(edition=edition, name=name, **values)

    long_ago = AT - timedelta(days=6)
    people = {
        "silent": member("silent", invited_at=long_ago),
        "invited": member("invited", invited_at=AT),
        "seen": member("seen", invited_at=AT, opened_at=AT),
        "declined": member("declined", invited_at=AT, declined_at=AT),
        "listed": member("listed"),
        "removed": member("removed", invited_at=AT, accepted_at=AT, removed_at=AT),
        "unclaimed": member("unclaimed", invited_at=AT, accepted_at=AT, email="none@uni.example"),
        "accepted": chair,
    }
    assert {name: state_of(row, None, AT) for name, row in people.items()} == {name: name for name in people}
    board = as_user(chair).get(address("chair_committee")).text
    assert [name for name, row in people.items() if row.name not in board] == []


def test_a_list_with_bad_lines_sends_the_good_ones_and_keeps_the_others(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    typed = {"people": "Ada Good <ada@uni.example>, Example University\nno address here", "role": "reviewer"}
    client = as_user(chair)
    shown = client.post(address("invite"), typed)
    assert ([row.email for row in shown.context["good"]], [row.text for row in shown.context["bad"]]) == (
        ["ada@uni.example"],
        ["no address here"],
    )
    sent = client.post(address("invite"), typed | shown_to_send(client, typed))
    assert (sent.status_code, sent.context["form"]["people"].value()) == (200, "no address here")
    assert list(Message.objects.values_list("to_email", flat=True)) == ["ada@uni.example"]


def test_a_list_without_a_usable_line_sends_nothing(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    answer = as_user(chair).post(address("invite"), {"people": "nobody", "role": "reviewer"})
    assert (answer.status_code, Message.objects.count()) == (422, 0)


def test_roles_are_changed_on_the_members_page(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: AsUser
) -> None:
    client = as_user(chair)
    where = address("member", reviewer.pk)
    assert client.post(where, {"is_reviewer": "on", "is_senior": "on", "title": "Area chair"}).status_code == 302
    reviewer.refresh_from_db()
    assert (reviewer.is_reviewer, reviewer.is_senior, reviewer.title) == (True, True, "Area chair")
    refused = client.post(address("member", chair.pk), {"is_reviewer": "on"})
    chair.refresh_from_db()
    assert (refused.status_code, chair.is_chair) == (422, True)


def test_a_new_invitation_goes_to_the_corrected_address(
    edition: Edition, chair: Membership, invited: Membership, as_user: AsUser
) -> None:
    client = as_user(chair)
    client.post(address("resend", invited.pk), {"email": "ada@right.example"})
    invited.refresh_from_db()
    assert (invited.email, invited.invitation_round) == ("ada@right.example", 2)
    assert Message.objects.order_by("pk").last().to_email == "ada@right.example"  # type: ignore[union-attr]


def test_who_is_a_member_gets_no_new_invitation(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: AsUser
) -> None:
    as_user(chair).post(address("resend", reviewer.pk), {"email": reviewer.email})
    assert Message.objects.count() == 0
