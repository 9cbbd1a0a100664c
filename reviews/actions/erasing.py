"""A person asks to be forgotten; an administrator sees what that means and does it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F, Q, QuerySet

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.actions import other_chairs
from dlonsc.editions.emails import post_chair_ended
from dlonsc.editions.models import CalendarFeed, Edition, Interest, Membership, MembershipAffiliation
from dlonsc.history.models import Entry
from dlonsc.history.record import record
from dlonsc.mail import erased, whose
from dlonsc.mail.ledger import ERASED, STOPPABLE, move_all
from dlonsc.mail.models import HAVE_LEFT, Message, State
from dlonsc.posted import fingerprint
from reviews.access import open_sub_reviews
from reviews.actions.assigning import Refused
from reviews.actions.ending import Ending, end
from reviews.actions.subreviewing import withdraw
from reviews.emails.watching import post_erasure
from reviews.models import (
    Assignment,
    Bid,
    Comment,
    Proposal,
    Review,
    ReviewVersion,
    SubReviewer,
    SubReviewerQuerySet,
)
from reviews.persons import places_of
from submissions.actions.forgetting import forget_typed
from submissions.models import Author, Conflict, ConflictSource

NOBODY = "Former member"
LEFT_MEANWHILE = "One of its reviewers left the committee while it ran. Run it again."
IN_AUTHOR_LISTS = "names and addresses in author lists (they are printed; a decision still goes there)"
SUB_REVIEWER = "names and addresses as a sub-reviewer"
REVIEWS = f"reviews, under the name {NOBODY}"
TYPED = "texts typed in reviews of others"
COMMENTS = f"comments in discussions, under the name {NOBODY}"
ACTS = "acts in the history (who did what when)"
LETTERS = "letters that have left"
# Their numbers grow with papers, perhaps one that the administrator may not know of, and with what somebody does for a
# paper, perhaps the administrator's own.
OF_PAPERS = frozenset({IN_AUTHOR_LISTS, SUB_REVIEWER, REVIEWS, TYPED, COMMENTS, ACTS, LETTERS})


@dataclass(frozen=True)
class Plan:
    """Counts of what goes and of what must stay, in words; `waiting` letters are counted apart.

    Some numbers are for the command alone: a letter that is held, or a review more, tells an author that something is
    decided, or who reviews her paper, also one who is an administrator.
    """

    goes: dict[str, int]
    stays: dict[str, int]
    waiting: int
    refused: str = ""

    @property
    def told_goes(self) -> list[str]:
        return _told(self.goes)

    @property
    def told_stays(self) -> list[str]:
        return _told(self.stays)


def _told(counts: dict[str, int]) -> list[str]:
    """The counts as a page may tell them to an administrator who is an author, or in conflict with a paper."""
    return [f"{words}, if there are any" if words in OF_PAPERS else f"{words}: {n}" for words, n in counts.items()]


def requested(user: User) -> Entry | None:
    """Her last wish to be forgotten."""
    return Entry.objects.filter(verb="erasure_requested", by_id=user.pk).order_by("-pk").first()


def has_said(user: User, reason: str) -> bool:
    """Whether her last wish had these words: then the same again is a second press."""
    asked = requested(user)
    return asked is not None and asked.detail.get("said") == fingerprint(reason)


def wishes() -> list[tuple[User, Entry]]:
    """People who asked to be forgotten and are still there, the longest waiting first."""
    asked: dict[int | None, Entry] = {}
    for entry in Entry.objects.filter(verb="erasure_requested").order_by("pk"):
        asked.setdefault(entry.by_id, entry)
    people = User.objects.in_bulk([pk for pk in asked if pk is not None])
    return [(people[pk], entry) for pk, entry in asked.items() if pk in people and people[pk].is_active]


@transaction.atomic
def request(user: User, *, reason: str, at: datetime) -> bool:
    """Tell every administrator; False when she has asked already."""
    User.objects.select_for_update().get(pk=user.pk)
    if requested(user):
        return False
    record("erasure_requested", by_id=user.pk, by=str(user), at=at, detail={"said": fingerprint(reason)})
    for person in User.objects.filter(is_superuser=True, is_active=True):
        post_erasure(person, user, reason=reason, at=at)
    return True


def addresses_of(user: User) -> set[str]:
    """Her proven ones: anybody can write down anybody's address."""
    return {email.lower() for email in user.verified_emails}


def plan(user: User) -> Plan:
    """What erasing this person would do now; nothing changes."""
    memberships = Membership.objects.filter(user=user)
    last = [
        row.edition.name
        for row in memberships.filter(is_chair=True, removed_at__isnull=True).select_related("edition")
        if not Membership.objects.chairs().filter(edition=row.edition_id).exclude(pk=row.pk).exists()
    ]
    return Plan(
        goes={
            "name, password and ORCID iD of the account": 1,
            "addresses": len(addresses_of(user)),
            "affiliations": Affiliation.objects.filter(user=user).count(),
            "second factors": Authenticator.objects.filter(user=user).count(),
            "accounts elsewhere": SocialAccount.objects.filter(user=user).count(),
            "sessions": UserSession.objects.filter(user=user).count(),
            "places in committees, with profile and bids": places_of(user).count(),
            # Erased are all; of those that no chair agreed to she knows nothing, and whoever asks for her neither.
            SUB_REVIEWER: _sub_reviews(user).filter(is_agreed=True).count(),
        },
        stays={
            IN_AUTHOR_LISTS: Author.objects.filter(email__in=addresses_of(user)).count(),
            REVIEWS: Review.objects.filter(assignment__membership__user=user).count(),
            TYPED: ReviewVersion.objects.filter(saved_by=user)
            .exclude(review__assignment__membership__user=user)
            .count(),
            COMMENTS: Comment.objects.filter(membership__user=user).count(),
            ACTS: Entry.objects.filter(by_id=user.pk).count(),
            LETTERS: Message.objects.filter(whose.hers(addresses_of(user), user.pk), state__in=HAVE_LEFT).count(),
        },
        waiting=_waiting(user).count(),
        refused=f"She is the only chair of {', '.join(last)}: name another first." if last else "",
    )


def _sub_reviews(user: User) -> SubReviewerQuerySet:
    """Where she is or was named to write for somebody."""
    mine = Q(user=user)
    for email in addresses_of(user):
        mine |= Q(user=None, email=email)
    return SubReviewer.objects.filter(mine)


def _waiting(user: User) -> QuerySet[Message]:
    """Letters to her that would still leave, but for what she is owed as an author."""
    waiting = Message.objects.filter(to_email__in=addresses_of(user), state__in=STOPPABLE)
    return waiting.exclude(kind__in=erased.OWED)


def _take_out_of_runs(members: set[int]) -> None:
    """No run of the assignment keeps a name of these memberships (primary keys). One that is none's stands for each,
    for a run that is repeated wants different ones. What is being solved would write the name again, and ends.
    """
    editions = Membership.objects.filter(pk__in=members).values("edition")
    # Kept: a result that came between would be written over.
    runs = Proposal.objects.filter(edition__in=editions).select_for_update(no_key=True).order_by("pk")
    for run in runs.only("inputs", "result", "status"):
        people, names = run.inputs.get("people", []), run.inputs.get("names", [])
        hers = [place for place, pk in enumerate(people) if pk in members]
        for place in hers:
            name, names[place] = names[place], f"{NOBODY} {place + 1}"
            run.result = _renamed(run.result, name, names[place])
        if hers and run.status == Proposal.Status.RUNNING:
            run.status, run.result = Proposal.Status.FAILED, {"error": LEFT_MEANWHILE}
        Proposal.objects.filter(pk=run.pk).update(inputs=run.inputs, result=run.result, status=run.status)


def _renamed(told: Any, name: str, instead: str) -> Any:
    """What a run found, with another name wherever its words have this one: causes, the reviewers they are about, why
    it failed.
    """
    if isinstance(told, dict):
        return {key: _renamed(value, name, instead) for key, value in told.items()}
    if isinstance(told, list):
        return [_renamed(value, name, instead) for value in told]
    return told.replace(name, instead) if isinstance(told, str) else told


@transaction.atomic
def erase(user: User, *, by: str, at: datetime) -> Plan:
    """Carry the plan out; the account can never be signed in to again. Raises Refused for an only chair."""
    # Before it is asked whether she is an only chair: the other one may just be leaving.
    list(Edition.objects.filter(memberships__user=user).select_for_update(of=("self",), no_key=True).order_by("pk"))
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    now = plan(user)
    if now.refused:
        raise Refused(now.refused)
    # Taken down now: without the addresses nobody finds them. Kept before any paper is: who comes back takes both so.
    # An invitation before the place that it gives back, as who accepts one takes them.
    places = places_of(user).order_by(F("user").asc(nulls_first=True), "edition_id", "pk")
    places = places.select_for_update(of=("self",), no_key=True)
    members = Membership.objects.filter(pk__in=list(places.values_list("pk", flat=True)))
    # Who commits a run takes it before its papers.
    _take_out_of_runs(set(members.values_list("pk", flat=True)))
    # The papers before what belongs to one, as every other act takes them.
    forget_typed(user)
    # Before the rest: afterwards nobody knows her addresses. The hashes keep back what is being handed over just now,
    # and what failed.
    erased.remember(addresses_of(user), at=at)
    whose.give_up(addresses_of(user), user.pk)
    move_all(_waiting(user), State.CANCELLED, of=STOPPABLE, at=at, answer=ERASED, lease_until=None)
    for row in _sub_reviews(user).standing().select_related("assignment__submission__edition"):
        if row.accepted_at is None:
            # Perhaps she was never invited: then even that she is known here is no news for the reviewer.
            end(row, ending=Ending.WITHDREW, by=user, at=at)
        else:
            withdraw(row, by=user, at=at)
    # Of what ended before by itself, nobody is told today.
    for row in open_sub_reviews(at).filter(assignment__membership__in=members):
        end(row, ending=Ending.TASK, by=user, at=at)
    _sub_reviews(user).update(name=NOBODY, email="", institution="", why="", decline_reason="")
    for place in Membership.objects.chairs().filter(user=user).select_related("edition"):
        for chair in other_chairs(place.edition, user):
            post_chair_ended(place, chair, by=by, at=at)
    Bid.objects.filter(membership__in=members).delete()
    Interest.objects.filter(membership__in=members).delete()
    MembershipAffiliation.objects.filter(membership__in=members).delete()
    Assignment.objects.filter(membership__in=members).update(refusal_reason="")
    Conflict.objects.filter(membership__in=members, source=ConflictSource.MEMBER).update(reason="")
    members.filter(removed_at__isnull=True).update(removed_at=at)
    # The links of her invitations end too.
    members.update(
        name=NOBODY, email="", is_listed=False, publications="", away="", declared_conflicts=[], decline_reason="",
        suggestion="", invitation_round=F("invitation_round") + 1,
    )  # fmt: skip
    for rows in (Affiliation, Authenticator, SocialAccount, UserSession, EmailAddress, CalendarFeed):
        rows.objects.filter(user=user).delete()
    user.name, user.orcid, user.email = NOBODY, "", f"former-{user.pk}@erased.invalid"
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()
    record("erased", by_id=None, by=by, at=at, subject=f"user:{user.pk}")
    return now
