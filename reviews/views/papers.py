"""Files that a reviewer gets: the PDF, supplements, everything at once, text forms for work offline."""

from collections.abc import Iterator
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dlonsc.editions.access import reviewer_of
from dlonsc.editions.views.doors import door
from reviews import copies, offline
from reviews.access import assigned_to, assignment_of
from reviews.actions import reviewing
from reviews.forms.offline import UploadForm
from reviews.models import Assignment, Review
from reviews.views.reviewer import KEPT_BESIDE, person, reviewers_gate, tasks_of
from reviews.views.rules import once_confirmed
from submissions.downloads import serve
from submissions.files import path_of
from submissions.models import Submission


def page_gate(request: HttpRequest, slug: str, number: int, **_: object) -> Assignment:
    return assignment_of(reviewer_of(request.user, slug), number)


CANNOT = (
    "The metadata of this PDF could not be removed, so it is not shown in double-blind reviewing. Write to the chairs."
)


@door(page_gate, "GET", "HEAD")
@once_confirmed
def paper(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The PDF as reviewers see it; shown in the page, or downloaded with ?download=1."""
    member = reviewer_of(request.user, slug)
    submission = assignment_of(member, number).submission
    manuscript = submission.manuscripts.filter(is_current=True).first()
    if manuscript is None:
        raise Http404
    try:
        copy = copies.reviewers_copy(manuscript, blind=member.edition.blind)
    except copies.CannotBlind:
        return HttpResponse(CANNOT, content_type="text/plain; charset=utf-8", status=409)
    return serve(copy, copies.file_name(submission), inline="download" not in request.GET)


@door(page_gate, "GET", "HEAD")
@once_confirmed
def supplement(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponseBase:
    return supplement_of(assignment_of(reviewer_of(request.user, slug), number).submission, pk)


def supplement_of(submission: Submission, pk: int) -> HttpResponseBase:
    """A supplementary file as reviewers and sub-reviewers get it."""
    file = get_object_or_404(submission.supplements.filter(removed_at__isnull=True), pk=pk)
    try:
        copy = copies.reviewers_copy(file, blind=submission.edition.blind)
    except copies.CannotBlind:
        return HttpResponse(CANNOT, content_type="text/plain; charset=utf-8", status=409)
    ending = copies.known_ending(file.original_name)
    return serve(copy, copies.file_name(submission, f"_supplement-{file.sha256[:8]}{ending}"))


def texts_of(tasks: list[Assignment]) -> dict[int, reviewing.Fields]:
    """What she has written for each of her tasks, by the assignment's primary key."""
    reviews = [task.review for task in tasks if getattr(task, "review", None) is not None]
    kept = {row.assignment_id: row.pk for row in reviews}
    texts = reviewing.working_texts(reviews)
    return {task.pk: texts[kept[task.pk]] if task.pk in kept else reviewing.empty_fields() for task in tasks}


@door(reviewers_gate, "GET", "HEAD")
@once_confirmed
def download_all(request: HttpRequest, slug: str) -> HttpResponseBase:
    """All her papers and text forms in one archive, streamed."""
    member = reviewer_of(request.user, slug)
    tasks = tasks_of(member)
    fields = texts_of(tasks)

    def files() -> Iterator[tuple[str, Path | bytes | None]]:
        for task in tasks:
            submission = task.submission
            for manuscript in submission.current:  # type: ignore[attr-defined]
                try:
                    yield (
                        copies.file_name(submission),
                        path_of(copies.reviewers_copy(manuscript, blind=member.edition.blind).sha256),
                    )
                except copies.CannotBlind:
                    yield copies.file_name(submission, "_not-available.txt"), CANNOT.encode()
                except FileNotFoundError:
                    # Never the original in its place: its metadata may name the authors.
                    yield copies.file_name(submission), None
            text = offline.form_text(member.edition, submission, fields[task.pk])
            yield copies.file_name(submission, "_review.txt"), text.encode()

    response = StreamingHttpResponse(copies.zipped(files()), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}_papers.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# --- Without a connection (text forms) -------------------------------------------------------------------------------

BESIDE_NEWER = "a newer text was saved meanwhile and stays; the one that you sent is kept in the history."


def as_text_file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@door(page_gate, "GET", "HEAD")
@once_confirmed
def offline_form(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    member = reviewer_of(request.user, slug)
    assignment = assignment_of(member, number)
    fields = reviewing.working_text(Review.objects.filter(assignment=assignment).first())
    text = offline.form_text(member.edition, assignment.submission, fields)
    return as_text_file(text, copies.file_name(assignment.submission, "_review.txt"))


@door(reviewers_gate, "GET", "HEAD")
@once_confirmed
def offline_forms(request: HttpRequest, slug: str) -> HttpResponse:
    member = reviewer_of(request.user, slug)
    tasks = tasks_of(member)
    fields = texts_of(tasks)
    texts = [offline.form_text(member.edition, task.submission, fields[task.pk]) for task in tasks]
    return as_text_file("\n".join(texts), f"{slug}_reviews.txt")


@door(reviewers_gate, "GET", "HEAD", "POST")
def offline_upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring filled forms back: first shown, then kept; what does not fit is refused with its line."""
    member = reviewer_of(request.user, slug)
    form = UploadForm(request.POST or None, request.FILES or None)
    words = {"edition": member.edition, "form": form, "found": [], "errors": []}
    if request.method == "POST" and form.is_valid():
        rows = {row.submission.number: row for row in assigned_to(member).select_related("review")}
        titles = {number: row.submission.title for number, row in rows.items()}
        filled, errors = offline.read_forms(form.text(), member.edition, titles)
        words |= {"found": filled, "errors": errors, "text": form.text()}
        if not errors and filled and "keep" in request.POST:
            at, by = timezone.now(), person(request)
            kept, too_late, is_late = [], [], False
            for entry in filled:
                assignment = rows[entry.number]
                review = getattr(assignment, "review", None)
                saved = reviewing.save_review(
                    assignment=assignment,
                    fields=entry.fields,
                    based_on=review.version if review else 0,
                    by=by,
                    at=at,
                )
                if not saved.is_kept:
                    too_late.append(f"Submission {entry.number}: {saved.closed}")
                elif saved.closed:
                    is_late = True
                    messages.warning(request, f"Submission {entry.number}: {saved.closed} {KEPT_BESIDE}")
                elif saved.is_aside:
                    messages.warning(request, f"Submission {entry.number}: {BESIDE_NEWER}")
                else:
                    kept.append(str(entry.number))
            if kept:
                messages.success(request, f"Kept as drafts: {', '.join(kept)}. Nothing is submitted yet.")
            if too_late:
                messages.error(request, f"{' '.join(too_late)} It came too late to be kept here; it stands below.")
                return render(request, "reviews/reviewer/offline.html", words | {"found": []}, status=409)
            return redirect("reviews:own" if is_late else "reviews:home", slug)
    return render(
        request, "reviews/reviewer/offline.html", words, status=422 if words["errors"] or form.errors else 200
    )
