"""What a mail provider tells marks the right letter; whoever does not know its secret tells nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from dlonsc.mail.envelope import compose
from dlonsc.mail.models import Message, State, Unsubscribed
from tests.factories import AT

ADDRESS = "/mail/events/"
SECRET = "provider:a-long-secret-of-theirs"
KEY = "key-of-the-provider"
TOKEN = "0123456789abcdef0123456789abcdef"
HER = "person@uni.example"
Settings = Any


@pytest.fixture
def letter(db: None) -> Message:
    return Message.objects.create(
        key="k",
        edition="dlonsc-2026",
        kind="decision",
        to_email=HER,
        subject="s",
        text="t",
        state=State.SENT,
        return_token=TOKEN,
        headers={"Message-ID": "<fedcba98765432100123456789abcdef@workshop.example>"},
        created_at=AT,
    )


@pytest.fixture
def provider(settings: Settings) -> Callable[[str], None]:
    def name(which: str) -> None:
        settings.MAIL_PROVIDER = which
        settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}

    return name


def call(payload: Any, *, secret: str = SECRET) -> HttpResponse:
    words = {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    return Client(enforce_csrf_checks=True).post(ADDRESS, json.dumps(payload), content_type="application/json", **words)


def signed(data: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    """As Mailgun signs: HMAC-SHA256 of time and token."""
    when, token = "1767268800", "c" * 50
    signature = hmac.new(key.encode(), f"{when}{token}".encode(), hashlib.sha256).hexdigest()
    return {"signature": {"timestamp": when, "token": token, "signature": signature}, "event-data": data}


def mailgun(**more: Any) -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "timestamp": 1767268800.1,
        "recipient": HER,
        "user-variables": {"letter": TOKEN},
        "message": {"headers": {"to": HER, "message-id": "20260101120000.1@mail.example", "subject": "s"}},
        "delivery-status": {"code": 550, "message": "5.1.1 no such user here", "description": ""},
    } | more


# The shapes of the providers' documentation, shortened; people and servers are invented.
HARD = {
    "mailgun": signed(mailgun()),
    "postmark": {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": "smtp;550 5.1.1 no such user here",
        "Email": HER,
        "BouncedAt": "2026-01-01T12:00:00Z",
        "Metadata": {"letter": TOKEN},
        "ID": 42,
    },
    "brevo": {
        "event": "hard_bounce",
        "email": HER,
        "id": 1,
        "ts_event": 1767268800,
        "message-id": "<201798300811.5787683@relay.mail.example>",
        "X-Mailin-custom": json.dumps({"letter": TOKEN}),
        "reason": "550 5.1.1 no such user here",
    },
}


@pytest.mark.parametrize("which", sorted(HARD))
def test_a_permanent_failure_marks_the_letter_once(
    letter: Message, provider: Callable[[str], None], which: str
) -> None:
    provider(which)
    assert [call(HARD[which]).status_code for _ in range(2)] == [200, 200]
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED
    assert letter.answer.endswith("no such user here")
    assert letter.changes.count() == 1


@pytest.mark.parametrize(
    ("which", "name", "soft"), [("brevo", "event", "soft_bounce"), ("postmark", "Type", "SoftBounce")]
)
def test_a_soft_bounce_brings_the_letter_back_too(
    letter: Message, provider: Callable[[str], None], which: str, name: str, soft: str
) -> None:
    provider(which)
    call(HARD[which] | {name: soft})
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


@pytest.mark.parametrize(
    ("which", "header", "value"),
    [
        ("brevo", "X-Mailin-custom", f'{{"letter": "{TOKEN}"}}'),
        ("mailgun", "X-Mailgun-Variables", f'{{"letter": "{TOKEN}"}}'),
        ("postmark", "X-PM-Metadata-letter", TOKEN),
    ],
)
def test_each_letter_carries_what_its_provider_hands_back(
    letter: Message, provider: Callable[[str], None], which: str, header: str, value: str
) -> None:
    assert compose(letter)[header] is None
    provider(which)
    assert compose(letter)[header] == value


# --- Who is believed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "provider:wrong-secret-of-somebody", "provider:"])
@pytest.mark.parametrize("which", ["mailgun", "postmark"])
def test_without_the_secret_nothing_is_believed(
    letter: Message, provider: Callable[[str], None], which: str, secret: str
) -> None:
    provider(which)
    assert call(HARD[which], secret=secret).status_code == 400
    letter.refresh_from_db()
    assert letter.state == State.SENT


def test_a_forged_signature_is_not_believed_even_with_the_secret(
    letter: Message, provider: Callable[[str], None]
) -> None:
    provider("mailgun")
    assert call(signed(mailgun(), key="another")).status_code == 400
    letter.refresh_from_db()
    assert letter.state == State.SENT


def test_without_a_provider_there_is_no_such_page(letter: Message) -> None:
    assert [call(HARD["postmark"]).status_code, Client().head(ADDRESS).status_code] == [404, 404]


def test_it_can_be_asked_whether_it_is_there_and_cannot_be_read(provider: Callable[[str], None]) -> None:
    provider("postmark")
    assert [Client().head(ADDRESS).status_code, Client().get(ADDRESS).status_code] == [200, 405]


# --- What is made of it -----------------------------------------------------------------------------------------------


def told(letter: Message, **more: Any) -> str:
    """State after the event."""
    assert call(signed(mailgun(**more))).status_code == 200
    letter.refresh_from_db()
    return letter.state


@pytest.mark.parametrize(
    ("before", "more", "after"),
    [
        (State.SENT, {"severity": "temporary"}, State.SENT),
        (State.SENT, {"event": "delivered"}, State.SENT),
        (State.SENT, {"event": "opened"}, State.SENT),
        (State.SENT, {"recipient": "other@uni.example"}, State.SENT),
        (State.SENT, {"user-variables": {}}, State.SENT),
        (State.SENT, {"reason": "old"}, State.BOUNCED),
        # What our own connection did not tell, the provider does.
        (State.UNKNOWN, {"event": "delivered"}, State.SENT),
        (State.UNKNOWN, {}, State.BOUNCED),
        # A letter that never left cannot come back.
        (State.QUEUED, {}, State.QUEUED),
        (State.CANCELLED, {"event": "delivered"}, State.CANCELLED),
    ],
)
def test_what_an_event_makes_of_a_letter(
    letter: Message, provider: Callable[[str], None], before: State, more: dict[str, Any], after: State
) -> None:
    provider("mailgun")
    Message.objects.update(state=before)
    assert told(letter, **more) == after


def test_the_message_id_finds_the_letter_too(letter: Message, provider: Callable[[str], None]) -> None:
    provider("mailgun")
    own = letter.message_id.strip("<>")
    more = {"user-variables": {}, "message": {"headers": {"to": HER, "message-id": own}}}
    assert told(letter, **more) == State.BOUNCED


def test_who_calls_it_spam_gets_no_more_reminders_of_that_edition(
    letter: Message, provider: Callable[[str], None]
) -> None:
    provider("mailgun")
    assert told(letter, event="complained") == State.SENT
    assert list(Unsubscribed.objects.values_list("email", "edition")) == [(HER, "dlonsc-2026")]
