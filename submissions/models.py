"""The authors' side: submissions, authors, manuscripts, conflicts of interest, camera-ready papers."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from dlonsc.accounts.models import User, validate_orcid
from dlonsc.editions.calendar import AOE, Phase
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from submissions.states import WORDS, Outcome, State


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def drafts(self) -> "SubmissionQuerySet":
        return self.filter(state=State.DRAFT)

    def submitted(self) -> "SubmissionQuerySet":
        return self.filter(state=State.SUBMITTED)

    def under_review(self, at: datetime) -> "SubmissionQuerySet":
        """Submitted, and no decision known at `at`: reviews of it can still be written."""
        return self.submitted().exclude(announced_at__lte=at)

    def accepted(self, at: datetime) -> "SubmissionQuerySet":
        """Those whose acceptance authors may know at `at`."""
        return self.submitted().filter(outcome=Outcome.ACCEPTED, announced_at__lte=at)


class Submission(models.Model):
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="submissions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    abstract = models.TextField(blank=True)
    keywords = models.CharField(max_length=300, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="submissions")
    state = models.CharField(max_length=20, choices=[(s.value, WORDS[s]) for s in State], default=State.DRAFT)
    is_original = models.BooleanField("unpublished, original, not under review elsewhere", default=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="created_submissions")
    # Another took her off the author list: it opens to her no more (access.open_to), and stays her conflict.
    creator_left = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdraw_reason = models.TextField(blank=True)
    # What was announced, by the committee's side; both or neither. Known from announced_at on.
    outcome = models.CharField(max_length=20, blank=True, choices=[(o.value, o.value) for o in Outcome])
    announced_at = models.DateTimeField(null=True, blank=True)
    handling_chair = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="handled_submissions"
    )
    # Conflicts confirmed by the authors (step A5), even when there are none.
    conflicts_at = models.DateTimeField(null=True, blank=True)
    # Since when the author list of the submitted paper stands without its new authors being told; None: all are told.
    authors_untold_since = models.DateTimeField(null=True, blank=True)
    # What was typed into a section and could not be saved as rows yet, as posted: {section: {field: value, by, by_id}};
    # "aside": [{section, by, by_id, window, fields: {field: [values]}}], what came second or too late.
    typed = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="one_submission_per_number"),
            models.CheckConstraint(
                condition=models.Q(outcome="", announced_at__isnull=True)
                | (~models.Q(outcome="") & models.Q(announced_at__isnull=False)),
                name="outcome_and_announced_at_together",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.SUBMITTED) | models.Q(submitted_at__isnull=False),
                name="submitted_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} #{self.number}"

    @property
    def label(self) -> str:
        """How history and letters name it: the primary key, which no page shows."""
        return f"submission:{self.pk}"

    def outcome_known(self, at: datetime) -> str:
        """The outcome that authors may know at `at`, or ''; none once the submission was taken back or returned."""
        is_told = self.announced_at is not None and self.announced_at <= at and self.state == State.SUBMITTED
        return self.outcome if is_told else ""

    def own_date(self, due: Deadline | None) -> datetime | None:
        """Until when the chairs let this submission alone, if that is later than what all have."""
        given = [row.cutoff_at for row in self.late_permissions.all() if due and row.phase == due.phase]
        latest = max(given, default=None)
        return latest if latest and due and latest > due.cutoff_at else None


class Author(models.Model):
    """An author as printed. Needs no account; an account sees the submission once this address is verified on it."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField()
    name = models.CharField("name as printed", max_length=200)
    email = models.EmailField()
    institution = models.CharField(max_length=200, blank=True)
    town = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    orcid = models.CharField("ORCID iD", max_length=19, blank=True, validators=[validate_orcid])
    # It is printed and shows no conflict: whoever types a chair's iD moves nobody off a paper that is decided.
    orcid_is_late = models.BooleanField("ORCID iD typed after the outcome was known", default=False, db_default=False)
    is_contact = models.BooleanField("contact author", default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # Of who started the submission, known once by her name or a proven address, and then by this address.
    is_creators = models.BooleanField("row of who started the submission", default=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint("submission", Lower("email"), name="one_author_per_email"),
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(is_contact=True), name="one_contact_author"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def identifying_orcid(self) -> str:
        """The iD by which a member is found to be this author, or ''."""
        return "" if self.orcid_is_late else self.orcid


# Findings of the check about a PDF in which something runs.
ACTING = frozenset({"JAVASCRIPT", "LAUNCH", "AUTO_ACTION"})


class StoredFile(models.Model):
    """An uploaded file: bytes by their SHA-256 in the private store, flushed to disk before this row is written."""

    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField("bytes")
    original_name = models.CharField(max_length=200)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def may_be_shown(self) -> bool:
        """Whether it may open inside a browser: a PDF that was checked and in which nothing runs.

        No header keeps a browser's PDF viewer from running the scripts of a file; they can open dialogs of their own.
        """
        found = {row["code"] for row in getattr(self, "report", {}).get("findings", [])}
        return getattr(self, "verdict", "unchecked") != "unchecked" and not found & ACTING


class Manuscript(StoredFile):
    """One uploaded PDF; `number` is its version. All are kept; the current one is what reviewers see."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="manuscripts")
    number = models.PositiveSmallIntegerField("version")
    is_current = models.BooleanField(default=False)
    # Came after the deadline: kept, marked, no part of the submission until a chair adopts it.
    is_late = models.BooleanField(default=False)
    received_at = models.DateTimeField(help_text="first byte at the proxy; what the calendar is asked with")
    pages = models.PositiveIntegerField(null=True, blank=True)
    verdict = models.CharField(max_length=12, default="unchecked", help_text="accept, warn, reject or unchecked")
    report = models.JSONField(default=dict, blank=True)
    rules_version = models.CharField(max_length=40, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # A chair's word over the machine's.
    override_note = models.TextField(blank=True)
    overridden_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    overridden_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="one_manuscript_per_version"),
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(is_current=True), name="one_current_manuscript"
            ),
            models.CheckConstraint(
                condition=models.Q(overridden_by__isnull=True, overridden_at__isnull=True)
                | models.Q(overridden_by__isnull=False, overridden_at__isnull=False),
                name="overridden_by_and_at_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} v{self.number}"

    @property
    def blocks(self) -> bool:
        """Whether the check's verdict closes Submit."""
        return self.verdict == "reject" and self.overridden_at is None


class Supplement(StoredFile):
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="supplements")
    description = models.CharField(max_length=200, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["uploaded_at", "pk"]

    def __str__(self) -> str:
        return self.original_name


# The parts of a record's row in the order in which they are read, with the words around each.
PARTS = (
    ("name", "", ""),
    ("system", "", ""),
    ("release", "release ", ""),
    ("version", "version ", ""),
    ("subset", "subset ", ""),
    ("licence", "licence ", ""),
    ("nodes", "", " nodes"),
    ("cpu", "", ""),
    ("accelerator", "", ""),
    ("interconnect", "", ""),
    ("detail", "", ""),
)


class ReproducibilityRecord(models.Model):
    """What the call requires: what was run, on what, with what. Rows are lists of plain dictionaries.

    software: name, release, url; datasets: name, version, subset, licence, url; hardware: system, nodes, cpu,
    accelerator, interconnect; benchmarks: name, detail. `not_applicable` maps a section to its reason.
    """

    SECTIONS = ("algorithms", "software", "datasets", "hardware", "benchmarks")
    TITLES = ("Algorithms", "Software", "Data sets", "Hardware", "Benchmarks")

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="reproducibility")
    algorithms = models.TextField(blank=True)
    software = models.JSONField(default=list, blank=True)
    datasets = models.JSONField(default=list, blank=True)
    hardware = models.JSONField(default=list, blank=True)
    benchmarks = models.JSONField(default=list, blank=True)
    not_applicable = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"reproducibility of {self.submission_id}"

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The record as everybody reads it: per section {title, lines, reason}; a line is {words, url}."""
        return [
            {"title": title, "lines": self._lines(name), "reason": self.not_applicable.get(name, "")}
            for name, title in zip(self.SECTIONS, self.TITLES, strict=True)
        ]

    def _lines(self, section: str) -> list[dict[str, str]]:
        if section == "algorithms":
            return [{"words": self.algorithms, "url": ""}] if self.algorithms else []
        return [
            {
                "words": ", ".join(f"{before}{row[name]}{after}" for name, before, after in PARTS if row.get(name)),
                "url": row.get("url", ""),
            }
            for row in getattr(self, section)
        ]

    def section_done(self, section: str) -> bool:
        """Whether a section is filled, or says why it does not apply."""
        return bool(self.not_applicable.get(section)) or bool(getattr(self, section))

    @property
    def missing(self) -> list[str]:
        return [section for section in self.SECTIONS if not self.section_done(section)]


class ConflictSource(models.TextChoices):
    AUTHOR = "author", "declared by the authors"
    MEMBER = "member", "declared by the member"
    INSTITUTION = "institution", "same institution"
    DOMAIN = "domain", "same mail domain"
    AUTHORSHIP = "authorship", "is an author"
    CHAIR = "chair", "set by a chair"


class ConflictKind(models.TextChoices):
    INSTITUTION = "institution", "same institution, now or in the last 3 years"
    COAUTHOR = "coauthor", "co-author in the last 3 years"
    ADVISOR = "advisor", "advisor or student, ever"
    FAMILY = "family", "family or close friend"
    FINANCIAL = "financial", "financial interest"
    OTHER = "other", "other"


class Conflict(models.Model):
    """A conflict of interest of a submission and a member. Lifted, not deleted; authors cannot remove others'."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="conflicts")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="conflicts")
    source = models.CharField(max_length=20, choices=ConflictSource.choices)
    kind = models.CharField(max_length=20, choices=ConflictKind.choices, default=ConflictKind.OTHER)
    reason = models.TextField(blank=True)
    declared_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    declared_at = models.DateTimeField(default=timezone.now)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)
    # When the authors took away what a chair had lifted: it is theirs no more, and her decision stays.
    taken_away_at = models.DateTimeField(null=True, blank=True)
    # Of computed ones, what the authors' side still shows it by, and whether it stood while the paper was submitted
    # (conflicts.refresh_conflicts).
    found_by = models.JSONField(default=list, blank=True)
    was_submitted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "membership", "source"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_conflict_per_source",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | models.Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="lifted_by_and_at_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} x {self.membership_id} ({self.source})"

    @property
    def is_of_an_author(self) -> bool:
        """Whether the author list still names her, or she made or confirmed the submission: no chair lifts that."""
        return self.source == ConflictSource.AUTHORSHIP and bool(self.found_by)


class AuthorListRequest(models.Model):
    """A change of the author list after the deadline: old list, new list, reason; decided by a chair."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="author_requests")
    old_list = models.JSONField()
    new_list = models.JSONField()
    reason = models.TextField()
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    is_granted = models.BooleanField(default=False)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=models.Q(decided_at__isnull=True), name="one_open_author_request"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True, decided_at__isnull=True)
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="author_request_decided_by_and_at_together",
            ),
        ]

    def __str__(self) -> str:
        return f"author list of {self.submission_id}, {self.requested_at:%Y-%m-%d}"


class LatePermission(models.Model):
    """One submission's own, later cut-off for a phase, given by a chair. Rows are only added; the latest wins."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="late_permissions")
    phase = models.CharField(max_length=20, choices=[(phase.value, phase.name) for phase in Phase])
    cutoff_at = models.DateTimeField()
    reason = models.TextField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    # Chairs give it in AoE, and so it is shown.
    zone = AOE

    class Meta:
        ordering = ["-cutoff_at"]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.phase} until {self.cutoff_at:%Y-%m-%d %H:%M}Z"


class Question(models.Model):
    """The authors' thread with the chairs about one submission (A10)."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="questions")
    text = models.TextField()
    from_chairs = models.BooleanField(default=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.written_at:%Y-%m-%d %H:%M}"


class CameraReadyKind(models.TextChoices):
    PDF = "pdf", "Camera-ready PDF"
    SOURCES = "sources", "Source archive"
    LICENCE = "licence", "Signed licence form"


class CameraReadyItem(StoredFile):
    """One delivered item of an accepted submission. All versions are kept; the current one is what counts."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="camera_ready_items")
    kind = models.CharField(max_length=20, choices=CameraReadyKind.choices)
    number = models.PositiveSmallIntegerField("version")
    is_current = models.BooleanField(default=True)
    is_late = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    verdict = models.CharField(max_length=12, default="unchecked")
    report = models.JSONField(default=dict, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    returned_at = models.DateTimeField(null=True, blank=True)
    return_text = models.TextField(blank=True)

    class Meta:
        ordering = ["submission", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "kind", "number"], name="one_item_per_version"),
            models.UniqueConstraint(
                fields=["submission", "kind"], condition=models.Q(is_current=True), name="one_current_item"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(returned_at__isnull=True),
                name="item_accepted_or_returned_not_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.kind} v{self.number}"


class CameraReadyDetails(models.Model):
    """What print needs beside the files (A12)."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="camera_ready_details")
    running_head = models.CharField(max_length=120, blank=True)
    licence_signer = models.CharField(max_length=200, blank=True)
    licence_signed_on = models.DateField(null=True, blank=True)
    alt_text_done = models.BooleanField("figures have alternative texts", default=False)
    is_locked = models.BooleanField(default=False)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"camera-ready details of {self.submission_id}"


def rows_of(record: ReproducibilityRecord, section: str) -> list[dict[str, Any]]:
    """A section's rows as a list, also for the one section that is a text."""
    value = getattr(record, section)
    return value if isinstance(value, list) else [{"text": value}] if value else []
