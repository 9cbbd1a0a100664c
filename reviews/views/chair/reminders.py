"""The schedule of the reminders, and what will go to whom when, as things stand."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dlonsc.editions.actions import EditionError, change_settings
from dlonsc.editions.models import Deadline, Membership
from reviews.emails.reminding import Moment
from reviews.forms.reminders import ScheduleForm
from reviews.reminders import PHASES, Planned, planned
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import overseen_by

WHAT = {"submission": "drafts that are not submitted", "review": "missing reviews", "camera_ready": "missing files"}


@dataclass(frozen=True)
class Step:
    """The reminders of one instant before a date."""

    moment: Moment
    rows: list[Planned]

    @property
    def at(self) -> datetime:
        return self.moment.at

    @property
    def words(self) -> str:
        """How long before: 7 days, 12 hours."""
        hours = self.moment.step.total_seconds() / 3600
        return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"

    @property
    def letters(self) -> int:
        return sum(len(row.open.people) for row in self.rows)


@dataclass(frozen=True)
class Part:
    """A date with the steps before it that are still to come."""

    deadline: Deadline
    what: str
    is_over: bool
    steps: list[Step] = field(default_factory=list)


@chairs_only
def reminders(request: ChairRequest, chair: Membership) -> HttpResponse:
    """GET shows; POST `show` tries other days without saving them, anything else saves."""
    edition, now = chair.edition, timezone.now()
    given = {"days": edition.reminder_days, "version": edition.version}
    form = ScheduleForm(request.POST if request.method == "POST" else None, initial=given)
    tried = False
    if form.is_valid():
        days = form.cleaned_data["days"]
        if "show" in request.POST:
            # Not saved: only this page computes with them.
            tried, edition.reminder_days = days != edition.reminder_days, days
        elif save(request, chair, form, now):
            return redirect("letters:reminders", edition.slug)
    context = {"form": form, "tried": tried, "parts": parts_of(chair, now)}
    return page(request, chair, "reminders.html", context, status=422 if form.errors else 200)


def save(request: ChairRequest, chair: Membership, form: ScheduleForm, now: datetime) -> bool:
    try:
        changed = change_settings(
            edition=chair.edition,
            values={"reminder_days": form.cleaned_data["days"]},
            based_on=form.cleaned_data["version"],
            by=request.user,
            at=now,
        )
    except EditionError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "The schedule is saved." if changed else "It was so already; nothing changed.")
    return True


def parts_of(chair: Membership, now: datetime) -> list[Part]:
    """Each date with the steps that are to come; nothing about submissions that the chair may not know of."""
    edition, among = chair.edition, overseen_by(chair)
    prefetch_related_objects([edition], "topics")
    found = []
    for phase in PHASES:
        deadline = edition.due(phase)
        if deadline is not None:
            deadline.edition = edition
            rows = planned(deadline, now, among)
            steps = [Step(moment, list(group)) for moment, group in groupby(rows, key=lambda row: row.moment)]
            found.append(Part(deadline, WHAT[phase], deadline.cutoff_at <= now, steps))
    return found
