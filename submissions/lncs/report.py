"""What the check says: Rules in, Report out; frozen values that travel as JSON.

Lengths are PostScript points (1/72 inch) unless a name ends in `_mm`; boxes are (x0, y0, x1, y1) measured from the
top left of the page as it is displayed.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

Severity = Literal["block", "warn", "info"]
Verdict = Literal["accept", "warn", "reject", "unchecked"]
Box = tuple[float, float, float, float]
PageBox = tuple[int, float, float, float, float]

# Raised whenever a rule changes: a stored Report of another version is recomputed.
RULES_VERSION = "2026.1"

DEFAULT_SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        "PAGES_FEW": "block",
        "PAGES_MANY": "block",
        "PAPER": "block",
        "MIXED_SIZE": "warn",
        "ROTATED": "warn",
        "CROPBOX": "warn",
        "USER_UNIT": "block",
        "SCALED": "warn",
        "NUP": "block",
        "TWO_COLUMN": "block",
        "TEXTBLOCK": "block",
        "OVERFULL": "warn",
        "FONT_SMALL": "block",
        "FONT_LARGE": "block",
        "LEADING_TIGHT": "block",
        "LEADING_LOOSE": "warn",
        "LINE_NUMBERS": "warn",
        "BLANK_PAGE": "warn",
        "SPARSE_PAGE": "warn",
        "DUP_PAGES": "block",
        "NO_TEXT": "block",
        "SCANNED_OCR": "warn",
        "FONT_NOT_EMBEDDED": "warn",
        "TYPE3": "info",
        "ENCRYPTED": "block",
        "OWNER_PASSWORD": "warn",
        "JAVASCRIPT": "block",
        "LAUNCH": "block",
        "AUTO_ACTION": "block",
        "FORM": "warn",
        "ATTACHMENT": "warn",
        "MALFORMED": "block",
        "REPAIRED": "warn",
        "LEADING_JUNK": "block",
        "TRAILING_JUNK": "warn",
        "POLYGLOT": "block",
        "NOT_PDF": "block",
        "HIDDEN_TEXT": "warn",
        "NOT_ANON": "warn",
        "META_AUTHOR": "warn",
        "ABSTRACT_LENGTH": "info",
        "DUPLICATE": "info",
        "BOMB": "block",
        "UNCHECKED": "block",
    }
)
CODES = tuple(DEFAULT_SEVERITIES)
SEVERITIES: tuple[Severity, ...] = ("info", "warn", "block")
UNCHECKED_CODES = frozenset({"BOMB", "UNCHECKED"})
# What nobody can read is never passed, and what is told to chairs alone never touches a verdict.
FIXED_CODES = frozenset({"BOMB", "UNCHECKED", "NOT_PDF", "MALFORMED", "ENCRYPTED", "DUPLICATE"})
SETTABLE_CODES = tuple(code for code in CODES if code not in FIXED_CODES)
# What a publisher's printer needs and a reviewer does not: where a proceedings chair's rules may start.
CAMERA_READY_SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {"FONT_NOT_EMBEDDED": "block", "OWNER_PASSWORD": "block", "LINE_NUMBERS": "block", "SCANNED_OCR": "block"}
)


@dataclass(frozen=True)
class Rules:
    """What is asked of a manuscript: the rule set of an edition, or of its camera-ready papers.

    Plain data, all of it optional in JSON: {"min_pages": 6, "max_pages": 12, "blind": false, "severities":
    {"TYPE3": "warn", ...}, "min_abstract_words": 15, "max_abstract_words": 250, "author_names": ["Ada Example"]}.
    `severities` maps one of SETTABLE_CODES to "info", "warn" or "block"; what it leaves out keeps DEFAULT_SEVERITIES.
    `author_names` are the names on the record, looked for in a blind paper.
    """

    min_pages: int = 6
    max_pages: int = 12
    blind: bool = False
    severities: Mapping[str, Severity] = field(default_factory=dict)
    min_abstract_words: int = 15
    max_abstract_words: int = 250
    author_names: tuple[str, ...] = ()

    def severity(self, code: str, found: Severity | None = None) -> Severity:
        """How grave a finding is. `found`: what the rule itself says of this case, when that is not the usual.

        A rule set makes a code graver or lighter, yet never makes a refusal of what the rule holds for a guess.
        """
        usual = DEFAULT_SEVERITIES[code]
        here = found or usual
        wanted = usual if code in FIXED_CODES else self.severities.get(code, usual)
        if wanted == usual:
            return here
        if SEVERITIES.index(wanted) < SEVERITIES.index(usual):
            return min(wanted, here, key=SEVERITIES.index)
        return here if SEVERITIES.index(here) < SEVERITIES.index(usual) else max(wanted, here, key=SEVERITIES.index)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"severities": dict(self.severities), "author_names": list(self.author_names)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Rules":
        """Raise ValueError when a value is none of its kind; what is not known is left out."""
        known = {f.name for f in dataclasses.fields(cls)}
        names = {"author_names": tuple(values.get("author_names", ()))}
        rules = cls(**{name: value for name, value in values.items() if name in known} | names)
        rules.check()
        return rules

    def check(self) -> None:
        """Raise ValueError with the first thing that cannot be meant."""
        if not isinstance(self.severities, Mapping) or not all(isinstance(name, str) for name in self.author_names):
            raise ValueError("severities are no mapping, or an author's name is no text")
        counts = (self.min_pages, self.max_pages, self.min_abstract_words, self.max_abstract_words)
        if not all(type(one) is int and one >= 0 for one in counts):
            raise ValueError("a limit is no whole number")
        if self.min_pages > self.max_pages or self.min_abstract_words > self.max_abstract_words:
            raise ValueError("a lower limit is above its upper one")
        for code, severity in self.severities.items():
            if code not in SETTABLE_CODES:
                raise ValueError(f"{code} is no code whose severity can be set")
            if severity not in SEVERITIES:
                raise ValueError(f"{severity} is no severity")


@dataclass(frozen=True)
class Finding:
    """One fault or remark. `quote` holds text the eye cannot see: for authors and chairs, never for reviewers."""

    code: str
    severity: Severity
    pages: tuple[int, ...]
    measured: float | None
    limit: float | None
    unit: str
    message: str
    boxes: tuple[PageBox, ...] = ()
    quote: str = ""
    strong: bool = False

    @property
    def anchor(self) -> str:
        """The heading of this code on the page docs/lncs-codes.md."""
        return self.code.lower()


@dataclass(frozen=True)
class PageMap:
    """What is drawn of a page: its size, the LNCS text block and every line of text as a rectangle."""

    width: float
    height: float
    block: Box
    lines: tuple[Box, ...]


@dataclass(frozen=True)
class FrontMatter:
    """Read from the first page; empty where it could not be told."""

    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    abstract_words: int = 0
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All that one run of the check knows of one file."""

    verdict: Verdict
    pages: int | None
    findings: tuple[Finding, ...]
    page_maps: tuple[PageMap, ...] = ()
    front: FrontMatter = FrontMatter()
    fingerprint: tuple[int, ...] = ()
    rules_version: str = RULES_VERSION
    cpu_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(finding.code for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Report":
        """Raise KeyError or TypeError when the values are not a Report's."""
        front = values["front"]
        return cls(
            verdict=cast(Verdict, values["verdict"]),
            pages=values["pages"],
            findings=tuple(_finding(one) for one in values["findings"]),
            page_maps=tuple(
                PageMap(one["width"], one["height"], _box(one["block"]), tuple(_box(line) for line in one["lines"]))
                for one in values["page_maps"]
            ),
            front=FrontMatter(
                title=front["title"],
                authors=tuple(front["authors"]),
                abstract=front["abstract"],
                abstract_words=front["abstract_words"],
                keywords=tuple(front["keywords"]),
            ),
            fingerprint=tuple(values["fingerprint"]),
            rules_version=values["rules_version"],
            cpu_s=values["cpu_s"],
            peak_mb=values["peak_mb"],
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Report":
        """Raise ValueError, KeyError or TypeError when the text is not a Report."""
        return cls.from_dict(json.loads(text))


def _box(values: Any) -> Box:
    x0, y0, x1, y1 = values
    return (float(x0), float(y0), float(x1), float(y1))


def _finding(values: Mapping[str, Any]) -> Finding:
    return Finding(
        code=values["code"],
        severity=values["severity"],
        pages=tuple(values["pages"]),
        measured=values["measured"],
        limit=values["limit"],
        unit=values["unit"],
        message=values["message"],
        boxes=tuple((int(page), *_box(rest)) for page, *rest in values["boxes"]),
        quote=values["quote"],
        strong=values["strong"],
    )


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Unchecked above all, then the gravest severity."""
    if any(finding.code in UNCHECKED_CODES for finding in findings):
        return "unchecked"
    severities = {finding.severity for finding in findings}
    if "block" in severities:
        return "reject"
    return "warn" if "warn" in severities else "accept"
