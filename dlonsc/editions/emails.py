"""Letters of an edition to its committee, and to those whom a changed date concerns."""

from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.invitations import link_of
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.editions.upstairs import Person
from dlonsc.mail.models import Message
from dlonsc.mail.placeholders import Block, Value
from dlonsc.mail.post import post, render

INVITATION = "editions/emails/invitation"
REMINDER = "editions/emails/invitation_reminder"
SIGN_IN = "editions/emails/sign_in_reminder"


def label_of(membership: Membership) -> str:
    return f"membership:{membership.pk}"


def role_words(membership: Membership) -> str:
    """What somebody is asked to be."""
    words = []
    if membership.is_chair:
        words.append("a co-chair")
    if membership.is_proceedings_chair:
        words.append("the proceedings chair")
    if membership.is_reviewer:
        words.append("a member of the programme committee")
    return " and ".join(words) or "a member of the committee"


def invitation_words(
    edition: Edition, membership: Membership, *, asked_by: str, note: str, link: str
) -> dict[str, Any]:
    """Who asks, for what, how much, by when."""
    phases = (Phase.SUBMISSION, Phase.REVIEW, Phase.NOTIFICATION)
    return {
        "edition": edition,
        "member": membership,
        "role": role_words(membership),
        "asked_by": asked_by,
        "note": note,
        "load": edition.default_max_load,
        "dates": [deadline for phase in phases if (deadline := edition.due(phase)) is not None],
        "link": link,
    }


def values_of_invitation(words: dict[str, Any]) -> dict[str, Value]:
    """What fills the placeholders of an invitation."""
    dates = [f"{row.label}: {row.announced_at:%a %-d %b %Y, %H:%M} {row.zone}" for row in words["dates"]]
    items = format_html_join("", "<li>{}</li>", ((row,) for row in dates))
    return {
        "name": words["member"].name,
        "edition": words["edition"].name,
        "title": words["edition"].title,
        "asked_by": words["asked_by"],
        "role": words["role"],
        "note": words["note"],
        "load": str(words["load"]),
        "dates": Block("\n".join(f"  {row}" for row in dates), str(format_html("<ul>{}</ul>", items)) if dates else ""),
        "link": words["link"],
    }


def preview_invitation(
    edition: Edition, membership: Membership, *, asked_by: str, note: str = "", letter: str = INVITATION
) -> dict[str, str]:
    """The letter, INVITATION or a reminder, as it will leave, but for the personal link."""
    head = letterhead(edition)
    link = f"{head.site_url}/invitation/(personal link)/"
    words = invitation_words(edition, membership, asked_by=asked_by, note=note, link=link)
    own = edition.own_words("invitation", lambda: values_of_invitation(words)) if letter == INVITATION else None
    words |= {"head": head, "to_name": membership.name, "site_url": head.site_url}
    subject, text, _ = render(letter, words, own)
    return {"to": f"{membership.name} <{membership.email}>", "subject": subject, "text": text}


def post_invitation(membership: Membership, *, asked_by: str, note: str, at: datetime) -> Message | None:
    edition = membership.edition
    words = invitation_words(edition, membership, asked_by=asked_by, note=note, link=link_of(membership))
    return post(
        key=f"invitation:{membership.pk}:{membership.invitation_round}",
        to_email=membership.email,
        to_name=membership.name,
        letter=INVITATION,
        own=edition.own_words("invitation", lambda: values_of_invitation(words)),
        context=words,
        head=letterhead(edition),
        at=at,
        about=label_of(membership),
        guard={"membership": membership.pk, "round": membership.invitation_round},
    )


def reminder_for(membership: Membership) -> str:
    """The letter that reminds of the answer or, once that is a yes, of signing in."""
    return REMINDER if membership.accepted_at is None else SIGN_IN


def post_invitation_reminder(membership: Membership, *, asked_by: str, at: datetime) -> Message | None:
    """At most one a day, whoever presses."""
    edition = membership.edition
    return post(
        key=f"invitation-reminder:{membership.pk}:{membership.invitation_round}:{at:%Y-%m-%d}",
        to_email=membership.email,
        to_name=membership.name,
        letter=reminder_for(membership),
        context=invitation_words(edition, membership, asked_by=asked_by, note="", link=link_of(membership)),
        head=letterhead(edition),
        at=at,
        about=label_of(membership),
        guard={"membership": membership.pk, "round": membership.invitation_round},
        may_leave=True,
    )


def post_thanks(membership: Membership, at: datetime) -> Message | None:
    """After an acceptance: what comes next."""
    edition = membership.edition
    return post(
        key=f"invitation-thanks:{membership.pk}:{membership.invitation_round}",
        to_email=membership.email,
        to_name=membership.name,
        letter="editions/emails/thanks",
        context={
            "edition": edition,
            "member": membership,
            "role": role_words(membership),
            "load": membership.load_limit,
        },
        head=letterhead(edition),
        at=at,
        about=label_of(membership),
        guard={"membership": membership.pk, "round": membership.invitation_round},
    )


def post_date_changed(
    deadline: Deadline, person: Person, *, before: str, is_later: bool, at: datetime
) -> Message | None:
    edition = deadline.edition
    return post(
        # By the change, not by the date: a date that moves back to an earlier one is news too.
        key=f"deadline:{deadline.pk}:{deadline.version}:{person.email.lower()}",
        to_email=person.email,
        to_name=person.name,
        letter="editions/emails/date_changed",
        context={"edition": edition, "deadline": deadline, "before": before, "is_later": is_later},
        head=letterhead(edition),
        at=at,
        about=f"edition:{edition.pk}",
        guard={"deadline": deadline.pk, "cutoff": deadline.cutoff_at.isoformat()},
    )


def to_chair(
    chair: Membership,
    letter: str,
    edition: Edition,
    *,
    key: str,
    about: str,
    at: datetime,
    context: dict[str, Any],
    thread: str = "",
    guard: dict[str, Any] | None = None,
    is_of_herself: bool = False,
    at_most_once: bool = True,
) -> Message | None:
    """A letter to a chair at the address of her account or, without one, where she was invited.

    It leaves only to an address of hers and, unless it tells her of herself, while she is a chair; `guard` asks more.
    """
    return post(
        key=key,
        to_email=chair.user.email if chair.user else chair.email,
        to_name=chair.name,
        letter=letter,
        context={"edition": edition, **context},
        head=letterhead(edition),
        at=at,
        about=about,
        thread=thread,
        guard=guard or {"member" if is_of_herself else "chair": chair.pk},
        at_most_once=at_most_once,
    )


def post_new_chair(membership: Membership, chair: Membership, at: datetime) -> Message | None:
    """Tell a chair that somebody has become one too, with her account where she was invited at another address."""
    account = membership.user.email if membership.user else ""
    return to_chair(
        chair,
        "editions/emails/new_chair",
        membership.edition,
        key=f"new-chair:{membership.pk}:{chair.pk}:{at.isoformat()}",
        about=label_of(membership),
        at=at,
        context={
            "chair": chair,
            "member": membership,
            "account": "" if account.lower() == membership.email.lower() else account,
        },
    )


def post_chair_ended(membership: Membership, chair: Membership, *, by: User | str, at: datetime) -> Message | None:
    """Tell a chair, or the person herself, that somebody is no chair any more."""
    is_self, two_release = membership.pk == chair.pk, membership.edition.needs_second_chair
    return to_chair(
        chair,
        "editions/emails/chair_ended",
        membership.edition,
        key=f"chair-ended:{membership.pk}:{chair.pk}:{at.isoformat()}",
        about=label_of(membership),
        at=at,
        context={"member": membership, "is_self": is_self, "by": str(by), "two_release": two_release},
        is_of_herself=is_self,
    )


def post_one_releases(edition: Edition, chair: Membership, *, by: User, at: datetime) -> Message | None:
    """Tell a chair that decisions are released without a second chair from now on."""
    return to_chair(
        chair,
        "editions/emails/one_releases",
        edition,
        key=f"one-releases:{edition.pk}:{chair.pk}:{at.isoformat()}",
        about=f"edition:{edition.pk}",
        at=at,
        context={"by": str(by)},
    )


def post_mass_reading(chair: Membership, reader: User, opened: int, *, at: datetime) -> Message | None:
    """Tell a chair that one account opened unusually many papers or people; one letter per account and hour."""
    edition = chair.edition
    return to_chair(
        chair,
        "editions/emails/mass_reading",
        edition,
        key=f"mass-reading:{edition.pk}:{reader.pk}:{at:%Y-%m-%dT%H}:{chair.pk}",
        about=f"edition:{edition.pk}",
        at=at,
        context={"chair": chair, "reader": reader, "opened": opened, "read_at": at},
    )
