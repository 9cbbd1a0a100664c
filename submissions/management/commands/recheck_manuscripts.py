"""`./run manage recheck_manuscripts`: make stored reports anew after the rules have changed."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dlonsc.editions.models import Edition
from submissions.checks import recheck, replace_report, said, stale


class Command(BaseCommand):
    help = (
        "Check stored PDFs again by today's rules. Only reports change: no submission moves and no letter leaves. "
        "It may be stopped at any time; started again, it goes on with what is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--edition", metavar="SLUG", help="only this edition's files")
        parser.add_argument("--all", action="store_true", help="also reports that were made by today's rules")

    def handle(self, *args: Any, **options: Any) -> None:
        editions = Edition.objects.order_by("pk")
        if slug := options["edition"]:
            editions = editions.filter(slug=slug)
            if not editions:
                raise CommandError(f"There is no edition {slug}.")
        rows = [row for edition in editions for row in stale(edition, every=options["all"])]
        changed = left = 0
        with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
            # The checker is a process of its own; these threads only wait for it, and the rows are written here.
            for row, report in zip(rows, pool.map(recheck, rows), strict=True):
                before = said(row.verdict, row.report)
                if report is None or not replace_report(row, report, timezone.now()):
                    left += 1
                    self.stderr.write(f"{row}: not checked; its report stays as it was")
                    continue
                now = said(report.verdict, {"findings": [{"code": one.code} for one in report.findings]})
                if now != before:
                    changed += 1
                    self.stdout.write(f"{row}: {before} -> {now}")
        self.stdout.write(f"{len(rows)} checked again, {changed} say something else now, {left} left as they were.")
        if left:
            raise CommandError("Some files could not be checked; start the command again.")
