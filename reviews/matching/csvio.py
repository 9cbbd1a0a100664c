"""Files of an assignment: our own CSV, HotCRP's bulk assignment, and openreview-matcher's. Errors name file and line.

Every reader takes bytes and a name, so that a folder and an upload go the same way. Header lines are optional where
the columns are numbers that tell themselves apart.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from reviews.matching.problem import COMPARATORS, MAX_PAIRS, Comparator, Problem, ProblemError, Quota
from reviews.matching.result import Result

DEFAULT_DEMAND = 3
NO_LIMIT = 1_000_000
# The first name is ours, the others are what openreview-matcher's documentation calls the same file.
NAMES = {
    "scores": ("scores.csv", "affinity_scores.csv"),
    "constraints": ("constraints.csv", "conflicts.csv"),
    "papers": ("papers.csv", "demands.csv", "custom_user_demands.csv"),
    "reviewers": ("reviewers.csv", "max_papers.csv", "custom_max_papers.csv"),
    "quotas": ("quotas.csv",),
    "attributes": ("attribute_constraints.json",),
    "apart": ("apart.csv",),
}
PARTS = ("text", "topic", "bid")
HOTCRP_REVIEWS = {"primaryreview", "primary", "pcreview", "optionalreview", "secondaryreview", "secondary", "review"}
HOTCRP_CLEARS = {"clearreview", "noreview", "unassignreview"}


class FileError(ProblemError):
    """Something in a file cannot be used; the message begins with the file's name and line."""

    def __init__(self, name: str, line: int | None, message: str) -> None:
        where = name if line is None else f"{name} line {line}"
        super().__init__(f"{where}: {message}", what=name, row=line)


@dataclass(frozen=True)
class Table:
    """Rows of one file with their line numbers; `columns` maps a column's name to its place."""

    name: str
    columns: Mapping[str, int]
    rows: Sequence[tuple[int, list[str]]]

    def cell(self, row: list[str], column: str) -> str:
        place = self.columns.get(column, -1)
        return row[place].strip() if 0 <= place < len(row) else ""


@dataclass(frozen=True)
class Line:
    """One pair of an imported assignment. score, round_name: None or "" where the format has none.

    row: the line of the file, None for JSON.
    """

    paper_id: str
    reviewer_id: str
    score: float | None = None
    locked: bool = False
    round_name: str = ""
    row: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Difference:
    """What applying `after` over `before` would do; pairs of (paper id, reviewer id), ordered."""

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]


def read_folder(
    folder: Path, *, absent_zero: bool = False, demand: int = DEFAULT_DEMAND, load_price: float = 0.0
) -> Problem:
    """The problem described by a folder's files. absent_zero: pairs without a score are candidates of score 0.

    demand: for papers that no file gives one. Raises FileError.
    """
    if not folder.is_dir():
        raise FileError(str(folder), None, "this is not a folder.")
    found = {kind: _find(folder, names) for kind, names in NAMES.items()}
    if found["scores"] is None:
        raise FileError(str(folder), None, "there is no scores.csv (nor affinity_scores.csv) in it.")
    files = {kind: (path.name, path.read_bytes()) for kind, path in found.items() if path is not None}
    return read_files(files, absent_zero=absent_zero, demand=demand, load_price=load_price)


def read_files(
    files: Mapping[str, tuple[str, bytes]],
    *,
    absent_zero: bool = False,
    demand: int = DEFAULT_DEMAND,
    load_price: float = 0.0,
) -> Problem:
    """The problem described by files, given as kind (a key of NAMES) -> (name, content). Raises FileError."""
    scores = _table(*files["scores"], ("paper_id", "reviewer_id", "score"), number_at=2)
    papers = _demands(files, scores, demand)
    reviewers, loads, groups = _people(files, scores)
    pair_paper, pair_reviewer, score = _scores(scores, papers, reviewers)
    if absent_zero:
        pair_paper, pair_reviewer, score = _filled(pair_paper, pair_reviewer, score, len(papers), len(reviewers))
    conflicts, locked = _constraints(files, papers, reviewers)
    quotas, groups = _quotas(files, reviewers, groups)
    return Problem(
        n_papers=len(papers),
        n_reviewers=len(reviewers),
        pair_paper=pair_paper,
        pair_reviewer=pair_reviewer,
        score=score,
        demand=np.array(list(papers.values()), dtype=np.int64),
        min_load=loads[0],
        max_load=loads[1],
        conflicts=np.array(conflicts, dtype=np.int64).reshape(-1, 2),
        locked=np.array(locked, dtype=np.int64).reshape(-1, 2),
        groups=groups,
        quotas=quotas,
        apart=_apart(files, reviewers),
        load_price=load_price,
        paper_ids=tuple(papers),
        reviewer_ids=tuple(reviewers),
    )


def _find(folder: Path, names: Iterable[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _lines(name: str, content: bytes) -> list[tuple[int, list[str]]]:
    if content.count(b"\n") > MAX_PAIRS + 1:
        raise FileError(
            name,
            None,
            f"{content.count(b'\n'):,} lines are more than the {MAX_PAIRS:,} that can be assigned at once. "
            "Keep the best 60 candidates of each paper and the best 15 papers of each reviewer.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(name, line, "this is not UTF-8 text. Save the file as CSV UTF-8.") from error
    first = text.split("\n", 1)[0]
    delimiter = ";" if "," not in first and ";" in first else "\t" if "," not in first and "\t" in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, row) for row in reader if row and any(map(str.strip, row)) and row[0][:1] != "#"]
    except csv.Error as error:
        raise FileError(name, reader.line_num, f"this is not CSV ({error}).") from error


def _table(name: str, content: bytes, columns: Sequence[str], *, number_at: int) -> Table:
    """Rows of a file. A first line whose field `number_at` is not a number is a header and may reorder columns."""
    lines = _lines(name, content)
    if not lines:
        return Table(name, {c: i for i, c in enumerate(columns)}, [])
    line, first = lines[0]
    if len(first) > number_at and _is_number(first[number_at]):
        return Table(name, {c: i for i, c in enumerate(columns)}, lines)
    names = [field.strip().lower() for field in first]
    missing = [c for c in columns if c not in names]
    if missing:
        raise FileError(name, line, f"the column {missing[0]} is missing; the header names {', '.join(names)}.")
    return Table(name, {c: i for i, c in enumerate(names)}, lines[1:])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _whole(table: Table, line: int, text: str, what: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not value.is_integer() if np.isfinite(value) else True:
        raise FileError(table.name, line, f"the {what} is {text or 'empty'}; a whole number is needed.")
    return int(value)


def _demands(files: Mapping[str, tuple[str, bytes]], scores: Table, demand: int) -> dict[str, int]:
    if "papers" not in files:
        return dict.fromkeys((scores.cell(row, "paper_id") for _, row in scores.rows), demand)
    table = _table(*files["papers"], ("paper_id", "demand"), number_at=1)
    found: dict[str, int] = {}
    for line, row in table.rows:
        paper = table.cell(row, "paper_id")
        if paper in found:
            raise FileError(table.name, line, f"paper {paper} appears a second time.")
        found[paper] = _whole(table, line, table.cell(row, "demand"), f"demand of paper {paper}")
        if found[paper] < 0:
            raise FileError(table.name, line, f"the demand of paper {paper} is {found[paper]}; it must be 0 or more.")
    return found


def _people(
    files: Mapping[str, tuple[str, bytes]], scores: Table
) -> tuple[dict[str, int], tuple[Any, Any], dict[str, list[str]]]:
    """Reviewers by number, their loads, and their labels per group column."""
    if "reviewers" not in files:
        names = dict.fromkeys(scores.cell(row, "reviewer_id") for _, row in scores.rows)
        count = len(names)
        return {n: i for i, n in enumerate(names)}, (np.zeros(count), np.full(count, NO_LIMIT)), {}
    table = _reviewer_table(*files["reviewers"])
    people: dict[str, int] = {}
    low, high = [], []
    fixed = {"reviewer_id", "min_load", "max_load"}
    groups: dict[str, list[str]] = {column: [] for column in table.columns if column and column not in fixed}
    for line, row in table.rows:
        name = table.cell(row, "reviewer_id")
        if name in people:
            raise FileError(table.name, line, f"reviewer {name} appears a second time.")
        people[name] = len(people)
        least = table.cell(row, "min_load") or "0"
        low.append(_whole(table, line, least, f"minimum load of reviewer {name}"))
        high.append(_whole(table, line, table.cell(row, "max_load"), f"maximum load of reviewer {name}"))
        if not 0 <= low[-1] <= high[-1]:
            raise FileError(
                table.name,
                line,
                f"reviewer {name} has a minimum of {low[-1]} and a maximum of {high[-1]}; "
                "0 <= minimum <= maximum is needed.",
            )
        for column, labels in groups.items():
            labels.append(table.cell(row, column))
    return people, (np.array(low, dtype=np.int64), np.array(high, dtype=np.int64)), groups


def _reviewer_table(name: str, content: bytes) -> Table:
    """Our reviewers.csv, or OpenReview's reviewer,max without a header."""
    lines = _lines(name, content)
    if lines and len(lines[0][1]) >= 2 and _is_number(lines[0][1][1]):
        three = len(lines[0][1]) > 2 and _is_number(lines[0][1][2])
        columns = ["reviewer_id", "min_load", "max_load"] if three else ["reviewer_id", "max_load"]
        extra = len(lines[0][1]) - len(columns)
        columns += [f"group{i + 1}" for i in range(extra)]
        return Table(name, {c: i for i, c in enumerate(columns)}, lines)
    return _table(name, content, ("reviewer_id", "max_load"), number_at=99)


def _scores(table: Table, papers: Mapping[str, int], reviewers: Mapping[str, int]) -> tuple[Any, Any, Any]:
    paper_of = {name: i for i, name in enumerate(papers)}
    places = [table.columns[c] for c in ("paper_id", "reviewer_id", "score")]
    pairs: list[tuple[int, int]] = []
    values: list[float] = []
    seen: dict[int, int] = {}
    width = max(len(reviewers), 1)
    for line, row in table.rows:
        try:
            paper, reviewer, score = (row[place].strip() for place in places)
        except IndexError:
            raise FileError(
                table.name, line, f"{len(row)} fields; a paper, a reviewer and a score are needed."
            ) from None
        pair = _pair(table, line, paper, reviewer, paper_of, reviewers)
        try:
            value = float(score)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise FileError(
                table.name,
                line,
                f"the score of paper {paper} and reviewer {reviewer} is {score or 'empty'}, not a number.",
            )
        before = seen.setdefault(pair[0] * width + pair[1], line)
        if before != line:
            raise FileError(
                table.name, line, f"paper {paper} and reviewer {reviewer} are already scored in line {before}."
            )
        pairs.append(pair)
        values.append(value)
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1], np.array(values, dtype=np.float64)


def _pair(
    table: Table, line: int, paper: str, reviewer: str, papers: Mapping[str, int], reviewers: Mapping[str, int]
) -> tuple[int, int]:
    if paper not in papers:
        raise FileError(table.name, line, f"paper {paper or '(empty)'} is unknown; it is not in the list of papers.")
    if reviewer not in reviewers:
        raise FileError(
            table.name, line, f"reviewer {reviewer or '(empty)'} is unknown; it is not in the list of reviewers."
        )
    return papers[paper], reviewers[reviewer]


def _filled(pair_paper: Any, pair_reviewer: Any, score: Any, papers: int, reviewers: int) -> tuple[Any, Any, Any]:
    if papers * reviewers > MAX_PAIRS:
        raise ProblemError(
            f"{papers:,} papers times {reviewers:,} reviewers are more than the {MAX_PAIRS:,} pairs that can be "
            "assigned at once; give the candidates' scores instead.",
            what="score",
        )
    dense = np.zeros((papers, reviewers))
    dense[pair_paper, pair_reviewer] = score
    paper, reviewer = np.divmod(np.arange(papers * reviewers), max(reviewers, 1))
    return paper, reviewer, dense.ravel()


def _constraints(
    files: Mapping[str, tuple[str, bytes]], papers: Mapping[str, int], reviewers: Mapping[str, int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    conflicts: list[tuple[int, int]] = []
    locked: list[tuple[int, int]] = []
    if "constraints" not in files:
        return conflicts, locked
    table = _table(*files["constraints"], ("paper_id", "reviewer_id", "constraint"), number_at=2)
    paper_of = {name: i for i, name in enumerate(papers)}
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    for line, row in table.rows:
        paper, reviewer = table.cell(row, "paper_id"), table.cell(row, "reviewer_id")
        pair = _pair(table, line, paper, reviewer, paper_of, reviewers)
        value = _whole(table, line, table.cell(row, "constraint"), "constraint")
        if value not in (-1, 0, 1):
            raise FileError(table.name, line, f"the constraint is {value}; it is -1 (conflict), 0 or 1 (locked).")
        before = seen.setdefault(pair, (line, value))
        if before[1] != value:
            raise FileError(
                table.name,
                line,
                f"paper {paper} and reviewer {reviewer} have the constraint {value}, "
                f"but {before[1]} in line {before[0]}.",
            )
        if before[0] == line and value:
            (conflicts if value < 0 else locked).append(pair)
    return conflicts, locked


def _quotas(
    files: Mapping[str, tuple[str, bytes]], reviewers: Mapping[str, int], groups: dict[str, list[str]]
) -> tuple[tuple[Quota, ...], dict[str, list[str]]]:
    quotas: list[Quota] = []
    if "quotas" in files:
        table = _table(*files["quotas"], ("column", "value", "comparator", "bound"), number_at=3)
        for line, row in table.rows:
            column, value = table.cell(row, "column"), table.cell(row, "value")
            known = {name.lower(): name for name in groups}
            if column.lower() not in known:
                raise FileError(
                    table.name,
                    line,
                    f"the column {column} is unknown; the reviewers have {', '.join(groups) or 'none'}.",
                )
            comparator = _comparator(table.name, line, table.cell(row, "comparator"))
            bound = _whole(table, line, table.cell(row, "bound"), "bound")
            quotas.append(Quota(known[column.lower()], value, comparator, bound))
    if "attributes" in files:
        more, columns = read_attribute_constraints(*files["attributes"], reviewers)
        quotas.extend(more)
        groups = {**groups, **columns}
    return tuple(quotas), groups


def _comparator(name: str, line: int | None, text: str) -> Comparator:
    sign = {"=": "==", "≤": "<=", "≥": ">="}.get(text, text)
    if sign not in COMPARATORS:
        raise FileError(name, line, f"the comparator is {text or 'empty'}; it is <=, >= or ==.")
    return cast("Comparator", sign)


def read_attribute_constraints(
    name: str, content: bytes, reviewers: Mapping[str, int]
) -> tuple[list[Quota], dict[str, list[str]]]:
    """openreview-matcher's JSON {attribute: {comparator, bound, members}} as quotas and their group columns."""
    try:
        data = json.loads(content)
    except ValueError as error:
        raise FileError(name, getattr(error, "lineno", None), f"this is not JSON ({error}).") from error
    if not isinstance(data, dict):
        raise FileError(name, None, "an object of attributes is needed.")
    quotas, columns = [], {}
    for attribute, rule in data.items():
        if not isinstance(rule, dict) or not {"comparator", "bound", "members"} <= rule.keys():
            raise FileError(name, None, f"{attribute} needs a comparator, a bound and members.")
        unknown = [m for m in rule["members"] if m not in reviewers]
        if unknown:
            raise FileError(name, None, f"{attribute} names the reviewer {unknown[0]}, who is unknown.")
        labels = [""] * len(reviewers)
        for member in rule["members"]:
            labels[reviewers[member]] = "yes"
        columns[attribute] = labels
        quotas.append(Quota(attribute, "yes", _comparator(name, None, str(rule["comparator"])), int(rule["bound"])))
    return quotas, columns


def _apart(files: Mapping[str, tuple[str, bytes]], reviewers: Mapping[str, int]) -> Any:
    if "apart" not in files:
        return np.zeros((0, 2), dtype=np.int64)
    name, content = files["apart"]
    found: list[list[int]] = []
    for line, row in _lines(name, content):
        names = [field.strip() for field in row[:2]]
        if not found and names[0].lower() in ("reviewer_id", "reviewer"):
            continue
        for who in names:
            if who not in reviewers:
                raise FileError(name, line, f"reviewer {who} is unknown; it is not in the list of reviewers.")
        if len(names) < 2:
            raise FileError(name, line, "two reviewers are needed.")
        found.append([reviewers[who] for who in names])
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: `=cmd@host.example` is a valid address.

    Not with an apostrophe as on exports that people read: these files are read again, and a blank before an address is
    stripped here and by HotCRP.
    """
    return f" {cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else cell


def write_assignment(
    problem: Problem, result: Result, parts: Callable[[int, int], Mapping[str, float | None]] | None = None
) -> str:
    """Our assignment.csv. `parts` gives text, topic and bid of a (paper, reviewer) where they are known."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("paper_id", "reviewer_id", "score", "locked", *PARTS))
    for (paper, reviewer), score, locked in zip(
        result.pairs.tolist(), result.scores.tolist(), result.locked, strict=True
    ):
        known = parts(paper, reviewer) if parts else {}
        shown = ["" if known.get(p) is None else repr(known[p]) for p in PARTS]
        pair = (as_text(problem.paper_ids[paper]), as_text(problem.reviewer_ids[reviewer]))
        writer.writerow((*pair, repr(score), int(locked), *shown))
    return out.getvalue()


def read_parts(name: str, content: bytes) -> dict[tuple[str, str], dict[str, float | None]]:
    """Text, topic and bid of each (paper id, reviewer id), where a scores.csv with a header has such columns."""
    lines = _lines(name, content)
    header = [field.strip().lower() for field in lines[0][1]] if lines else []
    present = [part for part in PARTS if part in header]
    if not present or "paper_id" not in header:
        return {}
    table = Table(name, {c: i for i, c in enumerate(header)}, lines[1:])
    found: dict[tuple[str, str], dict[str, float | None]] = {}
    for line, row in table.rows:
        texts = {part: table.cell(row, part) for part in present}
        wrong = next((part for part, text in texts.items() if text and not _is_number(text)), None)
        if wrong:
            raise FileError(name, line, f"the {wrong} is {texts[wrong]}, not a number.")
        pair = (table.cell(row, "paper_id"), table.cell(row, "reviewer_id"))
        found[pair] = {part: float(text) if text else None for part, text in texts.items()}
    return found


def folder_parts(folder: Path) -> dict[tuple[str, str], dict[str, float | None]]:
    """`read_parts` of a folder's scores."""
    path = _find(folder, NAMES["scores"])
    return read_parts(path.name, path.read_bytes()) if path else {}


def write_hotcrp(pairs: Iterable[tuple[str, str]], *, action: str = "primaryreview", round_name: str = "") -> str:
    """HotCRP's bulk assignment; `pairs` of (paper number, reviewer's address)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("paper", "action", "email", "round"))
    writer.writerows((as_text(paper), action, as_text(email), as_text(round_name)) for paper, email in pairs)
    return out.getvalue()


def write_openreview(problem: Problem, result: Result) -> str:
    """openreview-matcher's assignments.json: paper -> [{aggregate_score, user}]."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in problem.paper_ids}
    for (paper, reviewer), score in zip(result.pairs.tolist(), result.scores.tolist(), strict=True):
        found[problem.paper_ids[paper]].append({"aggregate_score": score, "user": problem.reviewer_ids[reviewer]})
    return json.dumps(found, indent=1)


def read_assignment(name: str, content: bytes) -> list[Line]:
    """An assignment in any of the formats, told apart by its content: ours, HotCRP's, or openreview-matcher's.

    Raises FileError; a pair given twice is an error.
    """
    if content.lstrip()[:1] == b"{":
        lines = [(None, line) for line in _openreview_lines(name, content)]
    else:
        lines = _assignment_lines(name, content)
    seen: dict[tuple[str, str], int | None] = {}
    for number, line in lines:
        pair = (line.paper_id, line.reviewer_id)
        if pair in seen:
            raise FileError(name, number, f"paper {pair[0]} and reviewer {pair[1]} are already in line {seen[pair]}.")
        seen[pair] = number
    return [replace(line, row=number) for number, line in lines]


def _assignment_lines(name: str, content: bytes) -> list[Any]:
    rows = _lines(name, content)
    if not rows:
        return []
    header = [field.strip().lower() for field in rows[0][1]]
    if "email" in header and "paper" in header:
        return _hotcrp_lines(Table(name, {c: i for i, c in enumerate(header)}, rows[1:]))
    if "paper_id" in header and "reviewer_id" in header:
        table = Table(name, {c: i for i, c in enumerate(header)}, rows[1:])
    elif len(header) >= 2 and (len(header) == 2 or not header[2] or _is_number(header[2])):
        table = Table(name, {"paper_id": 0, "reviewer_id": 1, "score": 2, "locked": 3}, rows)
    else:
        raise FileError(name, rows[0][0], "the columns paper_id and reviewer_id (or paper, action, email) are needed.")
    return [(line, _own_line(table, line, row)) for line, row in table.rows]


def _own_line(table: Table, line: int, row: list[str]) -> Line:
    paper, reviewer = table.cell(row, "paper_id"), table.cell(row, "reviewer_id")
    if not paper or not reviewer:
        raise FileError(table.name, line, "a paper and a reviewer are needed.")
    score = table.cell(row, "score")
    if score and not _is_number(score):
        raise FileError(table.name, line, f"the score is {score}, not a number.")
    locked = table.cell(row, "locked").lower() in ("1", "true", "yes")
    return Line(paper, reviewer, float(score) if score else None, locked)


def _hotcrp_lines(table: Table) -> list[tuple[int, Line]]:
    found: dict[tuple[str, str], tuple[int, Line]] = {}
    for line, row in table.rows:
        action = table.cell(row, "action").lower() or "primaryreview"
        paper, email = table.cell(row, "paper"), table.cell(row, "email")
        if action in HOTCRP_CLEARS:
            found.pop((paper, email), None)
            continue
        if action not in HOTCRP_REVIEWS:
            raise FileError(table.name, line, f"the action {action} does not assign a review.")
        if not paper or not email:
            raise FileError(table.name, line, "a paper and an email are needed.")
        if (paper, email) in found:
            raise FileError(
                table.name, line, f"paper {paper} and {email} are already in line {found[paper, email][0]}."
            )
        preference = table.cell(row, "preference")
        score = float(preference) if preference and _is_number(preference) else None
        found[paper, email] = (line, Line(paper, email, score, round_name=table.cell(row, "round")))
    return list(found.values())


def _openreview_lines(name: str, content: bytes) -> list[Line]:
    try:
        data = json.loads(content)
        return [
            Line(str(paper), str(entry["user"]), float(entry["aggregate_score"]))
            for paper, entries in data.items()
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise FileError(name, None, "this is not openreview-matcher's assignments.json.") from error


def read_preferences(name: str, content: bytes) -> dict[tuple[str, str], float]:
    """HotCRP's preference CSV (paper, email, preference): (paper, address) -> preference. Raises FileError."""
    table = _table(name, content, ("paper", "email", "preference"), number_at=2)
    found: dict[tuple[str, str], float] = {}
    for line, row in table.rows:
        text = table.cell(row, "preference")
        # HotCRP appends the expertise (X, Y, Z) to the number.
        number = text.rstrip("XYZxyz ")
        if not text:
            continue
        if not _is_number(number):
            raise FileError(name, line, f"the preference is {text}, not a number.")
        found[table.cell(row, "paper"), table.cell(row, "email")] = float(number)
    return found


def difference(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> Difference:
    """What changes from one assignment to another."""
    old, new = set(before), set(after)
    return Difference(tuple(sorted(new - old)), tuple(sorted(old - new)), tuple(sorted(old & new)))
