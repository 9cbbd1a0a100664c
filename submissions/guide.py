"""The page that explains every finding to authors; its words are docs/lncs-codes.md, one heading a code."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings


@dataclass(frozen=True)
class Entry:
    """One code: its name as a finding shows it, the place on the page, and what it means, as Markdown."""

    code: str
    anchor: str
    text: str


@cache
def guide() -> tuple[str, tuple[Entry, ...]]:
    """What stands before the first heading, and the entries in the order of the page."""
    source = (settings.BASE_DIR / "docs" / "lncs-codes.md").read_text(encoding="utf-8")
    head, *parts = source.split("\n## ")
    entries = []
    for part in parts:
        name, _, text = part.partition("\n")
        entries.append(Entry(name.strip().upper(), name.strip().lower(), text.strip()))
    return head.partition("\n")[2].strip(), tuple(entries)
