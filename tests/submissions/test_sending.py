"""Uploading, submitting, withdrawing: what was acknowledged is never lost, and nothing happens twice."""

import hashlib
import inspect
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from submissions import checks, emails, receipts, telling
from submissions.actions import drafting, overseeing, sending
from submissions.checks import check_manuscript, conclude, unchecked
from submissions.files import read
from submissions.guards import TO_AUTHORS, in_state
from submissions.lncs import Report
from submissions.models import Manuscript, Submission
from submissions.states import State
from submissions.tasks import check, sweep_checks
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.submissions.desk import (
    PDF,
    answers,
    complete_draft,
    entry,
    finding,
    letters,
    pdf,
    refusal_of,
    report,
    submitted,
)

pytestmark = pytest.mark.django_db
CUTOFF = factories.cutoff_of(factories.datetime.fromisoformat("2026-03-31T23:59"), factories.AOE)


def put(row: Submission, upload: SimpleUploadedFile | None = None, at: object = AT) -> sending.Uploaded:
    return sending.upload_manuscript(
        submission=row,
        upload=pdf() if upload is None else upload,
        by=row.created_by,
        at=at,  # type: ignore[arg-type]
        received_at=at,  # type: ignore[arg-type]
    )


def versions(row: Submission) -> list[tuple[int, bool, bool]]:
    return [(one.number, one.is_current, one.is_late) for one in row.manuscripts.order_by("number")]


def test_all_versions_stay_and_the_last_one_counts(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False)
    first, second = put(row).manuscript, put(row, pdf(b"%PDF-1.7 two")).manuscript
    assert versions(row) == [(1, False, False), (2, True, False)]
    assert read(first.sha256) == PDF
    assert (second.sha256, second.size) == (hashlib.sha256(b"%PDF-1.7 two").hexdigest(), 12)
    assert letters() == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "paper.pdf is empty (0 bytes)"),
        (b"PK\x03\x04 a word document", "paper.pdf is not a PDF"),
        (b"x" * 1100 + b"%PDF-1.7", "paper.pdf is not a PDF"),
        (b"%PDF-" + b"0" * (2 * 1024 * 1024 + 1), "has 2.0 MB; at most 2 MB are accepted"),
    ],
)
def test_what_is_no_pdf_is_refused_with_what_how_much_and_what_to_do(
    edition: Edition, author: User, settings: object, data: bytes, words: str
) -> None:
    settings.UPLOAD_MAX_MB = 2  # type: ignore[attr-defined]
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False)
    assert words in refusal_of(lambda: put(row, pdf(data)))
    assert row.manuscripts.count() == 0


def test_a_check_that_fails_loses_no_upload_and_the_sweeper_finishes_it(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = report("unchecked", finding("UNCHECKED", pages=(), measured=None, limit=None, unit=""), pages=None)
    answers(monkeypatch, broken, report(pages=9))
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False)
    manuscript = put(row).manuscript
    assert (manuscript.is_current, manuscript.verdict, unchecked()) == (True, "unchecked", [manuscript.pk])
    sweep_checks()
    manuscript.refresh_from_db()
    assert (manuscript.verdict, manuscript.pages, unchecked()) == ("accept", 9, [])


def test_words_of_a_file_that_no_database_keeps_do_not_switch_the_check_off(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A font may be called anything, and a finding names it."""
    answers(monkeypatch, report("reject", finding(message="The font Times\x00Ro\ud800man is missing.")))
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False)
    manuscript = put(row).manuscript
    manuscript.refresh_from_db()
    told = [one["message"] for one in manuscript.report["findings"]]
    assert (manuscript.verdict, told) == ("reject", ["The font Times\ufffdRo\ufffdman is missing."])


def test_a_file_whose_check_cannot_be_kept_does_not_stop_the_others(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [factories.make_submission(edition, author, complete=False) for _ in range(2)]
    files = [factories.make_manuscript(row, checked_at=None, verdict="unchecked") for row in rows]
    answers(monkeypatch, report(pages=9))

    def conclude(manuscript: Manuscript, *rest: object) -> None:
        if manuscript.pk == checks.unchecked()[0]:
            raise ValueError("cannot be kept")
        plain(manuscript, *rest)  # type: ignore[arg-type]

    plain = checks.conclude
    first, second = checks.unchecked()
    monkeypatch.setattr(checks, "conclude", conclude)
    sweep_checks()
    assert ({first, second}, checks.unchecked()) == ({one.pk for one in files}, [first])


def test_a_checker_that_is_down_leaves_submit_open(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = report("unchecked", finding("UNCHECKED", pages=(), measured=None, limit=None, unit=""), pages=None)
    answers(monkeypatch, broken, broken, report("warn", finding("FONT", "warn")))
    row = complete_draft(edition, author)
    put(row)
    sending.submit(submission=row, by=author, at=AT, received_at=AT)
    assert row.state == State.SUBMITTED
    assert "not done yet" in Message.objects.get(kind="receipt").text
    replaced = put(row, pdf(b"%PDF-1.7 new")).manuscript
    assert replaced.is_current
    for _ in range(2):
        check(replaced.pk)
    assert letters("check_result") == ["ada@uni.example"]


def test_a_new_version_of_a_submitted_paper_has_its_own_receipt_once(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    uploaded = put(row, pdf(b"%PDF-1.7 better"))
    check_manuscript(uploaded.manuscript.pk)
    assert versions(row) == [(1, False, False), (2, True, False)]
    assert (letters("receipt"), letters("new_version")) == (["ada@uni.example"], ["ada@uni.example"])


def test_a_version_that_the_check_blocks_does_not_replace_the_submitted_one(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report("reject", finding()))
    row = submitted(edition, author)
    uploaded = put(row, pdf(b"%PDF-1.7 thirteen pages"))
    assert uploaded.is_refused
    assert versions(row) == [(1, True, False), (2, False, False)]
    assert letters("new_version") == []


def test_a_crash_before_the_check_is_made_good_by_the_sweeper(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = submitted(edition, author)
    monkeypatch.setattr(sending, "check_inline", lambda manuscript, at: None)
    put(row, pdf(b"%PDF-1.7 crashed"))
    assert versions(row) == [(1, True, False), (2, False, False)]
    answers(monkeypatch, report())
    sweep_checks()
    assert versions(row) == [(1, False, False), (2, True, False)]
    assert letters("new_version") == ["ada@uni.example"]


def crashed(row: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second version whose worker died before the check."""
    with monkeypatch.context() as patched:
        patched.setattr(sending, "check_inline", lambda manuscript, at: None)
        put(row, pdf(b"%PDF-1.7 crashed"))


def test_a_version_that_was_checked_while_the_paper_was_taken_back_or_returned_counts_once_it_is_back(
    edition: Edition, author: User, chair: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    later, by = timezone.now() + timedelta(days=1), chair.user
    for go, back in (
        (
            lambda row: sending.withdraw(submission=row, reason="", by=author, at=AT),
            lambda row: overseeing.reinstate(submission=row, by=by, at=later),
        ),
        (
            lambda row: overseeing.desk_reject(submission=row, text="No.", by=by, at=AT),
            lambda row: overseeing.undo_desk_reject(submission=row, by=by, at=later),
        ),
    ):
        Message.objects.all().delete()
        row = submitted(edition, author)
        crashed(row, monkeypatch)
        go(row)
        sweep_checks()
        assert (unchecked(), versions(row), letters("new_version")) == ([], [(1, True, False), (2, False, False)], [])
        back(row)
        assert versions(row) == [(1, False, False), (2, True, False)]
        assert letters("new_version") == ["ada@uni.example"]


@pytest.mark.parametrize("is_checked_before", [True, False])
def test_a_restored_draft_has_the_version_that_was_checked_while_it_was_taken_back_or_afterwards(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch, *, is_checked_before: bool
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    crashed(row, monkeypatch)
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    if is_checked_before:
        sweep_checks()
    sending.restore(submission=row, by=author, at=AT)
    sweep_checks()
    assert (row.state, versions(row)) == (State.DRAFT, [(1, False, False), (2, True, False)])
    assert (letters("new_version"), letters("check_result")) == ([], [])


def test_a_version_that_the_check_blocked_does_not_count_when_the_paper_comes_back(
    edition: Edition, author: User, chair: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report("reject", finding()))
    row = submitted(edition, author)
    crashed(row, monkeypatch)
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    sweep_checks()
    overseeing.reinstate(submission=row, by=chair.user, at=AT)
    assert (versions(row), letters("new_version")) == ([(1, True, False), (2, False, False)], [])


def test_an_older_version_checked_later_does_not_come_back(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    factories.make_manuscript(row, b"%PDF-1.7 second", is_current=False, checked_at=None, verdict="unchecked")
    Manuscript.objects.filter(submission=row, number=1).update(is_current=True)
    put(row, pdf(b"%PDF-1.7 third"))
    sweep_checks()
    assert versions(row) == [(1, False, False), (2, False, False), (3, True, False)]


def test_the_minute_of_the_deadline_counts_and_the_file_after_it_is_kept_as_late(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False)
    assert not put(row, at=CUTOFF - timedelta(seconds=1)).is_late
    late = put(row, pdf(b"%PDF-1.7 late"), at=CUTOFF + timedelta(hours=1))
    assert late.is_late
    assert versions(row) == [(1, True, False), (2, False, True)]
    assert read(late.manuscript.sha256) == b"%PDF-1.7 late"


def test_submit_asks_for_everything_that_is_missing_at_once(edition: Edition, author: User) -> None:
    row = factories.make_submission(edition, author, state=State.DRAFT, complete=False, abstract="")
    assert sending.missing(row) == [
        "Abstract is empty.",
        "Choose at least one topic.",
        "Confirm the conflicts of interest, even when there are none.",
        "Reproducibility: algorithms, software, datasets, hardware, benchmarks still empty "
        "(or say why not applicable).",
        "Declare that the work is unpublished, original and not under review elsewhere.",
        "Upload the PDF.",
    ]
    words = refusal_of(lambda: sending.submit(submission=row, by=author, at=AT, received_at=AT))
    assert words == " ".join(sending.missing(row))
    row.refresh_from_db()
    assert (row.state, letters()) == (State.DRAFT, [])


def test_a_blocking_check_keeps_submit_closed_until_a_chair_overrides_it(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = complete_draft(edition, author)
    row.manuscripts.update(verdict="reject")
    assert "blocks this PDF" in refusal_of(lambda: sending.submit(submission=row, by=author, at=AT, received_at=AT))
    overseeing.override_check(manuscript=row.manuscripts.get(), words="It is fine.", by=chair.user, at=AT)
    row = Submission.objects.get(pk=row.pk)
    assert sending.submit(submission=row, by=author, at=AT, received_at=AT).state == State.SUBMITTED


def test_submit_pressed_twice_or_in_two_tabs_is_one_submission_and_one_letter_each(
    edition: Edition, author: User
) -> None:
    row = complete_draft(edition, author)
    factories.make_author(row, "bo@b.example", "Bo")
    tabs = [Submission.objects.get(pk=row.pk) for _ in range(2)]
    for number, tab in enumerate(tabs):
        at = AT + timedelta(seconds=number)
        sending.submit(submission=tab, by=author, at=at, received_at=at)
    row.refresh_from_db()
    assert (row.submitted_at, letters()) == (AT, ["ada@uni.example", "bo@b.example"])


def test_after_the_deadline_submit_is_refused_with_the_servers_time_and_whom_to_ask(
    edition: Edition, author: User
) -> None:
    row = complete_draft(edition, author)
    words = refusal_of(lambda: sending.submit(submission=row, by=author, at=AFTER_DEADLINE, received_at=AFTER_DEADLINE))
    assert words == (
        "The deadline has passed; the server's time is Sun 05 Apr 2026, 12:00:00 UTC. "
        "Ask the chairs: chairs@workshop.example."
    )


def test_a_supplement_and_a_text_that_come_too_late_are_refused_in_the_same_words(
    edition: Edition, author: User
) -> None:
    row = complete_draft(edition, author)
    by = {"submission": row, "by": author, "at": AFTER_DEADLINE}
    changed = {"version": 1, "title": "T", "abstract": "A", "keywords": "", "topics": [], "is_original": True}
    acts = [
        lambda: sending.submit(received_at=AFTER_DEADLINE, **by),
        lambda: sending.add_supplement(upload=pdf(), description="", received_at=AFTER_DEADLINE, **by),
        lambda: drafting.update_details(**changed, **by),
    ]
    assert {refusal_of(act) for act in acts} == {
        "The deadline has passed; the server's time is Sun 05 Apr 2026, 12:00:00 UTC. "
        "Ask the chairs: chairs@workshop.example."
    }


def test_a_withdrawn_paper_is_not_said_to_be_late(edition: Edition, author: User) -> None:
    row = complete_draft(edition, author)
    Submission.objects.filter(pk=row.pk).update(state=State.WITHDRAWN)
    row.refresh_from_db()
    assert refusal_of(lambda: drafting.require_open(row, AT)) == "This submission is withdrawn."


def test_the_receipt_says_what_was_submitted_to_every_author(edition: Edition, author: User) -> None:
    row = complete_draft(edition, author)
    factories.make_author(row, "bo@b.example", "Bo Berg")
    with time_machine.travel(AT, tick=False):
        sending.submit(submission=row, by=author, at=AT, received_at=AT)
    manuscript = row.manuscripts.get()
    texts = [message.text for message in Message.objects.filter(kind="receipt")]
    assert len(texts) == 2
    for text in texts:
        for words in (
            "Number:   1\n",
            "1. Ada Author, Example University (contact)",
            "2. Bo Berg",
            f"{manuscript.size} bytes, 8 pages",
            manuscript.sha256,
            "Sun 1 Mar 2026, 12:00:00 UTC",
            receipts.code_of(row, manuscript, at=AT),
        ):
            assert words in text


def test_a_receipt_says_the_same_when_the_record_changes_and_a_changed_code_is_nothing(
    edition: Edition, author: User
) -> None:
    row = submitted(edition, author)
    code = receipts.code_of(row, row.manuscripts.get(), at=AT)
    found = receipts.verify(code)
    assert found is not None
    assert (found.number, found.size, found.pages, found.submitted_at) == (1, row.manuscripts.get().size, 8, AT)
    factories.make_author(row, "bo@b.example", "Bo Berg")
    factories.make_manuscript(row, b"%PDF-1.7 newer")
    # Nor does it tell who left the list that the paper has a newer version.
    assert receipts.verify(code) == found
    swapped = code[:5] + ("a" if code[5] != "a" else "b") + code[6:]
    assert [receipts.verify(one) for one in (swapped, "", "x:y", code + "a")] == [None] * 4


def test_the_receipt_of_who_is_added_later_says_of_when_its_author_list_is(edition: Edition, author: User) -> None:
    later = AT + timedelta(days=2)
    entries = [entry(author.email, author.name, is_contact=True), entry("bo@b.example", "Bo Berg")]
    with time_machine.travel(AT, tick=False) as clock:
        row = submitted(edition, author)
        clock.move_to(later)
        drafting.set_authors(submission=row, entries=entries, by=author, at=later, tell=True)
    texts = [Message.objects.get(kind="receipt", to_email=email).text for email in (author.email, "bo@b.example")]
    proven = [receipts.verify(re.findall(r"^Code: +(\S+)", text, re.M)[0]) for text in texts]
    assert [(one.submitted_at, one.listed_at) for one in proven if one] == [(AT, AT), (AT, later)]
    assert ["Authors on Tue 3 Mar 2026, 12:00:00 UTC" in text for text in texts] == [False, True]
    assert ["Submitted: Sun 1 Mar 2026, 12:00:00 UTC" in text for text in texts] == [True, True]


def test_the_receipt_of_a_version_whose_check_took_its_time_has_the_list_of_when_it_ended(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, seconds = submitted(edition, author), timedelta(seconds=1)
    entries = [entry(author.email, author.name, is_contact=True), entry("bo@b.example", "Bo Berg")]

    def while_a_list_is_saved(*_: object) -> Report:
        drafting.set_authors(submission=row, entries=entries, by=author, at=AT + 5 * seconds)
        return report()

    monkeypatch.setattr(checks, "check_safely", while_a_list_is_saved)
    with time_machine.travel(AT + 8 * seconds, tick=False):
        put(row, pdf(b"%PDF-1.7 newer"))
    text = Message.objects.get(kind="new_version", to_email="bo@b.example").text
    (code,) = re.findall(r"^Code: +(\S+)", text, re.M)
    found = receipts.verify(code)
    assert found is not None
    assert found.listed_at == AT + 8 * seconds


def test_a_receipt_of_before_its_list_had_a_time_is_still_verified(edition: Edition, author: User) -> None:
    row = submitted(edition, author)
    *facts, _ = signing.Signer(salt=receipts.SALT).unsign_object(receipts.code_of(row, row.manuscripts.get(), at=AT))
    found = receipts.verify(signing.Signer(salt=receipts.SALT).sign_object(facts))
    assert found is not None
    assert (found.submitted_at, found.listed_at) == (AT, None)


def test_a_receipt_that_was_written_under_the_key_of_before_is_not_written_again(
    edition: Edition, author: User
) -> None:
    row = submitted(edition, author)
    key = f"receipt:{row.pk}:{row.manuscripts.get().pk}:20260301120000:{author.email}"
    assert Message.objects.get(kind="receipt").key == key


def test_the_receipt_of_a_newer_version_proves_no_time_before_it_came(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    later = AT + timedelta(days=20)
    sending.upload_manuscript(
        submission=row, upload=pdf(b"%PDF-1.7 newer"), by=author, at=later, received_at=later - timedelta(seconds=5)
    )
    codes = re.findall(r"^Code: +(\S+)", Message.objects.get(kind="new_version").text, re.M)
    proven = [receipts.verify(code) for code in codes]
    assert [(one.version, one.submitted_at) for one in proven if one] == [(2, later - timedelta(seconds=5))]


def test_withdrawing_tells_all_authors_and_restoring_makes_a_draft_again(edition: Edition, author: User) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "bo@b.example", "Bo")
    sending.withdraw(submission=row, reason="A mistake.", by=author, at=AT)
    assert (row.state, letters("withdrawn")) == (State.WITHDRAWN, ["ada@uni.example", "bo@b.example"])
    assert "any author can undo this" in Message.objects.filter(kind="withdrawn").first().text
    assert "withdrawn already" in refusal_of(lambda: sending.withdraw(submission=row, reason="", by=author, at=AT))
    sending.restore(submission=row, by=author, at=AT)
    assert (row.state, row.submitted_at, letters("restored")) == (
        State.DRAFT,
        None,
        ["ada@uni.example", "bo@b.example"],
    )
    # What was written as the reason stays in the history, as when a chair takes the withdrawal back.
    assert Entry.objects.get(verb="restored").detail == {"reason_was": "A mistake."}


def test_a_draft_that_is_withdrawn_and_restored_writes_to_no_stranger_whom_its_creator_listed(
    edition: Edition, author: User
) -> None:
    row = complete_draft(edition, author)
    factories.make_author(row, "stranger@far.example", "A Stranger")
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    sending.restore(submission=row, by=author, at=AT)
    assert (letters("withdrawn"), letters("restored")) == ([author.email], [author.email])
    sending.submit(submission=row, by=author, at=AT, received_at=AT)
    for at in (AT + timedelta(hours=1), AT + timedelta(hours=2)):
        sending.withdraw(submission=row, reason="", by=author, at=at)
        sending.restore(submission=row, by=author, at=at)
    assert letters("restored") == [author.email] * 3 + ["stranger@far.example"] * 2


def test_what_chairs_write_about_a_draft_goes_to_no_stranger_whom_its_creator_listed(
    edition: Edition, author: User, chair: Membership, as_user: Callable[[Membership], Client]
) -> None:
    row, bo, browser = complete_draft(edition, author), factories.make_user("bo@b.example"), as_user(chair)
    for email in (bo.email, "stranger@far.example"):
        factories.make_author(row, email)
    # Who wrote in it knows of it, confirmed or not.
    drafting.ask(submission=row, text="Is an appendix allowed?", by=bo, at=AT)
    words = {"number": row.number, "text": "It is."}
    assert "on its way to 2 authors." in browser.post("/dlonsc-2026/chair/questions/", words, follow=True).text
    assert "Ask 2 authors" in browser.get(f"/dlonsc-2026/chair/format/{row.number}/").text
    until = {"by": chair.user, "at": AFTER_DEADLINE}
    overseeing.ask_for_corrected_pdf(
        manuscript=row.manuscripts.get(), text="Fonts.", until=AFTER_DEADLINE + timedelta(days=1), **until
    )
    overseeing.give_late_permission(
        submission=row, phase=Phase.SUBMISSION, cutoff=AFTER_DEADLINE + timedelta(days=2), reason="Illness.", **until
    )
    assert [letters(kind) for kind in ("answer", "correct_pdf", "late_permission")] == [[author.email, bo.email]] * 3


@pytest.mark.parametrize("printed_at", [[], ["ada@work.example"]])
def test_who_started_a_draft_for_others_or_is_printed_at_another_address_is_told_what_chairs_write_about_it(
    edition: Edition, author: User, chair: Membership, printed_at: list[str]
) -> None:
    row = complete_draft(edition, author)
    entries = [entry("stranger@far.example", is_contact=True), *(entry(email, author.name) for email in printed_at)]
    drafting.set_authors(submission=row, entries=entries, by=author, at=AT)
    drafting.ask(submission=row, text="May we have a day more?", by=author, at=AT)
    overseeing.answer(submission=row, text="You may.", by=chair.user, at=AT)
    overseeing.give_late_permission(
        submission=row,
        phase=Phase.SUBMISSION,
        cutoff=AFTER_DEADLINE + timedelta(days=2),
        reason="Illness.",
        by=chair.user,
        at=AFTER_DEADLINE,
    )
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    assert [letters(kind) for kind in ("answer", "late_permission", "withdrawn")] == [[author.email]] * 3
    assert objection(Message.objects.get(kind="answer")) is None
    Submission.objects.filter(pk=row.pk).update(creator_left=True)
    assert objection(Message.objects.get(kind="answer")) == "the submission does not open to the recipient any more"


@time_machine.travel(AT, tick=False)
def test_the_page_of_a_draft_tells_no_co_author_which_addresses_its_creator_has_too(
    edition: Edition, author: User, client: Client
) -> None:
    row, bo = complete_draft(edition, author), factories.make_user("bo@b.example")
    factories.make_author(row, "bo@b.example", confirmed_at=AT)
    listed = factories.make_author(row, "ada@home.example")
    client.force_login(bo)

    def page() -> str:
        text = client.get(f"/{edition.slug}/submissions/{row.number}/").text
        return re.sub(r'(csrfmiddlewaretoken" value|csrf-token" content|data-csrf|nonce)="[^"]*"', "", text)

    before = page()
    EmailAddress.objects.create(user=author, email=listed.email, verified=True)
    assert (page(), before.count("Withdraw and tell authors who know of this draft")) == (before, 2)


def test_who_confirms_one_address_tells_no_co_author_that_another_in_the_list_is_hers_too(
    edition: Edition, author: User, client: Client
) -> None:
    row, bo = complete_draft(edition, author), factories.make_user("bo@b.example")
    for email in ("bo@b.example", "b@home.example", "carl@c.example"):
        factories.make_author(row, email)
    EmailAddress.objects.create(user=bo, email="b@home.example", verified=True)
    client.force_login(bo)
    address = f"/{edition.slug}/submissions/{row.number}/authors/confirm/"
    # Only her own, and each by a press of its own.
    for email in ("bo@b.example", "carl@c.example", ""):
        client.post(address, {"email": email})
    confirmed = row.authors.exclude(confirmed_at=None).exclude(email=author.email)
    assert list(confirmed.values_list("email", flat=True)) == ["bo@b.example"]
    client.post(address, {"email": "b@home.example"})
    assert confirmed.count() == 2


def test_after_the_deadline_a_withdrawal_is_not_undone_by_authors_and_says_so(edition: Edition, author: User) -> None:
    row = submitted(edition, author)
    sending.withdraw(submission=row, reason="", by=author, at=AFTER_DEADLINE)
    assert "only the chairs can undo" in Message.objects.get(kind="withdrawn").text
    assert "deadline has passed" in refusal_of(lambda: sending.restore(submission=row, by=author, at=AFTER_DEADLINE))
    assert "restore it first" in refusal_of(lambda: put(row))


def test_an_announced_paper_is_not_withdrawn_by_a_button(edition: Edition, author: User) -> None:
    row = factories.announce(submitted(edition, author))
    assert "announced" in refusal_of(lambda: sending.withdraw(submission=row, reason="", by=author, at=AT))


def test_a_chair_adopts_a_late_file_of_a_submitted_paper_once(
    edition: Edition, author: User, chair: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    late = put(row, pdf(b"%PDF-1.7 late"), at=AFTER_DEADLINE).manuscript
    overseeing.adopt_late_manuscript(manuscript=late, by=chair.user, at=AFTER_DEADLINE)
    assert versions(row) == [(1, False, False), (2, True, False)]
    assert "adopted already" in refusal_of(
        lambda: overseeing.adopt_late_manuscript(manuscript=late, by=chair.user, at=AFTER_DEADLINE)
    )
    assert letters("late_adopted") == ["ada@uni.example"]


def test_a_late_file_takes_no_place_of_a_newer_version_that_came_in_the_time_given_later(
    edition: Edition,
    author: User,
    chair: Membership,
    as_user: Callable[[Membership], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, report())
    row, browser = submitted(edition, author), as_user(chair)

    def listed() -> list[Manuscript]:
        return [one["file"] for one in browser.get("/dlonsc-2026/chair/late/").context["late_files"]]

    late = put(row, pdf(b"%PDF-1.7 late"), at=AFTER_DEADLINE).manuscript
    assert listed() == [late]
    until = AFTER_DEADLINE + timedelta(days=3)
    overseeing.give_late_permission(
        submission=row, phase=Phase.SUBMISSION, cutoff=until, reason="Illness.", by=chair.user, at=AFTER_DEADLINE
    )
    put(row, pdf(b"%PDF-1.7 newest"), at=AFTER_DEADLINE + timedelta(days=1))
    assert (versions(row), listed()) == ([(1, False, False), (2, False, True), (3, True, False)], [])
    # From a page of before.
    browser.post("/dlonsc-2026/chair/late/", {"adopt": code("manuscript", late.pk)})
    assert (row.manuscripts.get(is_current=True).number, letters("late_adopted")) == (3, [])


def test_the_same_pdf_pressed_twice_is_one_version_and_one_letter(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    again = pdf(b"%PDF-1.7 once more")
    first, second = (put(row, again, at=AT + timedelta(seconds=seconds)) for seconds in (0, 59))
    assert (second.manuscript, second.is_late, second.is_refused) == (first.manuscript, False, False)
    assert (versions(row), letters("new_version")) == ([(1, False, False), (2, True, False)], [author.email])
    # Later, or by somebody else, it is meant.
    bo = factories.make_user("bo@co.example")
    put(row, again, at=AT + timedelta(seconds=60))
    row.created_by = bo
    put(row, again, at=AT + timedelta(seconds=61))
    assert [number for number, _, _ in versions(row)] == [1, 2, 3, 4]


@pytest.mark.parametrize("end", ["accepted", "rejected", "held", "withdrawn", "returned"])
def test_the_reviewed_version_stays_once_the_paper_is_decided_taken_back_or_returned(
    edition: Edition, author: User, chair: Membership, as_user: Callable[[Membership], Client], end: str
) -> None:
    row = submitted(edition, author)
    by = chair.user
    assert by is not None
    late = factories.make_manuscript(row, b"%PDF-1.7 late", is_late=True)
    blocked = factories.make_manuscript(row, b"%PDF-1.7 blocked", is_current=False, verdict="reject")
    row.manuscripts.update(is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    if end == "withdrawn":
        sending.withdraw(submission=row, reason="", by=author, at=AFTER_DEADLINE)
    elif end == "returned":
        overseeing.desk_reject(submission=row, text="Out of scope.", by=by, at=AFTER_DEADLINE)
    else:
        known = timezone.now() + timedelta(hours=1) if end == "held" else AFTER_DEADLINE
        factories.announce(row, "accepted" if end == "held" else end, known)
    Message.objects.all().delete()
    at = AFTER_DEADLINE + timedelta(minutes=1)
    acts = [
        lambda: overseeing.adopt_late_manuscript(manuscript=late, by=by, at=at),
        lambda: overseeing.override_check(manuscript=blocked, words="It is fine.", by=by, at=at),
    ]
    assert {refusal_of(act)[:35] for act in acts} == {"The version that was reviewed stays"}
    assert (row.manuscripts.get(is_current=True).number, letters()) == (1, [])
    browser = as_user(chair)
    assert browser.get("/dlonsc-2026/chair/late/").context["late_files"] == []
    page = browser.get(f"/dlonsc-2026/chair/format/{row.number}/").content.decode()
    assert [button in page for button in ('value="override"', 'value="correct"')] == [False, False]


def test_a_version_whose_check_ends_after_the_decision_is_known_does_not_replace_the_reviewed_one(
    edition: Edition, author: User
) -> None:
    row = submitted(edition, author)
    newer = factories.make_manuscript(row, b"%PDF-1.7 newer", verdict="unchecked", checked_at=None)
    row.manuscripts.update(is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    factories.announce(row, "accepted", AFTER_DEADLINE)
    Message.objects.all().delete()
    newer.refresh_from_db()
    conclude(newer, report(), AFTER_DEADLINE)
    newer.refresh_from_db()
    assert (newer.verdict, row.manuscripts.get(is_current=True).number, letters()) == ("accept", 1, [])


def test_a_version_checked_while_its_paper_was_returned_counts_once_it_is_back_also_with_a_list_granted_meanwhile(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    newer = factories.make_manuscript(row, b"%PDF-1.7 newer", verdict="unchecked", checked_at=None)
    row.manuscripts.update(is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    at = [AFTER_DEADLINE + timedelta(hours=hours) for hours in range(5)]
    wanted = [entry(author.email, is_contact=True), entry("bo@uni.example")]
    request = drafting.request_author_change(submission=row, entries=wanted, reason="She helped.", by=author, at=at[0])
    overseeing.desk_reject(submission=row, text="No.", by=chair.user, at=at[1])
    newer.refresh_from_db()
    conclude(newer, report(), at[2])
    Manuscript.objects.filter(pk=newer.pk).update(checked_at=at[2])
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=at[3])
    overseeing.undo_desk_reject(submission=Submission.objects.get(pk=row.pk), by=chair.user, at=at[4])
    assert row.manuscripts.get(is_current=True).number == 2


def test_a_version_whose_check_began_before_the_decision_was_known_does_not_replace_the_reviewed_one(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = submitted(edition, author)

    def while_it_is_announced(*_: object) -> Report:
        factories.announce(row, "accepted", AT + timedelta(seconds=2))
        return report()

    monkeypatch.setattr(checks, "check_safely", while_it_is_announced)
    put(row, pdf(b"%PDF-1.7 newer"))
    assert (versions(row), letters("new_version")) == ([(1, True, False), (2, False, False)], [])


def test_a_version_whose_check_began_before_its_paper_was_withdrawn_counts_once_it_is_restored(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = submitted(edition, author)
    at = [AT + timedelta(seconds=seconds) for seconds in (0, 2, 4)]

    def while_it_is_withdrawn(*_: object) -> Report:
        sending.withdraw(submission=Submission.objects.get(pk=row.pk), reason="", by=author, at=at[1])
        return report()

    monkeypatch.setattr(checks, "check_safely", while_it_is_withdrawn)
    put(row, pdf(b"%PDF-1.7 newer"), at=at[0])
    sending.restore(submission=Submission.objects.get(pk=row.pk), by=author, at=at[2])
    assert versions(row) == [(1, False, False), (2, True, False)]


def test_a_version_that_the_check_held_back_is_still_held_back_after_a_return_during_which_the_rules_changed(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    blocked = factories.make_manuscript(row, b"%PDF-1.7 newer", verdict="reject")
    row.manuscripts.update(is_current=False)
    row.manuscripts.filter(number=1).update(is_current=True)
    at = [AFTER_DEADLINE + timedelta(hours=hours) for hours in range(3)]
    overseeing.desk_reject(submission=row, text="No.", by=chair.user, at=at[0])
    blocked.refresh_from_db()
    assert checks.replace_report(blocked, report(), at[1])
    overseeing.undo_desk_reject(submission=Submission.objects.get(pk=row.pk), by=chair.user, at=at[2])
    assert (versions(row), letters("new_version")) == ([(1, True, False), (2, False, False)], [])


def test_a_chair_adopts_a_complete_draft_and_no_incomplete_one(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = complete_draft(edition, author)
    Submission.objects.filter(pk=row.pk).update(is_original=False)
    row = Submission.objects.get(pk=row.pk)
    adopt = overseeing.adopt_draft
    assert "not complete" in refusal_of(lambda: adopt(submission=row, by=chair.user, at=AFTER_DEADLINE))
    Submission.objects.filter(pk=row.pk).update(is_original=True)
    adopt(submission=Submission.objects.get(pk=row.pk), by=chair.user, at=AFTER_DEADLINE)
    assert (Submission.objects.get(pk=row.pk).state, letters("receipt")) == (State.SUBMITTED, ["ada@uni.example"])


def test_a_chair_adopts_no_draft_whose_authors_may_still_write(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = complete_draft(edition, author)
    words = refusal_of(lambda: overseeing.adopt_draft(submission=row, by=chair.user, at=AT))
    assert words == "Its authors may still write and submit; nothing was changed."
    row.refresh_from_db()
    assert (row.state, letters("receipt")) == (State.DRAFT, [])


def test_a_desk_rejection_is_a_letter_and_can_be_taken_back(edition: Edition, author: User, chair: Membership) -> None:
    row = submitted(edition, author)
    assert "why" in refusal_of(lambda: overseeing.desk_reject(submission=row, text="", by=chair.user, at=AT))
    overseeing.desk_reject(submission=row, text="It is 40 pages.", by=chair.user, at=AT)
    assert (row.state, letters("desk_reject")) == (State.DESK_REJECTED, ["ada@uni.example"])
    overseeing.undo_desk_reject(submission=row, by=chair.user, at=AT)
    assert row.state == State.SUBMITTED


@pytest.mark.parametrize("was_submitted", [True, False])
def test_a_chair_reinstates_what_was_withdrawn_as_what_it_was(
    edition: Edition, author: User, chair: Membership, *, was_submitted: bool
) -> None:
    row = submitted(edition, author) if was_submitted else complete_draft(edition, author)
    sending.withdraw(submission=row, reason="A slip.", by=author, at=AFTER_DEADLINE)
    overseeing.reinstate(submission=row, by=chair.user, at=AFTER_DEADLINE)
    state = State.SUBMITTED if was_submitted else State.DRAFT
    assert (row.state, row.withdrawn_at, row.withdraw_reason) == (state, None, "")
    assert letters("restored") == ["ada@uni.example"]
    assert Entry.objects.get(verb="took a withdrawal back").detail == {"reason_was": "A slip."}
    assert refusal_of(lambda: overseeing.reinstate(submission=row, by=chair.user, at=AT)) == "It is not withdrawn."


@pytest.mark.parametrize("act", ["withdrawn", "returned"])
def test_before_a_chair_takes_a_withdrawal_or_return_back_the_page_says_to_how_many_it_is_told(
    edition: Edition, author: User, chair: Membership, as_user: Callable[[Membership], Client], act: str
) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "bo@uni.example")
    if act == "withdrawn":
        sending.withdraw(submission=row, reason="", by=author, at=AT)
    else:
        overseeing.desk_reject(submission=row, text="It is 40 pages.", by=chair.user, at=AT)
    page = as_user(chair).get(reverse("reviews:submission", args=(edition.slug, row.number)))
    assert " ".join(page.text.split()).count("all its 2 authors are told.") == 1


def test_nothing_is_reinstated_while_a_decision_on_it_is_held_or_known(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    factories.announce(row, "rejected", AFTER_DEADLINE)
    assert "stays withdrawn" in refusal_of(lambda: overseeing.reinstate(submission=row, by=chair.user, at=AT))
    assert Submission.objects.get(pk=row.pk).state == State.WITHDRAWN


def test_a_letter_about_a_state_that_was_taken_back_does_not_leave(
    edition: Edition, author: User, chair: Membership
) -> None:
    row = submitted(edition, author)
    overseeing.desk_reject(submission=row, text="It is 40 pages.", by=chair.user, at=AT)
    returned = Message.objects.get(kind="desk_reject")
    assert (objection(returned), returned.at_most_once) == (None, True)
    overseeing.undo_desk_reject(submission=row, by=chair.user, at=AT)
    sending.withdraw(submission=row, reason="", by=author, at=AT)
    withdrawn = Message.objects.get(kind="withdrawn")
    assert objection(withdrawn) is None
    overseeing.reinstate(submission=row, by=chair.user, at=AT)
    words = "what the letter tells was taken back in the meantime"
    assert [objection(one) for one in (returned, withdrawn)] == [words, words]


@pytest.mark.parametrize("kind", TO_AUTHORS)
def test_a_letter_that_waits_does_not_leave_to_who_is_no_author_any_more(
    edition: Edition, author: User, kind: str
) -> None:
    row = submitted(edition, author)
    factories.make_author(row, "bo@co.example")
    guard = in_state(row) if kind in {"withdrawn", "desk_reject"} else None
    with patch("submissions.emails.post") as posted:
        emails.to_all_authors(row, kind, key="k", at=AT, guard=guard)
    stored = [
        Message(kind=kind, to_email=one.kwargs["to_email"], guard=one.kwargs["guard"]) for one in posted.call_args_list
    ]
    assert [objection(one) for one in stored] == [None, None]
    row.authors.get(email="bo@co.example").delete()
    assert [objection(one) for one in stored] == [None, "the recipient is no author of the submission any more"]


def test_every_letter_to_all_authors_is_asked_for_who_is_still_one() -> None:
    written = re.findall(r'to_all_authors\(\s*[\w.]+,\s*"(\w+)"', inspect.getsource(emails))
    assert {*written, "receipt", "new_version"} == set(TO_AUTHORS)


def save_authors(row: Submission, *emails: str, at: datetime = AT, tell: bool = False) -> None:
    entries = [entry(row.created_by.email, is_contact=True), *(entry(email) for email in emails)]
    drafting.set_authors(submission=row, entries=entries, by=row.created_by, at=at, tell=tell)


def test_what_only_the_browser_saves_writes_to_a_hundred_addresses_and_the_rest_waits_for_a_save(
    edition: Edition, author: User
) -> None:
    row = submitted(edition, author)
    groups = [[f"a{number}@g{group}.example" for number in range(49)] for group in range(3)]
    told = []
    for number, group in enumerate(groups, start=1):
        at = AT + timedelta(hours=number)
        save_authors(row, *group, at=at)
        telling.tell_new_authors(row, at + telling.AT_REST)
        told.append(Message.objects.filter(kind="receipt").count())
    assert told == [50, 99, 99]
    save_authors(row, *groups[2], at=at, tell=True)
    assert Message.objects.filter(kind="receipt").count() == 148
    save_authors(row, groups[2][0], at=at, tell=True)
    telling.tell_new_version(row, row.manuscripts.get(), at)
    assert Message.objects.filter(kind="new_version").count() == 0, "that version is known to both"


def test_new_versions_write_thirty_letters_a_day_and_then_one_about_the_newest(
    edition: Edition, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    for number in range(telling.MOST_A_DAY + 3):
        put(row, pdf(b"%PDF-1.7 " + str(number).encode()), AT + timedelta(minutes=number))
    assert Message.objects.count() == telling.MOST_A_DAY
    later = AT + telling.A_DAY
    for at in (AT + timedelta(hours=2), later, later + telling.AT_REST):
        telling.tell_new_authors(row, at)
    sha256 = row.manuscripts.get(is_current=True).sha256
    assert [sha256 in one.text for one in Message.objects.filter(created_at__gte=later)] == [True]


@pytest.mark.parametrize("undo", [overseeing.reinstate, overseeing.undo_desk_reject])
def test_who_was_added_before_a_withdrawal_or_return_is_told_once_it_is_taken_back(
    edition: Edition, author: User, chair: Membership, undo: Callable[..., None]
) -> None:
    row = submitted(edition, author)
    save_authors(row, "bo@co.example")
    if undo is overseeing.reinstate:
        sending.withdraw(submission=row, reason="", by=author, at=AT)
    else:
        overseeing.desk_reject(submission=row, text="No.", by=chair.user, at=AT)
    at = AT + telling.AT_REST
    telling.tell_new_authors(row, at)
    assert letters("receipt") == [author.email]
    undo(submission=row, by=chair.user, at=at)
    telling.tell_new_authors(row, at)
    assert letters("receipt") == [author.email, "bo@co.example"]


def test_the_page_of_a_submission_brings_back_what_was_withdrawn_or_returned(
    edition: Edition, author: User, chair: Membership, other_chair: Membership
) -> None:
    row = submitted(edition, author)
    factories.make_conflict(row, other_chair)
    browsers = [Client(), Client()]
    for browser, member in zip(browsers, (chair, other_chair), strict=True):
        browser.force_login(member.user)
    page = f"/{edition.slug}/chair/submissions/{row.number}/"
    for act, word, undo in (
        (lambda: sending.withdraw(submission=row, reason="", by=author, at=AT), "Reinstate", "reinstate"),
        (
            lambda: overseeing.desk_reject(submission=row, text="No.", by=chair.user, at=AT),
            "Take the return back",
            "undo-return",
        ),
    ):
        assert word not in browsers[0].get(page).content.decode()
        act()
        assert word in browsers[0].get(page).content.decode()
        assert [browser.post(f"{page}{undo}/").status_code for browser in reversed(browsers)] == [404, 302]
        row.refresh_from_db()
        assert row.state == State.SUBMITTED


def test_a_corrected_pdf_is_asked_for_with_the_time_that_goes_with_it(
    edition: Edition, author: User, chair: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report())
    row = submitted(edition, author)
    until = AFTER_DEADLINE + timedelta(days=1)
    overseeing.ask_for_corrected_pdf(
        manuscript=row.manuscripts.get(), text="Margins.", until=until, by=chair.user, at=AFTER_DEADLINE
    )
    assert letters("correct_pdf") == ["ada@uni.example"]
    assert not put(row, pdf(b"%PDF-1.7 corrected"), at=AFTER_DEADLINE + timedelta(hours=1)).is_late
    assert versions(row) == [(1, False, False), (2, True, False)]


def test_supplements_are_kept_and_taken_out_without_losing_bytes(edition: Edition, author: User) -> None:
    row = complete_draft(edition, author)
    add = {"submission": row, "description": "Code", "by": author, "at": AT, "received_at": AT}
    assert "empty" in refusal_of(lambda: sending.add_supplement(upload=pdf(b"", "code.py"), **add))
    file = sending.add_supplement(upload=pdf(b"bytes", "code.py"), **add)
    drafting.remove_supplement(supplement=file, by=author, at=AT)
    file.refresh_from_db()
    assert (file.original_name, file.removed_at, read(file.sha256)) == ("code.py", AT, b"bytes")


def test_a_supplement_pressed_twice_is_one_row_and_another_word_about_it_is_kept(
    edition: Edition, author: User
) -> None:
    row, other = complete_draft(edition, author), factories.make_user("b@b.example", "Ben")

    def add(
        data: bytes = b"bytes", name: str = "code.py", words: str = "Code", by: User = author, late: int = 0
    ) -> int:
        at = AT + timedelta(seconds=late)
        upload = pdf(data, name)
        return sending.add_supplement(submission=row, upload=upload, description=words, by=by, at=at, received_at=at).pk

    first = add()
    assert add(b"more", "more.py") != first
    assert [add(), add(late=30)] == [first, first]
    assert len({first, add(words="All code"), add(name="main.py"), add(by=other), add(late=90)}) == 5
    gone = row.supplements.get(pk=add(b"gone"))
    drafting.remove_supplement(supplement=gone, by=author, at=AT)
    assert add(b"gone") != gone.pk


def test_a_supplement_begun_in_time_may_finish_as_a_pdf_may(edition: Edition, author: User) -> None:
    row = complete_draft(edition, author)
    late = CUTOFF + timedelta(minutes=5)
    add = {"submission": row, "description": "Code", "by": author, "at": late, "received_at": late}
    sending.add_supplement(upload=pdf(b"bytes", "code.py"), begun_at=CUTOFF - timedelta(seconds=1), **add)
    refusal_of(lambda: sending.add_supplement(upload=pdf(b"more", "more.py"), begun_at=CUTOFF, **add))
    assert [file.original_name for file in row.supplements.all()] == ["code.py"]


def test_before_a_chair_takes_back_the_withdrawal_of_a_draft_the_page_counts_no_author_who_is_told_nothing(
    edition: Edition, author: User, chair: Membership, as_user: Callable[[Membership], Client]
) -> None:
    row = complete_draft(edition, author)
    factories.make_author(row, "stranger@far.example")
    sending.withdraw(submission=row, reason="A slip.", by=author, at=AFTER_DEADLINE)
    page = as_user(chair).get(f"/{edition.slug}/chair/submissions/{row.number}/")
    assert " ".join(page.text.split()).count("a draft; its authors who know of it are told.") == 1
