"""A reviewer's page of the discussion of a submission that she has reviewed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from dlonsc import codes
from dlonsc.editions.access import reviewer_of
from dlonsc.editions.models import Membership
from dlonsc.editions.views.doors import door
from reviews.access import assignment_of, discussion_for
from reviews.actions import discussing
from reviews.actions.assigning import Refused
from reviews.discussions import thread
from reviews.forms.discussion import CommentForm
from reviews.models import Comment, Discussion, Review
from reviews.views.rules import once_confirmed

NOT_SENT = "All is marked as read. What you typed is not sent yet; it stands below."


def discussed(request: HttpRequest, slug: str, number: int) -> tuple[Membership, Discussion, Review]:
    """The reviewer, the discussion and her own submitted review; 404 before she may read it."""
    member = reviewer_of(request.user, slug)
    assignment = assignment_of(member, number)
    assignment.submission.edition = member.edition
    found = discussion_for(assignment)
    if found is None:
        raise Http404
    found.submission = assignment.submission
    return member, found, Review.objects.get(assignment=assignment)


@door(discussed, "GET", "HEAD", "POST")
@once_confirmed
def discussion(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """POST writes a comment, or with `seen` only marks what was shown as read."""
    member, found, own = discussed(request, slug, number)
    form = CommentForm(request.POST if request.method == "POST" and "seen_only" not in request.POST else None)
    if request.method == "POST" and "seen_only" in request.POST:
        mark_seen(found, member, request.POST.get("seen"))
        if not has_words(request):
            return redirect("reviews:home", slug)
        messages.info(request, NOT_SENT)
        form = CommentForm(initial=request.POST.dict())
    if form.is_valid():
        try:
            discussing.comment(
                found,
                member,
                text=form.cleaned_data["text"],
                label=discussing.label_of(own),
                since=shown_upto(request),
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, "Your comment is there.")
            return redirect("reviews:discussion", slug, number)
    said = thread(found, member, as_chair=False)
    words = {
        "edition": member.edition,
        "submission": found.submission,
        "discussion": found,
        "said": said,
        "has_news": any(one.is_new for one in said),
        "form": form,
        "own_label": discussing.label_of(own),
    }
    return render(request, "reviews/reviewer/discussion.html", words, status=422 if form.errors else 200)


def has_words(request: HttpRequest) -> bool:
    """Whether words stood in the field when another button was pressed."""
    return bool(request.POST.get("text", "").strip())


def shown_upto(request: HttpRequest) -> int | None:
    """The last comment that the page of a posted one showed (primary key, 0 for none); None where it does not say."""
    given = request.POST.get("since")
    return None if given is None else codes.number("comment", given) or 0


def mark_seen(found: Discussion, member: Membership, upto: str | None) -> None:
    """`upto` is the code of the last comment that the page showed; any other text marks nothing."""
    if (pk := codes.number("comment", upto or "")) is not None:
        row = Comment.objects.filter(discussion=found, pk=pk).first()
        if row is not None:
            discussing.mark_read(found, member, row)
