"""Two chairs press, or two beats ring, at the same instant, on PostgreSQL: one release, and each letter once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from dlonsc.editions.models import Membership
from dlonsc.mail.models import Campaign, Message
from reviews import reminders
from reviews.actions import deciding
from reviews.actions import mailing as mailings
from reviews.actions.assigning import Refused
from reviews.models import Announcement, Mailing
from submissions.states import State
from tests import factories
from tests.factories import AT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]


def at_once(*presses: Callable[[], object]) -> list[str]:
    """Run all at the same instant in threads with connections of their own; "done" or the words of a refusal, each."""
    barrier, ended = threading.Barrier(len(presses)), [""] * len(presses)

    def run(place: int) -> None:
        barrier.wait()
        try:
            presses[place]()
            ended[place] = "done"
        except Refused as refusal:
            ended[place] = str(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.fixture
def chairs(transactional_db: None) -> list[Membership]:
    edition = factories.make_edition()
    return [factories.make_member(edition, email=f"chair{number}@lab.example", chair=True) for number in range(2)]


def fresh(chair: Membership) -> Membership:
    return Membership.objects.select_related("edition", "user").get(pk=chair.pk)


def test_decisions_released_by_two_chairs_at_once_are_released_once(chairs: list[Membership]) -> None:
    edition = chairs[0].edition
    for number in range(12):
        paper = factories.make_submission(edition, factories.make_user(f"a{number}@uni.example"))
        factories.make_decision(paper, chairs[0].user, "accept" if number % 3 else "reject")
    seen = deciding.plan(fresh(chairs[0]))

    def press(chair: Membership) -> Callable[[], object]:
        mine = fresh(chair)
        assert mine.user is not None
        user = mine.user
        return lambda: deciding.announce(
            mine, accepts=8, rejects=4, fingerprint=seen.fingerprint, leave_undecided=False, by=user, at=AT
        )

    ended = at_once(*(press(chair) for chair in chairs))
    assert (ended.count("done"), Announcement.objects.count(), Campaign.objects.count()) == (1, 1, 1)
    letters = Message.objects.filter(kind="decision").order_by("to_email").values_list("to_email", flat=True)
    assert list(letters) == sorted(f"a{number}@uni.example" for number in range(12))


def test_a_mailing_released_twice_at_once_is_released_once(chairs: list[Membership]) -> None:
    chair = fresh(chairs[0])
    assert chair.user is not None
    user = chair.user
    for number in range(10):
        factories.make_submission(chair.edition, factories.make_user(f"a{number}@uni.example"))
    row = mailings.begin(chair, "submitted", by=user, at=AT)
    mailings.write(row, subject="News", text="Dear {name}", version=1, at=AT)
    row = Mailing.objects.get(pk=row.pk)
    run = mailings.dry_run(chair, row, AT)

    def press() -> object:
        mine = fresh(chair)
        return mailings.release(mine, row, count=10, fingerprint=run.fingerprint, by=user, at=AT)

    ended = at_once(press, press)
    assert ended.count("done") == 1
    assert [words.startswith("It is released already") for words in ended if words != "done"] == [True]
    assert (Campaign.objects.count(), Message.objects.filter(kind="mailing").count()) == (1, 10)


def test_two_beats_that_remind_at_once_write_each_reminder_once(chairs: list[Membership]) -> None:
    edition = chairs[0].edition
    for number in range(6):
        factories.make_submission(edition, factories.make_user(f"a{number}@uni.example"), state=State.DRAFT)
    day_before = edition.deadlines.get(phase="submission").cutoff_at - timedelta(hours=23)
    assert at_once(*(lambda: reminders.remind(day_before) for _ in range(3))) == ["done"] * 3
    reached = Message.objects.order_by("to_email").values_list("to_email", flat=True)
    assert list(reached) == [f"a{number}@uni.example" for number in range(6)]
