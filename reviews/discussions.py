"""What the pages of a discussion show: its comments with names where they may be read, and what is unread."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from dlonsc.editions.models import Membership
from reviews.access import names_of_fellows
from reviews.models import Comment, Discussion, LastRead


@dataclass(frozen=True)
class Said:
    """A comment for one reader. `name` is empty where she may not learn it."""

    row: Comment
    name: str
    is_own: bool
    is_new: bool


def thread(discussion: Discussion, reader: Membership, *, as_chair: bool) -> list[Said]:
    """Chairs sign with their names; reviewers where co-reviewers see each other's; a chair reads all names."""
    with_names = as_chair or names_of_fellows(reader.edition)
    mark = LastRead.objects.filter(discussion=discussion, membership=reader).values_list("comment", flat=True).first()
    rows = discussion.comments.select_related("membership")
    return [
        Said(
            row,
            row.membership.name if with_names or row.label == "Chair" else "",
            row.membership_id == reader.pk,
            row.membership_id != reader.pk and row.pk > (mark or 0),
        )
        for row in rows
    ]


def unread(discussions: Iterable[Discussion], reader: Membership) -> dict[int, int]:
    """How many comments of others each discussion has beyond the reader's mark, by submission. One query."""
    mark = LastRead.objects.filter(discussion=OuterRef("discussion"), membership=reader).values("comment")
    rows = (
        Comment.objects.filter(
            discussion__in=[row.pk for row in discussions], pk__gt=Coalesce(Subquery(mark), Value(0))
        )
        .exclude(membership=reader)
        .order_by()
        .values_list("discussion__submission")
        .annotate(fresh=Count("pk"))
    )
    return dict(rows)
