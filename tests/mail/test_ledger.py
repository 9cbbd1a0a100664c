"""The ledger's promises: one lease, one delivery, every outcome visible, nothing guessed."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction

from dlonsc.mail import guards, ledger
from dlonsc.mail.models import Campaign, Message, Pace, State, StateChange, Unsubscribed
from dlonsc.mail.post import Letterhead, post
from dlonsc.mail.transport import Answer, Envelope, LastLook, Outcome
from tests.factories import AT

MINUTE = timedelta(minutes=1)
HEAD = Letterhead(edition="dlonsc-2026", sender="DLonSC 2026", reply_to="chairs@workshop.example", site_url="https://x")


class Clock:
    """A clock that tests set; sleeping moves it."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Scripted:
    """Answers as told and keeps what it was given; `meanwhile` happens after the last look."""

    def __init__(self, *answers: Answer, meanwhile: Callable[[], None] | None = None) -> None:
        self.answers = list(answers)
        self.meanwhile = meanwhile
        self.taken: list[str] = []

    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
        if self.answers and self.answers[0].outcome == Outcome.UNREACHABLE:
            return self.answers.pop(0)
        if not last_look():
            return Answer(Outcome.STOPPED, "stopped")
        if self.meanwhile:
            self.meanwhile()
        answer = self.answers.pop(0) if self.answers else Answer(Outcome.SENT, "250 taken")
        if answer.outcome == Outcome.SENT:
            self.taken.append(envelope.recipient)
        return answer

    def close(self) -> None:
        return


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def _letters(settings: object, tmp_path: object) -> None:
    """Letters whose text is one line."""
    folder = tmp_path / "templates"  # type: ignore[operator]
    folder.mkdir()
    for ending, text in (
        (".subject.txt", "About {{ it }}"),
        (".txt", "Dear {{ to_name }}"),
        (".html", "<p>{{ it }}</p>"),
    ):
        (folder / f"plain{ending}").write_text(text)
    templates = settings.TEMPLATES  # type: ignore[attr-defined]
    settings.TEMPLATES = [{**templates[0], "DIRS": [folder, *templates[0]["DIRS"]]}]  # type: ignore[attr-defined]


@pytest.fixture
def letter(db: None, _letters: None) -> Callable[..., Message]:
    """letter(1, at_most_once=False ...): the first letter, posted at AT."""

    def write(number: int | str = 1, **words: object) -> Message:
        arguments: dict[str, object] = {
            "key": f"key:{number}",
            "to_email": f"person{number}@uni.example",
            "to_name": f"Person {number}",
            "letter": "plain",
            "context": {"it": "it"},
            "head": HEAD,
            "at": AT,
        }
        message = post(**(arguments | words))  # type: ignore[arg-type]
        assert message is not None
        return message

    return write


@pytest.fixture(autouse=True)
def _own_guards() -> Iterator[None]:
    before = dict(guards._guards)
    yield
    guards._guards.clear()
    guards._guards.update(before)


def run(clock: Clock, transport: Scripted, **words: object) -> int:
    return ledger.drain(transport, seconds=20, clock=clock, sleep=clock.sleep, **words)  # type: ignore[arg-type]


def history(message: Message) -> list[str]:
    return [change.state for change in StateChange.objects.filter(message=message).order_by("pk")]


def state(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


# --- Into the ledger --------------------------------------------------------------------------------------------------


def test_a_letter_is_frozen_when_posted_and_a_key_is_posted_once(letter: Callable[..., Message]) -> None:
    first = letter(1)
    assert (first.subject, first.text, first.html) == ("About it", "Dear Person 1", "<p>it</p>")
    again = post(
        key="key:1", to_email="x@y.example", letter="plain", context={"it": "other"}, head=HEAD, at=AT + MINUTE
    )
    assert (again, Message.objects.count(), history(first)) == (None, 1, ["queued"])


def test_a_long_key_is_shortened_and_no_two_become_one(letter: Callable[..., Message]) -> None:
    # Ones that differ at their end only, and one that just fits.
    keys = ["k" * 200 + end for end in ("", "@uni.example", "@lab.example")]
    stored = [letter(key=key).key for key in keys]
    assert (stored[0], [len(key) for key in stored], len(set(stored))) == (keys[0], [200, 193, 193], 3)
    words = {"to_email": "x@y.example", "letter": "plain", "context": {"it": "it"}, "head": HEAD, "at": AT}
    assert [post(key=key, **words) for key in keys] == [None, None, None]  # type: ignore[arg-type]


def test_a_letter_vanishes_with_the_fact_that_was_rolled_back(letter: Callable[..., Message]) -> None:
    def fact() -> None:
        with transaction.atomic():
            letter(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fact()
    assert (Message.objects.count(), StateChange.objects.count()) == (0, 0)


# --- Out of it --------------------------------------------------------------------------------------------------------


def test_a_letter_goes_out_once_and_keeps_the_servers_answer(letter: Callable[..., Message], clock: Clock) -> None:
    message = letter(1)
    transport = Scripted()
    assert [run(clock, transport), run(clock, transport)] == [1, 0]
    message.refresh_from_db()
    assert (message.state, message.answer, message.finished_at) == (State.SENT, "250 taken", AT)
    assert history(message) == ["queued", "sending", "handed_over", "sent"]
    assert transport.taken == ["person1@uni.example"]


def test_an_answer_with_what_no_database_keeps_settles_the_letter_all_the_same(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)
    run(clock, Scripted(Answer(Outcome.REFUSED, "550 no\x00 such user")))
    message.refresh_from_db()
    assert (message.state, message.answer) == (State.FAILED, "550 no such user")


def test_a_held_letter_leaves_at_its_instant_and_not_a_second_before(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1, held_until=AT + 10 * MINUTE)
    clock.now = AT + 10 * MINUTE - timedelta(seconds=1)
    assert (run(clock, Scripted()), state(message)) == (0, State.HELD)
    clock.now = AT + 10 * MINUTE
    assert (run(clock, Scripted()), state(message)) == (1, State.SENT)


def test_single_letters_go_before_those_of_campaigns(letter: Callable[..., Message], clock: Clock) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    letter(1, campaign=campaign)
    letter(2, at=AT)
    transport = Scripted()
    run(clock, transport)
    assert transport.taken == ["person2@uni.example", "person1@uni.example"]


@pytest.mark.parametrize(
    ("outcome", "at_most_once", "state_after"),
    [
        (Outcome.SENT, True, State.SENT),
        (Outcome.LATER, True, State.RETRY),
        (Outcome.LATER, False, State.RETRY),
        (Outcome.REFUSED, True, State.FAILED),
        (Outcome.REFUSED, False, State.FAILED),
        (Outcome.SILENT, True, State.UNKNOWN),
        (Outcome.SILENT, False, State.RETRY),
    ],
)
def test_what_an_outcome_makes_of_a_letter(
    letter: Callable[..., Message], clock: Clock, outcome: Outcome, at_most_once: bool, state_after: State
) -> None:
    message = letter(1, at_most_once=at_most_once)
    run(clock, Scripted(Answer(outcome, "what was said")))
    message.refresh_from_db()
    assert (message.state, message.answer, message.lease_until) == (state_after, "what was said", None)


def test_a_letter_is_tried_again_after_1_5_15_and_60_minutes_and_given_up_in_the_end(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)
    waits = []
    while state(message) != State.FAILED:
        run(clock, Scripted(Answer(Outcome.LATER, "450 greylisted")))
        message.refresh_from_db()
        if message.state == State.RETRY:
            waits.append(message.not_before - clock.now)
            clock.now = message.not_before - timedelta(seconds=1)
            assert run(clock, Scripted()) == 0
            clock.now = message.not_before
    assert [wait // MINUTE for wait in waits] == [1, 5, 15, 60, 180, 360, 720, 1440]
    assert message.answer == "given up after 9 attempts; the last answer: 450 greylisted"


def test_a_letter_sent_again_by_a_person_has_all_its_attempts_again_and_the_same_message_id(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)
    Message.objects.filter(pk=message.pk).update(state=State.FAILED, attempts=9)
    before = message.message_id
    ledger.send_again(message, by="Chantal", at=AT)
    run(clock, Scripted(Answer(Outcome.LATER, "450")))
    message.refresh_from_db()
    assert (message.state, message.not_before, message.message_id) == (State.RETRY, AT + MINUTE, before)


def test_a_server_that_cannot_be_reached_uses_up_no_attempt_and_stops_the_round(
    letter: Callable[..., Message], clock: Clock
) -> None:
    first, second = letter(1), letter(2)
    assert run(clock, Scripted(Answer(Outcome.UNREACHABLE, "refused"))) == 1
    first.refresh_from_db()
    assert (first.state, first.attempts, state(second)) == (State.RETRY, 0, State.QUEUED)
    assert history(first)[-1] == "retry"


def test_an_address_that_is_none_fails_visibly_and_the_next_letter_goes(
    letter: Callable[..., Message], clock: Clock
) -> None:
    bad, good = letter(1), letter(2)
    Message.objects.filter(pk=bad.pk).update(to_email="jürgen@uni.example")
    run(clock, Scripted())
    bad.refresh_from_db()
    assert (bad.state, state(good)) == (State.FAILED, State.SENT)
    assert bad.answer.startswith("cannot be addressed: ")


# --- Workers that die -------------------------------------------------------------------------------------------------


def test_two_workers_never_hold_the_same_letter(letter: Callable[..., Message]) -> None:
    letter(1)
    assert [ledger.claim(AT) is None, ledger.claim(AT) is None] == [False, True]


def test_a_worker_that_died_before_the_text_costs_nothing_but_its_lease(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)
    ledger.claim(AT)
    clock.now = AT + 2 * MINUTE
    assert (run(clock, Scripted()), state(message)) == (0, State.SENDING)
    clock.now += timedelta(seconds=1)
    assert (run(clock, Scripted()), state(message)) == (1, State.SENT)


class Killed(Exception):
    pass


@pytest.mark.parametrize(("at_most_once", "after", "copies"), [(True, State.UNKNOWN, 0), (False, State.SENT, 1)])
def test_a_worker_that_died_after_the_hand_over_leaves_unknown_or_another_try(
    letter: Callable[..., Message], clock: Clock, at_most_once: bool, after: State, copies: int
) -> None:
    message = letter(1, at_most_once=at_most_once)

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        run(clock, Scripted(meanwhile=die))
    assert state(message) == State.HANDED_OVER
    clock.now += 4 * MINUTE + timedelta(seconds=1)
    transport = Scripted()
    run(clock, transport)
    assert (state(message), len(transport.taken)) == (after, copies)


def test_a_worker_that_lost_its_lease_hands_nothing_over(letter: Callable[..., Message], clock: Clock) -> None:
    message = letter(1)
    slow = ledger.claim(AT)
    assert slow is not None
    clock.now = AT + 3 * MINUTE
    quick = Scripted()
    run(clock, quick)
    late = Scripted()
    ledger.deliver_one(slow, late, clock=clock)
    assert (quick.taken, late.taken, state(message)) == (["person1@uni.example"], [], State.SENT)


def test_the_late_answer_of_a_worker_taken_for_dead_still_counts(letter: Callable[..., Message], clock: Clock) -> None:
    message = letter(1)

    def others_take_it_for_dead() -> None:
        ledger.recover(clock.now + 5 * MINUTE)

    run(clock, Scripted(meanwhile=others_take_it_for_dead))
    assert history(message) == ["queued", "sending", "handed_over", "unknown", "sent"]


def test_the_late_answer_of_an_older_attempt_does_not_count_for_a_newer_one(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)

    def a_chair_sends_it_again() -> None:
        ledger.recover(clock.now + 5 * MINUTE)
        message.refresh_from_db()
        ledger.resolve_unknown(message, by="Chantal", at=clock.now, arrived=False)
        ledger.claim(clock.now)

    transport = Scripted(meanwhile=a_chair_sends_it_again)
    run(clock, transport)
    assert history(message)[-1] == "sending"


# --- What people do ---------------------------------------------------------------------------------------------------


def test_a_stopped_campaign_keeps_back_everything_that_was_not_handed_over(letter: Callable[..., Message]) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    messages = [letter(number, campaign=campaign) for number in range(6)]
    states = [State.HELD, State.QUEUED, State.RETRY, State.SENDING, State.HANDED_OVER, State.SENT]
    for message, at in zip(messages, states, strict=True):
        Message.objects.filter(pk=message.pk).update(state=at)
    assert ledger.cancel_campaign(campaign, reason="stopped", at=AT) == 4
    assert [state(message) for message in messages] == [State.CANCELLED] * 4 + [State.HANDED_OVER, State.SENT]
    campaign.refresh_from_db()
    assert (campaign.stopped_at, campaign.stop_reason) == (AT, "stopped")


def test_a_letter_that_is_stopped_while_it_is_being_sent_does_not_leave(
    letter: Callable[..., Message], clock: Clock
) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    message = letter(1, campaign=campaign)
    claimed = ledger.claim(AT)
    assert claimed is not None
    ledger.cancel_campaign(campaign, reason="stopped", at=AT)
    transport = Scripted()
    ledger.deliver_one(claimed, transport, clock=clock)
    assert (transport.taken, state(message)) == ([], State.CANCELLED)


def test_a_letter_that_is_handed_over_while_its_campaign_is_stopped_is_not_tried_again(
    letter: Callable[..., Message], clock: Clock
) -> None:
    campaign = Campaign.objects.create(kind="mailing", title="A wrong text")
    message = letter(1, campaign=campaign)

    def stop() -> None:
        assert ledger.cancel_campaign(campaign, reason="by a chair", at=clock.now) == 0

    run(clock, Scripted(Answer(Outcome.LATER, "451 greylisted"), meanwhile=stop))
    clock.now += MINUTE
    transport = Scripted()
    run(clock, transport)
    message.refresh_from_db()
    assert transport.taken == []
    assert (message.state, message.answer) == (State.CANCELLED, "its letters were stopped: by a chair")


def test_a_guard_that_objects_stops_the_letter_and_the_rest_of_its_campaign(
    letter: Callable[..., Message], clock: Clock
) -> None:
    guards.register("decision", lambda message: "the decision changed" if message.guard["paper"] == 2 else None)
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    messages = [letter(n, campaign=campaign, kind="decision", guard={"paper": n}) for n in (1, 2, 3)]
    run(clock, Scripted())
    assert [state(message) for message in messages] == [State.SENT, State.CANCELLED, State.CANCELLED]
    campaign.refresh_from_db()
    assert campaign.stop_reason == "the decision changed"


def test_a_letter_that_was_taken_out_of_its_campaign_while_it_was_being_sent_takes_no_other_with_it(
    letter: Callable[..., Message], clock: Clock
) -> None:
    """So does a paper that leaves its announcement: the letters of the others still hold."""

    def taken_out(message: Message) -> str | None:
        if message.guard["paper"] != 1:
            return None
        ledger.cancel(message, by="a chair", at=clock.now)
        return "it is not announced any more"

    guards.register("decision", taken_out)
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    messages = [letter(n, campaign=campaign, kind="decision", guard={"paper": n}) for n in (1, 2, 3)]
    run(clock, Scripted())
    assert [state(message) for message in messages] == [State.CANCELLED, State.SENT, State.SENT]
    campaign.refresh_from_db()
    assert campaign.stopped_at is None


def test_a_guard_that_objects_to_one_letter_only_lets_the_campaign_go_on(
    letter: Callable[..., Message], clock: Clock
) -> None:
    words = guards.OnlyThis("done already")
    guards.register("decision", lambda message: words if message.guard["paper"] == 2 else None)
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    messages = [letter(n, campaign=campaign, kind="decision", guard={"paper": n}) for n in (1, 2, 3)]
    run(clock, Scripted())
    assert [state(message) for message in messages] == [State.SENT, State.CANCELLED, State.SENT]
    campaign.refresh_from_db()
    assert (campaign.stopped_at, Message.objects.get(pk=messages[1].pk).answer) == (None, "done already")


def test_a_condition_that_nobody_can_check_keeps_the_letter(letter: Callable[..., Message], clock: Clock) -> None:
    message = letter(1, kind="of no known kind", guard={"paper": 1})
    transport = Scripted()
    run(clock, transport)
    message.refresh_from_db()
    assert (transport.taken, message.state) == ([], State.RETRY)
    assert message.answer == "nobody checks the condition of a letter of the kind 'of no known kind'"


@pytest.mark.parametrize(
    ("paused", "leaving"),
    [
        ({}, [2]),
        ({"edition": "dlonsc-2026"}, [2]),
        ({"edition": "another"}, [1, 2, 3]),
    ],
)
def test_a_pause_lets_exactly_its_letters_wait(
    letter: Callable[..., Message], clock: Clock, paused: dict[str, str], leaving: list[int]
) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    letter(1)
    letter(2, head=Letterhead(edition="dlonsc-2027", site_url="https://x"))
    letter(3, campaign=campaign)
    ledger.pause(by="Chantal", at=AT, **paused)  # type: ignore[arg-type]
    transport = Scripted()
    run(clock, transport)
    wanted = [] if not paused else leaving
    assert sorted(transport.taken) == [f"person{n}@uni.example" for n in wanted]
    ledger.resume(by="Chantal", at=AT, **paused)  # type: ignore[arg-type]
    run(clock, transport)
    assert sorted(transport.taken) == [f"person{n}@uni.example" for n in (1, 2, 3)]


def test_a_campaign_is_paused_alone(letter: Callable[..., Message], clock: Clock) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    letter(1)
    letter(2, campaign=campaign)
    ledger.pause(by="Chantal", at=AT, campaign=campaign)
    transport = Scripted()
    run(clock, transport)
    assert transport.taken == ["person1@uni.example"]


def test_only_an_unknown_letter_can_be_settled_and_once(letter: Callable[..., Message]) -> None:
    message = letter(1)
    Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN)
    ledger.resolve_unknown(message, by="Chantal", at=AT, arrived=True)
    with pytest.raises(ledger.NotPossible, match="This letter is now: Sent"):
        ledger.resolve_unknown(message, by="Otto", at=AT, arrived=False)
    assert (state(message), history(message)) == (State.SENT, ["queued", "sent"])


def test_the_progress_of_a_campaign_is_told_by_state(letter: Callable[..., Message], clock: Clock) -> None:
    campaign = Campaign.objects.create(kind="decision", title="Decisions")
    for number in range(4):
        letter(number, campaign=campaign)
    run(clock, Scripted(Answer(Outcome.REFUSED, "550"), Answer(Outcome.SILENT, "?"), Answer(Outcome.LATER, "450")))
    progress = ledger.campaign_progress(campaign)
    assert (progress.total, progress.sent, progress.problems, progress.open) == (4, 1, 2, 1)
    assert progress.in_words == [
        ("Sent", 1),
        ("Will be tried again", 1),
        ("Failed", 1),
        ("Unknown: may have arrived", 1),
    ]


# --- The pace ---------------------------------------------------------------------------------------------------------


def test_letters_leave_at_the_pace_of_the_setting(
    letter: Callable[..., Message], clock: Clock, settings: object
) -> None:
    settings.MAIL_PER_SECOND = 2.0  # type: ignore[attr-defined]
    messages = [letter(number) for number in range(5)]
    run(clock, Scripted())
    times = [Message.objects.get(pk=message.pk).handed_over_at for message in messages]
    assert times == [AT + timedelta(seconds=number / 2) for number in range(5)]


def test_not_more_letters_leave_in_a_day_than_the_setting_allows(
    letter: Callable[..., Message], clock: Clock, settings: object
) -> None:
    settings.MAIL_PER_DAY = 2  # type: ignore[attr-defined]
    for number in range(3):
        letter(number)
    assert run(clock, Scripted()) == 2
    clock.now += timedelta(hours=24) - timedelta(seconds=1)
    assert run(clock, Scripted()) == 0
    clock.now += timedelta(seconds=1)
    assert run(clock, Scripted()) == 1


def test_the_last_tenth_of_a_day_is_kept_for_letters_of_accounts(
    letter: Callable[..., Message], clock: Clock, settings: Any
) -> None:
    settings.MAIL_PER_DAY = 20
    letters = [letter(number) for number in range(30)]
    assert run(clock, Scripted()) == 18
    told = ledger.day_limit(clock.now)
    assert (told and told.letters, ledger.deliver_now(letters[-1].pk, clock=clock)) == (18, False)
    for number in range(3):
        letter(f"reset{number}", head=Letterhead(site_url="https://x"), at=clock.now)
    transport = Scripted()
    assert run(clock, transport) == 2
    assert transport.taken == ["personreset0@uni.example", "personreset1@uni.example"]


@pytest.mark.parametrize(("worker_left_it", "after"), [(State.SENDING, State.SENT), (State.HANDED_OVER, State.UNKNOWN)])
def test_a_lease_from_before_the_clock_was_set_back_is_none(
    letter: Callable[..., Message], clock: Clock, worker_left_it: State, after: State
) -> None:
    message = letter(1)
    ahead = AT + timedelta(days=3)
    assert ledger.claim(ahead) is not None
    Message.objects.filter(pk=message.pk).update(state=worker_left_it)
    run(clock, Scripted())
    assert state(message) == after


def test_letters_of_a_day_that_has_not_come_fill_no_days_limit(
    letter: Callable[..., Message], clock: Clock, settings: Any
) -> None:
    settings.MAIL_PER_DAY = 1
    letter(1)
    clock.now = AT + timedelta(days=30)
    assert run(clock, Scripted()) == 1
    letter(2)
    clock.now = AT + timedelta(days=3)
    assert (ledger.day_limit(clock.now), run(clock, Scripted())) == (None, 1)


def test_a_clock_that_is_set_back_does_not_stop_the_mail(
    letter: Callable[..., Message], clock: Clock, settings: object
) -> None:
    settings.MAIL_PER_SECOND = 1.0  # type: ignore[attr-defined]
    letter(1)
    run(clock, Scripted())
    clock.now -= timedelta(hours=1)
    letter(2, at=clock.now)
    assert run(clock, Scripted()) == 1


@pytest.mark.parametrize("waits_as", [State.QUEUED, State.RETRY])
def test_a_turn_from_before_the_clock_was_set_back_is_none(
    letter: Callable[..., Message], clock: Clock, waits_as: State
) -> None:
    message = letter(1)
    Message.objects.filter(pk=message.pk).update(state=waits_as, not_before=AT + timedelta(days=300))
    assert (run(clock, Scripted()), state(message)) == (1, State.SENT)


@pytest.mark.parametrize("waits_as", [State.HELD, State.GATHERED, State.RETRY])
def test_a_letter_that_is_for_later_waits_for_its_turn(
    letter: Callable[..., Message], clock: Clock, waits_as: State
) -> None:
    message = letter(1)
    Message.objects.filter(pk=message.pk).update(state=waits_as, not_before=AT + ledger.DAY)
    assert (run(clock, Scripted()), state(message)) == (0, waits_as)


def test_a_letter_that_was_being_handed_over_when_the_backup_was_made_is_not_tried_again(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1, at_most_once=False)
    Message.objects.filter(pk=message.pk).update(state=State.HANDED_OVER, lease_until=AT + MINUTE, created_at=AT)
    rows, before = Message.objects.all(), AT + MINUTE
    assert ledger.waiting(rows, before).count() == 1
    assert ledger.cancel_waiting(rows, before=before, by="Chantal", at=before) == 1
    clock.now = AT + timedelta(days=1)
    assert (run(clock, Scripted()), state(message)) == (0, State.UNKNOWN)


def test_of_two_sweeps_one_returns_at_once_and_a_dead_one_is_replaced(db: None) -> None:
    assert [ledger.take_turn(AT), ledger.take_turn(AT), ledger.take_turn(AT + MINUTE)] == [True, False, True]


def test_two_beats_by_mistake_send_nothing_twice(letter: Callable[..., Message], clock: Clock) -> None:
    letter(1)
    assert [ledger.sweep(clock=clock), ledger.sweep(clock=clock)] == [1, 0]
    assert Message.objects.get().answer == "kept in the ledger: no mail server is configured"


def test_the_doorbell_delivers_one_letter_and_only_when_it_is_due(letter: Callable[..., Message], clock: Clock) -> None:
    first, held = letter(1), letter(2, held_until=AT + MINUTE)
    answers = [ledger.deliver_now(message.pk, clock=clock) for message in (first, held, first)]
    assert (answers, state(first), state(held)) == ([True, False, False], State.SENT, State.HELD)


# --- Where workers meet -----------------------------------------------------------------------------------------------


def test_a_sweep_beside_another_one_returns_at_once(letter: Callable[..., Message], clock: Clock) -> None:
    letter(1)
    assert ledger.take_turn(AT)
    assert ledger.sweep(clock=clock) == 0
    assert Message.objects.get().state == State.QUEUED


def test_two_workers_that_ask_for_the_same_slot_get_two(db: None, settings: Any) -> None:
    settings.MAIL_PER_SECOND = 1.0
    ledger.reserve(AT)
    stale, true_pace = Pace(next_at=AT, sweeping_until=AT), ledger._pace
    answers = iter([stale])
    # The first look is at a row that another worker has moved on since.
    with mock.patch.object(ledger, "_pace", lambda at: next(answers, None) or true_pace(at)):
        assert ledger.reserve(AT) == timedelta(seconds=1)
    assert Pace.objects.get().next_at == AT + timedelta(seconds=2)


def test_a_worker_waits_for_what_another_one_holds_and_goes_home_in_time(
    letter: Callable[..., Message], clock: Clock
) -> None:
    waited: list[float] = []
    message = letter(1)

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            Message.objects.filter(pk=message.pk).update(state=State.SENT)

    # Locked rows are skipped: nothing can be claimed although something is due.
    with mock.patch.object(ledger, "claim", return_value=None):
        assert ledger.drain(Scripted(), seconds=20, clock=clock, sleep=sleep) == 0
    assert waited == [0.05, 0.05, 0.05]


def test_a_worker_ends_when_its_time_is_over(letter: Callable[..., Message], clock: Clock) -> None:
    letter(1)
    assert ledger.drain(Scripted(), seconds=0, clock=clock, sleep=clock.sleep) == 0
    assert Message.objects.get().state == State.QUEUED


def test_the_doorbell_leaves_a_letter_to_the_sweeper_when_the_pace_has_no_room(
    letter: Callable[..., Message], clock: Clock, settings: Any
) -> None:
    settings.MAIL_PER_SECOND, settings.MAIL_PER_DAY = 0.1, 0
    first, second = letter(1), letter(2)
    assert [ledger.deliver_now(first.pk, clock=clock), ledger.deliver_now(second.pk, clock=clock)] == [True, False]
    settings.MAIL_PER_SECOND, settings.MAIL_PER_DAY = 0, 1
    assert ledger.deliver_now(second.pk, clock=clock) is False
    assert [state(first), state(second)] == [State.SENT, State.QUEUED]


@pytest.mark.parametrize("come", [ledger.deliver_now, "drain"])
def test_whoever_does_not_wait_for_her_turn_takes_none_away(
    letter: Callable[..., Message], clock: Clock, settings: Any, come: Any
) -> None:
    settings.MAIL_PER_SECOND, settings.MAIL_PER_DAY = 1, 0
    message = letter(1)
    busy = AT + timedelta(seconds=3)
    Pace.objects.create(pk=1, next_at=busy, sweeping_until=AT)
    for _ in range(60):
        if come == "drain":
            assert ledger.drain(Scripted(), seconds=2, clock=clock, sleep=clock.sleep) == 0
        else:
            assert come(message.pk, clock=clock) is False
    assert Pace.objects.get().next_at == busy
    assert run(clock, Scripted()) == 1


def test_the_doorbell_does_nothing_when_another_worker_was_quicker(
    letter: Callable[..., Message], clock: Clock
) -> None:
    message = letter(1)
    with mock.patch.object(ledger, "claim", return_value=None):
        assert ledger.deliver_now(message.pk, clock=clock) is False
    assert state(message) == State.QUEUED


def test_every_row_of_the_ledger_says_what_it_is(letter: Callable[..., Message]) -> None:
    campaign = Campaign.objects.create(title="Decisions", kind="decision", created_at=AT)
    message = letter(1)
    pause = ledger.pause(by="Chantal", at=AT, campaign=campaign)
    words = [
        str(campaign),
        str(message),
        str(StateChange.objects.get()),
        str(pause),
        str(ledger._pace(AT)),
        str(Unsubscribed(email="a@b.example", edition="dlonsc-2026", since=AT)),
    ]
    assert words == [
        "Decisions",
        "key:1 -> person1@uni.example (queued)",
        f"{message.pk} queued 12:00:00",
        f"{campaign.pk} paused since 2026-03-01 12:00",
        "next letter 12:00:00",
        "a@b.example dlonsc-2026",
    ]
