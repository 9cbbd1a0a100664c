"""The first page of a PDF beside the record of its submission."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from typing import Any

from submissions.models import Submission

# What print needs alike, and what authors are told besides.
PRINTED = ("title", "authors")
ALL = (*PRINTED, "abstract", "keywords")
# A PDF's text loses hyphens, formulas and ligatures; an abstract differs when fewer of its words than this are common.
SAME_ABSTRACT = 0.85


def plain(text: str) -> str:
    """A text without case, accents and punctuation, its words parted by single blanks."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", " ", bare).strip()


def was_read(front: dict[str, Any] | None) -> bool:
    """Whether a stored report tells what stands on the first page: one that is damaged, or not checked, does not."""
    return bool(front and any(front.get(name) for name in PRINTED))


def differences(
    front: dict[str, Any] | None, submission: Submission, what: Collection[str] = PRINTED
) -> list[dict[str, str]]:
    """Where the record and the first page disagree; what either side does not tell is no difference.

    `front` is the part of a stored report that was read from the first page, or None when there is none.
    """
    front = front or {}
    found: list[dict[str, str]] = []
    if "title" in what and front.get("title") and plain(front["title"]) != plain(submission.title):
        found.append({"what": "Title", "record": submission.title, "pdf": front["title"]})
    names = [author.name for author in submission.authors.all()] if "authors" in what else []
    if names and front.get("authors") and [plain(name) for name in front["authors"]] != [plain(name) for name in names]:
        found.append({"what": "Authors", "record": ", ".join(names), "pdf": ", ".join(front["authors"])})
    if "abstract" in what and front.get("abstract") and submission.abstract:
        ours, theirs = plain(submission.abstract).split(), plain(front["abstract"]).split()
        if common(ours, theirs) < SAME_ABSTRACT:
            found.append(
                {
                    "what": "Abstract",
                    "record": f"{len(submission.abstract.split())} words: {shortened(submission.abstract)}",
                    "pdf": f"{front.get('abstract_words') or len(theirs)} words: {shortened(front['abstract'])}",
                }
            )
    if "keywords" in what and front.get("keywords") and submission.keywords:
        ours_set = {plain(one) for one in re.split(r"[,;·\n]", submission.keywords)} - {""}
        if ours_set != {plain(one) for one in front["keywords"]}:
            found.append({"what": "Keywords", "record": submission.keywords, "pdf": ", ".join(front["keywords"])})
    return found


def common(ours: list[str], theirs: list[str]) -> float:
    """The share of the words of both that both have, 0 to 1."""
    both = (Counter(ours) & Counter(theirs)).total()
    return 2 * both / max(1, len(ours) + len(theirs))


def shortened(text: str, words: int = 25) -> str:
    parts = text.split()
    return " ".join(parts[:words]) + (" …" if len(parts) > words else "")
