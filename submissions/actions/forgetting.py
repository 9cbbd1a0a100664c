"""What goes of a person on the authors' side when she is forgotten."""

from typing import Any

from django.db import transaction

from dlonsc.accounts.models import User
from submissions.models import Submission


def without(typed: dict[str, Any], user: User) -> dict[str, Any]:
    """What was typed beside a submission and not saved, but for what she typed."""
    left = {key: value for key, value in typed.items() if key == "aside" or value.get("by_id") != user.pk}
    if "aside" in left:
        left["aside"] = [one for one in left["aside"] if one.get("by_id") != user.pk]
    return left


@transaction.atomic
def forget_typed(user: User) -> None:
    """Take what she typed and did not save out of every submission."""
    rows = Submission.objects.exclude(typed={}).order_by("edition_id", "pk")
    for row in rows.select_for_update(no_key=True).only("typed"):
        left = without(row.typed, user)
        if left != row.typed:
            Submission.objects.filter(pk=row.pk).update(typed=left)
