"""`./run manage check_manuscript`: the LNCS check at the command line, one line for each file."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from submissions.lncs import SAME_TEXT, Finding, Report, Rules, check_safely, similarity


def files_of(paths: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Files in the order given, folders opened and sorted; and the paths that do not exist."""
    files: list[Path] = []
    missing: list[str] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            files += sorted(one for one in path.iterdir() if one.is_file() and one.suffix.lower() == ".pdf")
        elif path.is_file():
            files.append(path)
        else:
            missing.append(name)
    return files, missing


def check_all(files: Sequence[Path], rules: Rules) -> Iterator[Report]:
    """Reports in the order of the files, checked on all cores."""
    with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
        yield from pool.map(lambda path: check_safely(path, rules), files)


def duplicates(report: Report, earlier: Sequence[tuple[str, tuple[int, ...]]]) -> list[Finding]:
    """The folder's own pass: which earlier file has the same text. It informs, and leaves the verdict alone."""
    found = []
    for name, print_of in earlier:
        share = similarity(report.fingerprint, print_of)
        if share >= SAME_TEXT:
            found.append(
                Finding(
                    "DUPLICATE",
                    "info",
                    (),
                    round(share * 100, 1),
                    SAME_TEXT * 100,
                    "%",
                    f"{share * 100:.0f} % of the text is the same as in {name}.",
                )
            )
    return found


def as_line(path: Path, report: Report, extra: Sequence[Finding]) -> dict[str, Any]:
    return {
        "file": path.name,
        "verdict": report.verdict,
        "pages": report.pages,
        "findings": [
            {
                "code": one.code,
                "severity": one.severity,
                "pages": list(one.pages),
                "measured": one.measured,
                "limit": one.limit,
                "unit": one.unit,
                "message": one.message,
            }
            for one in [*report.findings, *extra]
        ],
        "cpu_s": report.cpu_s,
        "peak_mb": report.peak_mb,
    }


class Command(BaseCommand):
    help = (
        "Check PDF files against the LNCS rules. Exit status: 0 none rejected or unchecked, 1 otherwise, 2 wrong use."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
        parser.add_argument("--json", action="store_true", help="one line of JSON for each file")
        parser.add_argument("--min-pages", type=_count, default=6, metavar="N")
        parser.add_argument("--max-pages", type=_count, default=12, metavar="N")
        parser.add_argument("--blind", action="store_true", help="also look for what names the authors")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["min_pages"] > options["max_pages"]:
            self._wrong_use("--min-pages is larger than --max-pages")
        files, missing = files_of(options["paths"])
        if missing:
            self._wrong_use(f"no such file or folder: {', '.join(missing)}")
        if not files:
            self._wrong_use("no PDF file in the given folders")
        rules = Rules(min_pages=options["min_pages"], max_pages=options["max_pages"], blind=options["blind"])
        clean = True
        earlier: list[tuple[str, tuple[int, ...]]] = []
        if not options["json"]:
            self.stdout.write(f"{'file':40} {'verdict':10} {'pages':>5} {'cpu s':>6} {'MB':>6}")
        for path, report in zip(files, check_all(files, rules), strict=True):
            line = as_line(path, report, duplicates(report, earlier))
            earlier.append((path.name, report.fingerprint))
            clean = clean and report.verdict in ("accept", "warn")
            self.stdout.write(json.dumps(line, ensure_ascii=False) if options["json"] else _table(line))
            self.stdout.flush()
        if not clean:
            sys.exit(1)

    def _wrong_use(self, why: str) -> None:
        self.stderr.write(f"check_manuscript: {why}")
        sys.exit(2)


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _table(line: dict[str, Any]) -> str:
    pages = "-" if line["pages"] is None else line["pages"]
    rows = [f"{line['file'][:40]:40} {line['verdict']:10} {pages:>5} {line['cpu_s']:6.2f} {line['peak_mb']:6.0f}"]
    rows += [f"    {one['severity']:5} {one['code']:18} {one['message']}" for one in line["findings"]]
    return "\n".join(rows)
