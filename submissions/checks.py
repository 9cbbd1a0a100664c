"""The format check of stored files, run in its own child process; a check that fails never loses the file."""

import json
import re
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dlonsc.editions.models import Edition
from dlonsc.history.record import record
from submissions import emails, telling
from submissions.files import path_of
from submissions.lncs import Report, Rules, check_safely
from submissions.models import CameraReadyItem, CameraReadyKind, Manuscript, Submission
from submissions.rulesets import key_of, rules_of
from submissions.states import State

# While an author waits; what takes longer is left to the task, which has the whole time.
INLINE_SECONDS = 8.0
# What could not be checked because the checker itself failed is tried again for a day.
TRY_FOR = timedelta(hours=24)
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def as_json(report: Report, rules: Rules | None = None) -> dict[str, Any]:
    """A report as the plain values that a JSONField holds, with the name of the rule set that made it.

    Reports quote names and words of the file, and a file may call its font anything: what no database keeps is marked.
    """
    plain: dict[str, Any] = _storable(json.loads(report.to_json()))
    return plain | {"rule_set": key_of(rules or Rules())}


def _storable(value: Any) -> Any:
    """The same value without what PostgreSQL refuses in JSON: NUL, and half of a pair of UTF-16."""
    if isinstance(value, str):
        return NOT_STORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value


def check_item(item: CameraReadyItem, edition: Edition, at: datetime) -> None:
    """Check a camera-ready PDF and write its report beside it; a checker that failed is asked again by the sweeper."""
    rules = rules_of(edition, is_final=True)
    report = check_safely(path_of(item.sha256), rules)
    if failed(report) and at < item.uploaded_at + TRY_FOR:
        return
    values: dict[str, Any] = {"pages": report.pages, "verdict": report.verdict, "report": as_json(report, rules)}
    CameraReadyItem.objects.filter(pk=item.pk).update(**values)
    for name, value in values.items():
        setattr(item, name, value)


def check_inline(manuscript: Manuscript, at: datetime) -> None:
    """Check while the author waits a few seconds; then the version counts, checked or not yet checked."""
    began = time.monotonic()
    report = check_safely(path_of(manuscript.sha256), rules_for(manuscript), INLINE_SECONDS)
    is_slow = report.verdict == "unchecked" and time.monotonic() - began >= INLINE_SECONDS
    conclude(manuscript, None if is_slow or failed(report) else report, at)


def check_unchecked_item(item_id: int) -> None:
    """What the sweeper calls: check one camera-ready PDF that was not checked yet."""
    row = CameraReadyItem.objects.select_related("submission__edition").filter(pk=item_id, report={}).first()
    if row is not None:
        check_item(row, row.submission.edition, timezone.now())


def rules_for(row: Manuscript | CameraReadyItem) -> Rules:
    """The rules that hold for a stored file."""
    is_final = isinstance(row, CameraReadyItem)
    return rules_of(row.submission.edition, is_final=is_final, submission=row.submission)


def failed(report: Report) -> bool:
    """Whether the checker failed, not the file."""
    return any(finding.code == "UNCHECKED" for finding in report.findings)


def check_manuscript(manuscript_id: int) -> None:
    """What the task and the sweeper call: check one manuscript that was not checked yet."""
    row = Manuscript.objects.select_related("submission__edition").filter(pk=manuscript_id).first()
    if row is None or row.checked_at is not None:
        return
    at = timezone.now()
    report = check_safely(path_of(row.sha256), rules_for(row))
    is_worth_another = failed(report) and at < row.uploaded_at + TRY_FOR
    conclude(row, None if is_worth_another else report, at)


@transaction.atomic
def conclude(manuscript: Manuscript, report: Report | None, at: datetime) -> None:
    """Write a report once, and let the version count; None is a check that is not done yet.

    A new version of a submitted paper replaces the old one here, with its letter, unless the check blocks it: then
    the earlier version stays submitted. While the paper is taken back or returned nothing changes; it is made good
    when it comes back (count_newest). Once the decision is known, none replaces the one that was reviewed. Two checkers
    at once write and mail once.
    """
    submission = (
        Submission.objects.select_for_update(no_key=True).select_related("edition").get(pk=manuscript.submission_id)
    )
    # `at` may be when the check began: whoever took the paper back, or announced its decision, since then was earlier.
    ended = max(at, timezone.now())
    if report is not None:
        values = {
            "pages": report.pages,
            "verdict": report.verdict,
            "report": as_json(report, rules_for(manuscript)),
            "rules_version": key_of(rules_for(manuscript)),
            "checked_at": ended,
        }
        if not Manuscript.objects.filter(pk=manuscript.pk, checked_at__isnull=True).update(**values):
            manuscript.refresh_from_db()
            return
    manuscript.refresh_from_db()
    is_here = submission.state in {State.DRAFT, State.SUBMITTED}
    if not is_here or manuscript.is_late or submission.outcome_known(ended):
        return
    if manuscript.is_current:
        if report is not None and submission.state == State.SUBMITTED:
            emails.check_came_late(submission, manuscript, at=at)
    elif not manuscript.blocks:
        replace_current(submission, manuscript, at)


def replace_current(submission: Submission, manuscript: Manuscript, at: datetime) -> None:
    """Make a version the one that counts, unless a newer one does; of a submitted paper all authors get its receipt."""
    current = submission.manuscripts.filter(is_current=True).first()
    if current is not None and current.number > manuscript.number:
        return
    submission.manuscripts.filter(is_current=True).update(is_current=False)
    Manuscript.objects.filter(pk=manuscript.pk).update(is_current=True)
    manuscript.refresh_from_db()
    if submission.state == State.SUBMITTED:
        telling.tell_new_version(submission, manuscript, at)


def held_back(submission: Submission, at: datetime) -> Manuscript | None:
    """A newer version that the check blocked when it came, so that an earlier one still counts.

    It goes on so under rules that would let it pass, for a renewed report lets no version count; before a decision is
    known a chair may.
    """
    newest = submission.manuscripts.filter(is_late=False).first()
    if newest is None or newest.is_current or newest.checked_at is None:
        return None
    is_under_review = submission.state == State.SUBMITTED and not submission.outcome_known(at)
    is_held = newest.blocks or is_under_review
    return newest if is_held and submission.manuscripts.filter(is_current=True).exists() else None


def count_newest(submission: Submission, since: datetime | None, at: datetime) -> None:
    """Let a version count whose check ended after `since`, while the paper was taken back or returned.

    Called when it comes back, in the caller's transaction.
    """
    rows = submission.manuscripts.filter(is_late=False, is_current=False, checked_at__gte=since or at)
    newest = next((row for row in rows if not row.blocks), None)
    if newest is not None:
        replace_current(submission, newest, at)


def stale(edition: Edition, *, every: bool = False) -> list[Manuscript | CameraReadyItem]:
    """An edition's checked files whose report was made by other rules than today's (or every one), oldest first."""
    manuscripts = Manuscript.objects.filter(submission__edition=edition, checked_at__isnull=False)
    items = CameraReadyItem.objects.filter(submission__edition=edition, kind=CameraReadyKind.PDF).exclude(report={})
    if not every:
        manuscripts = manuscripts.exclude(rules_version=key_of(rules_of(edition)))
        final = key_of(rules_of(edition, is_final=True))
        items = items.filter(Q(report__rule_set__isnull=True) | ~Q(report__rule_set=final))
    return [
        *manuscripts.select_related("submission__edition").order_by("pk"),
        *items.select_related("submission__edition").order_by("pk"),
    ]


def recheck(row: Manuscript | CameraReadyItem) -> Report | None:
    """A new report of a stored file by today's rules; None when the checker failed. Writes nothing."""
    report = check_safely(path_of(row.sha256), rules_for(row))
    return None if failed(report) else report


@transaction.atomic
def replace_report(row: Manuscript | CameraReadyItem, report: Report, at: datetime) -> bool:
    """Put a new report in the place of the one that was read; False when another was written meanwhile.

    Only the report changes: no submission moves, no version stops counting and no letter leaves, nor when a paper comes
    back (count_newest): `checked_at` is that of its first report. The history keeps what the old one said.
    """
    rules = rules_for(row)
    values: dict[str, Any] = {"pages": report.pages, "verdict": report.verdict, "report": as_json(report, rules)}
    if isinstance(row, Manuscript):
        standing = {"checked_at": row.checked_at, "rules_version": row.rules_version}
        same = Manuscript.objects.filter(pk=row.pk, **standing).update(**values, rules_version=key_of(rules))
    else:
        same = CameraReadyItem.objects.filter(pk=row.pk, verdict=row.verdict).update(**values)
    if not same:
        return False
    record(
        "report_renewed",
        by_id=None,
        by="format check",
        at=at,
        edition=row.submission.edition.slug,
        subject=row.submission.label,
        detail={
            **({"kind": row.kind} if isinstance(row, CameraReadyItem) else {}),
            "version": row.number,
            "was": said(row.verdict, row.report),
            "is": said(report.verdict, values["report"]),
            "rules": key_of(rules),
        },
    )
    return True


def renew(edition: Edition) -> None:
    """What the task calls after a chair changed the rules: make every stale report of the edition anew."""
    for row in stale(edition):
        report = recheck(row)
        if report is not None:
            replace_report(row, report, timezone.now())


def said(verdict: str, report: dict[str, Any]) -> str:
    """A report in a few words: its verdict and codes."""
    codes = sorted({finding["code"] for finding in report.get("findings", [])})
    return " ".join([verdict, *codes])


def unchecked() -> list[int]:
    """Manuscripts nobody has checked, the least tried first: newest, so that one bad file never stops the others."""
    rows = Manuscript.objects.filter(checked_at__isnull=True).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:50])


def unchecked_items() -> list[int]:
    """Camera-ready PDFs nobody has checked, in the same order."""
    rows = CameraReadyItem.objects.filter(kind=CameraReadyKind.PDF, report={}).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:50])
