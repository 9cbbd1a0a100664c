"""Measure the LNCS check over folders of PDF files: confusion table, CPU seconds and memory.

    .venv/bin/python bench/lncs.py [--min-pages 1 --max-pages 999] [--cold] FOLDER...

A folder may hold a manifest.jsonl with file, and verdict with reasons or truth; without it only the costs are shown.
CPU counts user and system time of each file's own process by wait4, fork included. The server that forks them starts
once; its cost is in the last line, and --cold adds a new server for every file.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from submissions.lncs import Report, Rules, check_safely
from submissions.lncs.sandbox import stop_server

BLIND_CODES = frozenset({"NOT_ANON", "META_AUTHOR"})
REFUSALS = frozenset({"BOMB"})


def manifest(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "manifest.jsonl"
    if not path.exists():
        return {}
    return {one["file"]: one for one in map(json.loads, path.read_text().splitlines())}


def wanted(label: dict[str, Any]) -> tuple[str, set[str]]:
    """Verdict and codes that a label asks for; a folder with truth alone asks for rejected or not."""
    if "verdict" not in label:
        return ("not rejected" if label.get("truth") == "lncs" else "reject"), set()
    codes = set(label.get("reasons", ()))
    if codes & REFUSALS:
        return "unchecked", codes
    if codes == {"DUPLICATE"}:
        return "accept", set()
    return label["verdict"], codes - {"DUPLICATE"}


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def costs(name: str, values: Sequence[float], unit: str) -> str:
    return (
        f"{name:24} median {statistics.median(values):7.3f}  p95 {quantile(values, 0.95):7.3f}  "
        f"max {max(values):7.3f} {unit}  ({len(values)} files)"
    )


def run(folder: Path, rules: Rules, *, cold: bool, workers: int) -> None:
    labels = manifest(folder)
    files = sorted(folder.glob("*.pdf"))

    def one(path: Path) -> tuple[Report, float]:
        blind = bool(BLIND_CODES & set(labels.get(path.name, {}).get("reasons", ())))
        if cold:
            stop_server()
        began = time.monotonic()
        report = check_safely(path, Rules(rules.min_pages, rules.max_pages, blind or rules.blind))
        return report, time.monotonic() - began

    with ThreadPoolExecutor(1 if cold else workers) as pool:
        results = list(pool.map(one, files))
    table: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for path, (report, _) in zip(files, results, strict=True):
        label = labels.get(path.name)
        if label is None:
            continue
        verdict, codes = wanted(label)
        got = report.verdict
        if verdict == "not rejected" and got in ("accept", "warn"):
            got = "not rejected"
        table[verdict, got] += 1
        missing = codes - report.codes
        pages_wrong = report.pages is not None and report.pages != label.get("pages")
        if got != verdict or missing or pages_wrong:
            wrong.append(
                f"  {path.name}: {got} {sorted(report.codes)}, wanted {verdict}, missing {sorted(missing)}, "
                f"pages {report.pages} of {label.get('pages')}"
            )
    print(f"{folder.name}: {len(files)} files")
    columns = sorted({got for _, got in table})
    if table:
        print(f"  {'wanted':14}" + "".join(f"{one:>14}" for one in columns) + "   (found)")
        for verdict in sorted({want for want, _ in table}):
            print(f"  {verdict:14}" + "".join(f"{table[verdict, one]:14}" for one in columns))
        print(f"  verdict, codes or pages not as labelled: {len(wrong)}")
        print("\n".join(wrong))
    short = [report.cpu_s for report, _ in results if report.pages is not None and report.pages <= 12]
    print("  " + costs("CPU, up to 12 pages", short, "s"))
    print("  " + costs("CPU, all", [report.cpu_s for report, _ in results], "s"))
    print("  " + costs("peak memory", [report.peak_mb for report, _ in results], "MB"))
    print("  " + costs("wall", [wall for _, wall in results], "s"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--min-pages", type=int, default=6)
    parser.add_argument("--max-pages", type=int, default=12)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--cold", action="store_true", help="a new server for every file; its CPU is in the last line")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    for folder in options.folders:
        run(
            folder,
            Rules(options.min_pages, options.max_pages, options.blind),
            cold=options.cold,
            workers=options.workers,
        )
    stop_server()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"servers and all their children: {used.ru_utime + used.ru_stime:.2f} CPU seconds")


if __name__ == "__main__":
    main()
