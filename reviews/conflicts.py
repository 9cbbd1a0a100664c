"""Who may not review what, and why, for many pairs at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Lower

from dlonsc.editions.models import Edition, Membership
from submissions.actions.drafting import plain
from submissions.conflicts import refresh_edition
from submissions.models import Author, Conflict, ConflictSource, Submission

Reasons = dict[tuple[int, int], list[str]]


def conflict_reasons(submissions: Iterable[int]) -> Reasons:
    """Words for every standing conflict of the submissions (primary keys), by (submission, membership).

    A member who created a submission, or is an author of it by a verified address, is in conflict without any row.
    """
    ids = list(submissions)
    found: Reasons = defaultdict(list)
    rows = Conflict.objects.filter(submission__in=ids, lifted_at__isnull=True).order_by("pk")
    for row in rows:
        words = str(row.get_source_display())
        found[row.submission_id, row.membership_id].append(f"{words}: {row.reason}" if row.reason else words)
    for pair in authorships(ids):
        if pair not in found:
            found[pair].append("is an author")
    return dict(found)


def authorships(submissions: Iterable[int]) -> set[tuple[int, int]]:
    """(submission, membership) of members who created a submission or are an author of it by a verified address."""
    ids = list(submissions)
    editions = dict(Submission.objects.filter(pk__in=ids).values_list("pk", "edition_id"))
    people: dict[tuple[int, int], int] = {}
    members = Membership.objects.filter(edition__in=set(editions.values()), user__isnull=False)
    for pk, edition, user in members.values_list("pk", "edition_id", "user_id"):
        people[edition, user or 0] = pk
    verified = EmailAddress.objects.filter(verified=True, user__memberships__edition__in=set(editions.values()))
    owner = dict(verified.annotate(low=Lower("email")).values_list("low", "user_id"))
    written = list(Submission.objects.filter(pk__in=ids).values_list("pk", "created_by"))
    authors = Author.objects.filter(submission__in=ids).annotate(low=Lower("email")).values_list("submission_id", "low")
    written += [(submission, owner[email]) for submission, email in authors if email in owner]
    return {
        (submission, people[editions[submission], user])
        for submission, user in written
        if (editions[submission], user) in people
    }


def refresh_all(edition: Edition, at: datetime) -> None:
    """Conflicts as they are today: from homes and addresses, and of the persons whom members named in their profile.

    Called before an assignment, so that submissions count that came after a profile was saved. Outside a transaction
    where that can be: inside one, all papers are held until its end.
    """
    refresh_edition(edition, at)
    bar_named(edition.memberships.exclude(declared_conflicts=[]).select_related("user"), at)


@transaction.atomic
def bar_named(members: Iterable[Membership], at: datetime) -> int:
    """Bar the submissions of the persons whom members of one edition named; returns how many are newly barred.

    Persons are named by address or name as printed. A conflict that a chair lifted is not set again.
    """
    named = [(member, row["kind"], row["who"].strip()) for member in members for row in member.declared_conflicts]
    if not named:
        return 0
    written: dict[str, set[int]] = defaultdict(set)
    authors = Author.objects.filter(submission__edition=named[0][0].edition_id)
    for submission, email, name in authors.values_list("submission_id", "email", "name"):
        # Two addresses that only look alike are two persons'; a name is written one way or another.
        written[email.strip().lower()].add(submission)
        written[plain(name)].add(submission)
    known = set(
        Conflict.objects.filter(
            membership__in={member.pk for member, _, _ in named}, source=ConflictSource.MEMBER
        ).values_list("submission_id", "membership_id")
    )
    new: dict[tuple[int, int], Conflict] = {}
    for member, kind, who in named:
        key = who.lower() if "@" in who else plain(who)
        for submission in written.get(key, set()) if who else ():
            pair = (submission, member.pk)
            if pair not in known and pair not in new:
                new[pair] = Conflict(
                    submission_id=submission,
                    membership=member,
                    source=ConflictSource.MEMBER,
                    kind=kind,
                    reason=who,
                    declared_by=member.user,
                    declared_at=at,
                )
    Conflict.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)
