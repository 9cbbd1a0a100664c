"""The life of a submission under any order of acts: the machine moves as its table says, and nothing is lost."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dlonsc.mail.models import Message
from submissions.actions import overseeing, sending
from submissions.actions.moves import Refused
from submissions.lncs import Report
from submissions.models import Submission
from submissions.states import MOVES, State
from tests import factories
from tests.factories import AT
from tests.submissions.desk import complete_draft, pdf


class Life(RuleBasedStateMachine):
    """Authors and chairs act in any order, from two windows, before and after the deadline."""

    def __init__(self) -> None:
        super().__init__()
        # Each example is a savepoint of the test's transaction.
        self.world = transaction.atomic()
        self.world.__enter__()
        self.edition = factories.make_edition()
        self.author = factories.make_user("ada@uni.example", "Ada")
        self.chair = factories.make_member(self.edition, factories.make_user("chair@i.example"), chair=True)
        self.pk = complete_draft(self.edition, self.author).pk
        self.other_window = self.fresh()
        self.state, self.at, self.uploads, self.receipts = State.DRAFT, AT, 1, 0
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("submissions.checks.check_safely", lambda *_, **__: Report("accept", 8, ()))

    def fresh(self) -> Submission:
        return Submission.objects.select_related("edition").get(pk=self.pk)

    @property
    def is_open(self) -> bool:
        return self.edition.window(sending.Phase.SUBMISSION, received_at=self.at).accepts

    def act(self, verb: str, may: bool, act: object) -> None:
        """The act is refused exactly when the table or the calendar forbids it."""
        sources, target = MOVES[verb]
        try:
            act()  # type: ignore[operator]
        except Refused:
            assert not (may and self.state in sources)
        else:
            assert may
            assert self.state in sources or (verb == "submit" and self.state == State.SUBMITTED)
            if verb == "submit" and self.state == State.DRAFT:
                self.receipts += 1
            self.state = target

    @rule()
    def time_passes(self) -> None:
        self.at += timedelta(seconds=1)

    @rule()
    def somebody_reads_in_another_window(self) -> None:
        self.other_window = self.fresh()

    @precondition(lambda self: self.is_open)
    @rule()
    def the_deadline_passes(self) -> None:
        self.at = max(self.at, factories.AFTER_DEADLINE)

    @rule()
    def submit_from_the_other_window(self) -> None:
        window = self.other_window
        may = self.is_open or self.state == State.SUBMITTED
        self.act(
            "submit",
            may,
            lambda: sending.submit(submission=window, by=self.author, at=self.at, received_at=self.at),
        )

    @rule()
    def withdraw(self) -> None:
        self.at += timedelta(seconds=1)
        self.act(
            "withdraw",
            True,
            lambda: sending.withdraw(submission=self.other_window, reason="", by=self.author, at=self.at),
        )

    @rule()
    def restore(self) -> None:
        self.at += timedelta(seconds=1)
        self.act("restore", self.is_open, lambda: sending.restore(submission=self.fresh(), by=self.author, at=self.at))

    @rule()
    def reinstate(self) -> None:
        self.at += timedelta(seconds=1)
        verb = "reinstate" if self.fresh().submitted_at else "restore"
        self.act(
            verb,
            True,
            lambda: overseeing.reinstate(submission=self.fresh(), by=self.chair.user, at=self.at),
        )

    @rule()
    def desk_reject(self) -> None:
        self.at += timedelta(seconds=1)
        self.act(
            "desk_reject",
            True,
            lambda: overseeing.desk_reject(submission=self.fresh(), text="No.", by=self.chair.user, at=self.at),
        )

    @rule()
    def take_it_back(self) -> None:
        self.at += timedelta(seconds=1)
        self.act(
            "undo_desk_reject",
            True,
            lambda: overseeing.undo_desk_reject(submission=self.fresh(), by=self.chair.user, at=self.at),
        )

    @precondition(lambda self: self.state in {State.DRAFT, State.SUBMITTED})
    @rule()
    def upload(self) -> None:
        self.uploads += 1
        file = pdf(b"%PDF-1.7 version " + str(self.uploads).encode())
        found = sending.upload_manuscript(
            submission=self.fresh(), upload=file, by=self.author, at=self.at, received_at=self.at
        )
        assert found.is_late == (not self.is_open)
        assert found.manuscript.is_current == self.is_open

    @invariant()
    def the_database_agrees(self) -> None:
        row = self.fresh()
        assert row.state == self.state
        assert row.manuscripts.count() == self.uploads
        assert row.manuscripts.filter(is_current=True).count() == 1
        assert not row.manuscripts.filter(is_current=True, is_late=True).exists()
        assert Message.objects.filter(kind="receipt").count() == self.receipts

    def teardown(self) -> None:
        self.patch.undo()
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)


TestLife = pytest.mark.django_db(Life.TestCase)
TestLife.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
