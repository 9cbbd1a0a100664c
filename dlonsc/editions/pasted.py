"""A pasted list of people, line by line: "Name <mail>, affiliation"."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from dlonsc.accounts.printed import validate_seen, without_hidden

ADDRESS = re.compile(r"<\s*([^<>\s]*)\s*>|([^\s<>,;()\"]+@[^\s<>,;()\"]*)")
TRIM = " \t,;\"'"


@dataclass(frozen=True)
class Invitee:
    """One readable line."""

    line: int
    name: str
    email: str
    affiliation: str


@dataclass(frozen=True)
class BadLine:
    """One line that cannot be used, and why."""

    line: int
    text: str
    why: str


def read_line(number: int, text: str) -> Invitee | BadLine:
    """One line of the list; the address may stand in angle brackets or alone."""
    found = ADDRESS.search(text)
    if found is None:
        return BadLine(number, text, "no e-mail address; write Name <mail>, affiliation")
    email = (found[1] if found[1] is not None else found[2]).strip().lower()
    name, affiliation = (without_hidden(part.strip(TRIM)) for part in (text[: found.start()], text[found.end() :]))
    try:
        validate_email(email)
    except ValidationError:
        return BadLine(number, text, f"{email or 'nothing'} is no e-mail address")
    if ADDRESS.search(affiliation):
        return BadLine(number, text, "two addresses in one line; write one person a line")
    try:
        validate_seen(name)
    except ValidationError:
        return BadLine(number, text, f"no name before {email}; the letter needs one")
    if len(name) > 200 or len(affiliation) > 200 or len(email) > 254:
        return BadLine(number, text, "longer than 200 characters; one person a line")
    return Invitee(number, name, email, affiliation)


def read_list(text: str, known: dict[str, str]) -> tuple[list[Invitee], list[BadLine]]:
    """The readable lines and the others. `known`: why an address (lower case) cannot be invited again."""
    good: list[Invitee] = []
    bad: list[BadLine] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        row = read_line(number, raw.strip())
        if isinstance(row, Invitee) and row.email in seen:
            row = BadLine(number, raw.strip(), f"{row.email} is already in line {seen[row.email]}")
        elif isinstance(row, Invitee) and row.email in known:
            row = BadLine(number, raw.strip(), f"{row.email} {known[row.email]}")
        if isinstance(row, BadLine):
            bad.append(row)
        else:
            seen[row.email] = number
            good.append(row)
    return good, bad
