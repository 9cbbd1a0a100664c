"""Whatever order things happen in: no decision twice, none lost, and the ledger never claims more than it knows."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dlonsc.mail import ledger
from dlonsc.mail.models import Campaign, Message, State, StateChange
from dlonsc.mail.transport import Answer, Envelope, LastLook, Outcome
from tests.factories import AT

LETTERS = 4
# What happens at the server, and whether the letter was kept there.
FATES = [
    ("sent", True),
    ("later", False),
    ("refused", False),
    ("silent", True),
    ("silent", False),
    ("unreachable", False),
    ("killed before", False),
    ("killed after", True),
    ("killed after", False),
]


class Killed(Exception):
    pass


class Fate:
    """A server and a worker of which anything may happen."""

    def __init__(self, fate: tuple[str, bool], inbox: Counter[str]) -> None:
        self.name, self.keeps = fate
        self.inbox = inbox

    def deliver(self, envelope: Envelope, last_look: LastLook) -> Answer:
        if self.name == "unreachable":
            return Answer(Outcome.UNREACHABLE, "no")
        if self.name == "killed before":
            raise Killed
        if not last_look():
            return Answer(Outcome.STOPPED, "stopped")
        if self.keeps:
            self.inbox[envelope.recipient] += 1
        if self.name == "killed after":
            raise Killed
        return Answer(Outcome(self.name), self.name)

    def close(self) -> None:
        return


class Ledger(RuleBasedStateMachine):
    @initialize()
    def write(self) -> None:
        StateChange.objects.all().delete()
        Message.objects.all().delete()
        Campaign.objects.all().delete()
        self.now = AT
        self.inbox: Counter[str] = Counter()
        self.resent: Counter[str] = Counter()
        self.campaign = Campaign.objects.create(kind="decision", title="Decisions")
        # What had arrived when the campaign was stopped.
        self.at_stop: Counter[str] | None = None
        for number in range(LETTERS):
            Message.objects.create(
                key=f"{number}",
                kind="decision",
                campaign=self.campaign if number % 2 else None,
                to_email=f"p{number}@uni.example",
                subject="s",
                text="t",
                state=State.HELD if number == 0 else State.QUEUED,
                not_before=AT + timedelta(minutes=5 * (number == 0)),
                created_at=AT,
                at_most_once=number != 3,
            )

    @rule(fate=st.sampled_from(FATES))
    def work(self, fate: tuple[str, bool]) -> None:
        ledger.release_held(self.now)
        ledger.recover(self.now)
        message = ledger.claim(self.now)
        if message is not None:
            try:
                ledger.deliver_one(message, Fate(fate, self.inbox), clock=lambda: self.now)
            except Killed:
                return

    @rule(minutes=st.sampled_from([1, 2, 5, 30, 300]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def clock_is_set_back(self) -> None:
        self.now -= timedelta(minutes=1)

    @rule()
    def stop(self) -> None:
        ledger.cancel_campaign(self.campaign, reason="stopped", at=self.now)
        if self.at_stop is None:
            self.at_stop = Counter(self.inbox)

    @rule(arrived=st.booleans())
    def settle(self, arrived: bool) -> None:
        message = Message.objects.filter(state=State.UNKNOWN).first()
        if message is not None:
            ledger.resolve_unknown(message, by="Chantal", at=self.now, arrived=arrived)
            self.resent[message.to_email] += not arrived

    @invariant()
    def no_decision_arrives_twice_by_itself(self) -> None:
        for message in Message.objects.filter(at_most_once=True):
            assert self.inbox[message.to_email] <= 1 + self.resent[message.to_email]

    @invariant()
    def nothing_of_a_campaign_arrives_after_its_stop(self) -> None:
        for message in Message.objects.filter(campaign=self.campaign) if self.at_stop is not None else ():
            assert self.inbox[message.to_email] == self.at_stop[message.to_email]

    @invariant()
    def nothing_arrives_that_the_ledger_calls_never_handed_over(self) -> None:
        for message in Message.objects.filter(handed_over_at__isnull=True):
            assert self.inbox[message.to_email] <= self.resent[message.to_email]

    @invariant()
    def no_letter_is_lost(self) -> None:
        assert Message.objects.count() == LETTERS
        for message in Message.objects.filter(state=State.SENT):
            last = message.changes.order_by("-pk")[0]
            assert self.inbox[message.to_email] >= 1 or "marked as arrived" in last.answer

    @invariant()
    def the_last_change_is_the_state(self) -> None:
        for message in Message.objects.filter(changes__isnull=False).distinct():
            assert message.changes.order_by("-pk")[0].state == message.state


@pytest.mark.django_db
def test_no_order_of_events_breaks_the_ledger() -> None:
    run_state_machine_as_test(Ledger, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
