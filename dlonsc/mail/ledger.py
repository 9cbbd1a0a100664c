"""Moving letters through their states. The rows are the truth; every move is a compare-and-set with a StateChange.

A letter may be taken by any number of workers at once: exactly one gets the lease. "Handed over" is committed before
DATA. Whoever dies afterwards leaves a letter that may have arrived: at most once letters become "unknown" and wait for
a chair, the others are tried again.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from dlonsc.mail import guards
from dlonsc.mail.envelope import envelope
from dlonsc.mail.erased import erased_since
from dlonsc.mail.leaving import wishes
from dlonsc.mail.models import Campaign, Message, Pace, Pause, State, StateChange, stored_key
from dlonsc.mail.transport import Answer, Outcome, Transport, transport_for

log = logging.getLogger(__name__)

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
DAY = timedelta(days=1)
# No turn, lease or hand-over lies further ahead than this: what does is from a clock that was wrong and set back.
HORIZON = timedelta(minutes=10)
# Of the day's letters one in so many is kept for those of accounts: nobody waits a day to sign in.
SHARE_OF_ACCOUNTS = 10
# States from which a letter can still be kept back.
STOPPABLE = (State.HELD, State.GATHERED, State.QUEUED, State.RETRY, State.SENDING)
# States in which a letter waits and no worker holds it.
WAITING = (State.HELD, State.GATHERED, State.QUEUED, State.RETRY)
# States out of which nothing moves by itself.
DONE = (State.SENT, State.FAILED, State.UNKNOWN, State.BOUNCED, State.CANCELLED, State.COLLECTED)
NO_REMINDERS = "the recipient wants no reminders"
ERASED = "the recipient was erased"
REPEATABLE = (State.FAILED, State.BOUNCED, State.CANCELLED)
PROBLEMS = (State.FAILED, State.UNKNOWN, State.BOUNCED)


class NotPossible(Exception):
    """The letter is not in a state in which this can be done; the words say which it is in."""


@dataclass(frozen=True)
class Terms:
    """How long a worker may hold a letter before others take it for dead: before DATA, and after."""

    lease: timedelta = timedelta(minutes=2)
    patience: timedelta = timedelta(minutes=4)
    # A sweep that has not said anything for this long is dead.
    turn: timedelta = timedelta(minutes=1)


TERMS = Terms()


# --- Moves ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def move(
    message: Message,
    to: State,
    *,
    of: Collection[str],
    at: datetime,
    answer: str = "",
    fence: int | None = None,
    **fields: Any,
) -> bool:
    """Compare-and-set one letter from one of the states `of` to `to`; False when somebody else was quicker.

    `fence` is the attempt that the caller holds: a worker whose lease ran out moves nothing that was taken from it.
    """
    rows = Message.objects.filter(pk=message.pk, state__in=of)
    if fence is not None:
        rows = rows.filter(attempts=fence)
    if to in DONE:
        fields.setdefault("finished_at", at)
    # What servers and providers say is theirs; PostgreSQL keeps no NUL.
    answer = answer.replace("\x00", "")
    if answer:
        fields["answer"] = answer
    if not rows.update(state=to, **fields):
        return False
    StateChange.objects.create(message=message, state=to, at=at, answer=answer)
    message.state = to
    if any(isinstance(value, F) for value in fields.values()):
        message.refresh_from_db()
        return True
    for name, value in fields.items():
        setattr(message, name, value)
    return True


@transaction.atomic
def move_all(
    rows: QuerySet[Message], to: State, *, of: Collection[str], at: datetime, answer: str = "", **fields: Any
) -> int:
    """Compare-and-set many letters at once; returns how many moved."""
    chosen = rows.filter(state__in=of).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        chosen = chosen.select_for_update(of=("self",), skip_locked=to != State.CANCELLED)
    ids = list(chosen.values_list("pk", flat=True))
    if to in DONE:
        fields["finished_at"] = at
    moved = Message.objects.filter(pk__in=ids, state__in=of).update(state=to, answer=answer or F("answer"), **fields)
    StateChange.objects.bulk_create(
        [StateChange(message_id=pk, state=to, at=at, answer=answer) for pk in ids], batch_size=500
    )
    return moved


def release_held(at: datetime) -> int:
    """Held letters whose instant has come are queued."""
    return move_all(Message.objects.filter(not_before__lte=at), State.QUEUED, of=[State.HELD], at=at)


def recover(at: datetime, terms: Terms = TERMS) -> int:
    """Letters whose worker is gone: never handed over ones are queued again, the others are unknown or tried again.

    A lease that lies further ahead than any lease lasts is none: it is from before the clock was set back.
    """
    longest = at + max(HORIZON, terms.patience)
    gone = Message.objects.filter(Q(lease_until__lt=at) | Q(lease_until__gt=longest))
    again = move_all(
        gone,
        State.QUEUED,
        of=[State.SENDING],
        at=at,
        answer="the worker stopped before the text was sent",
        lease_until=None,
    )
    words = "the worker stopped after the letter was handed over"
    handed = [State.HANDED_OVER]
    unknown = move_all(gone.filter(at_most_once=True), State.UNKNOWN, of=handed, at=at, answer=words, lease_until=None)
    retried = move_all(
        gone.filter(at_most_once=False), State.RETRY, of=handed, at=at, answer=words, lease_until=None, not_before=at
    )
    return again + unknown + retried


# --- One letter -------------------------------------------------------------------------------------------------------


def due(at: datetime) -> QuerySet[Message]:
    """Letters that may leave at `at`: not paused, those that stand alone before those of campaigns, oldest first."""
    pauses = list(Pause.objects.filter(lifted_at__isnull=True).values_list("edition", "campaign"))
    if any(not edition and campaign is None for edition, campaign in pauses):
        return Message.objects.none()
    # What is deliberately for later is held or gathered. A turn further ahead is from before the clock was set back.
    queued = Q(not_before__lte=at) | Q(not_before__gt=at + HORIZON)
    retried = Q(not_before__lte=at) | Q(not_before__gt=at + BACKOFF[-1] + HORIZON)
    rows = Message.objects.filter(Q(queued, state=State.QUEUED) | Q(retried, state=State.RETRY))
    editions = [edition for edition, campaign in pauses if campaign is None]
    campaigns = [campaign for _, campaign in pauses if campaign is not None]
    if editions:
        rows = rows.exclude(edition__in=editions)
    if campaigns:
        rows = rows.exclude(campaign__in=campaigns)
    return rows.order_by(F("campaign").asc(nulls_first=True), "not_before", "pk")


def leaving(at: datetime) -> QuerySet[Message]:
    """Letters that are due and for which the day has room; from its last tenth on only those of no edition."""
    rows, limit = due(at), settings.MAIL_PER_DAY
    if not limit:
        return rows
    recent = _of_the_day(at).count()
    if recent >= limit:
        return rows.none()
    return rows.filter(edition="") if recent >= _for_editions(limit) else rows


def _of_the_day(at: datetime) -> QuerySet[Message]:
    return Message.objects.filter(handed_over_at__gt=at - DAY, handed_over_at__lte=at + HORIZON)


def _for_editions(limit: int) -> int:
    """Of the day's limit what is not kept for letters of accounts, such as a forgotten password."""
    return limit - limit // SHARE_OF_ACCOUNTS


@transaction.atomic
def claim(at: datetime, *, only: int | None = None, terms: Terms = TERMS) -> Message | None:
    """Lease the next letter that may leave, or None. Two workers never get the same one."""
    rows = leaving(at)
    if only is not None:
        rows = rows.filter(pk=only)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    message = rows.first()
    if message is None:
        return None
    attempt = message.attempts + 1
    taken = move(
        message,
        State.SENDING,
        of=[State.QUEUED, State.RETRY],
        at=at,
        fence=message.attempts,
        attempts=attempt,
        lease_until=at + terms.lease,
    )
    return message if taken else None


def deliver_one(
    message: Message, transport: Transport, *, clock: Callable[[], datetime], terms: Terms = TERMS
) -> Answer:
    """Hand a claimed letter over and write down what came of it."""
    fence = message.attempts

    def last_look() -> bool:
        return _may_leave(message, fence, clock(), terms)

    try:
        wrapped = envelope(message)
    except (ValueError, UnicodeError) as error:
        answer = Answer(Outcome.REFUSED, f"cannot be addressed: {error}")
    else:
        answer = transport.deliver(wrapped, last_look)
    _settle(message, answer, fence, clock())
    return answer


@transaction.atomic
def _may_leave(message: Message, fence: int, at: datetime, terms: Terms) -> bool:
    """The last look, in one transaction with the point of no return."""
    kept = kept_from_leaving(message)
    if kept == NO_REMINDERS and message.guard.get("parts"):
        # What else is in it still comes.
        keep_back(message, kept, of=[State.SENDING], at=at, fence=fence)
        return False
    if kept is not None:
        move(message, State.CANCELLED, of=[State.SENDING], at=at, fence=fence, answer=kept)
        return False
    try:
        reason = guards.objection(message)
    except guards.GuardMissing as error:
        log.error("letter %s: %s", message.pk, error)
        move(
            message, State.RETRY, of=[State.SENDING], at=at, fence=fence, answer=str(error), not_before=at + BACKOFF[0]
        )
        return False
    if reason is not None:
        # One that somebody took out in this moment says nothing of the others.
        kept_back = keep_back(message, reason, of=[State.SENDING], at=at, fence=fence)
        if kept_back and message.campaign is not None and not isinstance(reason, guards.OnlyThis):
            cancel_campaign(message.campaign, reason=reason, at=at)
        return False
    return move(
        message,
        State.HANDED_OVER,
        of=[State.SENDING],
        at=at,
        fence=fence,
        handed_over_at=at,
        lease_until=at + terms.patience,
    )


def _settle(message: Message, answer: Answer, fence: int, at: datetime) -> None:
    """From the outcome to the state. A late answer of a worker that was taken for dead still counts."""
    words, live = answer.words, [State.SENDING, State.HANDED_OVER]
    match answer.outcome:
        case Outcome.SENT:
            known = [*live, State.UNKNOWN, State.RETRY]
            move(message, State.SENT, of=known, at=at, fence=fence, answer=words, lease_until=None)
        case Outcome.REFUSED:
            move(message, State.FAILED, of=[*live, State.UNKNOWN], at=at, fence=fence, answer=words, lease_until=None)
        case Outcome.SILENT if message.at_most_once:
            move(message, State.UNKNOWN, of=live, at=at, fence=fence, answer=words, lease_until=None)
        case Outcome.UNREACHABLE:
            # Nothing was said about this letter; its turn comes back, and its attempts are not used up.
            later = at + BACKOFF[0]
            move(
                message,
                State.RETRY,
                of=[State.SENDING],
                at=at,
                fence=fence,
                answer=f"mail server not reached: {words}",
                lease_until=None,
                not_before=later,
                attempts=fence - 1,
            )
        case Outcome.LATER | Outcome.SILENT:
            _try_again(message, words, fence, at)
        case Outcome.STOPPED:
            return


def _try_again(message: Message, words: str, fence: int, at: datetime) -> None:
    live = [State.SENDING, State.HANDED_OVER]
    attempt = fence - message.earlier_attempts
    if attempt > len(BACKOFF):
        given_up = f"given up after {attempt} attempts; the last answer: {words}"
        move(message, State.FAILED, of=live, at=at, fence=fence, answer=given_up, lease_until=None)
        return
    later = at + BACKOFF[attempt - 1]
    move(message, State.RETRY, of=live, at=at, fence=fence, answer=words, lease_until=None, not_before=later)


def keep_back(message: Message, reason: str, *, of: Collection[str], at: datetime, fence: int | None = None) -> bool:
    """Cancel a letter to which its guard objects.

    A reminder frees its key: when the date moves back, or without what it must not tell, it may be written anew. The
    parts of a letter of the day are gathered again: the next gathering asks each of them, and frees the keys of those
    that do not hold.
    """
    free: dict[str, Any] = {}
    if not message.at_most_once:
        free["key"] = stored_key(f"{message.key}:kept-back:{message.pk}")
        free["guard"] = {**message.guard, "freed": message.key}
    kept = move(message, State.CANCELLED, of=of, at=at, fence=fence, answer=reason, **free)
    if kept and (parts := message.guard.get("parts")):
        rows = Message.objects.filter(pk__in=parts)
        move_all(rows, State.GATHERED, of=[State.COLLECTED], at=at, answer="the letter of the day did not leave")
    return kept


def kept_from_leaving(message: Message) -> str | None:
    """Why a letter must not leave whatever its guard says, or None.

    A letter that was being handed over when its campaign was stopped, or its recipient erased, may come back to be
    tried again.
    """
    if erased_since(message):
        return ERASED
    if wants_no_reminders(message):
        return NO_REMINDERS
    stopped = Campaign.objects.filter(pk=message.campaign_id or 0, stopped_at__isnull=False)
    reason = stopped.values_list("stop_reason", flat=True).first()
    return None if reason is None else f"its letters were stopped: {reason}"


def wants_no_reminders(message: Message) -> bool:
    """Whether this is a letter that one can leave, and its recipient did."""
    return can_be_left(message) and wishes(message.to_email, message.edition).exists()


def can_be_left(message: Message) -> bool:
    """Whether it has a link by which its recipient leaves the reminders."""
    return "List-Unsubscribe" in message.headers


# --- The pace ---------------------------------------------------------------------------------------------------------


def _pace(at: datetime) -> Pace:
    return Pace.objects.get_or_create(pk=1, defaults={"next_at": at, "sweeping_until": at})[0]


def reserve(at: datetime, patience: timedelta = timedelta.max) -> timedelta | None:
    """How long to wait before the next letter may leave, over all workers; that turn is taken then.

    None when it would take longer than `patience`: whoever does not wait takes no turn away from those who do.
    """
    if not settings.MAIL_PER_SECOND:
        return timedelta(0)
    gap = timedelta(seconds=1 / settings.MAIL_PER_SECOND)
    while True:
        before = _pace(at).next_at
        # A clock that was set back must not stop the mail for as long.
        slot = at if before < at or before > at + HORIZON else before
        if slot - at > patience:
            return None
        if Pace.objects.filter(pk=1, next_at=before).update(next_at=slot + gap):
            return slot - at


@dataclass(frozen=True)
class DayLimit:
    """The limit of 24 hours is reached at the instant `at`; the next letter may leave at `again_at`."""

    letters: int
    at: datetime
    again_at: datetime

    @property
    def words(self) -> str:
        again_at = self.again_at.astimezone(UTC)
        day = "tomorrow" if again_at.date() > self.at.astimezone(UTC).date() else "today"
        letters = "1 letter" if self.letters == 1 else f"{self.letters} letters"
        return f"The day's limit of {letters} is reached; the rest leaves {day}, from {again_at:%H:%M} UTC."


def day_limit(at: datetime) -> DayLimit | None:
    """The day's limit while it keeps letters of editions back, None while there is room; what `leaving` counts."""
    limit = _for_editions(settings.MAIL_PER_DAY)
    if not limit:
        return None
    recent = _of_the_day(at).order_by("-handed_over_at")
    # There is room again as soon as the first of the last `limit` letters is a day old.
    first = recent.values_list("handed_over_at", flat=True)[limit - 1 : limit].first()
    return DayLimit(limit, at, first + DAY) if first else None


def _turn_to_send(at: datetime, patience: timedelta) -> timedelta | None:
    """As reserve, without using up a slot when nothing is due."""
    if not settings.MAIL_PER_SECOND and not settings.MAIL_PER_DAY:
        return timedelta(0)
    return reserve(at, patience) if leaving(at).exists() else None


def take_turn(at: datetime, terms: Terms = TERMS) -> bool:
    """Become the sweeper; False while another one is at work."""
    _pace(at)
    far = at + HORIZON
    free = Pace.objects.filter(pk=1, sweeping_until__lte=at) | Pace.objects.filter(pk=1, sweeping_until__gt=far)
    return bool(free.update(sweeping_until=at + terms.turn))


def drain(
    transport: Transport,
    *,
    seconds: float,
    clock: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
    terms: Terms = TERMS,
    keep_turn: bool = False,
) -> int:
    """Deliver until nothing is due, `seconds` are over, or the server cannot be reached; returns how many it tried."""
    end = time.monotonic() + seconds
    housekept = None
    count = 0
    while (left := end - time.monotonic()) > 0:
        now = clock()
        if housekept is None or now - housekept > timedelta(seconds=5):
            housekept = now
            release_held(now)
            recover(now, terms)
            if keep_turn:
                Pace.objects.filter(pk=1).update(sweeping_until=now + terms.turn)
        wait = _turn_to_send(now, timedelta(seconds=left))
        if wait is None:
            break
        if wait:
            sleep(wait.total_seconds())
        message = claim(clock(), terms=terms)
        if message is None:
            if not leaving(clock()).exists():
                break
            # Another worker holds what is left.
            sleep(0.05)
            continue
        count += 1
        if deliver_one(message, transport, clock=clock, terms=terms).outcome == Outcome.UNREACHABLE:
            break
    return count


def sweep(*, seconds: float = 45.0, clock: Callable[[], datetime] = timezone.now) -> int:
    """What beat rings: release, recover, deliver. While one sweep works, another returns at once."""
    if not take_turn(clock()):
        return 0
    transport = transport_for(settings.MAIL_URL)
    try:
        return drain(transport, seconds=seconds, clock=clock, keep_turn=True)
    finally:
        transport.close()
        Pace.objects.filter(pk=1).update(sweeping_until=clock())


def deliver_now(message_id: int, *, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Deliver one letter if it is due and the pace has room; otherwise the sweeper will."""
    now = clock()
    if not leaving(now).filter(pk=message_id).exists():
        return False
    wait = reserve(now, timedelta(seconds=2))
    if wait is None:
        return False
    time.sleep(wait.total_seconds())
    message = claim(clock(), only=message_id)
    if message is None:
        return False
    transport = transport_for(settings.MAIL_URL)
    try:
        deliver_one(message, transport, clock=clock)
    finally:
        transport.close()
    return True


# --- What people do ---------------------------------------------------------------------------------------------------


@transaction.atomic
def cancel_campaign(campaign: Campaign, *, reason: str, at: datetime) -> int:
    """Keep back every letter of a campaign that was not handed over; returns how many."""
    Campaign.objects.filter(pk=campaign.pk, stopped_at__isnull=True).update(stopped_at=at, stop_reason=reason)
    rows = Message.objects.filter(campaign=campaign)
    return move_all(rows, State.CANCELLED, of=STOPPABLE, at=at, answer=reason, lease_until=None)


def pause(*, by: str, at: datetime, edition: str = "", campaign: Campaign | None = None, reason: str = "") -> Pause:
    """Let letters wait: one campaign's, one edition's, or all. What was handed over is not called back."""
    standing = Pause.objects.filter(edition=edition, campaign=campaign, lifted_at__isnull=True).first()
    return standing or Pause.objects.create(edition=edition, campaign=campaign, reason=reason, since=at, paused_by=by)


def resume(*, by: str, at: datetime, edition: str = "", campaign: Campaign | None = None) -> int:
    rows = Pause.objects.filter(edition=edition, campaign=campaign, lifted_at__isnull=True)
    return rows.update(lifted_at=at, lifted_by_name=by)


def resolve_unknown(message: Message, *, by: str, at: datetime, arrived: bool) -> None:
    """A person decides about a letter that may have arrived: it did, or send it again with the same Message-ID."""
    if arrived:
        moved = move(message, State.SENT, of=[State.UNKNOWN], at=at, answer=f"marked as arrived by {by}")
    else:
        moved = _again(message, [State.UNKNOWN], f"sent again by {by}", at)
    _must(moved, message)


def send_again(message: Message, *, by: str, at: datetime) -> None:
    """Queue a letter that failed, came back or was cancelled once more."""
    _must(_again(message, REPEATABLE, f"sent again by {by}", at), message)


def cancel(message: Message, *, by: str, at: datetime) -> None:
    """Keep one letter back that was not handed over."""
    _must(move(message, State.CANCELLED, of=STOPPABLE, at=at, answer=f"cancelled by {by}"), message)


def waiting(rows: QuerySet[Message], before: datetime) -> QuerySet[Message]:
    """Of `rows` those that wait and were written before an instant: what a restored backup knows as not sent.

    Also what a worker held when the backup was made, or was handing over and would try again: it was sent a moment
    later.
    """
    handed = Q(state=State.HANDED_OVER, at_most_once=False)
    return rows.filter(Q(state__in=STOPPABLE) | handed, created_at__lt=before)


def cancel_waiting(rows: QuerySet[Message], *, before: datetime, by: str, at: datetime) -> int:
    """Keep back every waiting letter that was written before an instant; returns how many.

    One that was being handed over may have arrived: it is unknown, as all are that leave at most once.
    """
    of = f"by {by}: written before {before:%Y-%m-%d %H:%M} UTC"
    found, handed = waiting(rows, before), [State.HANDED_OVER]
    kept = move_all(found, State.CANCELLED, of=STOPPABLE, at=at, answer=f"cancelled {of}", lease_until=None)
    return kept + move_all(found, State.UNKNOWN, of=handed, at=at, answer=f"not tried again {of}", lease_until=None)


def _again(message: Message, of: Collection[State], words: str, at: datetime) -> bool:
    """A letter of a campaign that is still held waits with it: nothing leaves before its release.

    A reminder that was kept back takes its key again, so that it is not written anew besides.
    """
    key: str = message.guard.get("freed", message.key)
    if Message.objects.filter(key=key).exclude(pk=message.pk).exists():
        raise NotPossible("It is not sent again: it was written anew in the meantime.")
    release = message.campaign.release_at if message.campaign else None
    is_held = release is not None and release > at
    return move(
        message,
        State.HELD if is_held else State.QUEUED,
        of=of,
        at=at,
        answer=words,
        earlier_attempts=F("attempts"),
        not_before=release if is_held else at,
        finished_at=None,
        handed_over_at=None,
        key=key,
    )


def _must(moved: bool, message: Message) -> None:
    if not moved:
        message.refresh_from_db()
        raise NotPossible(f"This letter is now: {message.get_state_display()}. Nothing was changed.")


@dataclass(frozen=True)
class Progress:
    """Letters of a campaign by state."""

    states: Mapping[str, int] = field(default_factory=dict)

    def count(self, states: Iterable[str]) -> int:
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def sent(self) -> int:
        return self.count([State.SENT])

    @property
    def problems(self) -> int:
        return self.count(PROBLEMS)

    @property
    def open(self) -> int:
        return self.total - self.count(DONE)

    @property
    def in_words(self) -> list[tuple[str, int]]:
        return [(str(state.label), self.states[state]) for state in State if self.states.get(state)]


def progress_of(rows: QuerySet[Message]) -> Progress:
    return Progress(dict(rows.order_by().values_list("state").annotate(Count("pk"))))


def campaign_progress(campaign: Campaign) -> Progress:
    return progress_of(Message.objects.filter(campaign=campaign))
