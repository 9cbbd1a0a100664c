"""How close a submission is to what a reviewer has written: TF-IDF of single words and pairs of words.

The affinity of a reviewer is the mean of the best three of their texts, so that breadth costs nothing. Cosines of
TF-IDF are small numbers; `scaled` brings an edition's to 0..1 for the score formula.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from reviews.matching.problem import Floats, Ints

BEST = 3
TOP_PERCENTILE = 99
WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
STOP = frozenset(
    """
    a about above after again all also although an and any are as at based be because been before being between
    both but by can could did do does doing during each few for from further had has have having he her here him
    his how however i if in into is it its itself may me might more most my no nor not of off on once one only or
    other our ours out over own paper propose proposed results same several she should show shows so some such
    than that the their them then there these they this those through thus to too two under until up us use used
    using very via was we were what when where which while who whom why will with within without would you your
    """.split()  # noqa: SIM905 - a hundred quoted words would hide the list
)


@dataclass(frozen=True)
class Near:
    """A text of the reviewer and its similarity (cosine, 0..1)."""

    text: int
    similarity: float


@dataclass(frozen=True, eq=False)
class Affinity:
    """Similarities of P submissions and R reviewers.

    mean: float[P, R], mean of the best three cosines, NaN where either has no text
    """

    mean: Floats
    _papers: csr_array
    _texts: csr_array
    _owner_start: Ints

    def scaled(self) -> Floats:
        """`mean` divided by its 99th percentile over all pairs, at most 1; NaN stays."""
        known = self.mean[np.isfinite(self.mean)]
        top = float(np.percentile(known, TOP_PERCENTILE)) if len(known) else 0.0
        top = top if top > 0 else float(known.max(initial=0.0)) or 1.0
        scaled: Floats = np.minimum(self.mean / top, 1.0)
        return scaled

    def nearest(self, paper: int, reviewer: int, count: int = BEST) -> list[Near]:
        """The reviewer's texts closest to the submission, best first; numbers count within the reviewer's list."""
        start, end = self._owner_start[reviewer : reviewer + 2]
        row = self._papers[[paper]]
        similar = (row @ self._texts[start:end].T).toarray().ravel()
        order = np.argsort(-similar, kind="stable")[:count]
        return [Near(int(i), float(similar[i])) for i in order]


def affinity(papers: Sequence[str], profiles: Sequence[Sequence[str]], dense: Floats | None = None) -> Affinity:
    """Affinity of each paper's text (title and abstract) with each reviewer's texts, P and R of them.

    dense: float[P + texts, width], sentence vectors of unit length of the papers and then of all texts in order,
    instead of TF-IDF.
    """
    texts = [text for profile in profiles for text in profile]
    counts = np.array([len(profile) for profile in profiles], dtype=np.int64)
    start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    vectors = tfidf([*papers, *texts]) if dense is None else csr_array(dense)
    rows, own = vectors[: len(papers)], vectors[len(papers) :]
    mean = np.full((len(papers), len(profiles)), np.nan)
    columns = own.T.tocsc()
    for reviewer in np.flatnonzero(counts).tolist():
        similar = (rows @ columns[:, start[reviewer] : start[reviewer + 1]]).toarray()
        best = np.sort(similar, axis=1)[:, -BEST:]
        mean[:, reviewer] = best.mean(axis=1)
    mean[np.diff(rows.indptr) == 0] = np.nan
    silent = np.diff(own.indptr) == 0
    for reviewer in np.flatnonzero(counts).tolist():
        if silent[start[reviewer] : start[reviewer + 1]].all():
            mean[:, reviewer] = np.nan
    return Affinity(mean, rows, own, start)


def terms(text: str) -> Iterable[str]:
    """Words (without accents, case and the commonest words) and their neighbouring pairs."""
    plain = unicodedata.normalize("NFKD", text.lower())
    words = [w for w in WORD.findall(plain.encode("ascii", "ignore").decode()) if len(w) > 1 and w not in STOP]
    yield from words
    yield from (f"{a} {b}" for a, b in pairwise(words))


def tfidf(texts: Sequence[str]) -> csr_array:
    """Rows of unit length (empty texts: of zeros): (1 + ln count) x (ln((1 + n) / (1 + texts with it)) + 1)."""
    number: dict[str, int] = {}
    columns: list[int] = []
    counts: list[int] = []
    starts = [0]
    for text in texts:
        for term, count in Counter(terms(text)).items():
            columns.append(number.setdefault(term, len(number)))
            counts.append(count)
        starts.append(len(columns))
    column = np.array(columns, dtype=np.int64)
    spread = np.bincount(column, minlength=len(number))
    weight = (1 + np.log(np.array(counts, dtype=np.float64))) * (np.log((1 + len(texts)) / (1 + spread)) + 1)[column]
    rows = np.repeat(np.arange(len(texts)), np.diff(starts))
    length = np.sqrt(np.bincount(rows, weights=weight**2, minlength=len(texts)))
    return csr_array((weight / length[rows], column, np.array(starts)), shape=(len(texts), len(number)))


BIB_ENTRY = re.compile(r"@\s*(\w+)\s*[{(]", re.IGNORECASE)
BIB_FIELD = re.compile(r"\b(title|abstract|keywords)\s*=\s*", re.IGNORECASE)
NOT_WORKS = {"string", "comment", "preamble"}


def read_publications(text: str) -> list[str]:
    """One text per publication from what a reviewer pasted: BibTeX, paragraphs, or a title per line."""
    entries = list(BIB_ENTRY.finditer(text))
    if entries:
        ends = [e.start() for e in entries[1:]] + [len(text)]
        works = [
            _bib_text(text[e.end() : end])
            for e, end in zip(entries, ends, strict=True)
            if e.group(1).lower() not in NOT_WORKS
        ]
    elif re.search(r"\n\s*\n", text.strip()):
        works = [" ".join(block.split()) for block in re.split(r"\n\s*\n", text)]
    else:
        works = [" ".join(line.split()) for line in text.splitlines()]
    return [work for work in works if work]


def _bib_text(entry: str) -> str:
    found = [_bib_value(entry[field.end() :]) for field in BIB_FIELD.finditer(entry)]
    plain = re.sub(r"\\[a-zA-Z]+\s*|\\.|[{}$~]", lambda m: " " if m.group() == "~" else "", ". ".join(found))
    return " ".join(plain.split())


def _bib_value(rest: str) -> str:
    """The value at the beginning of `rest`: in braces, in quotes, or up to the next comma."""
    if rest[:1] == "{":
        depth = 0
        for place, letter in enumerate(rest):
            depth += (letter == "{") - (letter == "}")
            if depth == 0:
                return rest[1:place]
        return rest[1:]
    if rest[:1] == '"':
        return rest[1:].split('"', 1)[0]
    return rest.split(",", 1)[0].strip()
