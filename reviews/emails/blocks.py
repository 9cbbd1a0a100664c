"""Parts of letters that editions word themselves."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.html import format_html, format_html_join

from dlonsc.editions.models import Deadline, Edition
from dlonsc.mail.placeholders import Block
from submissions.models import Submission


def list_of(lines: Iterable[str]) -> Block:
    """Lines as a list; nothing at all when there are none."""
    rows = list(lines)
    if not rows:
        return Block("", "")
    items = format_html_join("", "<li>{}</li>", ((row,) for row in rows))
    return Block("\n".join(f"  {row}" for row in rows), str(format_html("<ul>{}</ul>", items)))


def papers(submissions: Iterable[Submission]) -> Block:
    """Numbers and titles, in the order of the numbers."""
    ordered = sorted(submissions, key=lambda row: row.number)
    return list_of(f"{row.number}. {row.title}" for row in ordered)


def due_words(deadline: Deadline | None) -> str:
    """A deadline as it was announced, with its zone."""
    return f"{deadline.announced_at:%-d %b %Y, %H:%M} {deadline.zone}" if deadline else "a date that is not set yet"


def link(edition: Edition, path: str) -> str:
    """A page of the edition, in full."""
    return f"{settings.SITE_URL}/{edition.slug}/{path}"
