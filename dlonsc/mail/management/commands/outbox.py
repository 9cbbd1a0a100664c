"""The outbox by hand: look, pause after a restore, keep back what has left since the backup, let it run."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count
from django.utils import timezone

from dlonsc.mail import ledger
from dlonsc.mail.models import Message, Pause
from dlonsc.mail.transport import transport_for

BY = "the administrator"


class Command(BaseCommand):
    help = (
        "status: letters by state and pauses; pause/resume: all letters; drain: deliver what is due in this process; "
        "cancel: after a restore, keep back waiting letters written before an instant (without --yes it only counts)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["status", "pause", "resume", "drain", "cancel"])
        parser.add_argument("--reason", default="", help="why it is paused; chairs read it")
        parser.add_argument("--seconds", type=float, default=3600, help="drain: stop after this time")
        parser.add_argument("--wait", action="store_true", help="drain: wait for more letters until the time is over")
        parser.add_argument("--patience", type=float, default=30, help="drain: seconds to wait for each answer")
        parser.add_argument("--lease", type=float, default=120, help="drain: seconds before another worker takes over")

        parser.add_argument(
            "--before", default="", help="cancel: an instant, 2026-03-31T02:00+00:00; without zone: UTC"
        )
        parser.add_argument("--edition", default="", help="cancel: only this edition's letters")
        parser.add_argument("--yes", action="store_true", help="cancel: do it")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["act"])(options)

    def pause(self, options: dict[str, Any]) -> None:
        ledger.pause(by=BY, at=timezone.now(), reason=options["reason"])
        self.stdout.write("Paused: no letter leaves until `outbox resume`.")

    def resume(self, options: dict[str, Any]) -> None:
        lifted = ledger.resume(by=BY, at=timezone.now())
        self.stdout.write("Resumed." if lifted else "It was not paused.")

    def status(self, options: dict[str, Any]) -> None:
        for words, count in ledger.progress_of(Message.objects.all()).in_words:
            self.stdout.write(f"{count:7d} {words}")
        for pause in Pause.objects.filter(lifted_at__isnull=True):
            self.stdout.write(f"{pause}: {pause.reason or 'no reason given'} ({pause.paused_by})")

    def cancel(self, options: dict[str, Any]) -> None:
        try:
            before = datetime.fromisoformat(options["before"])
        except ValueError:
            raise CommandError("Say --before with an instant such as 2026-03-31T02:00+00:00.") from None
        before = before.astimezone(UTC) if before.tzinfo else before.replace(tzinfo=UTC)
        rows = Message.objects.all()
        if options["edition"]:
            rows = rows.filter(edition=options["edition"])
        found = ledger.waiting(rows, before).order_by().values_list("kind").annotate(Count("pk")).order_by("kind")
        for kind, count in found:
            self.stdout.write(f"{count:7d} {kind}")
        if not options["yes"]:
            self.stdout.write("Nothing was changed. Say --yes to keep these letters back for good.")
            return
        count = ledger.cancel_waiting(rows, before=before, by=BY, at=timezone.now())
        self.stdout.write(f"{count} letters cancelled.")

    def drain(self, options: dict[str, Any]) -> None:
        lease = timedelta(seconds=options["lease"])
        terms = ledger.Terms(lease=lease, patience=lease * 2)
        patience = options["patience"]
        transport = transport_for(settings.MAIL_URL, before=patience, after=patience * 4)
        end = time.monotonic() + options["seconds"]
        count = 0
        while (left := end - time.monotonic()) > 0:
            count += ledger.drain(transport, seconds=left, terms=terms)
            if not options["wait"]:
                break
            time.sleep(0.2)
        transport.close()
        self.stdout.write(f"{count} letters tried")
