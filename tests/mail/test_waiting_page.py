"""After a restore: a chair keeps back what was written before the backup, once, and only what she may know of."""

from collections.abc import Callable

import pytest
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State
from reviews.actions.lettering import TOLD_TO_CHAIRS
from reviews.views.chair.history import entries_for
from tests import factories
from tests.factories import AFTER_DEADLINE, AT

Browser = Callable[[User | Membership | None], Client]
ADDRESS = "/dlonsc-2026/chair/mail/waiting/"
BEFORE = "2026-03-01T13:00"


@pytest.fixture
def letters(edition: Edition) -> list[Message]:
    """Three that waited when the backup was made, one that was written after it, and one that was sent."""
    states = [State.QUEUED, State.RETRY, State.HELD, State.QUEUED, State.SENT]
    return [
        Message.objects.create(
            key=f"k{number}",
            edition=edition.slug,
            kind="receipt",
            to_email="a@uni.example",
            subject="s",
            text="t",
            state=state,
            created_at=AFTER_DEADLINE if number == 3 else AT,
        )
        for number, state in enumerate(states)
    ]


def states() -> list[str]:
    return list(Message.objects.order_by("key").values_list("state", flat=True))


def test_it_shows_first_how_many_and_changes_nothing(
    letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    client, before = as_user(chair), states()
    assert [line["count"] for line in client.get(ADDRESS).context["lines"]] == [1, 2, 1]
    shown = client.post(ADDRESS, {"before": BEFORE})
    assert (shown.context["chosen"], states()) == (3, before)
    assert "Keep 3 letters back for good" in " ".join(shown.content.decode().split())


def test_one_press_keeps_them_back_and_the_history_tells_who(
    letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    client = as_user(chair)
    words = {"before": BEFORE, "expected": "3", "confirm": "1"}
    assert client.post(ADDRESS, words).status_code == 302
    assert states() == [State.CANCELLED, State.CANCELLED, State.CANCELLED, State.QUEUED, State.SENT]
    assert Entry.objects.get(verb="letters_cancelled").detail == {"before": "2026-03-01T13:00:00+00:00"}
    kept = Entry.objects.filter(verb="letter_cancelled").order_by("pk")
    assert sorted(entry.detail["letter"] for entry in kept) == [letter.pk for letter in letters[:3]]
    # The page as it was, pressed again.
    assert client.post(ADDRESS, words).status_code == 422
    assert Entry.objects.filter(verb="letters_cancelled").count() == 1


def test_what_tells_the_other_chairs_what_was_done_is_not_kept_back_with_the_rest(
    letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    told = [
        Message.objects.create(
            key=kind, edition=chair.edition.slug, kind=kind, to_email="b@uni.example", subject="s", text="t",
            state=State.QUEUED, created_at=AT,
        )
        for kind in sorted(TOLD_TO_CHAIRS)
    ]  # fmt: skip
    client = as_user(chair)
    assert client.post(ADDRESS, {"before": BEFORE}).context["chosen"] == 3
    assert client.post(ADDRESS, {"before": BEFORE, "expected": "3", "confirm": "1"}).status_code == 302
    states = Message.objects.filter(pk__in=[letter.pk for letter in told]).values_list("state", flat=True)
    assert set(states) == {State.QUEUED}


def test_a_chair_in_conflict_does_not_read_that_another_kept_letters_back(
    letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    """None of hers was among them: then they were about a paper that she may not know."""
    paper = factories.make_submission(chair.edition)
    other_chair = factories.make_member(chair.edition, chair=True)
    factories.make_conflict(paper, other_chair)
    Message.objects.update(subject_label=paper.label)
    as_user(chair).post(ADDRESS, {"before": BEFORE, "expected": "3", "confirm": "1"})
    assert list(entries_for(other_chair).filter(verb__startswith="letter")) == []
    assert entries_for(chair).filter(verb__startswith="letter").count() == 4


def test_a_letter_that_a_worker_held_when_the_backup_was_made_is_counted_and_kept_back(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    """It left a moment after the backup; only its lease would run out and queue it again."""
    words = {"edition": edition.slug, "kind": "decision", "subject": "s", "text": "t", "created_at": AT}
    for number, state in enumerate((State.SENDING, State.HANDED_OVER)):
        Message.objects.create(
            key=f"k{number}", to_email="a@uni.example", state=state, attempts=1, lease_until=AT, **words
        )
    client = as_user(chair)
    assert client.post(ADDRESS, {"before": BEFORE}).context["chosen"] == 1
    client.post(ADDRESS, {"before": BEFORE, "expected": "1", "confirm": "1"})
    ledger.recover(AFTER_DEADLINE)
    # Handed over: it may have arrived, and waits for a chair.
    assert states() == [State.CANCELLED, State.UNKNOWN]


def test_when_the_number_changed_meanwhile_nothing_is_done(
    letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    before = states()
    response = as_user(chair).post(ADDRESS, {"before": BEFORE, "expected": "2", "confirm": "1"})
    assert (response.status_code, states()) == (422, before)
    assert "Meanwhile there are 3 such letters, not 2. Nothing was changed." in response.content.decode()


def test_a_chair_neither_counts_nor_cancels_what_she_may_not_know_of(
    edition: Edition, letters: list[Message], chair: Membership, as_user: Browser
) -> None:
    hidden = factories.make_submission(edition)
    factories.make_conflict(hidden, chair)
    Message.objects.filter(key="k0").update(subject_label=hidden.label)
    client = as_user(chair)
    assert client.post(ADDRESS, {"before": BEFORE}).context["chosen"] == 2
    client.post(ADDRESS, {"before": BEFORE, "expected": "2", "confirm": "1"})
    assert states()[:3] == [State.QUEUED, State.CANCELLED, State.CANCELLED]


def test_a_letter_of_another_edition_stays(letters: list[Message], chair: Membership, as_user: Browser) -> None:
    Message.objects.filter(key="k0").update(edition="dlonsc-2025")
    as_user(chair).post(ADDRESS, {"before": BEFORE, "expected": "2", "confirm": "1"})
    assert states()[0] == State.QUEUED


@pytest.mark.parametrize("before", ["", "yesterday"])
def test_no_time_is_refused_beside_the_field(
    letters: list[Message], chair: Membership, as_user: Browser, before: str
) -> None:
    assert as_user(chair).post(ADDRESS, {"before": before, "confirm": "1"}).status_code == 422
    assert State.CANCELLED not in states()


def test_before_any_letter_it_says_so(chair: Membership, as_user: Browser) -> None:
    client = as_user(chair)
    pages = client.get(ADDRESS), client.post(ADDRESS, {"before": BEFORE})
    texts = [" ".join(page.content.decode().split()) for page in pages]
    assert "No letter waits." in texts[0]
    assert "No waiting letter was written before then." in texts[1]


def test_a_paused_edition_shows_the_way_there(chair: Membership, as_user: Browser) -> None:
    client = as_user(chair)
    assert ADDRESS not in client.get("/dlonsc-2026/chair/mail/").content.decode()
    client.post("/dlonsc-2026/chair/mail/switch/", {"to": "pause"})
    assert ADDRESS in client.get("/dlonsc-2026/chair/mail/").content.decode()
