"""What the tests of the authors' side share: an upload, a check that answers what it is told, a complete draft."""

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition
from dlonsc.mail.models import Message
from submissions.actions import drafting, sending
from submissions.actions.moves import Refused
from submissions.lncs import Finding, Report
from submissions.models import Submission
from submissions.states import State
from tests import factories

PDF = b"%PDF-1.7\nmade for a test"


def pdf(data: bytes = PDF, name: str = "paper.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="application/pdf")


def finding(code: str = "PAGES_MANY", severity: str = "block", **fields: object) -> Finding:
    known = {"pages": (13,), "measured": 13.0, "limit": 12.0, "unit": "pages", "message": f"A finding: {code}."}
    return Finding(code=code, severity=severity, **(known | fields))  # type: ignore[arg-type]


def report(verdict: str = "accept", *findings: Finding, pages: int | None = 8) -> Report:
    return Report(verdict=verdict, pages=pages, findings=findings)  # type: ignore[arg-type]


def answers(monkeypatch: object, *reports: Report) -> list[object]:
    """Let the check answer these reports in turn, the last for ever; returns the rules that it was asked with."""
    asked: list[object] = []
    left = list(reports)

    def fake(source: object, rules: object = None, wall_s: float = 20.0) -> Report:
        asked.append(rules)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr("submissions.checks.check_safely", fake)  # type: ignore[attr-defined]
    return asked


def complete_draft(edition: Edition, by: User) -> Submission:
    """A draft to which nothing is missing."""
    draft = factories.make_submission(edition, by, state=State.DRAFT)
    draft.topics.set(edition.topics.filter(parent__isnull=False))
    return draft


def submitted(edition: Edition, by: User) -> Submission:
    """A paper that went through Submit."""
    draft = complete_draft(edition, by)
    return sending.submit(submission=draft, by=by, at=factories.AT, received_at=factories.AT)


def entry(email: str, name: str = "", **fields: object) -> drafting.AuthorEntry:
    return drafting.AuthorEntry(name=name or email, email=email, **fields)  # type: ignore[arg-type]


def letters(kind: str = "") -> list[str]:
    """Addresses of the letters of a kind, in order."""
    rows = Message.objects.filter(kind=kind) if kind else Message.objects.all()
    return sorted(rows.values_list("to_email", flat=True))


def refusal_of(act: Callable[[], object]) -> str:
    """The words of a refusal; fails when the act is not refused."""
    try:
        act()
    except Refused as refusal:
        return refusal.words
    raise AssertionError("it was not refused")
