"""The reviewer's pages: her tasks, one submission with its form, her profile."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dlonsc.accounts.models import User
from dlonsc.editions.access import reviewer_of
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership, Topic
from dlonsc.editions.views.doors import door
from dlonsc.posted import whole_number
from reviews import certificates
from reviews.access import (
    assigned_to,
    assignment_of,
    discussion_for,
    discussions_of,
    fellow_reviews,
    is_own_eye,
    names_of_fellows,
    once_known,
    outcome_for_reviewer,
    own_comments,
    own_reviews,
    sub_reviewers_shown,
)
from reviews.actions import reviewing
from reviews.discussions import unread
from reviews.forms.discussion import NoteForm
from reviews.forms.reviewer import (
    LABELS,
    CorrectionForm,
    ProfileForm,
    PromiseForm,
    RefusalForm,
    ReviewForm,
    typed_fields,
)
from reviews.models import Assignment, Comment, Review, ReviewVersion
from reviews.subreviewers import written_with
from reviews.views.rules import once_confirmed
from submissions.access import authors_shown_to_reviewers
from submissions.models import Conflict, ConflictSource, Manuscript

Answer = Callable[..., HttpResponseBase]
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


def person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def reviewers_gate(request: HttpRequest, slug: str) -> Membership:
    return reviewer_of(request.user, slug)


def page_of(request: HttpRequest, slug: str, number: int) -> tuple[Membership, Assignment, Review | None]:
    """The signed-in reviewer's place, her standing assignment of a submission, and her review; 404 otherwise."""
    member = reviewer_of(request.user, slug)
    assignment = assignment_of(member, number)
    # One edition object for the whole page: its dates are already read.
    assignment.submission.edition = member.edition
    return member, assignment, Review.objects.filter(assignment=assignment).first()


def signed_in_or_403(view: Answer) -> Answer:
    """For requests of scripts: they need to know that the session is over, not a page to sign in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if "X-Autosave" in request.headers:
            return JsonResponse({"message": "Signed out."}, status=403)
        return login_required(view)(request, *args, **kwargs)

    return checked


# --- Tasks -----------------------------------------------------------------------------------------------------------


def in_words(number: int) -> str:
    return WORDS.get(number, str(number))


def plan(open_tasks: int, due: Deadline | None, at: datetime) -> str:
    """What is left, and at what pace it can be done in time."""
    if not open_tasks:
        return "Nothing is waiting for you."
    tasks = "1 review" if open_tasks == 1 else f"{open_tasks} reviews"
    if due is None:
        return f"{tasks} to write."
    days = math.floor((due.cutoff_at - at).total_seconds() / 86400)
    if due.cutoff_at <= at:
        return f"{tasks} to write; the date has passed. Say until when, or give back what you cannot do."
    if days < 1:
        return f"{tasks} to write, less than a day left."
    left = "1 day" if days == 1 else f"{days} days"
    if open_tasks == 1:
        return f"{tasks} to write, {left} left."
    if days >= 2 * open_tasks:
        return f"{tasks}, {left}: about one every {in_words(days // open_tasks)} days."
    return f"{tasks}, {left}: about {in_words(max(1, round(open_tasks / days)))} a day."


SUBMITTED = "Submitted"
# A decision was announced without it.
NEEDLESS = "Not needed any more"


def task_state(assignment: Assignment) -> tuple[str, str]:
    """The words and the meaning of a task's badge."""
    review = getattr(assignment, "review", None)
    if review is not None and review.submitted_at is not None:
        return SUBMITTED, "good"
    if assignment.submission.outcome_known(timezone.now()):
        return NEEDLESS, "plain"
    return ("Not begun", "plain") if review is None else ("Draft: not submitted", "note")


def tasks_of(member: Membership) -> list[Assignment]:
    """Her tasks in the order they are due: open ones first, by promise or number."""
    rows = list(
        assigned_to(member)
        .select_related("review")
        .prefetch_related(
            "submission__topics",
            Prefetch("submission__manuscripts", Manuscript.objects.filter(is_current=True), to_attr="current"),
        )
    )

    def order(row: Assignment) -> tuple[bool, str, int]:
        promised = row.promised_at.isoformat() if row.promised_at else ""
        return not row.is_open, promised, row.submission.number  # type: ignore[attr-defined]

    for row in rows:
        row.words, row.meaning = task_state(row)  # type: ignore[attr-defined]
        row.is_done = row.words == SUBMITTED  # type: ignore[attr-defined]
        row.is_open = row.words not in (SUBMITTED, NEEDLESS)  # type: ignore[attr-defined]
    return sorted(rows, key=order)


@door(reviewers_gate, "GET", "HEAD")
def home(request: HttpRequest, slug: str) -> HttpResponse:
    member = reviewer_of(request.user, slug)
    at, tasks = timezone.now(), tasks_of(member)
    talks = {row.submission_id: row for row in discussions_of(member)}
    fresh = unread(talks.values(), member)
    for task in tasks:
        task.discussion = talks.get(task.submission_id)  # type: ignore[attr-defined]
        task.unread = fresh.get(task.submission_id, 0)  # type: ignore[attr-defined]
    open_tasks = sum(task.is_open for task in tasks)  # type: ignore[attr-defined]
    due = member.edition.due(Phase.REVIEW)
    words = {
        "edition": member.edition,
        "member": member,
        "tasks": tasks,
        "due": due,
        "is_late": due is not None and due.cutoff_at <= at,
        "takes_reviews": member.edition.window(Phase.REVIEW, received_at=at).accepts,
        "plan": plan(open_tasks, due, at),
        "open_tasks": open_tasks,
        "done": sum(task.is_done for task in tasks),  # type: ignore[attr-defined]
        "has_written": own_reviews(member).exists() or own_comments(member).exists(),
    }
    return render(request, "reviews/reviewer/home.html", words)


# --- One submission --------------------------------------------------------------------------------------------------


def current_manuscript(assignment: Assignment) -> Manuscript | None:
    return assignment.submission.manuscripts.filter(is_current=True).first()


@door(page_of, "GET", "HEAD", "POST")
@once_confirmed
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    if request.method == "POST":
        return keep(request, task_to_write(request, slug, number))
    member, assignment, written = page_of(request, slug, number)
    at = timezone.now()
    closed = reviewing.closed_because(assignment.submission, at)
    fields = shown_own_text(written)
    edition = member.edition
    words = {
        "edition": edition,
        "assignment": assignment,
        "submission": assignment.submission,
        "authors": authors_shown_to_reviewers(assignment.submission),
        "outcome": outcome_for_reviewer(assignment.submission, at),
        "topics": list(assignment.submission.topics.all()),
        "manuscript": current_manuscript(assignment),
        "supplements": list(assignment.submission.supplements.filter(removed_at__isnull=True)),
        "record": getattr(assignment.submission, "reproducibility", None),
        "review": written,
        "form": ReviewForm(edition, fields, read_only=bool(closed)),
        "closed": closed,
        "version": written.version if written else 0,
        "ahead": written is not None
        and written.submitted_at is not None
        and fields != reviewing.official_text(written),
        "asides": written.versions.filter(is_aside=True, number__gt=newest_kept(written)).count()
        if written and is_own_eye()
        else 0,
        "fellows": shown_fellows(assignment, edition),
        "discussion": discussion_for(assignment),
        "sub_reviewer": assignment.sub_reviewers.standing().first() if edition.sub_reviewers else None,
        "may_give_back": not reviewing.kept_because(assignment, written, at),
        "may_name": edition.sub_reviewers and not closed and (written is None or written.submitted_at is None),
        "due": edition.due(Phase.REVIEW),
        "is_late": (due := edition.due(Phase.REVIEW)) is not None and due.cutoff_at <= at,
        "promise": PromiseForm(initial={"until": assignment.promised_at}, today=at.date()),
        "state": task_state(assignment) if written is None else state_of(written),
    }
    return render(request, "reviews/reviewer/review.html", words)


def shown_own_text(written: Review | None) -> reviewing.Fields:
    """Her newest text; for a chair who looks with her eyes only what she submitted."""
    if is_own_eye() or written is None:
        return reviewing.working_text(written)
    return reviewing.official_text(written) if written.submitted_at else reviewing.empty_fields()


def state_of(written: Review) -> tuple[str, str]:
    return ("Submitted", "good") if written.submitted_at is not None else ("Draft: not submitted", "note")


def newest_kept(written: Review) -> int:
    """The number of the newest version that is not aside."""
    newest = written.versions.filter(is_aside=False).first()
    return newest.number if newest else 0


def shown_fellows(assignment: Assignment, edition: Edition) -> list[dict[str, Any]]:
    """The others' submitted reviews as a co-reviewer may read them: no note for chairs, names only if allowed."""
    rows = list(fellow_reviews(assignment).select_related("assignment__membership"))
    with_names = names_of_fellows(edition)
    helped = written_with(row.assignment for row in rows) if rows and sub_reviewers_shown(edition) else {}
    return [
        {
            "label": f"Reviewer {row.label}",
            "name": row.assignment.membership.name if with_names else "",
            "written_with": [one.name for one in helped.get(row.assignment_id, ())],
            "fields": {name: getattr(row, name) for name in Review.SHARED},
            "score_label": edition.score_label(row.score),
            "confidence_label": edition.confidence_label(row.confidence),
            "submitted_at": row.submitted_at,
        }
        for row in rows
    ]


def based_on(request: HttpRequest) -> int:
    return whole_number(request.POST.get("version"), -1)


def window_of(request: HttpRequest) -> str:
    """Which window a script sends from, as it names itself."""
    return request.headers.get("X-Window", "")[:20]


TOO_LATE = "It came too late to be kept here."
NOT_KEPT = "It came too late to be kept here; your browser still has what you typed."
# In another tab, or by who writes with her.
NEWER = "A newer text was saved meanwhile. It is shown here; the text you just sent is kept in the history."
KEPT_BESIDE = "The text you sent is kept on this page for you; the review is unchanged."


def task_to_write(request: HttpRequest, slug: str, number: int) -> Assignment:
    """The person's task of a submission, also one that ended while she wrote: nothing typed is lost.

    404 for who never had it or never knew that she had, and for an ended one when nothing was typed.
    """
    rows = Membership.objects.filter(user=person(request), edition__slug=slug).select_related("edition")
    member = get_object_or_404(rows)
    task = assigned_to(member).filter(submission__number=number).first()
    if task is None and typed_fields(request.POST) != reviewing.empty_fields():
        mine = member.assignments.filter(submission__number=number)
        known = once_known(mine, [slug]).select_related("submission__edition", "membership")
        task = known.order_by("-pk").first()
    if task is None:
        raise Http404
    return task


def not_kept(request: HttpRequest, closed: str, edition: Edition) -> HttpResponse:
    """The answer to a text that came too late, or too often: the text itself, for a browser that keeps none."""
    messages.error(request, f"{closed} {TOO_LATE}")
    sent = [(LABELS[name], value) for name, value in typed_fields(request.POST).items() if value not in {"", None}]
    return render(request, "reviews/reviewer/not_kept.html", {"edition": edition, "sent": sent}, status=409)


def keep(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """The plain Save: works without script, refuses nothing that was typed."""
    slug, number = assignment.submission.edition.slug, assignment.submission.number
    saved = reviewing.save_review(
        assignment=assignment,
        fields=typed_fields(request.POST),
        based_on=based_on(request),
        by=person(request),
        at=timezone.now(),
    )
    if not saved.is_kept:
        return not_kept(request, saved.closed, assignment.submission.edition)
    if saved.closed:
        # A warning tells the browser that it need not keep the text any longer (frame.js); an error does not.
        messages.warning(request, f"{saved.closed} {KEPT_BESIDE}")
        return redirect("reviews:own", slug)
    if saved.is_aside:
        messages.warning(request, NEWER)
        return redirect("reviews:versions", slug, number)
    messages.success(request, f"Saved {saved.review.saved_at.astimezone(UTC):%H:%M:%S} UTC.")
    then = request.POST.get("then")
    return redirect(
        {"preview": "reviews:preview", "submit": "reviews:submit"}.get(str(then), "reviews:review"), slug, number
    )


@signed_in_or_403
@door(page_of, "POST")
def autosave(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    saved = reviewing.save_review(
        assignment=task_to_write(request, slug, number),
        fields=typed_fields(request.POST),
        based_on=based_on(request),
        by=person(request),
        at=timezone.now(),
        window=window_of(request),
    )
    if saved.closed:
        kept = "Your text is kept for you under “What you wrote”; the review is unchanged."
        message = f"{saved.closed} {kept if saved.is_kept else NOT_KEPT}"
        return JsonResponse({"message": message, "kept": saved.is_kept}, status=409)
    if saved.is_aside:
        message = "A newer text was saved meanwhile. This text is kept aside in the history; reload to see the newer."
        # No new version for the page: what it sends next is still based on the older text, and kept aside too.
        return JsonResponse({"message": message, "kept": True}, status=409)
    return JsonResponse(
        {"saved_at": f"{saved.review.saved_at.astimezone(UTC):%H:%M:%S} UTC", "version": saved.review.version}
    )


@door(page_of, "GET", "HEAD")
def preview(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    member, assignment, written = page_of(request, slug, number)
    words = shown_text(member.edition, reviewing.working_text(written))
    words |= {"edition": member.edition, "submission": assignment.submission, "review": written}
    return render(request, "reviews/reviewer/preview.html", words)


def shown_text(edition: Edition, fields: reviewing.Fields) -> dict[str, Any]:
    return {
        "fields": fields,
        "score_label": edition.score_label(fields["score"]),
        "confidence_label": edition.confidence_label(fields["confidence"]),
    }


@door(page_of, "GET", "HEAD", "POST")
def submit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    member, assignment, written = page_of(request, slug, number)
    before = member.edition.score_label(written.score) if written else ""
    note = NoteForm(request.POST if request.method == "POST" else None, score_before=before)
    if note.is_valid():
        try:
            return hand_in(request, assignment, note.cleaned_data["note"])
        except reviewing.ReviewingError as error:
            note.add_error(None, str(error))
            # What another window has saved meanwhile is shown before the next press.
            written = Review.objects.filter(assignment=assignment).first()
    fields = reviewing.working_text(written)
    missing = reviewing.missing_in(member.edition, fields)
    talk = discussion_for(assignment)
    words = shown_text(member.edition, fields) | {
        "edition": member.edition,
        "submission": assignment.submission,
        "review": written,
        "note": note,
        "asks_why": talk is not None and talk.is_open and written is not None and fields["score"] != written.score,
        "version": written.version if written else 0,
        "missing": [(name, reviewing.NEEDED[name]) for name in missing],
        "closed": reviewing.closed_because(assignment.submission, timezone.now()),
    }
    return render(request, "reviews/reviewer/submit.html", words, status=422 if note.errors else 200)


def hand_in(request: HttpRequest, assignment: Assignment, note: str) -> HttpResponse:
    """Submit the saved text; raises ReviewingError. A note that no discussion takes any more goes back to her."""
    slug, number = assignment.submission.edition.slug, assignment.submission.number
    reviewing.submit_review(
        assignment=assignment, based_on=based_on(request), by=person(request), at=timezone.now(), note=note
    )
    messages.success(request, f"Your review of submission {number} is submitted. Thank you.")
    changes = own_comments(assignment.membership).filter(kind=Comment.Kind.CHANGE)
    if note and not changes.filter(discussion__submission=assignment.submission_id, text__endswith=note).exists():
        messages.warning(request, f"Your words were not sent: no open discussion tells of a changed score. {note}")
    return redirect("reviews:review", slug, number)


@door(page_of, "GET", "HEAD", "POST")
def versions(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Every text that was saved; POST takes an old one up again as the newest."""
    member, assignment, written = page_of(request, slug, number)
    if request.method == "POST" and written is not None:
        old = get_object_or_404(written.versions, number=whole_number(request.POST.get("number")))
        saved = reviewing.save_review(
            assignment=assignment,
            fields=old.fields,
            based_on=written.version,
            by=person(request),
            at=timezone.now(),
        )
        if saved.closed:
            messages.error(request, saved.closed)
            return redirect("reviews:versions", slug, number)
        if saved.is_aside:
            messages.warning(request, NEWER)
            return redirect("reviews:versions", slug, number)
        messages.success(request, f"Version {old.number} is the newest text again. The one before it is still kept.")
        return redirect("reviews:review", slug, number)
    rows = list(written.versions.select_related("saved_by")) if written else []
    others = {row.pk: str(row.saved_by) for row in rows if row.saved_by_id != member.user_id}
    words = {
        "edition": member.edition,
        "submission": assignment.submission,
        "review": written,
        "has_others": bool(others),
        "versions": [
            {"row": row, "by": others.get(row.pk, "")}
            | shown_text(member.edition, reviewing.empty_fields() | row.fields)
            for row in rows
        ],
    }
    return render(request, "reviews/reviewer/versions.html", words)


@door(page_of, "GET", "HEAD", "POST")
def refuse(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    member, assignment, written = page_of(request, slug, number)
    at = timezone.now()
    form = RefusalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            reviewing.decline_assignment(assignment=assignment, **form.cleaned_data, by=person(request), at=at)
        except reviewing.ReviewingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"Submission {number} is given back and the chairs are told. What you wrote is kept for you."
            )
            return redirect("reviews:home", slug)
    words = {
        "edition": member.edition,
        "submission": assignment.submission,
        "review": written,
        "form": form,
        "kept": reviewing.kept_because(assignment, written, at),
    }
    return render(request, "reviews/reviewer/refuse.html", words, status=422 if form.errors else 200)


@door(page_of, "GET", "HEAD", "POST")
def promise(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    member, assignment, _ = page_of(request, slug, number)
    at = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = PromiseForm(data, initial={"until": assignment.promised_at}, today=at.date())
    if form.is_valid():
        until = form.cleaned_data["until"]
        reviewing.promise_date(assignment=assignment, until=until, by=person(request), at=at)
        messages.success(request, f"Noted: by {until:%a %d %b %Y}." if until else "The promise is taken back.")
        return redirect("reviews:review", slug, number)
    words = {"edition": member.edition, "submission": assignment.submission, "form": form}
    return render(request, "reviews/reviewer/promise.html", words, status=422 if form.errors else 200)


# --- Herself ---------------------------------------------------------------------------------------------------------


@door(reviewers_gate, "GET", "HEAD", "POST")
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    member = reviewer_of(request.user, slug)
    topics = ordered_topics(member.edition)
    form = ProfileForm.of(member, topics, request.POST if request.method == "POST" else None)
    note = CorrectionForm(initial={"text": request.POST.get("text", "").strip()})
    if form.is_valid():
        data = form.cleaned_data
        try:
            reviewing.save_profile(
                membership=member,
                version=data["version"],
                interests=form.interests(),
                max_load=data["max_load"],
                away=data["away"],
                publications=data["publications"],
                conflicts=data["conflicts"],
                by=person(request),
                at=timezone.now(),
            )
        except reviewing.Stale as stale:
            form.add_error(None, str(stale))
            theirs = form.show_beside(ProfileForm.of(reviewer_of(request.user, slug), topics))
            return profile_page(request, member, form, note, theirs)
        messages.success(request, "Your profile is saved.")
        if not note["text"].value():
            return redirect("reviews:profile", slug)
        messages.info(request, "Your note to the chairs is not sent yet; it stands below.")
        member = reviewer_of(request.user, slug)
        form = ProfileForm.of(member, topics)
    return profile_page(request, member, form, note)


def profile_page(
    request: HttpRequest,
    member: Membership,
    form: ProfileForm,
    correction: CorrectionForm,
    theirs: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """`theirs` is what a newer profile says otherwise, as (label, value)."""
    words = {
        "theirs": theirs,
        "edition": member.edition,
        "member": member,
        "form": form,
        "set_by_chairs": set_by_chairs(member),
        "correction": correction,
        "homes": list(person(request).affiliations.all()),
        "printed": list(member.affiliations.all()),
    }
    status = 422 if form.errors or correction.errors else 200
    return render(request, "reviews/reviewer/profile.html", words, status=status)


def ordered_topics(edition: Edition) -> list[Topic]:
    """The topics as the call nests them: each parent before its children."""
    rows = list(Topic.objects.filter(edition=edition))
    return [row for top in rows if top.parent_id is None for row in (top, *(r for r in rows if r.parent_id == top.pk))]


def set_by_chairs(member: Membership) -> int:
    """How many conflicts chairs have set; which submissions they are stays unknown to a member in conflict.

    No others are counted: with a person whom she names, an ORCID iD or a domain that she types, the number would tell
    how many papers somebody of her choice has written.
    """
    return Conflict.objects.filter(membership=member, lifted_at__isnull=True, source=ConflictSource.CHAIR).count()


NO_OTHER_CHAIR = "You are the only chair: it would go to nobody. Name another chair, who can lift a conflict of yours."


@door(reviewers_gate, "GET", "HEAD", "POST")
def correct_conflicts(request: HttpRequest, slug: str) -> HttpResponse:
    """The note is sent; a profile that was typed beside it is not saved by that, and stays on the page.

    GET shows the profile: who was signed out under that page comes back to its address, with what was typed.
    """
    member = reviewer_of(request.user, slug)
    topics = ordered_topics(member.edition)
    if request.method != "POST":
        return profile_page(request, member, ProfileForm.of(member, topics), CorrectionForm())
    form, beside = CorrectionForm(request.POST), ProfileForm.of(member, topics)
    if "version" in request.POST and (typed := ProfileForm.of(member, topics, request.POST)).has_changed():
        beside = typed
    others = member.edition.memberships.chairs().exclude(pk=member.pk)
    if form.is_valid() and member.is_chair and not others.exists():
        form.add_error("text", NO_OTHER_CHAIR)
    if form.is_valid():
        reviewing.ask_correction(
            membership=member, text=form.cleaned_data["text"], by=person(request), at=timezone.now()
        )
        messages.success(request, "The chairs have your note. A conflict stands until one of them lifts it.")
        if not beside.is_bound:
            return redirect("reviews:profile", slug)
        messages.info(request, "What you changed in your profile is not saved yet; it stands below.")
        form = CorrectionForm()
    return profile_page(request, member, beside, form)


def own_gate(request: HttpRequest, slug: str) -> Membership:
    """Her place in an edition, also one that has ended; 404 for who is no reviewer there and knows of no task of hers.

    Whoever wrote in a discussion finds her words here too, a chair that is in conflict by now as well.
    """
    rows = Membership.objects.filter(user=person(request), edition__slug=slug).select_related("edition")
    member = get_object_or_404(rows)
    is_reviewer = member.is_active and member.is_reviewer
    if not (is_reviewer or once_known(member.assignments.all(), [slug]).exists() or own_comments(member).exists()):
        raise Http404
    return member


@door(own_gate, "GET", "HEAD")
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that she wrote for an edition, also after she was removed: her text stays hers."""
    member = own_gate(request, slug)
    edition = member.edition
    # What somebody who wrote with her saved beside it stays that person's.
    late = ReviewVersion.objects.filter(is_aside=True, saved_by=member.user)
    kept = Prefetch("versions", late, to_attr="asides")
    found = own_reviews(member).select_related("assignment__submission").prefetch_related(kept)
    rows = list(found.order_by("assignment__submission__number", "pk"))
    newest = reviewing.working_texts(rows)
    # A title may have changed since she could see the submission: it is shown while she can.
    seen = set(assigned_to(member).values_list("pk", flat=True))
    shown = [
        {
            "row": row,
            "is_hers": row.assignment_id in seen,
            "ahead": shown_text(edition, newest[row.pk]) if newest[row.pk] != reviewing.official_text(row) else None,
            "asides": [{"row": one} | shown_text(edition, reviewing.empty_fields() | one.fields) for one in row.asides],  # type: ignore[attr-defined]
        }
        | shown_text(edition, reviewing.official_text(row))
        for row in rows
    ]
    context = {
        "edition": edition,
        "reviews": shown,
        "ended": [
            pk for pk in once_known(member.assignments.all(), [slug]).values_list("pk", flat=True) if pk not in seen
        ],
        "comments": own_comments(member).select_related("discussion__submission"),
        "certificate": certificates.certificate_of(person(request), edition, timezone.now()),
        "certificate_from": certificates.opens_at(edition),
    }
    return render(request, "reviews/reviewer/own.html", context)


def certificate_gate(request: HttpRequest, slug: str) -> tuple[Edition, certificates.Certificate]:
    """An edition and her certificate for it; 404 before the event and for who submitted no review."""
    edition = get_object_or_404(Edition, slug=slug)
    found = certificates.certificate_of(person(request), edition, timezone.now())
    if found is None:
        raise Http404
    return edition, found


@door(certificate_gate, "GET", "HEAD")
def certificate(request: HttpRequest, slug: str) -> HttpResponse:
    """How much she reviewed, with a link by which anybody can verify it; also after her access has ended."""
    edition, found = certificate_gate(request, slug)
    address = f"{settings.SITE_URL}{reverse('reviews:verify_certificate', args=[found.code])}"
    context = {"edition": edition, "certificate": found, "is_own": True, "address": address}
    return render(request, "reviews/reviewer/certificate.html", context)


@require_safe
def verify_certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a certificate is ours; tells what it states and nothing else."""
    found = certificates.verify(code)
    context = {"certificate": found, "address": f"{settings.SITE_URL}{request.path}"}
    return render(request, "reviews/reviewer/certificate.html", context, status=200 if found else 404)
