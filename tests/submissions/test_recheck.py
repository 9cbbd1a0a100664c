"""Stored reports are made anew by today's rules, and nothing else changes by it."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.history.record import record
from dlonsc.mail.models import Message
from submissions.checks import as_json, recheck, replace_report, stale
from submissions.lncs import Report
from submissions.models import CameraReadyItem, Manuscript, Submission
from submissions.rulesets import key_of, rules_of
from submissions.states import State
from tests import factories
from tests.factories import AT
from tests.submissions.desk import answers, finding, report

OLD = {"rules_version": "2019.1", "findings": [{"code": "TYPE3"}]}


@pytest.fixture
def old(edition: Edition, author: User) -> Manuscript:
    """A submitted paper whose report was made by the rules of another year."""
    row = factories.make_submission(edition, author)
    manuscript = row.manuscripts.get()
    Manuscript.objects.filter(pk=manuscript.pk).update(report=OLD, rules_version="2019.1", verdict="warn")
    manuscript.refresh_from_db()
    return manuscript


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("recheck_manuscripts", *args, stdout=out, stderr=out)
    return out.getvalue()


def test_an_old_report_is_renewed_and_the_history_keeps_what_it_said(
    old: Manuscript, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, report("reject", finding("PAGES_MANY"), pages=13))
    assert run() == (
        f"{old}: warn TYPE3 -> reject PAGES_MANY\n1 checked again, 1 say something else now, 0 left as they were.\n"
    )
    old.refresh_from_db()
    today = key_of(rules_of(old.submission.edition))
    assert (old.verdict, old.pages, old.rules_version, old.is_current) == ("reject", 13, today, True)
    entry = Entry.objects.get(verb="report_renewed")
    assert entry.detail == {
        "version": old.number,
        "was": "warn TYPE3",
        "is": "reject PAGES_MANY",
        "rules": today,
    }
    assert (Submission.objects.get().state, Message.objects.count()) == (State.SUBMITTED, 0)


def test_the_history_of_a_report_tells_no_chair_how_many_papers_there_are(
    edition: Edition, chair: Membership, monkeypatch: pytest.MonkeyPatch, as_user: Callable[[Membership], Client]
) -> None:
    paper = factories.make_submission(edition, pk=918273645)
    Manuscript.objects.update(report=OLD, rules_version="2019.1", verdict="warn")
    answers(monkeypatch, report())
    run()
    # As it was written before.
    record(
        "report_renewed", by_id=None, by="format check", at=AT, edition=edition.slug, subject=paper.label,
        detail={"file": "918273645 v1", "was": "warn TYPE3", "is": "accept", "rules": "2020"},
    )  # fmt: skip
    shown = as_user(chair).get(f"/{edition.slug}/chair/history/").text
    assert (shown.count("was: warn TYPE3"), "version: 1" in shown, "91827364" in shown) == (2, True, False)


def test_a_second_run_has_nothing_left_to_do(old: Manuscript, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, report())
    run()
    assert run() == "0 checked again, 0 say something else now, 0 left as they were.\n"
    assert run("--all") == "1 checked again, 0 say something else now, 0 left as they were.\n"
    assert len(asked) == 2


def test_only_the_edition_that_is_named(old: Manuscript, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, report())
    factories.make_edition("other-2026")
    assert run("--edition", "other-2026").startswith("0 checked again")
    with pytest.raises(CommandError, match="There is no edition nowhere"):
        run("--edition", "nowhere")


def test_a_checker_that_fails_leaves_the_old_report(old: Manuscript, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Report(verdict="unchecked", pages=None, findings=(finding("UNCHECKED"),)))
    with pytest.raises(CommandError, match="start the command again"):
        run()
    old.refresh_from_db()
    assert (old.report, old.verdict) == (OLD, "warn")


def test_a_report_written_meanwhile_is_not_overwritten(old: Manuscript, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, report())
    fresh = recheck(old)
    assert fresh is not None
    Manuscript.objects.filter(pk=old.pk).update(checked_at=AT.replace(year=2027), verdict="accept")
    assert (replace_report(old, fresh, AT), Entry.objects.count()) == (False, 0)


def test_a_camera_ready_pdf_is_checked_again_as_one_that_names_its_authors(
    old: Manuscript, monkeypatch: pytest.MonkeyPatch
) -> None:
    Edition.objects.update(blind=True)
    edition = Edition.objects.get()
    Manuscript.objects.update(report=as_json(report()), rules_version=key_of(rules_of(edition)))
    item = CameraReadyItem.objects.create(
        submission=old.submission,
        kind="pdf",
        number=1,
        sha256=old.sha256,
        size=old.size,
        original_name="final.pdf",
        uploaded_by=old.uploaded_by,
        uploaded_at=AT,
        verdict="warn",
        report=OLD,
    )
    asked = answers(monkeypatch, report())
    assert [str(row) for row in stale(edition)] == [str(item)]
    assert run().startswith(f"{item}: warn TYPE3 -> accept\n")
    item.refresh_from_db()
    assert (item.verdict, asked[0].blind) == ("accept", False)  # type: ignore[attr-defined]


def test_a_changed_rule_set_makes_reports_stale(old: Manuscript, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, report())
    run()
    edition = old.submission.edition
    assert stale(edition) == []
    edition.check_severities = {"TYPE3": "block"}
    assert stale(edition) == [old]


def test_a_camera_ready_paper_has_rules_of_its_own(edition: Edition) -> None:
    edition.check_severities = {"TYPE3": "warn"}
    assert rules_of(edition, is_final=True).severities == {"TYPE3": "warn"}
    edition.camera_ready_rules = {"max_pages": 14, "severities": {"FONT_NOT_EMBEDDED": "block"}}
    final = rules_of(edition, is_final=True)
    assert (final.min_pages, final.max_pages, final.severities) == (6, 14, {"FONT_NOT_EMBEDDED": "block"})
    assert rules_of(edition).max_pages == 12


def test_in_a_blind_edition_the_names_on_the_record_are_looked_for(old: Manuscript) -> None:
    edition = old.submission.edition
    assert rules_of(edition, submission=old.submission).author_names == ()
    edition.blind = True
    names = tuple(old.submission.authors.values_list("name", flat=True))
    assert (rules_of(edition, submission=old.submission).author_names, len(names)) == (names, 1)
