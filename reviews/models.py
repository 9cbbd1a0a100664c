"""The committee's side: bids, assignment, reviews, decisions, announcements."""

from datetime import datetime
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from submissions.models import Submission


class Bid(models.Model):
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="bids")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="bids")
    value = models.SmallIntegerField(validators=[MinValueValidator(-2), MaxValueValidator(2)])
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "submission"], name="one_bid_per_submission"),
            models.CheckConstraint(condition=models.Q(value__gte=-2, value__lte=2), name="bid_in_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.submission_id} {self.value:+d}"


class TextVector(models.Model):
    """The sentence vector of a text, kept so that it is computed once. `key` is a hash of the model and the text."""

    key = models.CharField(max_length=64, unique=True)
    vector = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key[:12]


class Proposal(models.Model):
    """One run of the assignment with its inputs, seed and result. Only its chair sees it until it is committed."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        READY = "ready", "Ready"
        INFEASIBLE = "infeasible", "Cannot be done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        COMMITTED = "committed", "Committed"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="proposals")
    number = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WAITING)
    settings = models.JSONField(default=dict)
    seed = models.PositiveBigIntegerField(default=0)
    inputs = models.JSONField(default=dict, help_text="the frozen problem: everything needed to repeat the run")
    result = models.JSONField(default=dict, help_text="metrics, bounds, explanation, unmet")
    # [{submission, membership, score, locked, by_hand}] by primary keys, as edited by hand since the run.
    pairs = models.JSONField(default=list)
    undo = models.JSONField(default=list, help_text="earlier values of pairs, newest last")
    progress = models.PositiveSmallIntegerField(default=0)
    heard_at = models.DateTimeField(null=True, blank=True, help_text="the run's last sign of life")
    committed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "created_by", "number"], name="one_proposal_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} proposal {self.number}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def standing(self) -> "AssignmentQuerySet":
        return self.filter(declined_at__isnull=True, removed_at__isnull=True)

    def awaiting_review(self) -> "AssignmentQuerySet":
        return self.standing().filter(review__submitted_at__isnull=True)


class Assignment(models.Model):
    """A reviewer's task. Declined or removed rows stay: they justify who saw what, and keep the draft."""

    class Refusal(models.TextChoices):
        CONFLICT = "conflict", "I have a conflict of interest"
        COMPETENCE = "competence", "I am not competent to review this"
        TIME = "time", "I cannot do it in time"

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="assignments")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    promised_at = models.DateField("promised for", null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    refusal = models.CharField(max_length=20, choices=Refusal.choices, blank=True)
    refusal_reason = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["assigned_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "membership"],
                condition=models.Q(declined_at__isnull=True, removed_at__isnull=True),
                name="one_standing_assignment",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_by__isnull=True, removed_at__isnull=True)
                | models.Q(removed_by__isnull=False, removed_at__isnull=False),
                name="removed_by_and_at_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} -> {self.membership_id}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def submitted(self) -> "ReviewQuerySet":
        """Submitted reviews of standing assignments: the only ones that count anywhere."""
        return self.filter(
            submitted_at__isnull=False,
            assignment__declined_at__isnull=True,
            assignment__removed_at__isnull=True,
        )


class Review(models.Model):
    """The review of one assignment. A draft never counts; every saved text is kept as a ReviewVersion."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "summary",
        "strengths",
        "weaknesses",
        "reproducibility",
        "score",
        "confidence",
        "for_chairs",
    )
    # What authors may read once announced, and co-reviewers after their own is in. for_chairs is for chairs only.
    SHARED: ClassVar[tuple[str, ...]] = ("summary", "strengths", "weaknesses", "reproducibility", "score", "confidence")

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="review")
    # "Reviewer 2": stable per submission, in an order that tells nothing.
    label = models.PositiveSmallIntegerField()
    summary = models.TextField(blank=True)
    strengths = models.TextField(blank=True)
    weaknesses = models.TextField(blank=True)
    reproducibility = models.TextField(blank=True)
    score = models.SmallIntegerField(null=True, blank=True)
    confidence = models.SmallIntegerField(null=True, blank=True)
    for_chairs = models.TextField("confidential note, chairs only", blank=True)
    saved_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(submitted_at__isnull=True) | models.Q(score__isnull=False, confidence__isnull=False),
                name="submitted_review_has_score",
            )
        ]

    def __str__(self) -> str:
        return f"review {self.label} of {self.assignment_id}"


class ReviewVersion(models.Model):
    """Every text that was ever saved. Append-only, but for an aside that its own window continues."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fields = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_submitted = models.BooleanField(default=False)
    # Saved from a page that did not know of a newer text: kept beside it, not over it.
    is_aside = models.BooleanField(default=False)
    # From which window it came: what the same one sends later takes its place while both are aside.
    window = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="one_review_version_per_number")]

    def __str__(self) -> str:
        return f"{self.review_id} v{self.number}"


class SubReviewerQuerySet(models.QuerySet["SubReviewer"]):
    def standing(self) -> "SubReviewerQuerySet":
        """Named, and neither refused nor ended in any way."""
        return self.filter(ended_at__isnull=True)

    def waiting(self) -> "SubReviewerQuerySet":
        """Named, and no chair has answered."""
        return self.standing().filter(decided_at__isnull=True)

    def invited(self) -> "SubReviewerQuerySet":
        """Agreed to by a chair, and silent."""
        return self.standing().filter(is_agreed=True, accepted_at__isnull=True)

    def accepted(self) -> "SubReviewerQuerySet":
        return self.standing().filter(accepted_at__isnull=False)


class SubReviewer(models.Model):
    """Somebody who writes one review with its reviewer. Ended rows stay: they justify who saw what, and give credit."""

    class Ending(models.TextChoices):
        REFUSED = "refused", "A chair did not agree"
        DECLINED = "declined", "She declined"
        # Her account turned out to be an author's or one in conflict. For chairs: a reviewer reads it as DECLINED.
        BARRED = "barred", "She may not know the submission"
        WITHDREW = "withdrew", "She gave it back"
        REVIEWER = "reviewer", "Ended by the reviewer"
        CHAIR = "chair", "Ended by a chair"
        TASK = "task", "The reviewer's task ended"
        SUBMITTED = "submitted", "The review is submitted"

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="sub_reviewers")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    institution = models.CharField(max_length=200)
    why = models.TextField("why she", blank=True)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    # A chair's answer. The reviewer never reads the reason: in a blind edition it could tell who the authors are.
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    is_agreed = models.BooleanField(default=False)
    reason = models.TextField("reason, for chairs only", blank=True)
    # Her own answer: the account that holds the invited address.
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="sub_reviews")
    accepted_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.TextField("why she declined", blank=True)
    ready_at = models.DateTimeField("handed over", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=20, choices=Ending.choices, blank=True)

    objects = SubReviewerQuerySet.as_manager()

    class Meta:
        ordering = ["named_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=models.Q(ended_at__isnull=True), name="one_standing_sub_reviewer"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True, decided_at__isnull=True)
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="sub_reviewer_decided_by_and_at_together",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, accepted_at__isnull=True)
                | models.Q(user__isnull=False, accepted_at__isnull=False, is_agreed=True),
                name="sub_reviewer_accepted_once_agreed",
            ),
            models.CheckConstraint(
                condition=models.Q(is_agreed=False) | models.Q(decided_at__isnull=False),
                name="sub_reviewer_agreed_by_a_chair",
            ),
            models.CheckConstraint(
                condition=models.Q(ready_at__isnull=True) | models.Q(accepted_at__isnull=False),
                name="sub_reviewer_ready_once_accepted",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ending="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ending="")),
                name="sub_reviewer_ended_at_with_ending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.assignment_id}"

    @property
    def state(self) -> tuple[str, str]:
        """The words and the meaning of its badge, as its reviewer and the chairs read it."""
        if self.ended_at is not None:
            return str(self.get_ending_display()), "plain"
        if self.ready_at is not None:
            return "Handed over", "good"
        if self.accepted_at is not None:
            return "Writing", "note"
        return ("Invited", "note") if self.is_agreed else ("Waits for a chair", "care")


class Discussion(models.Model):
    """A submission about which a chair has asked its reviewers and the other chairs to talk."""

    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="discussion")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["submission"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True, closed_at__isnull=True)
                | models.Q(closed_by__isnull=False, closed_at__isnull=False),
                name="closed_by_and_at_together",
            )
        ]

    def __str__(self) -> str:
        return f"discussion of {self.submission_id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Comment(models.Model):
    """What somebody wrote in a discussion. Append-only. `label` is how the others know her: Reviewer 2, Chair."""

    class Kind(models.TextChoices):
        COMMENT = "comment", "Comment"
        QUESTION = "question", "Question of a chair"
        CHANGE = "change", "Change of a score"

    discussion = models.ForeignKey(Discussion, on_delete=models.PROTECT, related_name="comments")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="comments")
    label = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.COMMENT)
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return f"{self.label} in {self.discussion_id}"


class LastRead(models.Model):
    """Up to which comment somebody has read a discussion."""

    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="marks")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["discussion", "membership"], name="one_mark_per_reader")]

    def __str__(self) -> str:
        return f"{self.membership_id} read {self.discussion_id}"


class Verdict(models.TextChoices):
    ACCEPT = "accept", "Accept"
    REJECT = "reject", "Reject"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def unannounced(self) -> "DecisionQuerySet":
        return self.filter(announcement__isnull=True)

    def announced(self, at: datetime) -> "DecisionQuerySet":
        return self.filter(announcement__release_at__lte=at, announcement__stopped_at__isnull=True)


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def held(self, at: datetime) -> "AnnouncementQuerySet":
        """Made, not stopped, and not known to anybody but chairs yet."""
        return self.filter(release_at__gt=at, stopped_at__isnull=True)


class Announcement(models.Model):
    """One release of decisions, held until release_at and stoppable until then; site and sender compute from it."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="announcements")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    release_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    accepts = models.PositiveIntegerField(default=0)
    rejects = models.PositiveIntegerField(default=0)
    letters = models.PositiveIntegerField(default=0)
    campaign_id_label = models.BigIntegerField(null=True, blank=True)
    # A correction after release names the announcement whose letter it takes back.
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections")

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stopped_by__isnull=True, stopped_at__isnull=True)
                | models.Q(stopped_by__isnull=False, stopped_at__isnull=False),
                name="stopped_by_and_at_together",
            )
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} announced {self.created_at:%Y-%m-%d %H:%M}"


class Mailing(models.Model):
    """A letter that a chair writes to an audience. Only she sees it before its release; then it does not change."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="mailings")
    audience = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    released_at = models.DateTimeField(null=True, blank=True)
    release_at = models.DateTimeField("the letters leave", null=True, blank=True)
    campaign_id_label = models.BigIntegerField(null=True, blank=True)
    # [{key, email, name}], as released.
    recipients = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-written_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True, release_at__isnull=True, campaign_id_label__isnull=True)
                | models.Q(released_at__isnull=False, release_at__isnull=False, campaign_id_label__isnull=False),
                name="mailing_released_whole",
            )
        ]

    def __str__(self) -> str:
        return self.subject or "without a subject"


class Decision(models.Model):
    """What the chair records. Private until announced."""

    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    note = models.TextField("reason, for chairs only", blank=True)
    to_authors = models.TextField("words to the authors", blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    announcement = models.ForeignKey(
        Announcement, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    # Where the edition asks for a second chair: who has read the letters, and which letters (their fingerprint).
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_print = models.CharField(max_length=64, blank=True)
    # What the letters say, frozen when announced: {verdict, to_authors, reviews}; page and letter tell the same.
    shown = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["submission"]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.verdict}"


class DecisionVersion(models.Model):
    """Every decision that was ever recorded, with what its chair wrote. Append-only; the newest is the decision's."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="decision_versions")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    note = models.TextField("reason, for chairs only", blank=True)
    to_authors = models.TextField("words to the authors", blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.verdict} {self.decided_at:%Y-%m-%d %H:%M}"
