"""An open invitation to a place that an account had is a row of its own: accepted by its link, the place would live at
once, whoever holds the link.
"""

from typing import Any

from django.db import migrations
from django.db.models.functions import Lower

CARRIED = (
    "edition", "name", "email", "is_chair", "is_proceedings_chair", "is_reviewer", "is_senior", "position",
    "invited_at", "invited_by", "invitation_round", "max_load",
)  # fmt: skip


def set_apart(apps: Any, schema_editor: Any) -> None:
    """The old link ends, and chairs find the invitation among the silent: their reminder has the new one."""
    members = apps.get_model("editions", "Membership").objects
    removals = apps.get_model("history", "Entry").objects.filter(verb="remove_member").order_by("at", "pk")
    rows = members.filter(
        user__isnull=False, invited_at__isnull=False, accepted_at=None, declined_at=None, removed_at=None
    )
    for place in rows.select_related("user"):
        carried = {name: getattr(place, name) for name in CARRIED}
        removal = removals.filter(subject=f"membership:{place.pk}", at__lte=place.invited_at).last()
        own = place.user.email.lower()
        others = members.annotate(low=Lower("email")).filter(edition=place.edition_id, low=own).exclude(pk=place.pk)
        is_taken = own == place.email.lower() or others.exists()
        place.email = "" if is_taken else own
        place.removed_at = removal.at if removal else place.invited_at
        place.invitation_round += 1
        place.is_listed = False
        place.save()
        members.create(is_listed=False, **carried)


class Migration(migrations.Migration):
    dependencies = [("editions", "0012_invitations_have_no_account"), ("history", "0002_append_only")]

    operations = [migrations.RunPython(set_apart, migrations.RunPython.noop, elidable=True)]
