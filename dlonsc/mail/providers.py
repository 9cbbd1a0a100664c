"""Mail providers that tell what became of a letter, and what they want in it for that."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Provider:
    """How django-anymail reads its calls, and the header of a letter that comes back with them."""

    view: str
    header: str
    value: Callable[[str], str]


def as_json(token: str) -> str:
    return json.dumps({"letter": token})


PROVIDERS = {
    "brevo": Provider("brevo.BrevoTrackingWebhookView", "X-Mailin-custom", as_json),
    "mailgun": Provider("mailgun.MailgunTrackingWebhookView", "X-Mailgun-Variables", as_json),
    "postmark": Provider("postmark.PostmarkTrackingWebhookView", "X-PM-Metadata-letter", str),
}


def provider_header(token: str) -> tuple[str, str] | None:
    """The header that makes the provider's events find the letter of this token; None without a provider."""
    provider = PROVIDERS.get(settings.MAIL_PROVIDER)
    return (provider.header, provider.value(token)) if provider else None
