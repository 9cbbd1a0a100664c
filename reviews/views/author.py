"""What authors read once their decision is announced: the same words as the letter."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from reviews.access import decided_for_authors, reviews_for_authors
from reviews.emails.deciding import context_of, shown_of
from reviews.models import Decision
from reviews.views.dashboard import SignedInRequest
from submissions.access import one


@login_required
def decision(request: SignedInRequest, slug: str, number: int) -> HttpResponse:
    """404 until the announced instant, as if nothing were decided."""
    at = timezone.now()
    submission = one(decided_for_authors(request.user, at), slug, number)
    row = Decision.objects.filter(submission=submission).select_related("announcement__corrects").first()
    if row is None:
        raise Http404
    reviews = reviews_for_authors(request.user, at).filter(assignment__submission=submission)
    shown = row.shown or shown_of(submission.edition, row, reviews)
    corrects = row.announcement.corrects.release_at if row.announcement and row.announcement.corrects else None
    context = context_of(submission.edition, submission, list(submission.authors.all()), shown, corrects)
    return render(request, "reviews/author/decision.html", context)
