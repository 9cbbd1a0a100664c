"""erase_person: show what erasing somebody means, and with --yes do it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dlonsc.accounts.models import User
from reviews.actions import erasing
from reviews.actions.assigning import Refused


class Command(BaseCommand):
    help = "Erase a person: without --yes it only shows what would go and what must stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="do it; it cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        found = erasing.plan(user)
        for title, counts in (
            ("Goes:", {**found.goes, "letters that wait": found.waiting}),
            ("Stays:", found.stays),
        ):
            self.stdout.write(title)
            for words, count in counts.items():
                self.stdout.write(f"{count:7d} {words}")
        if found.refused:
            raise CommandError(found.refused)
        if not options["yes"]:
            self.stdout.write("Nothing was changed. Say --yes to do it; it cannot be undone.")
            return
        try:
            erasing.erase(user, by="the administrator", at=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write("Done.")
