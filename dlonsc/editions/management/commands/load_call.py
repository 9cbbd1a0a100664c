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
from dlonsc.history.models import Entry

FIELDS = (
    "name", "title", "tagline", "host", "venue", "theme", "submission_rules", "reproducibility_rules", "min_pages",
    "max_pages", "links", "previous",
)  # fmt: skip


class Command(BaseCommand):
    help = "Load a call for papers (JSON). Loading it again updates what it says and leaves the rest alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dates", action="store_true", help="the call's dates, also over those that chairs moved")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        try:
            kept: list[Deadline] = []
            edition = load(call, with_dates=options["dates"], kept=kept)
        except (KeyError, ValueError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        if options["verbosity"]:
            people = edition.memberships.listed().count()
            for row in kept:
                self.stdout.write(
                    f"Kept as chairs moved it: {row.label}, {row.announced} {row.zone}. --dates takes the call's."
                )
            self.stdout.write(f"{edition.name}: {edition.topics.count()} topics, {people} in the committee")


@transaction.atomic
def load(call: dict[str, Any], *, with_dates: bool = False, kept: list[Deadline] | None = None) -> Edition:
    """Make the edition, its dates, topics and committee say what the call says, but for dates that chairs have set or
    moved since: those stay, and are added to `kept`, unless the call is loaded `with_dates`.

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
    stay = load_deadlines(edition, call["deadlines"], with_dates=with_dates)
    if kept is not None:
        kept += stay
    load_topics(edition, call["topics"])
    load_committee(edition, call["committee"])
    for row in call.get("aliases", ()):
        InstitutionAlias.objects.update_or_create(
            edition=edition, alias=row["alias"], defaults={"institution": row["institution"]}
        )
    return edition


def load_deadlines(edition: Edition, rows: list[dict[str, str]], *, with_dates: bool) -> list[Deadline]:
    """Returns the dates that chairs have changed and that stay, where the call says another."""
    # Whoever moves one meanwhile waits, or was waited for.
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    by_chairs = {} if with_dates else {row.phase: row for row in edition.deadlines.all() if _is_of_chairs(row)}
    stay = []
    for row in rows:
        cutoff = cutoff_of(datetime.fromisoformat(row["announced"]), row["zone"])
        if (moved := by_chairs.get(row["phase"])) is not None:
            stay += [moved] if moved.cutoff_at != cutoff else []
            continue
        values = {"label": row["label"], "announced": row["announced"], "zone": row["zone"], "cutoff_at": cutoff}
        Deadline.objects.update_or_create(
            edition=edition,
            phase=row["phase"],
            defaults=values,
            create_defaults=values | {"first_cutoff_at": cutoff},
        )
    return stay


def _is_of_chairs(deadline: Deadline) -> bool:
    """Whether chairs have set or moved a date, by the history: a call that is loaded writes none."""
    rows = Entry.objects.about(f"edition:{deadline.edition_id}").filter(detail__phase=deadline.phase)
    return rows.filter(verb__in=("set_deadline", "extend_deadline", "change_deadline")).exists()


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
