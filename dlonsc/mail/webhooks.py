"""What a mail provider tells us about a letter, by a call to one address (its "webhook").

django-anymail checks the secret and the provider's signature and reads its form; here the event finds its letter. We
send by SMTP, so each letter carries its token in the header that the provider hands back with its events.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from dlonsc.mail.bounces import came_back
from dlonsc.mail.leaving import leave
from dlonsc.mail.ledger import move
from dlonsc.mail.models import Message, State
from dlonsc.mail.providers import PROVIDERS

TOKEN = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])")
RETURNED = {"bounced", "rejected", "failed"}


def events_in(request: HttpRequest) -> Iterable[Any]:
    """The events of one call. Raises SuspiciousOperation (400) when the secret or the signature is not right."""
    module, _, name = PROVIDERS[settings.MAIL_PROVIDER].view.partition(".")
    view = getattr(import_module(f"anymail.webhooks.{module}"), name)()
    view.run_validators(request)
    found: Iterable[Any] = view.parse_events(request)
    return found


def letter_of(event: Any) -> Message | None:
    """The letter that an event is about: by a token of ours anywhere in it, and only to the recipient it names."""
    tokens = set(TOKEN.findall(f"{json.dumps(dict(event.esp_event), default=str)} {event.message_id}"))
    ids = [f"<{token}@{settings.MAIL_DOMAIN}>" for token in tokens]
    rows = Message.objects.filter(return_token__in=tokens) | Message.objects.filter(**{"headers__Message-ID__in": ids})
    return rows.filter(to_email=(event.recipient or "").lower()).first()


@transaction.atomic
def take(event: Any, *, at: datetime) -> str:
    """Write down what an event says about its letter; returns what was done. Told twice, it is written once."""
    message = letter_of(event)
    if message is None:
        return "about no letter of ours; nothing was done"
    words = " ".join(str(event.mta_response or event.description or event.event_type).split())[:500]
    if event.event_type in RETURNED:
        return came_back(message, status="", words=words, at=at)
    if event.event_type == "delivered":
        moved = move(message, State.SENT, of=[State.UNKNOWN], at=at, answer=f"the provider delivered it: {words}")
        return f"letter {message.pk} arrived" if moved else f"letter {message.pk} is {message.state}; nothing was done"
    if event.event_type == "complained":
        leave(message.to_email, message.edition, at)
        return f"the recipient of letter {message.pk} called it spam; no more reminders"
    return f"letter {message.pk}: {event.event_type}; nothing was done"
