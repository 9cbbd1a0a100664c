"""The end of a pipe: a mail server gives each delivery report to `manage.py bounce` on standard input."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from dlonsc.mail.bounces import LIMIT, receive


class Command(BaseCommand):
    help = (
        "Read one mail from standard input and mark the letter that came back. Always ends well: no bounce of a bounce."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recipient", default="", help="the address it was delivered to (Postfix: ${original_recipient})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data = sys.stdin.buffer.read(LIMIT)
        self.stdout.write(receive(data, at=timezone.now(), recipient=options["recipient"]))
