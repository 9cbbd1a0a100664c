"""The text form of a review: written for people with an editor and no connection, read back line by line.

Lines that begin with "==" head a part. Lines that begin with "#" are guidance and are not read, but in a text, where
none is ours. Whatever else is read nowhere is told with its line, so that nothing typed goes unnoticed.
"""

import re
from dataclasses import dataclass, field

from dlonsc.editions.models import Edition
from dlonsc.posted import LONGEST_TEXT, whole_number
from reviews.models import Review
from submissions.models import Submission

Fields = dict[str, object]
HEADS = {
    "summary": "SUMMARY",
    "strengths": "STRENGTHS",
    "weaknesses": "WEAKNESSES",
    "reproducibility": "REPRODUCIBILITY",
    "score": "SCORE",
    "confidence": "CONFIDENCE",
    "for_chairs": "CONFIDENTIAL NOTE (chairs only)",
}
NAMES = {head: name for name, head in HEADS.items()}
NUMBERS = ("score", "confidence")
START = re.compile(r"^==\+== REVIEW (\d+)\s*$")
TITLE = re.compile(r"^==-== Title: (.*)$")
HEAD = re.compile(r"^==\*== (.+?)\s*$")
# A whole number, its label behind it or not; "1.5" and "2-3" are none.
NUMBER = re.compile(r"[+-]?[0-9]{1,4}(?![-.,/]?[0-9])")


@dataclass
class Filled:
    """One review read from a text form; `line` is where it began."""

    number: int
    line: int
    title: str = ""
    fields: Fields = field(default_factory=dict)


def escaped(text: str) -> str:
    """Lines that the reader would take for its own get a space before them."""
    return "\n".join(f" {line}" if line.startswith(("==", "#")) else line for line in text.split("\n"))


def form_text(edition: Edition, submission: Submission, fields: Fields) -> str:
    lines = [
        f"==+== REVIEW {submission.number}",
        f"==-== Title: {submission.title}",
        f"# {edition.name}. Write below each heading; leave the lines that begin with == as they are.",
        "",
    ]
    for name in Review.FIELDS:
        lines.append(f"==*== {HEADS[name]}")
        if name in NUMBERS:
            rows = edition.scores if name == "score" else edition.confidences
            lines += [f"# {row['value']}: {row['label']}" for row in rows]
            lines.append("" if fields[name] is None else str(fields[name]))
        else:
            lines.append(escaped(str(fields[name] or "")))
        lines.append("")
    return "\n".join(lines) + "\n"


def read_forms(text: str, edition: Edition, titles: dict[int, str]) -> tuple[list[Filled], list[str]]:
    """The filled reviews of a text, and what is wrong with it by line. `titles`: those of the tasks by number."""
    filled: list[Filled] = []
    errors: list[str] = []
    part, begun = "", 0
    lines: list[str] = []
    strays: list[str] = []

    def close() -> None:
        if filled and part:
            take(filled[-1], part, lines, begun, edition, errors)

    for at, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if found := START.match(line):
            close()
            part, begun, lines = "", 0, []
            number = whole_number(found[1], -1)
            filled.append(Filled(number, at))
            if number not in titles:
                errors.append(f"Line {at}: submission {found[1][-20:]} is not assigned to you.")
            elif number in [entry.number for entry in filled[:-1]]:
                errors.append(f"Line {at}: submission {found[1]} comes twice.")
        elif found := TITLE.match(line):
            if filled:
                filled[-1].title = found[1].strip()
                wanted = titles.get(filled[-1].number)
                if wanted is not None and " ".join(wanted.split()) != " ".join(found[1].split()):
                    errors.append(f"Line {at}: submission {filled[-1].number} has another title: {wanted}")
        elif found := HEAD.match(line):
            close()
            part, begun, lines = NAMES.get(found[1], ""), at, []
            if not part:
                errors.append(f"Line {at}: {found[1]} is no heading of this form.")
            elif filled and part in filled[-1].fields:
                errors.append(f"Line {at}: {found[1]} of submission {filled[-1].number} comes twice.")
            elif not filled:
                strays.append(f"Line {at}: {found[1]} stands above the first review.")
        elif line.startswith("#") and (not part or part in NUMBERS):
            lines.append("")
        elif begun:
            lines.append(line)
        elif line.strip():
            strays.append(f"Line {at}: this stands above the first heading and would be lost: {line.strip()[:40]!r}.")
    close()
    if filled:
        errors += strays
    else:
        errors.append('Line 1: no review found; each begins with a line "==+== REVIEW number".')
    for entry in filled:
        errors += [
            f"Line {entry.line}: {HEADS[name].lower()} of submission {entry.number} is missing."
            for name in NUMBERS
            if entry.fields.get(name) is None and not any(f"submission {entry.number}: " in e for e in errors)
        ]
        for name in Review.FIELDS:
            entry.fields.setdefault(name, None if name in NUMBERS else "")
    return filled, errors


def take(entry: Filled, part: str, lines: list[str], begun: int, edition: Edition, errors: list[str]) -> None:
    """One part's text into its entry."""
    text = "\n".join(line[1:] if line.startswith((" ==", " #")) else line for line in lines).strip()
    if part not in NUMBERS:
        if len(text) > LONGEST_TEXT:
            most = f"{part} of submission {entry.number} has more than {LONGEST_TEXT:,} characters"
            errors.append(f"Line {begun}: {most}.")
        entry.fields[part] = text
        return
    rows = edition.scores if part == "score" else edition.confidences
    allowed = [row["value"] for row in rows]
    number = NUMBER.match(text.replace("−", "-"))
    written = [begun + offset for offset, line in enumerate(lines, start=1) if line.strip()]
    for at in written[1:]:
        errors.append(f"Line {at}: only the {part} is read here, and this would be lost.")
    if text and (number is None or int(number[0]) not in allowed):
        at = written[0]
        choices = ", ".join(str(value) for value in allowed)
        errors.append(f"Line {at}: {text[:40]!r} is no {part} of submission {entry.number}: use one of {choices}.")
        return
    entry.fields[part] = int(number[0]) if number else None
