"""load_call: a call for papers from a data file; loading it again updates and never doubles."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import F

from dlonsc.editions.calendar import cutoff_of
from dlonsc.editions.models import (
    Deadline,
    Edition,
    InstitutionAlias,
    Membership,
    MembershipAffiliation,
    Topic,
)

FIELDS = (
    "name", "title", "tagline", "host", "venue", "theme", "submission_rules", "reproducibility_rules", "min_pages",
    "max_pages", "links", "previous",
)  # fmt: skip


class Command(BaseCommand):
    help = "Load a call for papers (JSON). Loading it again updates what it says and leaves the rest alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        try:
            edition = load(call)
        except (KeyError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        if options["verbosity"]:
            people = edition.memberships.listed().count()
            self.stdout.write(f"{edition.name}: {edition.topics.count()} topics, {people} in the committee")


@transaction.atomic
def load(call: dict[str, Any]) -> Edition:
    """Make the edition, its dates, topics and committee say what the call says.

    Raises KeyError, and ValueError for a date that cannot be meant or a slug that is none: what guards the chairs'
    rooms and limits requests knows small letters only.
    """
    try:
        Edition._meta.get_field("slug").run_validators(call["slug"])
    except ValidationError as error:
        raise ValueError(f"the slug {call['slug']!r} is not of small letters, digits and hyphens") from error
    values = {name: call[name] for name in FIELDS if name in call}
    edition, created = Edition.objects.get_or_create(slug=call["slug"], defaults=values | {"is_public": True})
    if not created:
        Edition.objects.filter(pk=edition.pk).update(**values)
        edition.refresh_from_db()
    load_deadlines(edition, call["deadlines"])
    load_topics(edition, call["topics"])
    load_committee(edition, call["committee"])
    for row in call.get("aliases", ()):
        InstitutionAlias.objects.update_or_create(
            edition=edition, alias=row["alias"], defaults={"institution": row["institution"]}
        )
    return edition


def load_deadlines(edition: Edition, rows: list[dict[str, str]]) -> None:
    for row in rows:
        cutoff = cutoff_of(datetime.fromisoformat(row["announced"]), row["zone"])
        values = {"label": row["label"], "announced": row["announced"], "zone": row["zone"], "cutoff_at": cutoff}
        Deadline.objects.update_or_create(
            edition=edition,
            phase=row["phase"],
            defaults=values,
            create_defaults=values | {"first_cutoff_at": cutoff},
        )


def load_topics(edition: Edition, rows: list[dict[str, Any]]) -> None:
    """Topics that the call no longer names go, unless a submission or an interest uses them."""
    kept: list[int] = []
    position = 0
    for row in rows:
        top, _ = Topic.objects.update_or_create(
            edition=edition, parent=None, title=row["title"], defaults={"position": position}
        )
        kept.append(top.pk)
        position += 1
        for title in row.get("children", ()):
            child, _ = Topic.objects.update_or_create(
                edition=edition, parent=top, title=title, defaults={"position": position}
            )
            kept.append(child.pk)
            position += 1
    gone = edition.topics.exclude(pk__in=kept).filter(interests__isnull=True)
    used = gone.model.submissions.through.objects.values("topic")
    gone.filter(parent__isnull=False).exclude(pk__in=used).delete()
    gone.filter(parent__isnull=True, children__isnull=True).exclude(pk__in=used).delete()


def load_committee(edition: Edition, rows: list[dict[str, Any]]) -> None:
    """Printed members by name. Rows with an account keep all but their place in the list; nobody invited is removed,
    nor anybody whom authors named as a conflict."""
    names = []
    for position, row in enumerate(rows):
        names.append(row["name"])
        namesakes = edition.memberships.filter(name=row["name"]).order_by(F("user").desc(nulls_last=True), "pk")
        member = namesakes.first() or Membership(edition=edition, name=row["name"])
        member.position = position
        if member.user_id is not None:
            member.save(update_fields=["position"])
            continue
        member.title = row.get("title", "")
        # Who was invited has the roles that she was asked for; it is no account yet, also after she has accepted.
        if member.invited_at is None:
            member.is_chair = bool(row.get("chair"))
            member.is_proceedings_chair = bool(row.get("proceedings_chair"))
        member.save()
        member.affiliations.all().delete()
        MembershipAffiliation.objects.bulk_create(
            MembershipAffiliation(membership=member, position=place, **home)
            for place, home in enumerate(row["affiliations"])
        )
    stale = edition.memberships.filter(user__isnull=True, email="", invited_at__isnull=True, conflicts__isnull=True)
    stale.exclude(name__in=names).delete()
