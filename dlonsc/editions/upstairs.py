"""What an edition asks of the apps above it, which it may not import: they register their answers at start-up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.editions.visibility import Switch
from dlonsc.mail.models import Message


@dataclass(frozen=True)
class Person:
    """Somebody whom a change of a date concerns."""

    email: str
    name: str


# `viewer` leaves out what a chair in conflict must not count; None means everybody concerned.
Concerned = Callable[[Edition, Membership | None], list[Person]]


# The reminders before a date that are still to come, as (instant, letters), soonest first.
Reminders = Callable[[Membership, Deadline], list[tuple[datetime, int]]]


def no_reminders(viewer: Membership, deadline: Deadline) -> list[tuple[datetime, int]]:
    return []


def no_topics(viewer: Membership) -> dict[int, int]:
    return {}


def no_effect(viewer: Membership, switch: Switch, on: bool) -> str:
    return ""


def not_begun(viewer: Membership, at: datetime) -> bool:
    return False


def none_held(edition: Edition, by: User, at: datetime) -> bool:
    return False


def nothing_to_stop(edition: Edition, by: User, at: datetime) -> None:
    return None


def no_end(viewer: Membership, ends: bool) -> str:
    return ""


def all_letters(viewer: Membership) -> QuerySet[Message]:
    return Message.objects.filter(edition=viewer.edition.slug)


def nothing_to_move(ended: Membership, place: Membership) -> None:
    return None


def rules_are_told(viewer: Membership) -> bool:
    return True


def nothing_to_do(edition: Edition, at: datetime) -> None:
    return None


@dataclass
class Upstairs:
    concerned: dict[Phase, Concerned] = field(default_factory=dict)
    reminders: Reminders = no_reminders
    # Submissions per topic (primary key), as far as a chair may know.
    topic_uses: Callable[[Membership], dict[int, int]] = no_topics
    # The letters of her edition, as far as a chair may know.
    letters_for: Callable[[Membership], QuerySet[Message]] = all_letters
    # What turning a switch of the visibility table would show or hide, in words with numbers.
    effect_of: Callable[[Membership, Switch, bool], str] = no_effect
    # Whether reviewing has begun, as far as a chair may know: from then on a scale loses no value.
    has_reviewing_begun: Callable[[Membership, datetime], bool] = not_begun
    # Whether decisions that this person may know of are announced, and nobody else may know of them yet.
    is_announcement_held: Callable[[Edition, User, datetime], bool] = none_held
    # She opens submission again: what is held that she may not know of is stopped, and told to those who may.
    stop_what_is_held: Callable[[Edition, User, datetime], None] = nothing_to_stop
    # What the end of the reviewers' access would hide, or opening it again show, in words with numbers.
    end_of_access: Callable[[Membership, bool], str] = no_end
    # Whether a chair may read who confirmed the rules.
    are_rules_told: Callable[[Membership], bool] = rules_are_told
    # Somebody has joined the committee, come back, or got a role: her conflicts must be known before her next request.
    committee_changed: Callable[[Edition, datetime], None] = nothing_to_do
    # The row of an invitation has ended and another place of the same person lives: what was noted at it moves there.
    place_given_back: Callable[[Membership, Membership], None] = nothing_to_move


upstairs = Upstairs()


def concerned_by(edition: Edition, phase: Phase, viewer: Membership | None = None) -> list[Person]:
    """The people with something open in a phase, each once."""
    ask = upstairs.concerned.get(phase)
    people = ask(edition, viewer) if ask else []
    return list({person.email.lower(): person for person in people}.values())
