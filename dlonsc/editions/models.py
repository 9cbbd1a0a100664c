"""One year's workshop: its dates, call for papers, topics and programme committee."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from dlonsc.accounts.models import User
from dlonsc.editions import calendar
from dlonsc.editions.calendar import Phase, Window
from dlonsc.history.models import Entry
from dlonsc.mail.placeholders import Value
from dlonsc.mail.post import OwnWords

SCORES: list[dict[str, Any]] = [
    {"value": 3, "label": "Strong accept"},
    {"value": 2, "label": "Accept"},
    {"value": 1, "label": "Weak accept"},
    {"value": -1, "label": "Weak reject"},
    {"value": -2, "label": "Reject"},
    {"value": -3, "label": "Strong reject"},
]
CONFIDENCES: list[dict[str, Any]] = [
    {"value": 4, "label": "Expert: I work on this"},
    {"value": 3, "label": "High: I know the field well"},
    {"value": 2, "label": "Medium: I know the neighbouring field"},
    {"value": 1, "label": "Low: an educated guess"},
]


def default_scores() -> list[dict[str, Any]]:
    return [dict(row) for row in SCORES]


def default_confidences() -> list[dict[str, Any]]:
    return [dict(row) for row in CONFIDENCES]


def default_reminder_days() -> list[float]:
    return [7, 2, 0.5]


# 0 keeps it open. A short list, so that the database can compare without arithmetic of months.
COMMITTEE_MONTHS = [(0, "never"), (1, "1 month"), (3, "3 months"), (6, "6 months"), (12, "1 year"), (24, "2 years")]


class Edition(models.Model):
    """One year's workshop. What chairs may change is a field here; the call's text comes from data, not templates."""

    slug = models.SlugField(unique=True, max_length=60, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$")])
    name = models.CharField(max_length=60, help_text="short, as in letters: DLonSC 2020")
    title = models.CharField(max_length=200, help_text="in full")
    tagline = models.CharField(max_length=300, blank=True)
    host = models.CharField("held with", max_length=120, blank=True)
    venue = models.CharField(max_length=200, blank=True)
    is_public = models.BooleanField("the call is published", default=False)
    is_demo = models.BooleanField(default=False)
    # The call, Markdown.
    theme = models.TextField(blank=True)
    submission_rules = models.TextField(blank=True)
    reproducibility_rules = models.TextField(blank=True)
    previous = models.JSONField("previous workshops", default=list, blank=True, help_text="[{title, url}]")
    links = models.JSONField("template links", default=list, blank=True, help_text="[{title, url}]")
    contact_email = models.EmailField(blank=True)
    # Submission.
    min_pages = models.PositiveSmallIntegerField(default=6)
    max_pages = models.PositiveSmallIntegerField(default=12)
    blind = models.BooleanField("double-blind: reviewers do not see the authors", default=False)
    needs_declaration = models.BooleanField("authors declare the work unpublished and original", default=True)
    needs_reproducibility = models.BooleanField("the reproducibility record must be complete", default=True)
    check_severities = models.JSONField(
        "what the format check blocks or warns about", default=dict, blank=True, help_text="{code: block|warn|info}"
    )
    camera_ready_rules = models.JSONField(
        "rules of the check for camera-ready papers",
        default=dict,
        blank=True,
        help_text="{min_pages, max_pages, severities}; what is missing is as for submissions",
    )
    conflicts_need_reason_above = models.PositiveSmallIntegerField(default=5)
    # Review.
    reviews_per_submission = models.PositiveSmallIntegerField(default=3, validators=[MaxValueValidator(10)])
    default_max_load = models.PositiveSmallIntegerField(default=6, validators=[MinValueValidator(1)])
    bidding_open = models.BooleanField(default=False)
    reviewers_see_each_other = models.BooleanField("co-reviewers of a submission see each other's names", default=True)
    committee_discusses = models.BooleanField(
        "reviewers of a submission and the chairs may discuss it in writing", default=True
    )
    sub_reviewers = models.BooleanField(
        "a reviewer may name a sub-reviewer, who writes with her once a chair has agreed", default=False
    )
    committee_months = models.PositiveSmallIntegerField(
        "reviewers' access ends, months after the event",
        choices=COMMITTEE_MONTHS,
        default=6,
        help_text="What they wrote themselves stays readable to them; chairs and the proceedings chair keep theirs.",
    )
    scores = models.JSONField(default=default_scores)
    confidences = models.JSONField(default=default_confidences)
    review_guidance = models.JSONField(default=dict, blank=True, help_text="{field: text}")
    matching = models.JSONField("weights of the assignment", default=dict, blank=True)
    # Mail.
    mail_sender = models.CharField("name of the sender", max_length=120, blank=True)
    reply_to = models.EmailField("answers go to", blank=True)
    hold_minutes = models.PositiveSmallIntegerField("minutes an announcement is held", default=10)
    needs_second_chair = models.BooleanField("a second chair confirms the announcement", default=False)
    # Empty: no reminders.
    reminder_days = models.JSONField("reminders before a deadline, days", default=default_reminder_days, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(min_pages__lte=models.F("max_pages")), name="page_limits_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def own_texts(self) -> "dict[str, LetterText]":
        """The texts that chairs worded themselves and that hold now, by kind of letter; one query."""
        latest = {row.kind: row for row in self.letter_texts.order_by("pk")}
        return {kind: row for kind, row in latest.items() if row.text}

    def own_words(self, kind: str, values: Callable[[], Mapping[str, Value]]) -> OwnWords | None:
        """The edition's own text of a kind of letter with what fills it, or None where the built-in one holds."""
        row = self.own_texts.get(kind)
        return OwnWords(row.subject, row.text, values()) if row else None

    def due(self, phase: Phase) -> "Deadline | None":
        """This edition's deadline of a phase, from one query for all phases."""
        return next((row for row in self.deadlines.all() if row.phase == phase), None)

    def window(
        self,
        phase: Phase,
        *,
        received_at: datetime,
        begun_at: datetime | None = None,
        extensions: tuple[datetime, ...] = (),
    ) -> Window:
        """calendar.window for one of this edition's phases."""
        deadline = self.due(phase)
        if deadline is None:
            return calendar.window(received_at=received_at, cutoff=None)
        return calendar.window(
            received_at=received_at,
            opens_at=deadline.opens_at,
            cutoff=deadline.cutoff_at,
            extensions=extensions,
            grace=timedelta(minutes=deadline.grace_minutes),
            begun_at=begun_at,
            soft=deadline.is_soft,
        )

    def committee_is_over(self, at: datetime, months: int | None = None) -> bool:
        """Whether the event lies so long ago that the reviewers' access has ended; `months` replaces its own."""
        event = self.due(Phase.EVENT)
        months = self.committee_months if months is None else months
        if event is None or not months:
            return False
        return event.cutoff_at <= calendar.months_before(at, months)

    def score_label(self, value: int | None) -> str:
        return self._label("scores", value)

    def confidence_label(self, value: int | None) -> str:
        return self._label("confidences", value)

    def _label(self, scale: str, value: int | None) -> str:
        """What a value means; of one that has left its scale what it meant last, for a review may still hold it: the
        chair who took it away knew of none.
        """
        past = Entry.objects.of_edition(self.slug).filter(verb="change_settings", detail__before__has_key=scale)
        scales = chain([getattr(self, scale)], past.values_list(f"detail__before__{scale}", flat=True))
        rows = chain.from_iterable(scales)
        return "" if value is None else next((row["label"] for row in rows if row["value"] == value), "")

    @property
    def sender(self) -> str:
        """The From header's display name for this edition."""
        return self.mail_sender or self.name


class Deadline(models.Model):
    """One of an edition's dates. The announced minute and its zone are stored; cutoff_at is the instant after it."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="deadlines")
    phase = models.CharField(max_length=20, choices=[(phase.value, phase.name) for phase in Phase])
    label = models.CharField(max_length=80, help_text="as the call names it: Technical paper due")
    announced = models.CharField(max_length=16, help_text="local minute, 2020-03-31T23:59")
    zone = models.CharField(max_length=60, default=calendar.AOE)
    cutoff_at = models.DateTimeField()
    first_cutoff_at = models.DateTimeField(help_text="before any extension")
    opens_at = models.DateTimeField(null=True, blank=True)
    grace_minutes = models.PositiveSmallIntegerField(default=0)
    is_soft = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["cutoff_at"]
        constraints = [models.UniqueConstraint(fields=["edition", "phase"], name="one_deadline_per_phase")]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.phase} {self.announced} {self.zone}"

    @property
    def announced_at(self) -> datetime:
        """The announced minute for print beside `zone`: naive, because templates turn aware times into UTC."""
        return calendar.announced_at(self.cutoff_at, self.zone).replace(tzinfo=None)

    @property
    def first_announced_at(self) -> datetime:
        """The minute announced before any extension, as `announced_at`."""
        return calendar.announced_at(self.first_cutoff_at, self.zone).replace(tzinfo=None)


def long_past_events(at: datetime) -> models.QuerySet[Deadline]:
    """The event dates of editions whose reviewers' access has ended at `at`, as a condition for the database."""
    past = models.Q(pk__in=())
    for months, _ in COMMITTEE_MONTHS:
        if months:
            past |= models.Q(edition__committee_months=months, cutoff_at__lte=calendar.months_before(at, months))
    return Deadline.objects.filter(past, phase=Phase.EVENT)


class LetterText(models.Model):
    """A letter as an edition's chairs word it. Append-only: the newest row of a kind holds, an empty one resets."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="letter_texts")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(text="", subject="") | ~models.Q(models.Q(text="") | models.Q(subject="")),
                name="letter_text_whole_or_reset",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.written_at:%Y-%m-%d %H:%M}"


class Topic(models.Model):
    """A topic of the call; the call nests them one level deep."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="topics")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["edition", "parent", "title"], name="one_topic_per_title")]

    def __str__(self) -> str:
        return self.title


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Those who accepted, were not removed, and can sign in."""
        return self.filter(accepted_at__isnull=False, removed_at__isnull=True, user__isnull=False)

    def chairs(self) -> "MembershipQuerySet":
        return self.active().filter(is_chair=True)

    def reviewers(self) -> "MembershipQuerySet":
        return self.active().filter(is_reviewer=True)

    def listed(self) -> "MembershipQuerySet":
        """Those whom the public committee page names."""
        return self.filter(is_listed=True, removed_at__isnull=True, declined_at__isnull=True)

    def known_to_authors(self) -> "MembershipQuerySet":
        """Those who accepted or whom the public page names; who has not answered is the chairs' to know."""
        return self.active() | self.listed()


class Membership(models.Model):
    """A person's place in an edition's committee, from invitation to the end. One row per person, roles as flags.

    A row without `user` is somebody whom the call lists, or who was invited: it gets its account when she has accepted
    and she who has proven the address is signed in.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    is_chair = models.BooleanField(default=False)
    is_proceedings_chair = models.BooleanField(default=False)
    is_reviewer = models.BooleanField(default=True)
    is_senior = models.BooleanField(default=False)
    title = models.CharField("role as printed", max_length=60, blank=True, help_text="co-chair")
    is_listed = models.BooleanField("named on the public committee page", default=True)
    position = models.PositiveSmallIntegerField(default=0)
    # Invitation.
    invited_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invitation_round = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.TextField(blank=True)
    suggestion = models.TextField("whom to ask instead", blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    # What the member says of herself.
    min_load = models.PositiveSmallIntegerField(default=0)
    max_load = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(100)])
    away = models.CharField("days away", max_length=200, blank=True)
    profile_at = models.DateTimeField("profile confirmed", null=True, blank=True)
    rules_at = models.DateTimeField("rules of confidentiality confirmed", null=True, blank=True)
    publications = models.TextField("own abstracts or publications", blank=True)
    declared_conflicts = models.JSONField("persons not to review", default=list, blank=True, help_text="[{who, kind}]")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "user"], condition=models.Q(user__isnull=False), name="one_membership_per_user"
            ),
            models.UniqueConstraint(
                "edition", Lower("email"), condition=~models.Q(email=""), name="one_membership_per_email"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(declined_at__isnull=True),
                name="accepted_or_declined_not_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.edition_id})"

    @property
    def is_active(self) -> bool:
        return self.accepted_at is not None and self.removed_at is None and self.user_id is not None

    @property
    def is_unclaimed(self) -> bool:
        """Accepted, perhaps by another who had the link, while nobody who has proven the address was signed in."""
        return self.accepted_at is not None and self.removed_at is None and self.user_id is None

    def has_address(self, email: str) -> bool:
        """Whether an address, in small letters, is hers: of her account or, without one, where she was invited."""
        if self.user is None:
            return email == self.email.lower()
        return email in {self.user.email.lower(), *self.user.verified_emails}

    @property
    def load_limit(self) -> int:
        return self.edition.default_max_load if self.max_load is None else self.max_load


class MembershipAffiliation(models.Model):
    """An institution of a member as the call prints it; used for conflicts beside the person's own affiliations."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="affiliations")
    institution = models.CharField(max_length=200)
    country = models.CharField(max_length=100, blank=True)
    domain = models.CharField(max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.institution


class Interest(models.Model):
    """How much a member wants submissions of a topic: -2 (never) to 2 (my own field)."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="interests")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="interests")
    value = models.SmallIntegerField(default=0, validators=[MinValueValidator(-2), MaxValueValidator(2)])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "topic"], name="one_interest_per_topic"),
            models.CheckConstraint(condition=models.Q(value__gte=-2, value__lte=2), name="interest_in_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.topic_id} {self.value:+d}"


class InstitutionAlias(models.Model):
    """Other names and mail domains of an institution, so that ANL, Argonne National Laboratory and anl.gov are one."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="aliases")
    alias = models.CharField(max_length=200)
    institution = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint("edition", Lower("alias"), name="one_meaning_per_alias")]

    def __str__(self) -> str:
        return f"{self.alias} = {self.institution}"


def new_feed_token() -> str:
    return secrets.token_urlsafe(24)


class CalendarFeed(models.Model):
    """A person's secret calendar address: whoever has it reads her dates, so it can be thrown away at any time."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="calendar_feed")
    token = models.CharField(max_length=60, unique=True, default=new_feed_token)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"
