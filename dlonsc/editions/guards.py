"""The ledger's last look before a letter of this room leaves: None lets it go, words keep it and say why."""

from datetime import datetime

from dlonsc.accounts.models import addresses_beside
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Membership
from dlonsc.editions.upstairs import concerned_by
from dlonsc.mail.guards import OTHER_ADDRESS, OnlyThis
from dlonsc.mail.ledger import REPEATABLE
from dlonsc.mail.models import Message

# Letters to chairs about the edition and its committee.
TO_CHAIRS = (
    "new_chair",
    "chair_ended",
    "one_releases",
    "mass_reading",
    "conflict_correction",
    "conflict_set",
    "delegate_named",
)


# A letter that tells by when something is due is kept back once that is another time, and written anew.
MOVED = OnlyThis("the date that it tells was moved in the meantime")


def tells_due(cutoff: datetime | None) -> dict[str, str]:
    """The condition of a letter that tells by when something is due, or that no date is set."""
    return {"due": cutoff.isoformat() if cutoff else ""}


def due_moved(message: Message, cutoff: datetime | None) -> str | None:
    """Whether it is due at another time by now; letters of before it was asked name none."""
    told = message.guard.get("due")
    if told is None or (datetime.fromisoformat(told) if told else None) == cutoff:
        return None
    return MOVED


def still_a_chair(message: Message) -> str | None:
    """The address is still the recipient's, who is still a chair unless the letter tells her of herself."""
    wanted = message.guard
    found = Membership.objects.select_related("user").filter(pk=wanted.get("member") or wanted["chair"]).first()
    if found is not None and not found.has_address(message.to_email):
        return OTHER_ADDRESS
    if found is not None and ("member" in wanted or (found.is_active and found.is_chair)):
        return None
    return OnlyThis("the recipient is no chair any more")


def still_asked(message: Message) -> str | None:
    """The invitation of this round is still without an answer: after a no, nothing more is sent."""
    wanted = message.guard
    row = Membership.objects.filter(pk=wanted["membership"], invitation_round=wanted["round"]).first()
    if row is None or row.removed_at is not None:
        return "the invitation was withdrawn or sent anew"
    if row.declined_at is not None:
        return "the invitation was declined in the meantime"
    if row.accepted_at is not None:
        return "the invitation was accepted in the meantime"
    return None


def still_accepted(message: Message) -> str | None:
    """The place that was accepted in this round is still the recipient's."""
    wanted = message.guard
    row = Membership.objects.filter(pk=wanted["membership"], invitation_round=wanted["round"]).first()
    # Who has no account yet is told how to get one.
    if row is not None and row.accepted_at is not None and row.removed_at is None:
        return None
    # Where she had left, her earlier place lives by the invitation, whose row has ended.
    beside = Membership.objects.filter(accepted_at__isnull=False, removed_at=None).exclude(pk=wanted["membership"])
    places = beside.select_related("user").filter(edition=row.edition_id) if row is not None else []
    if any(place.has_address(message.to_email) for place in places):
        return None
    return OnlyThis("the place was taken back in the meantime")


def still_unclaimed(message: Message) -> str | None:
    """What was accepted in this round is nobody's place yet."""
    wanted = message.guard
    rows = Membership.objects.filter(pk=wanted["membership"], invitation_round=wanted["round"])
    if any(row.is_unclaimed for row in rows):
        return None
    return "she has signed in, or the invitation has ended, in the meantime"


def date_still_holds(message: Message) -> str | None:
    """The date is still the one that the letter tells, no later letter tells it again, and its reader still has
    something open for it.
    """
    wanted = message.guard
    deadline = Deadline.objects.filter(pk=wanted["deadline"]).select_related("edition").first()
    if deadline is None or deadline.cutoff_at != datetime.fromisoformat(wanted["cutoff"]):
        return "the date was moved again in the meantime"
    # Moved away and back while this letter waited: the later one has the same date.
    later = Message.objects.filter(kind=message.kind, to_email=message.to_email, pk__gt=message.pk)
    if later.filter(guard=wanted).exclude(state__in=REPEATABLE).exists():
        return "the date was moved away and back in the meantime; a later letter tells it"
    people = concerned_by(deadline.edition, Phase(deadline.phase))
    if addresses_beside(message.to_email).isdisjoint(person.email.lower() for person in people):
        return "the recipient has nothing open for the date any more"
    return None
