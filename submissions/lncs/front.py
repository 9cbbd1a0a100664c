"""Title, authors, abstract and keywords as the first page shows them."""

import re

from submissions.lncs.layout import PageLayout, Row
from submissions.lncs.report import FrontMatter

_ABSTRACT = re.compile(r"^\s*abstract\s*[.:\u2014\u2013-]?\s*", re.IGNORECASE)
_KEYWORDS = re.compile(
    r"^\s*(?:key\s*-?\s*words?(?:\s+and\s+phrases)?|index\s+terms)\s*[.:\u2014\u2013-]?\s*", re.IGNORECASE
)
_HEADING = re.compile(r"^\s*(?:\d+\.?\s+)?introduction\s*$", re.IGNORECASE)
_MARKS = re.compile(r"\[\s*\d[\d\-Xx\s]*\]|[\d*\u2020\u2021\u00a7\u00b6\u2709\u22c6\u2217()]|\bORCID\b", re.IGNORECASE)
_SPLIT_NAMES = re.compile(r"\s*(?:,|;|\u00b7|\s+and\s+|&)\s*")
_SPLIT_WORDS = re.compile(r"\s*(?:\u00b7|\u2022|\u22c5|;|,|\s\.\s)\s*")
_NO_NAME = re.compile(
    r"@|https?:|universit|institut|department|school|\blab\b|anonym|blind|submission|paper\s*(?:id|no)", re.IGNORECASE
)


def join_lines(lines: list[str]) -> str:
    """One text of several lines, a word divided at a line's end made whole."""
    text = ""
    for line in lines:
        line = " ".join(line.split())
        whole = text.endswith("-") and line[:1].islower()
        text = text[:-1] + line if whole else f"{text} {line}".strip()
    return text.strip()


def read_front(first: PageLayout, second: PageLayout | None = None) -> FrontMatter:
    """Read what the layout of the first page shows; the abstract may run on to the second."""
    rows = [row for row in first.rows if row.letters and row.size >= 7.5]
    title_rows, rest = _title(rows)
    authors = _authors(rest)
    lines = [*rows, *([row for row in second.rows if row.size >= 7.5][1:] if second else [])]
    abstract, keywords = _abstract(lines)
    return FrontMatter(
        title=join_lines([row.text for row in title_rows])[:500],
        authors=tuple(authors[:60]),
        abstract=abstract[:6000],
        abstract_words=len(re.findall(r"\S*\w\S*", abstract)),
        keywords=tuple(keywords[:30]),
    )


def _title(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    top = rows[:20]
    if not top:
        return [], []
    largest = max((row.size for row in top if row.letters >= 4), default=0.0)
    if largest < 11.5:
        return [], rows
    start = next(at for at, row in enumerate(top) if row.size == largest and row.letters >= 4)
    stop = start
    while stop < len(rows) and (rows[stop].size >= largest - 0.6 or rows[stop].letters <= 2):
        stop += 1
    return rows[start:stop], rows[stop:]


def _authors(rows: list[Row]) -> list[str]:
    lines: list[str] = []
    for row in rows[:14]:
        if _ABSTRACT.match(row.text) or _HEADING.match(row.text):
            break
        if row.size < 9.4:
            if lines:
                break
            continue
        lines.append(row.text)
    names: list[str] = []
    text = _MARKS.sub(" ", join_lines([re.sub(r"[\d*]+", ",", line) for line in lines]))
    for piece in _SPLIT_NAMES.split(text):
        name = " ".join(re.sub(r"^and\s+", "", piece.strip()).split()).strip(" .,;-")
        words = name.split()
        if 2 <= len(words) <= 6 and name[0].isupper() and len(name) < 60 and not _NO_NAME.search(name):
            names.append(name)
    return names


def _abstract(rows: list[Row]) -> tuple[str, list[str]]:
    start = next((at for at, row in enumerate(rows) if _ABSTRACT.match(row.text)), None)
    if start is None:
        return "", []
    lines: list[str] = []
    words: list[str] = []
    target = lines
    size = rows[start].size
    for row in rows[start : start + 90]:
        text = row.text
        if _KEYWORDS.match(text):
            target = words
            text = _KEYWORDS.sub("", text)
        elif row is rows[start]:
            text = _ABSTRACT.sub("", text)
        elif (
            _HEADING.match(text)
            or (row.size >= 11 and lines)
            or (target is words and (row.size > size + 0.4 or len(words) >= 6))
        ):
            break
        if text.strip():
            target.append(text)
    keywords = [one.strip(" .") for one in _SPLIT_WORDS.split(join_lines(words))]
    return join_lines(lines), [one for one in keywords if 1 < len(one) < 80]
