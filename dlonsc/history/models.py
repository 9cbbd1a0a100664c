"""Who did what when. Plain labels and numbers: this room knows nobody above it."""

from django.db import models


class EntryQuerySet(models.QuerySet["Entry"]):
    def of_edition(self, slug: str) -> "EntryQuerySet":
        return self.filter(edition=slug)

    def about(self, subject: str) -> "EntryQuerySet":
        return self.filter(subject=subject)


class Entry(models.Model):
    """One act. `subject` is a label such as "submission:17" (primary key), so that access can leave entries out."""

    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    edition = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    detail = models.JSONField(default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["edition", "-at"]),
            models.Index(fields=["subject", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}: {self.verb} {self.subject}"
