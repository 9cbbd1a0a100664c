"""A reviewer's certificate after the event: a signed code that holds how much she reviewed; anybody can verify it.

It tells no submission, no title and no score. The code carries its facts, so that it stays true when rows go.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.core import signing
from django.db.models import Q

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition
from reviews.models import Review, ReviewVersion
from submissions.access import barred_from
from submissions.models import Submission

SALT = "reviews.certificate"


@dataclass(frozen=True)
class Certificate:
    """`first` and `last` are the days (UTC) on which a review was submitted."""

    name: str
    edition: str
    reviews: int
    first: date
    last: date

    @property
    def code(self) -> str:
        facts = [self.name, self.edition, self.reviews, self.first.isoformat(), self.last.isoformat()]
        return signing.Signer(salt=SALT).sign_object(facts, compress=True)


def opens_at(edition: Edition) -> datetime | None:
    """When certificates can be had: after the event, or after the reviews when no event is dated."""
    last = edition.due(Phase.EVENT) or edition.due(Phase.REVIEW)
    return last.cutoff_at if last else None


def certificate_of(user: User, edition: Edition, at: datetime) -> Certificate | None:
    """The certificate of a person for an edition; None before it opens, and without a submitted review.

    Whatever became of their tasks, of which she may learn nothing: her work was done. Of those that she helped to write
    none of a paper that is hers, or in conflict with her, by now: it would tell when somebody submitted it.
    """
    opens = opens_at(edition)
    if opens is None or at < opens:
        return None
    own = Q(assignment__membership__user=user)
    typed = ReviewVersion.objects.filter(saved_by=user).values("review")
    helped = Q(pk__in=typed, assignment__submission__in=Submission.objects.exclude(barred_from(user)))
    written = Review.objects.filter(own | helped, submitted_at__isnull=False, assignment__submission__edition=edition)
    # Of a paper that she got a second time she has two.
    papers = dict(written.values_list("assignment__submission", "submitted_at"))
    days = sorted(when.astimezone(UTC).date() for when in papers.values() if when is not None)
    return Certificate(user.name, edition.name, len(days), days[0], days[-1]) if days else None


def verify(code: str) -> Certificate | None:
    """What a code proves, or None when we did not issue it."""
    try:
        name, edition, reviews, first, last = signing.Signer(salt=SALT).unsign_object(code)
        return Certificate(name, edition, reviews, date.fromisoformat(first), date.fromisoformat(last))
    except (signing.BadSignature, ValueError, TypeError):
        return None
