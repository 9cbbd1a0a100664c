"""Doorbells of the committee's side."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from dlonsc.accounts.limits import forget_old
from dlonsc.editions.models import Edition, long_past_events
from dlonsc.mail import digest
from dlonsc.mail.apart import apart
from reviews import invariants, likeness, reminders
from reviews.anew import tell_anew, tell_chairs_anew, tell_news_left
from reviews.conflicts import refresh_all
from reviews.late_conflicts import name_missing_handlers, tell_chairs, tell_discussions_left, tell_tasks_left
from reviews.late_reviews import tell_of_late_reviews


@shared_task(name="reviews.tasks.remind")
def remind() -> None:
    """Write the reminders that are due now, then the letters of the day. As often as it likes: each is written once."""
    now = timezone.now()
    with transaction.atomic():
        reminders.remind(now)
    digest.gather(now)


@shared_task(name="reviews.tasks.audit")
def audit() -> None:
    """Every night: ask what must always be true, and forget the request counters of past windows."""
    now = timezone.now()
    invariants.audit(now)
    forget_old(now)


@shared_task(name="reviews.tasks.tell_late_conflicts")
def tell_late_conflicts() -> None:
    """Find what members' homes, addresses and named persons bar by now; tell chairs of assignments that have come into
    conflict, each once of each; name who handles a submission when a chair has come into conflict with it. Of letters
    that were kept back, what is left to be told is written anew.
    """
    now = timezone.now()
    past = long_past_events(now).values("edition")
    for edition in Edition.objects.filter(submissions__isnull=False).exclude(pk__in=past).distinct():
        with apart(f"conflicts of {edition.slug}", is_long=True):
            refresh_all(edition, now)
        with apart(f"late conflicts of {edition.slug}"):
            name_missing_handlers(edition, at=now)
            tell_chairs(edition, now)
            tell_tasks_left(edition, at=now)
            tell_discussions_left(edition, at=now)
        with apart(f"letters of {edition.slug} that are written anew"):
            tell_anew(edition, at=now)
        with apart(f"discussions of {edition.slug}"):
            tell_news_left(edition, at=now)
    with apart("letters to chairs that are written anew"):
        tell_chairs_anew(at=now)


@shared_task(name="reviews.tasks.tell_late_reviews")
def tell_late_reviews() -> None:
    """While letters of decisions are held: tell chairs of reviews that they do not hold."""
    tell_of_late_reviews(timezone.now())


@shared_task(name="reviews.tasks.embed_texts")
def embed_texts() -> None:
    """Compute the sentence vectors that editions wish for and that are not there yet, for four minutes at most."""
    likeness.embed_missing(seconds=240, at=timezone.now())
