"""A chair writes to an audience: first a dry run, then the release with the number that she typed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.access import demand_chair
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from dlonsc.mail.ledger import STOPPABLE, cancel_campaign
from dlonsc.mail.models import Campaign, Message, State
from dlonsc.mail.placeholders import Block, is_broken, unknown
from dlonsc.posted import fingerprint
from reviews.actions.assigning import Refused
from reviews.audiences import BY_KEY, Audience
from reviews.emails.mailing import Person, post_mailing, post_to_myself
from reviews.letters import letters_for
from reviews.lettertexts import NO_LINK
from reviews.models import Mailing
from submissions.access import overseen_by


@dataclass(frozen=True)
class DryRun:
    """Whom a mailing reaches now, what keeps it back, and what differs from the last one to the same audience."""

    people: list[Person]
    wrong: list[str]
    new: list[Person]
    gone: list[str]
    since: datetime | None
    fingerprint: str


def dry_run(chair: Membership, mailing: Mailing, at: datetime) -> DryRun:
    audience = BY_KEY[mailing.audience]
    people = list(audience.people(chair.edition, overseen_by(chair), at))
    before = Mailing.objects.filter(
        edition=chair.edition_id, audience=mailing.audience, written_by=chair.user, released_at__isnull=False
    )
    last = before.exclude(pk=mailing.pk).order_by("-released_at").first()
    had = {row["key"]: row["name"] for row in last.recipients} if last else {}
    now = {person.key for person in people}
    told = [mailing.subject, mailing.text, [_seen(person) for person in people]]
    return DryRun(
        people,
        wrong_with(audience, mailing, people),
        [person for person in people if person.key not in had] if last else [],
        [name for key, name in had.items() if key not in now],
        last.released_at if last else None,
        fingerprint(told),
    )


def _seen(person: Person) -> list[object]:
    """All of a letter that was looked at: whoever gets it, why, and what is filled in."""
    values = {name: value.text if isinstance(value, Block) else value for name, value in person.values.items()}
    return [person.key, person.email, person.reason, values]


def wrong_with(audience: Audience, mailing: Mailing, people: list[Person]) -> list[str]:
    """Why it cannot leave as it stands."""
    found = [f"The {name} is empty." for name in ("subject", "text") if not getattr(mailing, name).strip()]
    strange = unknown(mailing.subject + mailing.text, audience.placeholders)
    if strange:
        found.append(f"Nobody can fill {', '.join(f'{{{name}}}' for name in strange)}.")
    if is_broken(mailing.subject) or is_broken(mailing.text):
        found.append("A brace stands alone: a placeholder is a word in one pair of braces, {name}.")
    if "{link}" in mailing.subject:
        found.append(NO_LINK)
    nameless = [person.name for person in people if not person.email]
    if nameless:
        found.append(f"Without an address: {', '.join(nameless)}.")
    if not people:
        found.append("Nobody is in this audience now.")
    return found


def begin(chair: Membership, audience: str, *, by: User, at: datetime, like: Mailing | None = None) -> Mailing:
    """A new mailing, empty or with the words of an earlier one."""
    words = {"subject": like.subject, "text": like.text} if like else {}
    return Mailing.objects.create(edition=chair.edition, audience=audience, written_by=by, written_at=at, **words)


def as_kept(subject: str, text: str) -> dict[str, str]:
    return {"subject": " ".join(subject.split()), "text": text.replace("\r\n", "\n")}


def differs(mailing: Mailing, subject: str, text: str) -> bool:
    """Whether these words are others than those that are kept."""
    typed = as_kept(subject, text)
    return (typed["subject"], typed["text"].strip()) != (mailing.subject, mailing.text.strip())


def write(mailing: Mailing, *, subject: str, text: str, version: int, at: datetime) -> None:
    """Keep what was typed, finished or not. Raises Refused when it was released, or saved in another window."""
    rows = Mailing.objects.filter(pk=mailing.pk, version=version, released_at__isnull=True)
    if not rows.update(**as_kept(subject, text), written_at=at, version=version + 1):
        raise Refused("It was saved in another window, or released, since you opened it. Copy what you need, reload.")


def to_myself(chair: Membership, mailing: Mailing, key: str, *, by: User, at: datetime) -> Message | None:
    """The letter of one recipient (the first without a key) to oneself. Raises Refused as a release would."""
    now = dry_run(chair, mailing, at)
    if now.wrong:
        raise Refused(" ".join(now.wrong))
    person = next((one for one in now.people if one.key == key), now.people[0])
    return post_to_myself(mailing, person, by, chair=chair, kind=BY_KEY[mailing.audience].kind, at=at)


@transaction.atomic
def release(chair: Membership, mailing: Mailing, *, count: int, fingerprint: str, by: User, at: datetime) -> Campaign:
    """Write every letter, held for the edition's minutes. Raises Refused and changes nothing when it does not fit.

    Pressed twice, the second press finds it released.
    """
    # Whoever comes second waits here and then sees the release.
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    demand_chair(chair.edition_id, by)
    if locked.released_at is not None:
        raise Refused("It is released already; below is what became of the letters.")
    locked.edition = chair.edition
    now = dry_run(chair, locked, at)
    if now.wrong:
        raise Refused(" ".join(now.wrong))
    if count != len(now.people):
        raise Refused(f"You typed {count}; it goes to {len(now.people)}. Nothing was sent.")
    if fingerprint != now.fingerprint:
        raise Refused("The recipients or the text changed since you looked. Look at them again.")
    hold = timedelta(minutes=chair.edition.hold_minutes)
    audience = BY_KEY[locked.audience]
    people = [{"key": person.key, "email": person.email, "name": person.name} for person in now.people]
    campaign = Campaign.objects.create(
        edition=chair.edition.slug,
        kind="mailing",
        title=f"{audience.words}: {locked.subject}"[:200],
        created_at=at,
        created_by_id_label=by.pk,
        release_at=at + hold,
        snapshot={"mailing": locked.pk},
    )
    Mailing.objects.filter(pk=locked.pk).update(
        released_at=at, release_at=at + hold, campaign_id_label=campaign.pk, recipients=people
    )
    numbers = chair.edition.submissions.values_list("pk", "number")
    # Who writes about one submission writes in its thread.
    threads: dict[tuple[int, ...], str] = {(pk,): f"{chair.edition.slug}.{number}" for pk, number in numbers}
    for person in now.people:
        post_mailing(
            locked,
            person,
            kind=audience.kind,
            about=audience.label(person),
            thread=threads.get(person.submissions, ""),
            guard=audience.condition(person),
            campaign=campaign,
            held_until=at + hold if hold else None,
            at=at,
        )
    # No number: all chairs read the history, and it would tell one in conflict of a task that she may not know.
    _note("mailing_released", chair.edition, by, at, audience=audience.words)
    return campaign


@transaction.atomic
def stop(chair: Membership, mailing: Mailing, *, by: User, at: datetime) -> int:
    """Keep back every letter that was not handed over yet; returns how many of those that she may know of by now.

    How many more there were would tell what became of the others, and so would an entry only where there were some.
    """
    campaign = Campaign.objects.filter(pk=mailing.campaign_id_label or 0).first()
    if campaign is None:
        return 0
    hers, is_first = letters_for(chair).filter(campaign=campaign), campaign.stopped_at is None
    waiting = list(hers.filter(state__in=STOPPABLE).values_list("pk", flat=True))
    cancel_campaign(campaign, reason="by the chair who wrote it", at=at)
    if is_first and (waiting or hers.count() < len(mailing.recipients)):
        _note("mailing_stopped", mailing.edition, by, at)
    return Message.objects.filter(pk__in=waiting, state=State.CANCELLED).count()


def _note(verb: str, edition: Edition, by: User, at: datetime, **detail: object) -> None:
    record(verb, by_id=by.pk, by=str(by), at=at, edition=edition.slug, detail=detail)
