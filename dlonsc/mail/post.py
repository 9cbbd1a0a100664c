"""How a letter enters the ledger: one function, called inside the transaction of the fact."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from celery.exceptions import OperationalError
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from dlonsc.mail.envelope import message_id, printable, thread_id
from dlonsc.mail.leaving import wishes
from dlonsc.mail.models import Campaign, Message, State, StateChange, new_token, stored_key
from dlonsc.mail.placeholders import Block, Value, fill, fill_html
from dlonsc.mail.tasks import deliver


@dataclass(frozen=True)
class OwnWords:
    """A letter that an edition words itself: text with placeholders, and what fills them for this recipient."""

    subject: str
    text: str
    values: Mapping[str, Value]


# (kind of letter, what its templates are given, what the built-in letter says) -> own words, or None for the built-in.
Wording = Callable[[str, Mapping[str, Any], Callable[[], Block]], OwnWords | None]


@dataclass(frozen=True)
class Letterhead:
    """What an edition puts on its letters: plain words, so that this room knows no edition."""

    edition: str = ""
    sender: str = ""
    reply_to: str = ""
    site_url: str = field(default_factory=lambda: str(settings.SITE_URL))
    wording: Wording | None = None


# After a broker did not answer, no bell is rung for a while: a page with thirty letters must not wait thirty times.
SILENCE_SECONDS = 30.0
_silent_until = 0.0


def one_line(text: str, limit: int = 300) -> str:
    """A header value: no line breaks or control characters can get in."""
    return printable(text, limit)


def render(letter: str, words: dict[str, Any], own: OwnWords | None = None) -> tuple[str, str, str]:
    """Subject, text and HTML of a letter, by its templates or in the edition's own words.

    Raises KeyError when own words hold a placeholder without a value: better no letter than one with a hole.
    """
    if own is None:
        # Rendered text counts as safe markup. The plain text of a letter is none: pages that show it must escape it.
        return (
            one_line(render_to_string(f"{letter}.subject.txt", words)),
            render_to_string(f"{letter}.txt", words) + "",
            render_to_string(f"{letter}.html", words),
        )
    text = fill(own.text, own.values).strip() + "\n"
    if words.get("unsubscribe_url"):
        text += f"\n--\nNo more reminders of this workshop: {words['unsubscribe_url']}\n"
    html = render_to_string("mail/own.html", {**words, "own": mark_safe(fill_html(own.text, own.values))})  # noqa: S308
    return one_line(fill(own.subject, own.values)), text, html


GREETING = re.compile(r"Dear [^\n]*\n+")
GREETING_HTML = re.compile(r"\s*<p>Dear [^<]*</p>")


def built_in(letter: str, words: dict[str, Any]) -> Block:
    """What a letter says by its templates, without the greeting."""
    _, text, html = render(letter, words)
    return Block(GREETING.sub("", text, count=1).strip(), GREETING_HTML.sub("", body_of(html), count=1).strip())


def body_of(html: str) -> str:
    """What stands between the frame of a rendered letter."""
    return html.partition("<main>")[2].partition("</main>")[0].strip()


def preview(letter: str, context: dict[str, Any], *, to_name: str, head: Letterhead, kind: str = "") -> tuple[str, str]:
    """Subject and text of a letter as it would leave now, in the edition's own words where it has some."""
    words = {**context, "head": head, "to_name": to_name, "site_url": head.site_url, "unsubscribe_url": ""}
    own = _worded(letter, words, head, kind)
    return render(letter, words, own)[:2]


def _worded(letter: str, words: dict[str, Any], head: Letterhead, kind: str) -> OwnWords | None:
    if head.wording is None:
        return None
    return head.wording(kind or letter.rpartition("/")[2], words, partial(built_in, letter, words))


def as_test(subject: str, text: str, html: str) -> OwnWords:
    """A rendered letter as one that somebody sends to herself."""
    return OwnWords("Test: {subject}", "{letter}", {"subject": subject, "letter": Block(text, body_of(html))})


def post(
    *,
    key: str,
    to_email: str,
    to_name: str = "",
    letter: str,
    context: dict[str, Any],
    head: Letterhead,
    at: datetime,
    kind: str = "",
    about: str = "",
    thread: str = "",
    at_most_once: bool = True,
    held_until: datetime | None = None,
    campaign: Campaign | None = None,
    guard: dict[str, Any] | None = None,
    may_leave: bool = False,
    gather_until: datetime | None = None,
    own: OwnWords | None = None,
) -> Message | None:
    """Write one letter to one person; None when its key was posted before (nothing is written twice).

    Whoever looks a key up asks for `stored_key(key)`: long ones are shortened.
    `letter` is a template prefix such as "submissions/emails/receipt": <prefix>.subject.txt, .txt and .html are
    rendered now and frozen; `own`, or what the letterhead knows, takes their place where an edition words the letter
    itself. `about` labels the thing ("submission:17"), `thread` gives the References header.
    `held_until` holds the letter until that instant. `guard` is what must still be true when it leaves (see guards).
    `may_leave` marks reminders and calls: the recipient can leave them, and gets none (None is returned) when she did.
    `gather_until` lets it wait for the letter of the day (see digest); it never leaves by itself then.
    Call it inside the transaction of the fact.
    """
    key = stored_key(key)
    email = to_email.strip().lower()
    if may_leave and wishes(email, head.edition).exists():
        return None
    token = new_token() if may_leave else None
    leave = f"{head.site_url}/unsubscribe/{token}/" if token else ""
    words = {**context, "head": head, "to_name": to_name, "site_url": head.site_url, "unsubscribe_url": leave}
    subject, text, html = render(letter, words, own or _worded(letter, words, head, kind))
    headers = {
        "Message-ID": message_id(key),
        "References": thread_id(thread) if thread else "",
        "Reply-To": head.reply_to,
        "From-Name": head.sender,
        "List-Unsubscribe": f"<{leave}>" if leave else "",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if leave else "",
    }
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={
            "edition": head.edition,
            "kind": kind or letter.rpartition("/")[2],
            "subject_label": about,
            "campaign": campaign,
            "to_email": email,
            "leave_token": token,
            "to_name": one_line(to_name, 200),
            "subject": subject,
            "text": text,
            "html": html,
            "headers": {name: one_line(value) for name, value in headers.items() if value},
            "at_most_once": at_most_once,
            "guard": guard or {},
            "state": _first_state(held_until, gather_until),
            "created_at": at,
            "not_before": held_until or gather_until or at,
        },
    )
    if not created:
        return None
    _enter(message, at)
    return message


def post_again(letter: Message, *, to_email: str, at: datetime) -> Message | None:
    """A letter that was kept back, word for word to another address of its reader; None when that was done before.

    Its guard is asked before it leaves, as for the first.
    """
    key = stored_key(f"{letter.key}:instead-of:{letter.pk}")
    again, created = Message.objects.get_or_create(
        key=key,
        defaults={
            "edition": letter.edition,
            "kind": letter.kind,
            "subject_label": letter.subject_label,
            "to_email": to_email.strip().lower(),
            "to_name": letter.to_name,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "headers": {**letter.headers, "Message-ID": message_id(key)},
            "at_most_once": letter.at_most_once,
            "guard": letter.guard,
            "created_at": at,
            "not_before": at,
        },
    )
    if not created:
        return None
    _enter(again, at)
    return again


def _enter(message: Message, at: datetime) -> None:
    """Note the first state of a letter, and hurry it up where it may leave."""
    StateChange.objects.create(message=message, state=message.state, at=at)
    if settings.RING_DOORBELLS and message.state == State.QUEUED:
        transaction.on_commit(partial(ring, message.pk), robust=True)


def _first_state(held_until: datetime | None, gather_until: datetime | None) -> State:
    if held_until:
        return State.HELD
    return State.GATHERED if gather_until else State.QUEUED


def ring(message_id: int) -> None:
    """Hurry the delivery up. A broker that is down costs nothing: the sweeper finds the row."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        deliver.delay(message_id)
    except (OperationalError, OSError):
        _silent_until = time.monotonic() + SILENCE_SECONDS
