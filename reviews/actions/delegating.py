"""Naming the delegate who handles what every chair is in conflict with."""

from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions import actions as editions
from dlonsc.editions.access import demand_chair
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.record import record
from reviews.actions.assigning import Refused
from reviews.delegates import chairs_of, without_chair
from reviews.emails.chairing import post_delegate_named
from submissions.access import overseen_by
from submissions.models import Submission


@transaction.atomic
def name_delegate(edition: Edition, member: Membership, *, by: User, at: datetime) -> None:
    """Make a member a chair, who then handles every submission that no other chair may see and she may.

    All chairs are told by letter, so that nobody gains a chair's rights in silence. Raises Refused when no submission
    needs a delegate, or the member is none who can be one. Whether she is in conflict too is not said here: the chairs
    who ask may not know with whom these submissions are in conflict.
    """
    # Whoever names one at the same time waits here, and then finds that none is needed.
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    demand_chair(edition.pk, by)
    waiting = list(without_chair(edition).values_list("pk", flat=True))
    if not waiting:
        raise Refused("No submission needs a delegate.")
    if not member.is_active or member.is_chair or member.edition_id != edition.pk:
        raise Refused(f"{member.name} cannot be the delegate: choose an active member who is no chair.")
    told = chairs_of(edition)
    roles = {name: getattr(member, name) for name in editions.ROLES} | {"is_chair": True}
    editions.set_roles(membership=member, roles=roles, title=member.title, by=by, at=at, tell=False)
    member.refresh_from_db()
    hers = overseen_by(member).filter(pk__in=waiting).values("pk")
    Submission.objects.filter(pk__in=hers).update(handling_chair=member)
    record(
        "delegate_named",
        by_id=by.pk,
        by=str(by),
        at=at,
        edition=edition.slug,
        subject=f"membership:{member.pk}",
        detail={"delegate": member.name},
    )
    for chair in (*told, member):
        post_delegate_named(edition, member, chair, by=by, at=at)
