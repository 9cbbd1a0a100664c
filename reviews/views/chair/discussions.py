"""Which submissions call for talk, what is unread, and a chair's page of one discussion."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dlonsc.editions.models import Membership
from dlonsc.editions.visibility import Switch
from dlonsc.posted import whole_number
from reviews.access import discussions_overseen_by, own_comments
from reviews.actions import discussing
from reviews.actions.assigning import Refused
from reviews.discussions import reviewers_of, thread, unread
from reviews.forms.discussion import ChairCommentForm
from reviews.models import Discussion
from reviews.overview import SPREAD_THAT_CALLS_FOR_TALK, Row, is_done, rows_of
from reviews.views.chair.door import ChairRequest, chairs_only, overseen, page
from reviews.views.discussion import NOT_SENT, has_words, mark_seen, shown_upto

# A mean of the edition's scale of confidence; 1 and 2 are its lower half.
LOW_CONFIDENCE = 2.0
FIRST_SEND = "This is not sent, and the discussion is open. Send it, or empty the field, and then close."


@dataclass(frozen=True)
class Line:
    row: Row
    discussion: Discussion | None
    comments: int
    unread: int
    may_open: bool

    @property
    def why(self) -> list[str]:
        """What calls for talk."""
        found = []
        if self.row.is_split:
            found.append(f"scores more than {SPREAD_THAT_CALLS_FOR_TALK} apart")
        if self.row.confidence is not None and self.row.confidence <= LOW_CONFIDENCE:
            found.append("low confidence")
        return found


@chairs_only
def discussions(request: ChairRequest, chair: Membership) -> HttpResponse:
    """POST opens those that are ticked."""
    if request.method == "POST":
        numbers = [whole_number(one) for one in request.POST.getlist("number")]
        count = discussing.open_discussions(chair, numbers, by=request.user, at=timezone.now())
        words = f"Discussions opened: {count}. Their reviewers get one letter each." if count else "Nothing was opened."
        messages.success(request, words)
        return redirect("reviews:discussions", chair.edition.slug)
    lines = lines_of(chair)
    could = [line for line in lines if line.may_open]
    context = {
        "could": len(could),
        "people": len({one.membership_id for line in could for one in line.row.assignments if is_done(one)}),
        "is_on": getattr(chair.edition, Switch.DISCUSSION),
        "has_written": own_comments(chair).exists(),
        "under_way": [line for line in lines if line.discussion],
        "calling": [line for line in could if line.why],
        "others": [line for line in could if not line.why],
        "unread": sum(line.unread for line in lines),
    }
    return page(request, chair, "discussions.html", context)


def lines_of(chair: Membership) -> list[Line]:
    """Every submission that has a discussion or could have one, as far as the chair may see. Constant queries."""
    found = {row.submission_id: row for row in discussions_overseen_by(chair).prefetch_related("comments")}
    fresh = unread(found.values(), chair)
    may = set(discussing.may_be_discussed(chair).values_list("pk", flat=True))
    lines = []
    for row in rows_of(chair):
        pk = row.submission.pk
        one = found.get(pk)
        may_open = pk in may and (one is None or not one.is_open)
        if one or may_open:
            count = len(one.comments.all()) if one else 0
            lines.append(Line(row, one, count, fresh.get(pk, 0), may_open))
    return lines


@chairs_only
def discussion(request: ChairRequest, chair: Membership, number: int) -> HttpResponse:
    """POST writes, closes, or with `seen_only` marks as read."""
    submission = overseen(chair, number)
    found = get_object_or_404(discussions_overseen_by(chair), submission=submission)
    found.submission = submission
    typed = request.method == "POST" and not {"close", "seen_only"} & set(request.POST)
    form = ChairCommentForm(request.POST if typed else None)
    if request.method == "POST" and "seen_only" in request.POST:
        mark_seen(found, chair, request.POST.get("seen"))
        if not has_words(request):
            return redirect("reviews:discussions", chair.edition.slug)
        messages.info(request, NOT_SENT)
        form = ChairCommentForm(initial=request.POST.dict())
    elif request.method == "POST" and "close" in request.POST and has_words(request):
        form = ChairCommentForm(request.POST)
        form.full_clean()
        form.add_error("text", FIRST_SEND if found.is_open else discussing.CLOSED)
    elif request.method == "POST" and "close" in request.POST:
        discussing.close_discussion(found, by=request.user, at=timezone.now())
        messages.success(request, "Closed: nothing more is written; it stays readable.")
        return redirect("reviews:chair_discussion", chair.edition.slug, number)
    if form.is_valid():
        try:
            upto = shown_upto(request)
            discussing.comment(found, chair, **form.cleaned_data, label=discussing.CHAIR, since=upto, at=timezone.now())
        except Refused as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, "Your comment is there.")
            return redirect("reviews:chair_discussion", chair.edition.slug, number)
    said = thread(found, chair, as_chair=True)
    context = {
        "submission": submission,
        "discussion": found,
        "said": said,
        "has_news": any(one.is_new for one in said),
        "form": form,
        "readers": reviewers_of([submission]),
    }
    return page(request, chair, "discussion.html", context, status=422 if form.errors else 200)
