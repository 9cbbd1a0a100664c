"""The sub-reviewer's pages: her invitation, the one paper with the form, and what she typed, for good."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition
from dlonsc.editions.views.committee import private
from dlonsc.editions.views.doors import door
from dlonsc.editions.visibility import Audience
from dlonsc.posted import whole_number
from reviews import certificates, copies
from reviews.access import is_own_eye, open_sub_reviews, sub_review_of, sub_reviewed_by, typed_by
from reviews.actions import reviewing, subreviewing
from reviews.actions.assigning import Refused
from reviews.forms.reviewer import ReviewForm, typed_fields
from reviews.forms.subreviewing import DeclineForm
from reviews.models import Review, ReviewVersion, SubReviewer
from reviews.subreviewers import read_token
from reviews.views.papers import CANNOT, supplement_of
from reviews.views.reviewer import (
    NOT_KEPT,
    based_on,
    current_manuscript,
    not_kept,
    person,
    shown_text,
    signed_in_or_403,
    window_of,
)
from submissions.access import authors_shown_to_reviewers
from submissions.downloads import serve


def gate(request: HttpRequest, slug: str, number: int, **_: object) -> SubReviewer:
    """Her task; 404 for everybody else, and when her part has ended."""
    return sub_review_of(person(request), slug, number)


def writing_gate(request: HttpRequest, slug: str, number: int) -> SubReviewer:
    row = gate(request, slug, number)
    if row.ready_at is not None:
        raise Http404
    return row


# --- The invitation --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who holds the link may decline; who has proven the invited address may accept. Looking has no effect."""
    pk = read_token(token)
    if pk is None:
        raise Http404
    rows = SubReviewer.objects.filter(is_agreed=True).select_related(
        "assignment__submission__edition", "assignment__membership__user", "user"
    )
    row = get_object_or_404(rows, pk=pk)
    by = request.user if isinstance(request.user, User) else None
    is_open = open_sub_reviews(timezone.now()).invited().filter(pk=pk).exists()
    is_hers = by is not None and by.pk == row.user_id
    form = DeclineForm(request.POST if request.POST.get("answer") == "decline" else None)
    if request.method == "POST":
        answer(request, row, by, form)
        if not form.errors:
            return redirect("reviews:sub_invitation", token)
    edition = row.assignment.submission.edition
    words = {
        "edition": edition,
        "row": row,
        "reviewer": row.assignment.membership.name,
        "due": edition.due(Phase.REVIEW),
        "form": form,
        "is_open": is_open,
        "is_proven": by is not None and row.email.lower() in by.verified_emails,
        "task": sub_reviewed_by(by).filter(pk=pk).first() if by is not None and is_hers else None,
        "back": urlencode({"next": reverse("reviews:sub_invitation", args=[token])}),
    }
    ended = not is_open and not is_hers and row.ending != SubReviewer.Ending.DECLINED
    return private(render(request, "reviews/sub_reviewer/invitation.html", words, status=410 if ended else 200))


def answer(request: HttpRequest, row: SubReviewer, by: User | None, form: DeclineForm) -> None:
    at, accepts = timezone.now(), request.POST.get("answer") == "accept"
    try:
        if form.is_valid():
            subreviewing.decline(row, reason=form.cleaned_data["reason"], by=by, at=at)
        elif accepts and by is not None and not subreviewing.accept(row, by=by, at=at):
            raise Refused(subreviewing.ENDED)
    except Refused as refusal:
        if form.is_bound:
            form.add_error("reason", str(refusal))
        else:
            messages.error(request, str(refusal))


# --- Writing ---------------------------------------------------------------------------------------------------------


def shared_text(row: SubReviewer, review: Review | None) -> reviewing.Fields:
    """The text that both write; once it is handed over, the last that she saved. Never the confidential note.

    Unfinished, so nothing of it for a chair who looks with her eyes.
    """
    if not is_own_eye():
        return reviewing.empty_fields()
    fields = reviewing.working_text(review) if row.ready_at is None else newest_of(row, review)
    return fields | {"for_chairs": ""}


def newest_of(row: SubReviewer, review: Review | None) -> reviewing.Fields:
    last = own_versions(row, review).filter(is_aside=False).first() if review else None
    return reviewing.empty_fields() | (last.fields if last else {})


def own_versions(row: SubReviewer, review: Review | None) -> QuerySet[ReviewVersion]:
    return ReviewVersion.objects.filter(review=review, saved_by=row.user_id)


@door(gate, "GET", "HEAD", "POST")
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = gate(request, slug, number)
    if request.method == "POST":
        return keep(request, row)
    at, submission = timezone.now(), row.assignment.submission
    edition = submission.edition
    written = Review.objects.filter(assignment=row.assignment).first()
    may_write = is_own_eye() and row.ready_at is None and not reviewing.closed_because(submission, at)
    # Of the reviewer's work after the hand-over not even how much and when.
    shared = subreviewing.shared(written) if may_write else subreviewing.Shared()
    words = {
        "edition": edition,
        "row": row,
        "reviewer": row.assignment.membership.name,
        "submission": submission,
        "authors": authors_shown_to_reviewers(submission, Audience.SUB_REVIEWER),
        "manuscript": current_manuscript(row.assignment),
        "supplements": list(submission.supplements.filter(removed_at__isnull=True)),
        "record": getattr(submission, "reproducibility", None),
        "form": ReviewForm(edition, shared_text(row, written), read_only=not may_write),
        "may_write": may_write,
        "version": shared.version,
        "saved_at": shared.since,
        "due": edition.due(Phase.REVIEW),
    }
    return render(request, "reviews/sub_reviewer/review.html", words)


def keep(request: HttpRequest, row: SubReviewer) -> HttpResponse:
    """The plain Save: works without script, refuses nothing that was typed."""
    slug, number = row.assignment.submission.edition.slug, row.assignment.submission.number
    try:
        saved = subreviewing.save(
            row, fields=typed_fields(request.POST), based_on=based_on(request), by=person(request), at=timezone.now()
        )
    except reviewing.ReviewingError as error:
        # Her page is gone with her part: the answer to that holds what she typed.
        raise Http404 from error
    if not saved.is_kept:
        return not_kept(request, saved.closed, row.assignment.submission.edition)
    if saved.is_aside:
        messages.warning(request, saved.closed or ASIDE)
        return redirect("reviews:sub_versions", slug, number)
    if saved.closed:
        messages.warning(request, saved.closed)
        return redirect("reviews:sub_review", slug, number)
    messages.success(request, f"Saved {saved_at(subreviewing.shared(saved.review))}.")
    return redirect("reviews:sub_ready" if request.POST.get("then") == "ready" else "reviews:sub_review", slug, number)


def saved_at(shared: subreviewing.Shared) -> str:
    """When the text that both write was saved as it stands."""
    return f"{(shared.since or timezone.now()).astimezone(UTC):%H:%M:%S} UTC"


ASIDE = (
    "A newer text was saved meanwhile, in another tab or by the reviewer. The text you just sent is kept beside it, "
    "for both of you."
)


@signed_in_or_403
@door(gate, "POST")
def autosave(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    row = gate(request, slug, number)
    try:
        saved = subreviewing.save(
            row,
            fields=typed_fields(request.POST),
            based_on=based_on(request),
            by=person(request),
            at=timezone.now(),
            window=window_of(request),
        )
    except reviewing.ReviewingError as error:
        return JsonResponse({"message": f"Not saved: {error}"}, status=410)
    if saved.closed:
        words = saved.closed if saved.is_kept else f"{saved.closed} {NOT_KEPT}"
        return JsonResponse({"message": words, "kept": saved.is_kept}, status=409)
    if saved.is_aside:
        # No new version for the page: what it sends next is still based on the older text, and kept aside too.
        return JsonResponse({"message": f"{ASIDE} Reload to see the newer.", "kept": True}, status=409)
    shared = subreviewing.shared(saved.review)
    return JsonResponse({"saved_at": saved_at(shared), "version": shared.version})


@door(writing_gate, "GET", "HEAD", "POST")
def ready(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The text as it reads, and the word that it is ready; once said, the reviewer alone writes on."""
    row = writing_gate(request, slug, number)
    edition = row.assignment.submission.edition
    if request.method == "POST":
        try:
            subreviewing.hand_over(row, by=person(request), at=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("reviews:sub_review", slug, number)
        messages.success(request, f"{row.assignment.membership.name} is told. Thank you.")
        return redirect("reviews:sub_review", slug, number)
    written = Review.objects.filter(assignment=row.assignment).first()
    fields = shared_text(row, written)
    words = shown_text(edition, fields) | {
        "edition": edition,
        "row": row,
        "reviewer": row.assignment.membership.name,
        "submission": row.assignment.submission,
        "missing": [reviewing.NEEDED[name] for name in reviewing.missing_in(edition, fields)],
        "has_typed": own_versions(row, written).exists(),
    }
    return render(request, "reviews/sub_reviewer/ready.html", words)


@door(gate, "GET", "HEAD", "POST")
def versions(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What she saved herself; POST takes an old text up again, while she writes."""
    row = gate(request, slug, number)
    written = Review.objects.filter(assignment=row.assignment).first()
    if request.method == "POST":
        kept = dict(enumerate(reversed(own_versions(row, written)), start=1))
        old = kept.get(whole_number(request.POST.get("number")))
        if old is None:
            raise Http404
        version = subreviewing.shared(written).version
        try:
            saved = subreviewing.save(row, fields=old.fields, based_on=version, by=person(request), at=timezone.now())
        except reviewing.ReviewingError as error:
            messages.error(request, str(error))
        else:
            if saved.closed:
                messages.error(request, saved.closed)
            elif saved.is_aside:
                messages.warning(request, ASIDE)
        return redirect("reviews:sub_review", slug, number)
    edition = row.assignment.submission.edition
    words = {
        "edition": edition,
        "row": row,
        "submission": row.assignment.submission,
        "versions": typed_texts(edition, list(own_versions(row, written))),
    }
    return render(request, "reviews/sub_reviewer/versions.html", words)


def typed_texts(edition: Edition, rows: Sequence[ReviewVersion]) -> list[dict[str, Any]]:
    """Saved texts to show, newest first, without the reviewer's note that each carries on.

    Counted among her own: the numbers of all versions would tell how often the reviewer saved.
    """
    return [
        {"row": one, "number": number} | shown_text(edition, reviewing.empty_fields() | one.fields | {"for_chairs": ""})
        for number, one in zip(range(len(rows), 0, -1), rows, strict=True)
    ]


@door(gate, "GET", "HEAD", "POST")
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give it back; the reviewer is told."""
    row = gate(request, slug, number)
    if request.method == "POST":
        subreviewing.withdraw(row, by=person(request), at=timezone.now())
        messages.success(request, f"{row.assignment.membership.name} is told. What you wrote stays readable for you.")
        return redirect("editions:dashboard")
    words = {
        "edition": row.assignment.submission.edition,
        "row": row,
        "reviewer": row.assignment.membership.name,
        "submission": row.assignment.submission,
    }
    return render(request, "reviews/sub_reviewer/withdraw.html", words)


@door(gate, "GET", "HEAD")
def paper(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The PDF as reviewers see it; shown in the page, or downloaded with ?download=1."""
    submission = gate(request, slug, number).assignment.submission
    manuscript = submission.manuscripts.filter(is_current=True).first()
    if manuscript is None:
        raise Http404
    try:
        copy = copies.reviewers_copy(manuscript, blind=submission.edition.blind)
    except copies.CannotBlind:
        return HttpResponse(CANNOT, content_type="text/plain; charset=utf-8", status=409)
    return serve(copy, copies.file_name(submission), inline="download" not in request.GET)


@door(gate, "GET", "HEAD")
def supplement(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponseBase:
    return supplement_of(gate(request, slug, number).assignment.submission, pk)


# --- What she typed --------------------------------------------------------------------------------------------------


def own_gate(request: HttpRequest, slug: str) -> tuple[Edition, list[ReviewVersion], list[int]]:
    """An edition, all that she saved in reviews of others, and which of her parts have ended (primary keys).

    404 for who never wrote for somebody there.
    """
    edition = get_object_or_404(Edition, slug=slug)
    rows = list(
        typed_by(person(request))
        .filter(review__assignment__submission__edition=edition)
        .select_related("review__assignment__submission")
        .order_by("review__assignment__submission__number", "-number")
    )
    parts = SubReviewer.objects.filter(user=person(request), assignment__submission__edition=edition)
    accepted = set(parts.values_list("pk", flat=True))
    if not rows and not accepted:
        raise Http404
    ended = accepted - set(sub_reviewed_by(person(request)).values_list("pk", flat=True))
    return edition, rows, sorted(ended)


@door(own_gate, "GET", "HEAD")
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """Every text that she saved, for good; nothing of what became of it."""
    edition, rows, ended = own_gate(request, slug)
    at = timezone.now()
    words = {
        "edition": edition,
        "ended": ended,
        "versions": typed_texts(edition, rows),
        "certificate": certificates.certificate_of(person(request), edition, at),
        "certificate_from": certificates.opens_at(edition),
    }
    return render(request, "reviews/sub_reviewer/own.html", words)
