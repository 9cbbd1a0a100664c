"""What chairs and invited people do to an edition. One verb, one function, one transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Lower

from dlonsc.accounts.models import User
from dlonsc.editions import calendar
from dlonsc.editions.access import demand_chair
from dlonsc.editions.calendar import Phase
from dlonsc.editions.emails import (
    label_of,
    post_chair_ended,
    post_date_changed,
    post_invitation,
    post_invitation_reminder,
    post_new_chair,
    post_one_releases,
    post_thanks,
)
from dlonsc.editions.models import Deadline, Edition, Membership, MembershipAffiliation, Topic
from dlonsc.editions.pasted import Invitee
from dlonsc.editions.upstairs import concerned_by, upstairs
from dlonsc.history.models import Entry
from dlonsc.history.record import record
from dlonsc.posted import fingerprint

ROLES = ("is_chair", "is_proceedings_chair", "is_reviewer", "is_senior")


HELD = (
    "Decisions are announced and held: submission cannot open again now. Stop the announcement first, or wait until it "
    "is out. Nothing was changed."
)


class EditionError(Exception):
    """The act is not possible; the message says why, in words for a chair."""


def note(verb: str, edition: Edition, by: User | None, at: datetime, subject: str = "", **detail: Any) -> None:
    record(
        verb,
        by_id=by.pk if by else None,
        by=str(by) if by else "by invitation link",
        at=at,
        edition=edition.slug,
        subject=subject or f"edition:{edition.pk}",
        detail=detail,
    )


# --- Settings --------------------------------------------------------------------------------------------------------


def as_json(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


@transaction.atomic
def change_settings(
    *, edition: Edition, values: dict[str, Any], based_on: int, by: User, at: datetime, role: str = "is_chair"
) -> list[str]:
    """Change fields of an edition; returns those that changed. Refused when another chair saved since `based_on`.

    `role` is the one by which she may.
    """
    locked = Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    demand_chair(edition.pk, by, role=role)
    changed = [name for name, value in values.items() if getattr(locked, name) != value]
    if not changed:
        return []
    if locked.version != based_on:
        raise EditionError("Another chair changed these settings meanwhile. Look at them, then change them again.")
    before = {name: as_json(getattr(locked, name)) for name in changed}
    for name in changed:
        setattr(locked, name, values[name])
    locked.version = based_on + 1
    locked.save(update_fields=[*changed, "version"])
    after = {name: as_json(values[name]) for name in changed}
    note("change_settings", edition, by, at, before=before, after=after)
    if after.get("needs_second_chair") is False:
        for chair in other_chairs(edition, by):
            post_one_releases(edition, chair, by=by, at=at)
    return changed


@transaction.atomic
def publish_call(*, edition: Edition, publish: bool, by: User, at: datetime) -> bool:
    """Show the call to the public, or take it back; False when it was so already."""
    changed = Edition.objects.filter(pk=edition.pk, is_public=not publish).update(is_public=publish)
    demand_chair(edition.pk, by)
    if changed:
        note("publish_call" if publish else "unpublish_call", edition, by, at)
    return bool(changed)


# --- Dates -----------------------------------------------------------------------------------------------------------


def announced_words(deadline: Deadline) -> str:
    return f"{deadline.announced_at:%a %d %b %Y, %H:%M} {deadline.zone}"


@transaction.atomic
def set_deadline(
    *,
    edition: Edition,
    phase: Phase,
    announced: datetime,
    zone: str,
    label: str,
    grace_minutes: int,
    is_soft: bool,
    is_public: bool,
    by: User,
    at: datetime,
    tell: bool = False,
    based_on: int | None = None,
) -> int | None:
    """Set or move a date: `announced` is the local minute (naive) in `zone`, included in the time that is left.

    `based_on` is the version that the page showed, 0 where no date was set; None asks for no comparison. Returns the
    number of letters posted, None when nothing changed. Raises CalendarError for a minute that the zone's clocks skip
    or repeat, EditionError when another chair changed the date since `based_on`, or when submission would be open while
    an announcement is held: which authors may still change their papers would tell them of it. An announcement of
    nothing but papers that she may not know of refuses her nothing, for that would tell her: it is stopped, and told to
    the chairs who may know.
    """
    cutoff = calendar.cutoff_of(announced, zone)
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    demand_chair(edition.pk, by)
    deadline = Deadline.objects.filter(edition=edition, phase=phase).first()
    minute = announced.isoformat(timespec="minutes")
    values = {
        "announced": minute,
        "zone": zone,
        "cutoff_at": cutoff,
        "label": label,
        "grace_minutes": grace_minutes,
        "is_soft": is_soft,
        "is_public": is_public,
    }
    changed = [name for name, value in values.items() if deadline is None or getattr(deadline, name) != value]
    if not changed:
        return None
    if based_on is not None and based_on != (deadline.version if deadline else 0):
        raise EditionError(
            "Another chair changed this date meanwhile. Nothing of yours was saved over it and no letter was written; "
            "look at the new date, then decide again."
        )
    grace = timedelta(minutes=grace_minutes)
    is_open = calendar.window(received_at=at, cutoff=cutoff, grace=grace, soft=is_soft).accepts
    if phase == Phase.SUBMISSION and is_open:
        if upstairs.is_announcement_held(edition, by, at):
            raise EditionError(HELD)
        upstairs.stop_what_is_held(edition, by, at)
    if deadline is None:
        Deadline.objects.create(edition=edition, phase=phase, first_cutoff_at=cutoff, changed_at=at, **values)
        note("set_deadline", edition, by, at, phase=phase.value, announced=f"{minute} {zone}")
        return 0
    before, old_cutoff = announced_words(deadline), deadline.cutoff_at
    # The minute itself stands in words.
    rest = [name for name in changed if name not in {"announced", "zone", "cutoff_at"}]
    was: dict[str, Any] = {}
    if rest:
        was = {"was": {name: getattr(deadline, name) for name in rest}, "now": {name: values[name] for name in rest}}
    for name in changed:
        setattr(deadline, name, values[name])
    deadline.version += 1
    deadline.changed_at = at
    deadline.save(update_fields=[*changed, "version", "changed_at"])
    letters = 0
    if tell and cutoff != old_cutoff:
        for person in concerned_by(edition, phase):
            message = post_date_changed(deadline, person, before=before, is_later=cutoff > old_cutoff, at=at)
            letters += message is not None
    # Without the number of letters: it counts papers that a chair in conflict must not know of.
    detail: dict[str, Any] = {"phase": phase.value, "before": before, "after": announced_words(deadline)}
    note("extend_deadline" if cutoff > old_cutoff else "change_deadline", edition, by, at, **detail, **was)
    return letters


# --- Topics ----------------------------------------------------------------------------------------------------------


def renumber(edition: Edition, order: list[Topic]) -> None:
    for position, topic in enumerate(order):
        topic.position = position
    Topic.objects.bulk_update(order, ["position"])


def nested(edition: Edition) -> list[Topic]:
    """The topics as the call prints them: each parent before its children."""
    rows = list(Topic.objects.filter(edition=edition))
    return [row for top in rows if top.parent_id is None for row in (top, *(r for r in rows if r.parent_id == top.pk))]


def demand_new_title(edition: Edition, parent_id: int | None, title: str, but: int = 0) -> None:
    rows = Topic.objects.filter(edition=edition, parent=parent_id, title__iexact=title).exclude(pk=but)
    if rows.exists():
        raise EditionError(f"There is a topic {title!r} at this place already.")


@transaction.atomic
def add_topic(*, edition: Edition, title: str, parent: Topic | None, by: User, at: datetime) -> Topic:
    """A new topic, last among its neighbours; `parent` is a topic of the first level."""
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    demand_new_title(edition, parent.pk if parent else None, title)
    last = Topic.objects.filter(edition=edition).aggregate(last=Max("position"))["last"] or 0
    topic = Topic.objects.create(edition=edition, title=title, parent=parent, position=last + 1)
    renumber(edition, nested(edition))
    note("add_topic", edition, by, at, title=title)
    return topic


@transaction.atomic
def rename_topic(*, topic: Topic, title: str, by: User, at: datetime) -> None:
    Edition.objects.select_for_update(no_key=True).get(pk=topic.edition_id)
    demand_new_title(topic.edition, topic.parent_id, title, but=topic.pk)
    before, topic.title = topic.title, title
    if before != title:
        topic.save(update_fields=["title"])
        note("rename_topic", topic.edition, by, at, before=before, after=title)


@transaction.atomic
def move_topic(*, topic: Topic, up: bool, start: int, by: User, at: datetime) -> None:
    """One place up or down among its neighbours; a parent takes its children along.

    Only from the position `start` where the page showed it: pressed twice, it moves once.
    """
    # Whoever moves another at the same time waits here, or each would write its own order over the other's.
    Edition.objects.select_for_update(no_key=True).get(pk=topic.edition_id)
    neighbours = list(Topic.objects.filter(edition=topic.edition_id, parent=topic.parent_id))
    here = next((place for place, row in enumerate(neighbours) if row.pk == topic.pk), None)
    if here is None or neighbours[here].position != start:
        return
    there = here - 1 if up else here + 1
    if not 0 <= there < len(neighbours):
        return
    neighbours[here], neighbours[there] = neighbours[there], neighbours[here]
    renumber(topic.edition, neighbours)
    renumber(topic.edition, nested(topic.edition))
    note("move_topic", topic.edition, by, at, title=topic.title, up=up)


@transaction.atomic
def remove_topic(*, topic: Topic, by: User, at: datetime) -> None:
    """Remove a topic, its children, and its uses by submissions and members."""
    children = [child.title for child in topic.children.all()]
    edition, title = topic.edition, topic.title
    topic.delete()
    note("remove_topic", edition, by, at, title=title, children=children)


# --- Committee -------------------------------------------------------------------------------------------------------


def known_addresses(edition: Edition) -> dict[str, str]:
    """Why an address cannot be invited (again), by address in lower case."""
    why: dict[str, str] = {}
    for member in Membership.objects.filter(edition=edition).exclude(email=""):
        if member.removed_at is not None:
            continue
        if member.declined_at is not None:
            why[member.email.lower()] = f"declined on {member.declined_at:%d %b %Y}; nothing more is sent"
        elif member.accepted_at is not None:
            why[member.email.lower()] = "is a member already"
        elif member.invited_at is not None:
            why[member.email.lower()] = "is invited already"
    return why


@transaction.atomic
def invite(
    *, edition: Edition, people: list[Invitee], roles: dict[str, bool], note_text: str, by: User, at: datetime
) -> list[Membership]:
    """Invite people in a role, each with one letter. Those who are members or invited already are passed over."""
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    demand_chair(edition.pk, by)
    known = known_addresses(edition)
    invited = []
    for person in people:
        if person.email in known:
            continue
        member = place_of(edition, person)
        for name in ROLES:
            setattr(member, name, roles.get(name, False))
        begin_anew(member)
        member.invited_at, member.invited_by = at, by
        member.decline_reason = member.suggestion = ""
        member.invitation_round += 1
        member.save()
        if person.affiliation and not member.affiliations.exists():
            MembershipAffiliation.objects.create(membership=member, institution=person.affiliation)
        post_invitation(member, asked_by=str(by), note=note_text, at=at)
        known[person.email] = "is invited already"
        invited.append(member)
    if invited:
        note("invite", edition, by, at, people=[member.pk for member in invited], roles=roles)
    return invited


def place_of(edition: Edition, person: Invitee) -> Membership:
    """The row of an earlier invitation or of the printed committee, or a new one; never a place that an account had."""
    rows = Membership.objects.filter(edition=edition)
    found = rows.select_related("user").filter(email=person.email.lower()).first()
    if found is not None and found.user is not None:
        leave_address(found, found.user)
        found = None
    found = found or rows.filter(email="", user=None, name__iexact=person.name, invited_at=None).first()
    found = found or new_place(edition, person.name)
    found.email, found.edition = person.email, edition
    return found


def begin_anew(member: Membership) -> None:
    """Before an invitation: earlier answers count no more, perhaps they were another's who had the link. Who had left
    or declined is printed once she says yes.
    """
    if member.removed_at is not None or member.declined_at is not None:
        member.is_listed = False
    member.max_load = None
    member.opened_at = member.accepted_at = member.declined_at = member.removed_at = None


def new_place(edition: Edition, name: str, **roles: bool) -> Membership:
    """Not saved yet. Nobody is printed on the committee's page before she has said yes."""
    last = Membership.objects.filter(edition=edition).aggregate(last=Max("position"))["last"] or 0
    return Membership(edition=edition, name=name, position=last + 1, is_listed=False, **roles)


def awaiting(member: Membership) -> bool:
    """Whether an invitation has no answer yet."""
    return (
        member.invited_at is not None
        and member.accepted_at is None
        and member.declined_at is None
        and member.removed_at is None
    )


@transaction.atomic
def remind_invited(*, edition: Edition, members: list[Membership], by: User, at: datetime) -> list[Membership]:
    """Remind those of `members` who have not answered, or not signed in since; at most one letter a day to each."""
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    fresh = Membership.objects.filter(pk__in=[member.pk for member in members], edition=edition).select_related(
        "edition"
    )
    reminded = [
        member
        for member in fresh
        if (awaiting(member) or member.is_unclaimed)
        and post_invitation_reminder(member, asked_by=str(by), at=at) is not None
    ]
    if reminded:
        note("remind_invited", edition, by, at, people=[member.pk for member in reminded])
    return reminded


@transaction.atomic
def resend_invitation(*, membership: Membership, email: str, by: User, at: datetime, asked: bool = False) -> Membership:
    """A new letter with a new link, also to a corrected address; the old link ends. Returns the row that is invited.

    Somebody who declined gets no more letters, unless she `asked` for one. Who has accepted and was not signed in yet
    gets one: perhaps it was another who had the link. A row that belongs to an account is somebody's place, which she
    has again once she accepts; until then the invitation is a row of its own.
    """
    member = (
        Membership.objects.select_for_update(of=("self",), no_key=True).select_related("edition").get(pk=membership.pk)
    )
    demand_chair(member.edition_id, by)
    if member.is_active:
        raise EditionError(f"{member.name} has accepted already.")
    if member.declined_at is not None and not asked:
        raise EditionError(f"{member.name} declined; no letter is sent unless she asked to be invited again.")
    others = Membership.objects.filter(edition=member.edition_id, email=email.lower()).exclude(pk=member.pk)
    if others.exists():
        raise EditionError(f"{email} belongs to another member of this committee.")
    if member.user is not None:
        member = apart_from(member, member.user, email, at)
    begin_anew(member)
    member.email, member.invited_at, member.invited_by = email.lower(), at, by
    member.invitation_round += 1
    member.save()
    post_invitation(member, asked_by=str(by), note="", at=at)
    note("resend_invitation", member.edition, by, at, label_of(member), round=member.invitation_round)
    return member


def leave_address(place: Membership, user: User) -> None:
    """The place has its account's address, if that is free: one that is invited belongs to the invitation."""
    own = user.email.lower()
    taken = Membership.objects.annotate(low=Lower("email")).filter(edition=place.edition_id, low=own)
    Membership.objects.filter(pk=place.pk).update(email="" if taken.exists() else own)


def apart_from(member: Membership, user: User, email: str, at: datetime) -> Membership:
    """A new row, not saved yet, with the name and roles of one that stays its person's; her open invitation ends."""
    roles = {name: getattr(member, name) for name in ROLES}
    if member.email.lower() == email.lower():
        leave_address(member, user)
    open_rows = Membership.objects.filter(pk=member.pk, declined_at=None, removed_at=None)
    open_rows.update(removed_at=at, invitation_round=F("invitation_round") + 1)
    return new_place(member.edition, member.name, **roles)


@transaction.atomic
def withdraw_invitation(*, membership: Membership, by: User, at: datetime) -> bool:
    """Take an unanswered invitation back; its link ends. False when it was answered or withdrawn already."""
    open_rows = Membership.objects.filter(pk=membership.pk, accepted_at=None, declined_at=None, removed_at=None)
    changed = open_rows.update(removed_at=at, invitation_round=F("invitation_round") + 1)
    if changed:
        note("withdraw_invitation", membership.edition, by, at, label_of(membership))
    return bool(changed)


def open_invitation(membership: Membership) -> Any:
    """The rows on which an answer may still be given: this round's, unanswered."""
    return Membership.objects.filter(
        pk=membership.pk,
        invitation_round=membership.invitation_round,
        accepted_at=None,
        declined_at=None,
        removed_at=None,
    )


@transaction.atomic
def see_invitation(*, membership: Membership, at: datetime) -> None:
    """The invited person has read it and will answer later."""
    open_invitation(membership).filter(opened_at=None).update(opened_at=at)


def is_hers(membership: Membership, user: User | None) -> bool:
    """Whether an account has proven to hold the invited address, and nobody else has the place."""
    if user is None or membership.user_id not in {None, user.pk}:
        return False
    return membership.email.lower() in user.verified_emails


@transaction.atomic
def accept_invitation(*, membership: Membership, max_load: int | None, by: User | None, at: datetime) -> bool:
    """Accept, with a smaller load if one is named. False when it was answered already.

    A link may be forwarded, and whoever holds it is answered alike, whatever the invited address is here: the answer is
    kept with the invitation, and touches no account and no place. She who has proven the address gets the place, as
    the one that she had if she had left; at once if she is signed in, or when she is next (`claim_memberships`). Only
    she is told, as an EditionError, that chairs have ended her place since the invitation was written.
    """
    # Before the place that she had, as in `claim_memberships`: each would wait for the other.
    is_open = open_invitation(membership).select_for_update(no_key=True).first() is not None
    if is_open and by is not None and is_hers(membership, by):
        demand_not_ended(membership, by)
    values: dict[str, Any] = {"accepted_at": at, "opened_at": membership.opened_at or at}
    if max_load is not None:
        values["max_load"] = max_load
    if not open_invitation(membership).update(**values):
        return False
    membership.refresh_from_db()
    post_thanks(membership, at)
    note("accept_invitation", membership.edition, by, at, label_of(membership), max_load=max_load)
    if by is not None and is_hers(membership, by):
        give([membership], by, at)
    return True


def joined(membership: Membership, *, by: User | None, at: datetime, tell: bool = True) -> None:
    """Somebody has a new place or role: her conflicts are found at once, and no chair comes unnoticed."""
    upstairs.committee_changed(membership.edition, at)
    if not tell or not (membership.is_chair and membership.is_active):
        return
    for chair in other_chairs(membership.edition, by):
        if chair.pk != membership.pk:
            post_new_chair(membership, chair, at)


def other_chairs(edition: Edition, by: User | None) -> list[Membership]:
    """All but the one who acts."""
    rows = Membership.objects.chairs().filter(edition=edition).select_related("user", "edition")
    return [chair for chair in rows if by is None or chair.user_id != by.pk]


def tell_of_ended_chair(membership: Membership, *, by: User, at: datetime) -> None:
    """No chair goes unnoticed: she herself and every other one is told, but for the one who does it."""
    hers = [membership] if membership.user_id != by.pk else []
    others = [chair for chair in other_chairs(membership.edition, by) if chair.pk != membership.pk]
    for chair in (*hers, *others):
        post_chair_ended(membership, chair, by=by, at=at)


@transaction.atomic
def decline_invitation(*, membership: Membership, reason: str, suggestion: str, by: User | None, at: datetime) -> bool:
    """Decline; nothing more is mailed. False when it was answered already."""
    changed = open_invitation(membership).update(
        declined_at=at, decline_reason=reason, suggestion=suggestion, opened_at=membership.opened_at or at
    )
    if changed:
        note("decline_invitation", membership.edition, by, at, label_of(membership), suggests=bool(suggestion))
    return bool(changed)


def place_held(membership: Membership, user: User) -> Membership | None:
    """The place that somebody has, or had, in the committee of another row; kept as it is until the end of the act."""
    rows = Membership.objects.filter(edition=membership.edition_id, user=user).exclude(pk=membership.pk)
    return rows.select_related("user", "edition").select_for_update(of=("self",), no_key=True).first()


def may_come_back(earlier: Membership, invitation: Membership) -> bool:
    """Whether an accepted invitation gives an earlier place back: not one that was ended after it was written."""
    ended, invited = earlier.removed_at, invitation.invited_at
    if earlier.is_active or ended_since(earlier, invitation):
        return False
    return ended is None or (invited is not None and invited >= ended)


def ended_since(place: Membership, invitation: Membership) -> bool:
    """Whether chairs ended a place after an invitation was written and have not taken that back, also where they have
    invited her to it again.
    """
    verbs = ("remove_member", "withdraw_invitation", "restore_member")
    rows = Entry.objects.about(label_of(place)).filter(verb__in=verbs).order_by("at", "pk")
    rows = rows.filter(at__gt=invitation.invited_at) if invitation.invited_at else rows
    acts = rows.values_list("verb", flat=True)
    return any("restore_member" not in (act, after) for act, after in pairwise([*acts, ""]))


def demand_not_ended(invitation: Membership, user: User) -> None:
    earlier = place_held(invitation, user)
    if earlier is not None and not earlier.is_active and not may_come_back(earlier, invitation):
        raise EditionError(
            "Your earlier place in this committee was ended after this invitation was written. Ask its chairs for "
            "another."
        )


def attach(membership: Membership, user: User, at: datetime) -> Membership | None:
    """Give an accepted invitation its account; returns the place that lives by it, or None when that changes nothing.

    Who had left the committee has what she wrote, and her conflicts, in the place that she had: an invitation gives her
    that one back, with its roles, and ends itself. So it does where she never left: she accepted it at another address
    of hers, and has its roles beside her own. Where chairs have ended her place since, it waits for them to take that
    back.
    """
    earlier = place_held(membership, user)
    if earlier is None:
        # Printed from now on, not from the answer: that may have been another's who had the link.
        membership.user, membership.is_listed = user, True
        membership.save(update_fields=["user", "is_listed"])
        return membership
    if earlier.is_active:
        return add_roles(earlier, membership, at)
    return give_back(earlier, membership, at) if may_come_back(earlier, membership) else None


def add_roles(place: Membership, invitation: Membership, at: datetime) -> Membership:
    """A living place with the roles of an invitation, too; the row of the invitation ends."""
    if not place.is_reviewer:
        place.max_load = invitation.max_load
    brought = brought_to(place, invitation, at)
    for name in ROLES:
        setattr(place, name, getattr(place, name) or name in brought)
    place.title = place.title or invitation.title
    end_in(place, invitation, at)
    place.save(update_fields=[*ROLES, "max_load", "title", "email"])
    return place


def brought_to(place: Membership, invitation: Membership, at: datetime) -> set[str]:
    """The roles of an invitation but those that chairs took from a place after it was written, which it does not bring
    back; none where they ended the place since.
    """
    if ended_since(place, invitation):
        return set()
    rows = Entry.objects.about(label_of(place)).filter(verb="set_roles", at__gte=invitation.invited_at or at)
    taken: set[str] = set()
    for row in rows.order_by("at", "pk"):
        before, after = row.detail["before"], row.detail["after"]
        taken = {name for name in ROLES if not after[name] and (before[name] or name in taken)}
    return {name for name in ROLES if getattr(invitation, name)} - taken


def end_in(place: Membership, invitation: Membership, at: datetime) -> None:
    """The row of an invitation ends, and what was known of its person holds for her place, also the address if that has
    none. The place is saved afterwards.
    """
    if not place.email:
        place.email, invitation.email = invitation.email, ""
    invitation.removed_at, invitation.accepted_at, invitation.is_listed = at, None, False
    invitation.save()
    if not place.affiliations.exists():
        invitation.affiliations.update(membership=place)
    upstairs.place_given_back(invitation, place)


def give_back(earlier: Membership, invitation: Membership, at: datetime) -> Membership:
    """The earlier place as if it had been invited and accepted; the row of the invitation ends."""
    brought = brought_to(earlier, invitation, at)
    for name in ROLES:
        setattr(earlier, name, name in brought)
    for name in ("invited_at", "invited_by", "opened_at", "accepted_at"):
        setattr(earlier, name, getattr(invitation, name))
    earlier.max_load = earlier.max_load if invitation.max_load is None else invitation.max_load
    earlier.title = earlier.title or invitation.title
    earlier.is_listed, earlier.removed_at, earlier.declined_at = True, None, None
    earlier.decline_reason = earlier.suggestion = earlier.email = ""
    end_in(earlier, invitation, at)
    earlier.save()
    return earlier


@transaction.atomic
def claim_memberships(user: User, at: datetime) -> list[Membership]:
    """Give somebody the places that were accepted at her verified addresses. Safe to call at every sign-in."""
    emails = user.verified_emails
    if not emails:
        return []
    waiting = (
        Membership.objects.annotate(low=Lower("email"))
        .filter(low__in=emails, user=None, accepted_at__isnull=False, removed_at=None)
        .select_related("edition")
        .select_for_update(of=("self",), no_key=True)
        # Two who join the same editions at once hold their papers in one order.
        .order_by("edition_id", "pk")
    )
    return give(waiting, user, at)


def give(accepted: Iterable[Membership], user: User, at: datetime) -> list[Membership]:
    """The places by which accepted invitations live once they are somebody's."""
    chaired = set(Membership.objects.chairs().filter(user=user).values_list("pk", flat=True))
    given = [place for member in accepted if (place := attach(member, user, at)) is not None]
    for member in given:
        roles = {name: getattr(member, name) for name in ROLES}
        note("claim_membership", member.edition, user, at, label_of(member), roles=roles)
        joined(member, by=user, at=at, tell=member.pk not in chaired)
    return given


def kept(membership: Membership) -> Membership:
    """A place as it stands now, until the end of the act: an invitation of hers may just bring it more roles."""
    rows = Membership.objects.select_related("edition").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=membership.pk)


def demand_another_chair(member: Membership) -> None:
    others = Membership.objects.chairs().filter(edition=member.edition_id).exclude(pk=member.pk)
    if member.is_active and not others.exists():
        raise EditionError(f"{member.name} is the only chair. Name another chair first.")


def version_of_roles(member: Membership) -> str:
    """What a page that shows somebody's roles and printed title was made of; a place that has ended is another."""
    return fingerprint([member.title, member.removed_at is None, *(getattr(member, name) for name in ROLES)])


@transaction.atomic
def set_roles(
    *,
    membership: Membership,
    roles: dict[str, bool],
    title: str,
    by: User,
    at: datetime,
    tell: bool = True,
    based_on: str | None = None,
) -> bool:
    """Change a member's roles and printed title; the last chair stays one. False when nothing changed.

    `tell` writes to the other chairs when she becomes one; who writes to them herself says False. `based_on` is the
    `version_of_roles` that the page showed; None asks for no comparison. Raises EditionError when they were changed
    since: an older page would give back a role that another chair has taken.
    """
    Edition.objects.select_for_update(no_key=True).get(pk=membership.edition_id)
    member = kept(membership)
    demand_chair(member.edition_id, by)
    before = {name: getattr(member, name) for name in ROLES}
    after = {name: bool(roles.get(name)) for name in ROLES}
    if before == after and member.title == title:
        return False
    if based_on is not None and based_on != version_of_roles(member):
        now = ", ".join(name.removeprefix("is_").replace("_", " ") for name in ROLES if before[name])
        ended = "" if member.removed_at is None else "; this place has ended, and she may have another"
        raise EditionError(
            f"This was changed meanwhile. Now: {now or 'no role'}; as printed: {member.title or 'nothing'}{ended}. "
            "Nothing was saved; below stands what you sent."
        )
    if before["is_chair"] and not after["is_chair"]:
        demand_another_chair(member)
    for name, value in after.items():
        setattr(member, name, value)
    member.title = title
    member.save(update_fields=[*ROLES, "title"])
    note("set_roles", member.edition, by, at, label_of(member), before=before, after=after)
    if after["is_chair"] and not before["is_chair"]:
        joined(member, by=by, at=at, tell=tell)
    if before["is_chair"] and not after["is_chair"] and member.is_active:
        tell_of_ended_chair(member, by=by, at=at)
    return True


@transaction.atomic
def remove_member(*, membership: Membership, by: User, at: datetime) -> bool:
    """End a membership: all access ends at once, what she wrote stays hers to read. The last chair stays."""
    Edition.objects.select_for_update(no_key=True).get(pk=membership.edition_id)
    member = kept(membership)
    demand_chair(member.edition_id, by)
    if member.is_chair:
        demand_another_chair(member)
    # An invitation is withdrawn instead: its link would read as that of one which was accepted.
    if awaiting(member) or not Membership.objects.filter(pk=member.pk, removed_at=None).update(removed_at=at):
        return False
    note("remove_member", member.edition, by, at, label_of(member))
    if member.is_chair and member.is_active:
        tell_of_ended_chair(member, by=by, at=at)
    return True


@transaction.atomic
def restore_member(*, membership: Membership, by: User, at: datetime) -> bool:
    """Take a removal back; False where there is none, or nobody to come back: she was erased, or may not sign in."""
    rows = Membership.objects.filter(pk=membership.pk, removed_at__isnull=False, accepted_at__isnull=False)
    rows = rows.exclude(user__is_active=False)
    if not rows.update(removed_at=None):
        return False
    demand_chair(membership.edition_id, by)
    note("restore_member", membership.edition, by, at, label_of(membership))
    membership.refresh_from_db(fields=["removed_at"])
    joined(membership, by=by, at=at)
    return True
