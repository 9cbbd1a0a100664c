"""The chair's ledger: all of it that she may know, and what she can do about a letter."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.envelope import compose
from dlonsc.mail.models import Campaign, Message, Pause, State, Unsubscribed
from reviews.actions.lettering import TOLD_TO_CHAIRS
from reviews.letters import letters_for
from reviews.reminders import remind
from submissions.models import Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT

Browser = Callable[[User | Membership | None], Client]


def make_letter(edition: Edition, number: int, **fields: object) -> Message:
    defaults: dict[str, object] = {
        "key": f"letter:{number}",
        "edition": edition.slug,
        "kind": "receipt",
        "to_email": f"person{number}@uni.example",
        "to_name": f"Person {number}",
        "subject": f"Subject {number}",
        "text": f"Text {number}",
        "state": State.SENT,
        "created_at": AT,
    }
    return Message.objects.create(**(defaults | fields))


def address(edition: Edition, *parts: object) -> str:
    """A number among the parts is that of a letter."""
    words = (code("letter", part) if isinstance(part, int) else part for part in parts)
    return f"/{edition.slug}/chair/mail/" + "".join(f"{word}/" for word in words)


def keys(chair: Membership) -> set[str]:
    return set(letters_for(chair).values_list("key", flat=True))


@pytest.fixture
def paper(edition: Edition) -> Submission:
    return factories.make_submission(edition)


# --- What she may see -------------------------------------------------------------------------------------------------


def test_a_chair_sees_the_letters_of_her_edition_and_of_no_other(edition: Edition, chair: Membership) -> None:
    other = factories.make_edition("dlonsc-2027")
    make_letter(edition, 1)
    make_letter(other, 2)
    Message.objects.filter(pk=make_letter(edition, 3).pk).update(edition="")
    assert keys(chair) == {"letter:1"}


def test_a_chair_never_sees_a_letter_about_a_submission_she_is_in_conflict_with(
    edition: Edition, chair: Membership, other_chair: Membership, paper: Submission, as_user: Browser
) -> None:
    factories.make_conflict(paper, chair)
    letter = make_letter(edition, 1, subject_label=paper.label)
    assert (keys(chair), keys(other_chair)) == (set(), {"letter:1"})
    statuses = [as_user(who).get(address(edition, letter.pk)).status_code for who in (chair, other_chair)]
    assert statuses == [404, 200]


# Named here, and not read from where they are hidden: a kind that is forgotten there must be missed here.
LIST_TASKS = [
    "assigned", "unassigned", "chair_reminder", "remind_reviews", "digest", "discussion_opened", "mailing_tasks",
    "mailing_tasks_test", "date_changed",
]  # fmt: skip


@pytest.mark.parametrize("kind", LIST_TASKS)
def test_what_is_missing_in_her_list_does_not_tell_who_reviews_it(
    edition: Edition, chair: Membership, paper: Submission, kind: str
) -> None:
    other = factories.make_submission(edition)
    for number, about in enumerate([paper.label, other.label, ""]):
        make_letter(edition, number, subject_label=about, kind=kind, guard={"chair": chair.pk})
    assert len(keys(chair)) == 3
    factories.make_conflict(paper, chair)
    assert keys(chair) == set()


def test_a_letter_about_a_date_to_an_author_of_a_hidden_submission_is_hidden(
    edition: Edition, chair: Membership, paper: Submission
) -> None:
    other = factories.make_submission(edition)
    label = f"edition:{edition.pk}"
    make_letter(edition, 1, subject_label=label, to_email=paper.created_by.email)
    make_letter(edition, 2, subject_label=label, to_email=other.created_by.email)
    factories.make_conflict(paper, chair)
    assert keys(chair) == {"letter:2"}
    # Who started it and is not listed, too.
    paper.authors.all().delete()
    assert keys(chair) == {"letter:2"}
    # As an author of another submission, too, she gets that letter anyway.
    factories.make_author(other, paper.created_by.email)
    assert keys(chair) == {"letter:1", "letter:2"}


def test_only_chairs_open_the_ledger(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: Browser
) -> None:
    make_letter(edition, 1)
    assert [as_user(who).get(address(edition)).status_code for who in (chair, reviewer, None)] == [200, 404, 302]


# --- Finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2, 3}),
        ("?state=failed", {2}),
        ("?kind=decision", {3}),
        ("?q=person2@uni", {2}),
        ("?q=Person+3", {3}),
        ("?q=nobody", set()),
        ("?state=failed&q=person3", set()),
        ("?state=nonsense", {1, 2, 3}),
    ],
)
def test_letters_are_found_by_state_kind_and_recipient(
    edition: Edition, chair: Membership, as_user: Browser, query: str, found: set[int]
) -> None:
    make_letter(edition, 1)
    make_letter(edition, 2, state=State.FAILED)
    make_letter(edition, 3, kind="decision")
    rows = as_user(chair).get(address(edition) + query).context["rows"]
    assert {int(row.letter.key.split(":")[1]) for row in rows} == found


def test_the_chair_is_told_how_many_letters_were_not_delivered(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    for number, state in enumerate([State.SENT, State.BOUNCED, State.FAILED, State.UNKNOWN, State.QUEUED]):
        make_letter(edition, number, kind="decision", state=state)
    make_letter(edition, 9)
    page = as_user(chair).get(address(edition))
    assert page.context["undelivered"] == [(3, 5, "decision")]
    assert "<li>3 of 5: decision</li>" in page.content.decode()


def test_a_letter_is_shown_with_text_history_and_a_flagged_address(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    letter = make_letter(edition, 1, text="Dear <b>you</b>")
    back = {"to_email": letter.to_email, "state": State.BOUNCED, "finished_at": AT}
    lost = make_letter(edition, 2, **back, answer="5.1.1 no such user")
    letter.changes.create(state=State.SENT, at=AT, answer="250 taken")
    text = " ".join(as_user(chair).get(address(edition, letter.pk)).content.decode().split())
    shown = ["Dear &lt;b&gt;you&lt;/b&gt;" in text, "250 taken" in text, "5.1.1 no such user" in text]
    assert shown == [True, True, True]
    # On its own page what came back is told once.
    assert as_user(chair).get(address(edition, lost.pk)).text.count("5.1.1 no such user") == 1


def test_a_letter_that_came_back_and_is_hidden_from_a_chair_marks_nobody_for_her(
    edition: Edition,
    chair: Membership,
    other_chair: Membership,
    reviewer: Membership,
    paper: Submission,
    as_user: Browser,
) -> None:
    factories.make_conflict(paper, chair)
    thanks = make_letter(edition, 1, to_email=reviewer.email)
    make_letter(edition, 2, to_email=reviewer.email, kind="assigned", state=State.BOUNCED, answer="550", finished_at=AT)
    seen = [
        ("Letters do not arrive" in browser.get(f"/{edition.slug}/chair/committee/").content.decode(),
         "came back" in browser.get(address(edition, thanks.pk)).content.decode())
        for browser in (as_user(chair), as_user(other_chair))
    ]  # fmt: skip
    assert seen == [(False, False), (True, True)]


def test_an_author_whose_last_letter_came_back_is_marked_on_the_page_of_her_paper(
    edition: Edition, chair: Membership, paper: Submission, as_user: Browser
) -> None:
    author = paper.authors.get()
    about = {"to_email": author.email, "subject_label": paper.label, "finished_at": AT}
    first, second, third = (AT + timedelta(minutes=minutes) for minutes in range(3))

    def is_marked() -> bool:
        page = f"/{edition.slug}/chair/submissions/{paper.number}/"
        return "letters come back" in as_user(chair).get(page).content.decode()

    old = make_letter(edition, 1, **about, state=State.BOUNCED, answer="550", handed_over_at=first)
    assert is_marked()
    make_letter(edition, 2, **about, created_at=second, handed_over_at=second)
    assert not is_marked()
    # The older letter was sent again and came back again: it is the last one.
    Message.objects.filter(pk=old.pk).update(handed_over_at=third)
    assert is_marked()


# --- Doing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "state"), [("arrived", State.SENT), ("again", State.QUEUED)])
def test_an_unknown_letter_is_settled_by_a_chair_and_the_act_is_kept(
    edition: Edition, chair: Membership, as_user: Browser, what: str, state: State
) -> None:
    letter = make_letter(edition, 1, state=State.UNKNOWN)
    as_user(chair).post(address(edition, letter.pk, "settle"), {"what": what})
    letter.refresh_from_db()
    assert letter.state == state
    assert letter.changes.get().answer.endswith("by Chantal Chair")
    assert [entry.verb for entry in Entry.objects.all()] == [
        "letter_arrived" if what == "arrived" else "letter_sent_again"
    ]


@pytest.mark.parametrize("state", [State.SENT, State.QUEUED, State.HELD])
def test_a_letter_that_needs_nothing_cannot_be_sent_again(
    edition: Edition, chair: Membership, as_user: Browser, state: State
) -> None:
    letter = make_letter(edition, 1, state=state)
    page = as_user(chair).post(address(edition, letter.pk, "settle"), {"what": "again"}, follow=True)
    letter.refresh_from_db()
    assert (letter.state, letter.changes.count(), Entry.objects.count()) == (state, 0, 0)
    assert f"This letter is now: {state.label}. Nothing was changed." in page.content.decode()


@pytest.mark.parametrize("state", [State.HELD, State.QUEUED, State.RETRY, State.SENDING])
def test_a_letter_that_was_not_handed_over_can_be_cancelled(
    edition: Edition, chair: Membership, as_user: Browser, state: State
) -> None:
    letter = make_letter(edition, 1, state=state)
    as_user(chair).post(address(edition, letter.pk, "settle"), {"what": "cancel"})
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "cancelled by Chantal Chair")
    assert Entry.objects.get().verb == "letter_cancelled"


@pytest.mark.parametrize("kind", sorted(TOLD_TO_CHAIRS))
def test_no_chair_keeps_back_what_tells_the_others_what_she_did(
    edition: Edition, chair: Membership, as_user: Browser, kind: str
) -> None:
    letter = make_letter(edition, 1, state=State.QUEUED, kind=kind)
    page = as_user(chair).post(address(edition, letter.pk, "settle"), {"what": "cancel"}, follow=True)
    letter.refresh_from_db()
    assert (letter.state, Entry.objects.count()) == (State.QUEUED, 0)
    shown = page.content.decode()
    assert ("is not kept back" in shown, "Cancel this letter" in shown) == (True, False)


@pytest.mark.parametrize("state", [State.HANDED_OVER, State.SENT, State.UNKNOWN, State.FAILED])
def test_a_letter_that_was_handed_over_cannot(
    edition: Edition, chair: Membership, as_user: Browser, state: State
) -> None:
    letter = make_letter(edition, 1, state=state)
    as_user(chair).post(address(edition, letter.pk, "settle"), {"what": "cancel"})
    letter.refresh_from_db()
    assert (letter.state, Entry.objects.count()) == (state, 0)


def test_all_failed_ones_are_sent_again_but_none_that_she_may_not_see(
    edition: Edition, chair: Membership, paper: Submission, as_user: Browser
) -> None:
    factories.make_conflict(paper, chair)
    make_letter(edition, 1, state=State.FAILED)
    make_letter(edition, 2, state=State.FAILED, subject_label=paper.label)
    make_letter(edition, 3, state=State.UNKNOWN)
    page = " ".join(as_user(chair).get(address(edition)).content.decode().split())
    assert "Send 1 failed letter again" in page
    as_user(chair).post(address(edition, "again"))
    states = dict(Message.objects.values_list("key", "state"))
    assert states == {"letter:1": "queued", "letter:2": "failed", "letter:3": "unknown"}


def test_no_button_sends_a_letter_of_a_stopped_campaign_again(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    stopped = Campaign.objects.create(
        edition=edition.slug,
        kind="mailing",
        title="A wrong text",
        stopped_at=AT,
        stop_reason="by the chair who wrote it",
    )
    states = [State.FAILED, State.UNKNOWN, State.CANCELLED]
    letters = [make_letter(edition, number, state=state, campaign=stopped) for number, state in enumerate(states)]
    client = as_user(chair)
    client.post(address(edition, "again"))
    for letter in letters:
        page = client.post(address(edition, letter.pk, "settle"), {"what": "again"}, follow=True)
        assert "its letters were stopped: by the chair who wrote it" in page.content.decode()
    assert [Message.objects.get(pk=letter.pk).state for letter in letters] == states


def test_get_changes_nothing(edition: Edition, chair: Membership, as_user: Browser) -> None:
    letter = make_letter(edition, 1, state=State.FAILED)
    client = as_user(chair)
    for parts in (("again",), ("switch",), (letter.pk, "settle")):
        assert client.get(address(edition, *parts)).status_code == 302
    letter.refresh_from_db()
    assert (letter.state, Pause.objects.count()) == (State.FAILED, 0)


def test_pause_and_resume_of_an_edition_and_of_one_campaign(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    campaign = Campaign.objects.create(edition=edition.slug, kind="decision", title="Decisions", release_at=AT)
    make_letter(edition, 1, campaign=campaign, state=State.QUEUED)
    client = as_user(chair)
    client.post(address(edition, "switch"), {"to": "pause"})
    client.post(address(edition, "switch"), {"to": "pause", "campaign": code("campaign", campaign.pk)})
    client.post(address(edition, "switch"), {"to": "pause"})
    standing = Pause.objects.filter(lifted_at__isnull=True).order_by("pk")
    assert [(row.edition, row.campaign_id) for row in standing] == [(edition.slug, None), ("", campaign.pk)]
    page = client.get(address(edition)).content.decode()
    assert "Chantal Chair paused the letters of this edition" in page
    client.post(address(edition, "switch"), {"to": "resume"})
    assert [row.campaign_id for row in standing.all()] == [campaign.pk]


def test_a_campaign_of_another_edition_cannot_be_paused(edition: Edition, chair: Membership, as_user: Browser) -> None:
    other = factories.make_edition("dlonsc-2027")
    campaign = Campaign.objects.create(edition=other.slug, kind="decision", title="Decisions")
    make_letter(other, 1, campaign=campaign)
    for wanted in (code("campaign", campaign.pk), str(campaign.pk), "x", "-1"):
        answer = as_user(chair).post(address(edition, "switch"), {"to": "pause", "campaign": wanted})
        assert answer.status_code == 404
    assert Pause.objects.count() == 0


# --- Leaving reminders ------------------------------------------------------------------------------------------------


def make_reminder(edition: Edition) -> Message:
    return make_letter(edition, 1, headers={"List-Unsubscribe": "<x>"})


def test_one_click_leaves_the_reminders_without_account_or_cookie(edition: Edition) -> None:
    letter = make_reminder(edition)
    client = Client(enforce_csrf_checks=True)
    path = f"/unsubscribe/{letter.return_token}/"
    with time_machine.travel(letter.created_at + timedelta(days=20), tick=False):
        assert client.get(path).status_code == 200
        assert Unsubscribed.objects.count() == 0
        for _ in range(2):
            assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert list(Unsubscribed.objects.values_list("email", "edition")) == [(letter.to_email, edition.slug)]
        client.post(path, {"again": "1"})
        assert Unsubscribed.objects.count() == 0


def test_whoever_is_forwarded_a_letter_cannot_report_it_as_returned(edition: Edition) -> None:
    factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False)
    at = datetime(2026, 3, 30, 12, tzinfo=UTC)
    letter = remind(at)[0]
    mail = compose(letter).as_string() + letter.text + letter.html
    assert letter.return_token not in mail
    path = re.search(r"/unsubscribe/\w+/", letter.text)
    assert path is not None
    with time_machine.travel(at, tick=False):
        assert Client().post(path[0]).status_code == 200
        assert Client().post(f"/unsubscribe/{letter.return_token}/").status_code == 404
    assert Unsubscribed.objects.get().email == letter.to_email


def test_the_link_to_leave_ends_a_year_after_its_letter(edition: Edition) -> None:
    letter = make_reminder(edition)
    path, end = f"/unsubscribe/{letter.return_token}/", letter.created_at + timedelta(days=365)
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        for answer in (Client().get(path), Client().post(path)):
            assert (answer.status_code, letter.to_email in answer.content.decode()) == (410, False)
    assert Unsubscribed.objects.count() == 0
    with time_machine.travel(end, tick=False):
        assert Client().post(path).status_code == 200
    assert Unsubscribed.objects.count() == 1


def test_a_decision_cannot_be_left_and_a_guess_is_nothing(edition: Edition) -> None:
    letter = make_letter(edition, 1)
    for token in (letter.return_token, "guess"):
        assert Client().post(f"/unsubscribe/{token}/").status_code == 404


def test_the_address_that_reminders_carry_is_the_address_of_the_page() -> None:
    assert reverse("mail:unsubscribe", args=["abc"]) == "/unsubscribe/abc/"


def test_a_chair_reads_no_link_that_acts_in_the_recipients_name(
    edition: Edition, chair: Membership, as_user: Callable[[Membership], Client]
) -> None:
    text = "Answer: https://w.example/invitation/WzFd:abc-DEF/ or leave https://w.example/unsubscribe/t0ken/ now."
    letter = make_letter(edition, 1, text=text, kind="invitation")
    shown = as_user(chair).get(address(edition, letter.pk)).text
    assert ("WzFd:abc-DEF" in shown, "t0ken" in shown) == (False, False)
    assert "https://w.example/invitation/(personal link)/ or leave" in shown
    letter.refresh_from_db()
    assert letter.text == text


def test_where_nothing_failed_no_button_offers_to_send_it_again(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    make_letter(edition, 1, state=State.BOUNCED)
    page = " ".join(as_user(chair).get(address(edition)).content.decode().split())
    assert ("1 of 1:" in page, "failed letter" in page) == (True, False)
