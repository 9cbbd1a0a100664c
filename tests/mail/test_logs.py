"""What workers log at INFO: no text of a letter or a review, no secret link, no reviewer of a paper."""

import logging
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from dlonsc.celery import app
from dlonsc.editions.models import Membership
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State, StateChange
from dlonsc.mail.transport import Answer, Outcome
from reviews.actions import assigning, reviewing
from tests import factories
from tests.mail.test_ledger import Scripted

pytestmark = pytest.mark.django_db
SECRET = "Wombats hibernate in quaternion space"
TITLE = "Platypus Pipelines"
JOBS = (
    "dlonsc.mail.tasks.sweep",
    "dlonsc.mail.tasks.poll_mailbox",
    "reviews.tasks.remind",
    "reviews.tasks.audit",
    "reviews.tasks.tell_late_conflicts",
    "reviews.tasks.tell_late_reviews",
    "submissions.tasks.sweep_checks",
    "submissions.tasks.sweep_conflicts",
)
ANSWERS = (
    Answer(Outcome.SENT, "250 taken"),
    Answer(Outcome.LATER, f"450 {SECRET}"),
    Answer(Outcome.REFUSED, f"550 {SECRET}"),
    Answer(Outcome.SILENT, "nothing came"),
    Answer(Outcome.UNREACHABLE, "no route"),
)


@pytest.fixture
def at_info(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that this process logs at INFO, whoever logs it."""
    app.loader.import_default_modules()
    with caplog.at_level(logging.INFO):
        for name in ("celery", "celery.app.trace", "dlonsc", "reviews", "submissions", "django"):
            caplog.set_level(logging.INFO, logger=name)
        yield caplog


@pytest.fixture
def hidden(chair: Membership, reviewer: Membership) -> list[str]:
    """A paper with its reviewer and her review, letters about it, an invitation: the words that no log may hold."""
    at = factories.AFTER_DEADLINE
    paper = factories.make_submission(chair.edition, title=TITLE)
    with time_machine.travel(at, tick=False):
        task = assigning.assign(paper, reviewer, by=chair.user, at=at)
        fields = reviewing.empty_fields() | {"summary": SECRET, "for_chairs": SECRET}
        reviewing.save_review(assignment=task, fields=fields, based_on=0, by=reviewer.user, at=at)
        author = paper.created_by
        for kind in ("password/reset", "login/code"):
            Client().post(f"/accounts/{kind}/", {"email": author.email})
    letters = Message.objects.all()
    links = re.findall(r"https?://[^\s/]+(/\S+)", " ".join(letters.values_list("text", flat=True)))
    codes = re.findall(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", " ".join(letters.values_list("text", flat=True)), re.MULTILINE)
    secrets = [link for link in links if "reset" in link]
    assert secrets != []
    people = [reviewer.name, reviewer.email, author.email, author.name]
    tokens = [token for row in letters for token in (row.return_token, row.leave_token) if token]
    return [SECRET, TITLE, paper.label, *people, *secrets, *codes, *tokens]


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Everything of it as a handler writes it, with tracebacks and arguments."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    return "\n".join(formatter.format(record) for record in caplog.records)


def found_in(text: str, hidden: list[str]) -> list[str]:
    return [word for word in hidden if word and word in text]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.outcome.value)
def test_a_delivery_logs_no_text_no_secret_link_and_no_reviewer_of_a_paper(
    answer: Answer, hidden: list[str], at_info: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Scripted(*[answer] * 20)
    monkeypatch.setattr(ledger, "transport_for", lambda url: transport)
    letters = list(Message.objects.filter(state=State.QUEUED).values_list("pk", flat=True))
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        for pk in letters:
            app.tasks["dlonsc.mail.tasks.deliver"].apply([pk], throw=True)
    tried = StateChange.objects.filter(message__in=letters, state=State.SENDING)
    assert tried.count() == len(letters) >= 3
    text = written(at_info)
    assert text.count("Task dlonsc.mail.tasks.deliver") == len(letters)
    assert found_in(text, hidden) == []


def test_no_nightly_or_other_job_logs_them(hidden: list[str], at_info: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        for job in JOBS:
            app.tasks[job].apply(throw=True)
    text = written(at_info)
    assert [job for job in JOBS if f"Task {job}" not in text] == []
    assert found_in(text, hidden) == []


def test_a_letter_whose_condition_nobody_checks_is_logged_by_its_number_alone(
    hidden: list[str], at_info: pytest.LogCaptureFixture
) -> None:
    letter = Message.objects.filter(state=State.QUEUED).first()
    assert letter is not None
    Message.objects.filter(pk=letter.pk).update(guard={"x": 1}, kind="unheard-of")
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        app.tasks["dlonsc.mail.tasks.deliver"].apply([letter.pk], throw=True)
    text = written(at_info)
    assert f"letter {letter.pk}: nobody checks" in text
    assert found_in(text, hidden) == []
