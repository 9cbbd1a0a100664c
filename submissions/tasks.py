"""Doorbells of the format check, of computed conflicts and of authors who were added."""

from celery import shared_task
from django.utils import timezone

from dlonsc.editions.models import Edition
from dlonsc.mail.apart import apart
from submissions.checks import check_manuscript, check_unchecked_item, renew, unchecked, unchecked_items
from submissions.conflicts import refresh_edition
from submissions.models import Submission
from submissions.telling import tell_new_authors


@shared_task
def check(manuscript_id: int) -> None:
    """Check one manuscript if it was not checked yet."""
    check_manuscript(manuscript_id)


@shared_task
def sweep_checks() -> None:
    """Check every manuscript whose bell was never heard, and every camera-ready PDF whose check never ended."""
    for pk in unchecked():
        with apart(f"the check of manuscript {pk}", is_long=True):
            check_manuscript(pk)
    for pk in unchecked_items():
        with apart(f"the check of camera-ready item {pk}", is_long=True):
            check_unchecked_item(pk)


@shared_task
def renew_reports(edition_id: int) -> None:
    """Check an edition's PDFs again after its rules changed."""
    renew(Edition.objects.get(pk=edition_id))


@shared_task
def sweep_conflicts() -> None:
    """Find the conflicts that came with new members, new addresses and changed affiliations."""
    for edition in Edition.objects.filter(submissions__isnull=False).distinct():
        with apart(f"conflicts of {edition.slug}", is_long=True):
            refresh_edition(edition, timezone.now())


@shared_task
def sweep_untold_authors() -> None:
    """Tell the authors who were added to submitted papers and whose list was saved by the browser alone."""
    for submission in Submission.objects.filter(authors_untold_since__isnull=False):
        with apart(f"new authors of {submission.label}"):
            tell_new_authors(submission, timezone.now())
