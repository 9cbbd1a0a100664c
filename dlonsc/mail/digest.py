"""The letter of the day: the reminders of one person, in one letter, for those who asked for it.

A reminder that is posted with `gather_until` waits in the ledger. When the hour has come, what still stands is told in
one letter of the usual kind, and the rows that it tells are closed. Decisions, receipts and whatever is near its
cut-off never wait: whoever posts them does not ask for it.
"""

import logging
import re
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

from django.db import transaction

from dlonsc.mail import guards
from dlonsc.mail.apart import apart
from dlonsc.mail.ledger import DAY, NO_REMINDERS, can_be_left, keep_back, move, move_all, wants_no_reminders
from dlonsc.mail.models import Message, State
from dlonsc.mail.post import Letterhead, post

log = logging.getLogger(__name__)

KIND = "digest"
# Before the working day in Europe, in the evening of America.
HOUR = time(6, tzinfo=UTC)
LET_GO = "the next letter of the day tells what is left of it"
DONE_MEANWHILE = "everything in it was done in the meantime"


def next_gathering(at: datetime) -> datetime:
    """When the next letter of the day leaves after `at`."""
    today = datetime.combine(at.astimezone(UTC).date(), HOUR)
    return today if at < today else today + DAY


def gather_until(at: datetime, cutoff: datetime | None) -> datetime | None:
    """The next gathering, unless it would come on the last day before `cutoff`: then None, it leaves at once."""
    gathering = next_gathering(at)
    if cutoff is not None and cutoff - gathering < timedelta(days=1):
        return None
    return gathering


def gather(at: datetime) -> list[Message]:
    """Write the letters of the day that are due at `at`. As often as it likes: a reminder is told once."""
    rows: dict[tuple[str, str], list[Message]] = defaultdict(list)
    waiting = Message.objects.filter(state=State.GATHERED, not_before__lte=at).order_by("pk")
    for row in waiting:
        rows[row.edition, row.to_email].append(row)
    letters: list[Message] = []
    for parts in rows.values():
        with apart(f"the letter of the day with reminder {parts[0].pk}"):
            letter = _letter_of(parts, at)
            letters += [letter] if letter else []
    return letters


def _letter_of(parts: list[Message], at: datetime) -> Message | None:
    standing = [part for part in parts if _stands(part, at)]
    ids = [part.pk for part in standing]
    if not ids:
        return None
    # Whoever moves the rows writes the letter: two beats by mistake write one.
    taken = move_all(
        Message.objects.filter(pk__in=ids),
        State.COLLECTED,
        of=[State.GATHERED],
        at=at,
        answer="in the letter of the day",
    )
    if taken != len(ids):
        # Somebody moved one of them meanwhile. Nothing may be told of as collected without its letter: the next beat.
        transaction.set_rollback(True)
        return None
    first = standing[0]
    headers = first.headers
    letter = post(
        key=f"{KIND}:{first.pk}",
        to_email=first.to_email,
        to_name=first.to_name,
        letter="mail/emails/digest",
        context={
            "parts": [(part.subject, body_of(part)) for part in standing],
            "edition_name": headers.get("From-Name", ""),
        },
        head=Letterhead(
            edition=first.edition, sender=headers.get("From-Name", ""), reply_to=headers.get("Reply-To", "")
        ),
        at=at,
        kind=KIND,
        thread=f"{first.edition}.digest.{first.to_email}",
        at_most_once=False,
        guard={"parts": ids},
        # News that nobody leaves come also to who wants no reminders: none of those is among the parts then.
        may_leave=any(can_be_left(part) for part in standing),
    )
    if letter is None:
        # She left the reminders meanwhile: likewise, for what is news among them.
        transaction.set_rollback(True)
    return letter


def _stands(part: Message, at: datetime) -> bool:
    if wants_no_reminders(part):
        move(part, State.CANCELLED, of=[State.GATHERED], at=at, answer=NO_REMINDERS)
        return False
    try:
        reason = guards.objection(part)
    except guards.GuardMissing as error:
        log.error("letter %s: %s", part.pk, error)
        return False
    if reason is not None:
        keep_back(part, reason, of=[State.GATHERED], at=at)
    return reason is None


# A line that only greets, and the way to leave: an own text may say more after "Dear", and have a "--" of its own.
GREETING = re.compile(r"Dear [^\n,]*(?:,\n+|\n{2,})")
FOOTER = re.compile(r"\n--\nNo more reminders of this workshop: \S+\s*\Z")


def body_of(part: Message) -> str:
    """A reminder's text without its greeting and the site's line below it."""
    greeting = GREETING.match(part.text)
    return FOOTER.sub("", part.text[greeting.end() if greeting else 0 :]).strip()


def something_stands(message: Message) -> str | None:
    """The guard of a letter of the day: one of the things that it tells is still open, none became a secret, none has
    another date by now, and the address is still its reader's. One that was kept back has let go of them.
    """
    if "freed" in message.guard:
        return LET_GO
    parts = Message.objects.filter(pk__in=message.guard["parts"]).order_by("pk")
    reasons = [guards.objection(part) for part in parts]
    for reason in reasons:
        if isinstance(reason, guards.NotHers | guards.NotSo) or reason == guards.OTHER_ADDRESS:
            return reason
    return None if None in reasons else DONE_MEANWHILE


def register() -> None:
    """Called when the application starts (dlonsc.mail.apps)."""
    guards.register(KIND, something_stands)
