"""Who may see and change what of an edition. No other way to an object; outside is 404."""

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership, MembershipQuerySet, long_past_events


def visible_edition(user: User | AnonymousUser, slug: str) -> Edition:
    """A published edition, or one of whose committee the person is a member; 404 otherwise."""
    edition = get_object_or_404(Edition.objects.prefetch_related("deadlines"), slug=slug)
    if edition.is_public or (user.is_authenticated and memberships_of(user).filter(edition=edition).exists()):
        return edition
    raise Http404


def memberships_of(user: User | AnonymousUser) -> MembershipQuerySet:
    """A person's active memberships, with their editions."""
    if not user.is_authenticated:
        return Membership.objects.none()
    return Membership.objects.active().filter(user=user).select_related("edition")


def membership_with(user: User | AnonymousUser, slug: str, **roles: bool) -> Membership:
    """The person's active membership of an edition with the roles asked for (is_chair=True ...); 404 otherwise."""
    rows = memberships_of(user).filter(edition__slug=slug, **roles).prefetch_related("edition__deadlines")
    return get_object_or_404(rows)


def chair_of(user: User | AnonymousUser, slug: str) -> Membership:
    return membership_with(user, slug, is_chair=True)


def demand_chair(edition_id: int, by: User, *, role: str = "is_chair") -> None:
    """Ask once more in the act, after it has waited its turn: a chair whose place has ended meanwhile is answered as at
    the door, 404. Who never had a place in this committee acts by another right, such as a command of the machine's.

    `role`: where the door is that of other members.
    """
    places = Membership.objects.filter(edition=edition_id, user=by)
    if places.exists() and not places.active().filter(**{role: True}).exists():
        raise Http404


def proceedings_chair_of(user: User | AnonymousUser, slug: str) -> Membership:
    return membership_with(user, slug, is_proceedings_chair=True)


def reviewer_of(user: User | AnonymousUser, slug: str) -> Membership:
    """A reviewer, until her access ends some months after the event."""
    rows = memberships_of(user).filter(edition__slug=slug, is_reviewer=True)
    rows = rows.exclude(edition__in=long_past_events(timezone.now()).values("edition"))
    return get_object_or_404(rows.prefetch_related("edition__deadlines"))
