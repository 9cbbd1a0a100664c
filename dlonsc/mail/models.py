"""The ledger: one row per letter, written in the transaction of the fact. Redis is a doorbell, this is the truth."""

import hashlib
import secrets

from django.db import models
from django.utils import timezone


def new_token() -> str:
    """A secret that survives mail servers which change upper and lower case."""
    return secrets.token_hex(16)


KEY_LENGTH = 200


def stored_key(key: str) -> str:
    """A letter's key as the ledger holds it: a long one, of a long address, is shortened and stays its own."""
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[:160]}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class State(models.TextChoices):
    HELD = "held", "Held"
    GATHERED = "gathered", "Waits for the letter of the day"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    HANDED_OVER = "handed_over", "Handed over, no answer yet"
    SENT = "sent", "Sent"
    RETRY = "retry", "Will be tried again"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown: may have arrived"
    BOUNCED = "bounced", "Came back"
    CANCELLED = "cancelled", "Cancelled"
    COLLECTED = "collected", "Told in the letter of the day"


# The letters that somebody may have read.
HAVE_LEFT = (State.SENT, State.UNKNOWN, State.BOUNCED)


class Campaign(models.Model):
    """Letters that were released together. `edition` and `kind` are labels: this room knows nobody above it."""

    edition = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    created_by_id_label = models.BigIntegerField(null=True)
    release_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.TextField(blank=True)
    snapshot = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """One letter to one person, frozen when written."""

    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    edition = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=60)
    # What the letter is about, such as "submission:17" (primary key), so that access can leave letters out.
    subject_label = models.CharField(max_length=80, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    to_email = models.EmailField(max_length=254)
    to_name = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    # A decision goes out at most once by itself; a reminder at least once.
    at_most_once = models.BooleanField(default=True)
    guard = models.JSONField("what must still be true when it leaves", default=dict, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Counts up for ever: the number of an attempt is also the proof of holding the lease.
    attempts = models.PositiveSmallIntegerField(default=0)
    earlier_attempts = models.PositiveSmallIntegerField("attempts before a person sent it again", default=0)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField("the server's answer", blank=True)
    return_token = models.CharField(max_length=40, default=new_token, unique=True)
    # In the link that leaves the reminders, which is forwarded with the text: it must not tell the one above, which
    # reports a returned letter. None: not a letter that one can leave, or an old one whose link has the one above.
    leave_token = models.CharField(max_length=40, null=True, blank=True, unique=True)
    # The account that had proven the address and has given it up since: no later holder reads the letter as her own.
    given_up_by_id_label = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "not_before"]),
            models.Index(fields=["edition", "-created_at"]),
            models.Index(fields=["to_email"]),
        ]

    def __str__(self) -> str:
        return f"{self.key} -> {self.to_email} ({self.state})"

    @property
    def message_id(self) -> str:
        return str(self.headers.get("Message-ID", ""))


class StateChange(models.Model):
    """Each state a letter was in, with time and server answer. Append-only."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="changes")
    state = models.CharField(max_length=20, choices=State.choices)
    at = models.DateTimeField()
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.state} {self.at:%H:%M:%S}"


class Pause(models.Model):
    """While it is not lifted, letters wait: those of one campaign, of one edition, or, with neither, all of them."""

    edition = models.CharField(max_length=60, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, null=True, blank=True, related_name="pauses")
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    paused_by = models.CharField(max_length=200)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return f"{self.campaign_id or self.edition or 'everything'} paused since {self.since:%Y-%m-%d %H:%M}"


class Pace(models.Model):
    """The one row that workers share: when the next letter may leave, and who is sweeping until when."""

    next_at = models.DateTimeField()
    sweeping_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"next letter {self.next_at:%H:%M:%S}"


class Unsubscribed(models.Model):
    """An address that wants no reminders of an edition. Receipts and decisions still come."""

    email = models.EmailField(max_length=254)
    edition = models.CharField(max_length=60, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "edition"], name="one_wish_per_address")]

    def __str__(self) -> str:
        return f"{self.email} {self.edition}"


class Erased(models.Model):
    """An address whose owner was erased, as a keyed hash (dlonsc.mail.erased)."""

    digest = models.CharField(max_length=64, db_index=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.digest[:8]} since {self.since:%Y-%m-%d %H:%M}"
