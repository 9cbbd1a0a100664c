"""A chair begins and ends to look as somebody else. Both are in the history."""

from datetime import datetime

from django.db.models import Q

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.record import record
from reviews.looking import NO_ROLE
from reviews.models import SubReviewer
from submissions.access import overseen_by, written_by


def note_looking(chair: Membership, person: User | None, *, begins: bool, by: User, at: datetime) -> None:
    """One entry about a visitor or a member; of others one for each submission that joins them to the edition and that
    the chair may know.

    So a chair in conflict with the submission does not read in the history who its author or sub-reviewer is.
    """
    edition, words = chair.edition, str(person) if person else "a visitor"
    member = Membership.objects.active().filter(edition=edition, user=person).first() if person else None
    subjects: list[tuple[str, dict[str, int]]] = [(f"membership:{member.pk}" if member else "", {})]
    if person is not None and person.pk != NO_ROLE.pk and member is None:
        helped = SubReviewer.objects.filter(user=person).values("assignment__submission")
        rows = overseen_by(chair).filter(written_by(person) | Q(pk__in=helped))
        subjects = [(row.label, {"number": row.number}) for row in rows]
    for subject, detail in subjects:
        record(
            "looked_as" if begins else "stopped_looking",
            by_id=by.pk,
            by=str(by),
            at=at,
            edition=edition.slug,
            subject=subject,
            detail={"person": words, **detail},
        )
