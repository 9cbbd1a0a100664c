"""A real recipient for the preview of a letter, among those whom the chair may know."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.emails import invitation_words, values_of_invitation
from dlonsc.editions.models import Membership
from dlonsc.mail.placeholders import Block, Value
from dlonsc.mail.post import GREETING
from reviews.access import assignments_overseen_by, decisions_overseen_by
from reviews.emails.assigning import task_context, values_of
from reviews.emails.blocks import due_words
from reviews.emails.deciding import context_of, decision_values, shown_of
from reviews.emails.reminding import CAMERA_READY, DRAFT, values_of_paper
from reviews.letters import letters_for, shown_text
from reviews.lettertexts import ABOUT_PAPERS, AROUND_DETAILS, BY_KIND
from reviews.models import Review, Verdict
from submissions.access import overseen_by
from submissions.actions.sending import missing
from submissions.contacts import contacts
from submissions.models import Author
from submissions.states import Outcome, State


@dataclass(frozen=True)
class Sample:
    """`to` says who it is; `is_real` is false when nobody would get such a letter yet."""

    to: str
    values: dict[str, Value]
    is_real: bool = True


def sample_of(chair: Membership, kind: str) -> Sample:
    """Somebody who would get a letter of this kind, with what would fill it; made up when there is nobody."""
    found = MAKERS[kind](chair, kind)
    return found or Sample("nobody yet", {name: f"({words})" for name, words in _placeholders(kind)}, is_real=False)


def _placeholders(kind: str) -> list[tuple[str, str]]:
    return list(BY_KIND[kind].placeholders.items())


def _decision(chair: Membership, kind: str) -> Sample | None:
    verdict = Verdict.ACCEPT if kind == "decision_accept" else Verdict.REJECT
    rows = decisions_overseen_by(chair).filter(verdict=verdict).select_related("submission__edition")
    row = rows.order_by("submission__number").first()
    authors = list(Author.objects.filter(submission=row.submission).exclude(email="")) if row else []
    if row is None or not authors:
        return None
    reviews = Review.objects.submitted().filter(assignment__submission=row.submission).select_related("assignment")
    shown = row.shown or shown_of(chair.edition, row, reviews)
    context = context_of(chair.edition, row.submission, authors, shown)
    return Sample(f"{authors[0].name} <{authors[0].email}>", decision_values(context, authors[0].name))


def _invitation(chair: Membership, kind: str) -> Sample | None:
    row = Membership.objects.filter(edition=chair.edition_id).exclude(email="").order_by("-pk").first()
    if row is None:
        return None
    link = f"{settings.SITE_URL}/invitation/(personal link)/"
    words = invitation_words(chair.edition, row, asked_by=chair.name, note="(what you write)", link=link)
    return Sample(f"{row.name} <{row.email}>", values_of_invitation(words))


def _tasks(chair: Membership, kind: str) -> Sample | None:
    rows = assignments_overseen_by(chair).filter(removed_at__isnull=True, declined_at__isnull=True)
    if kind != "assigned":
        rows = rows.exclude(review__submitted_at__isnull=False)
    rows = rows.select_related("membership__user", "submission")
    first = rows.order_by("membership__pk").first()
    if first is None:
        return None
    member = first.membership
    member.edition = chair.edition
    email = member.user.email if member.user else member.email
    tasks = list(rows.filter(membership=member))
    return Sample(f"{member.name} <{email}>", values_of(task_context(chair.edition, member), tasks))


def _paper(chair: Membership, kind: str) -> Sample | None:
    rows = overseen_by(chair)
    if kind == DRAFT:
        rows, phase = rows.filter(state=State.DRAFT), Phase.SUBMISSION
    else:
        rows, phase = rows.filter(outcome=Outcome.ACCEPTED, announced_at__lte=timezone.now()), Phase.CAMERA_READY
    row = rows.select_related("created_by").order_by("number").first()
    if row is None:
        return None
    row.edition = chair.edition
    email, name = next(iter(contacts(row)), (row.created_by.email, row.created_by.name))
    lines = missing(row) if kind == DRAFT else ["camera-ready PDF"]
    link = f"{settings.SITE_URL}/{chair.edition.slug}/submissions/{row.number}/"
    values = values_of_paper(row, name, lines, due_words(chair.edition.due(phase)), link)
    return Sample(f"{name} <{email}>", values)


def _around_details(chair: Membership, kind: str) -> Sample | None:
    """The newest letter of the kind that was written before the edition had words of its own for it."""
    rows = letters_for(chair).filter(kind=kind).order_by("-pk")
    first = chair.edition.letter_texts.filter(kind=kind).order_by("pk").first()
    row = (rows.filter(created_at__lt=first.written_at) if first else rows).first()
    if row is None:
        return None
    said = GREETING.sub("", shown_text(row), count=1).strip()
    values: dict[str, Value] = {
        "name": row.to_name,
        "edition": chair.edition.name,
        "link": f"{settings.SITE_URL}/{chair.edition.slug}/",
        "details": Block(said, ""),
    }
    if kind in ABOUT_PAPERS:
        paper = overseen_by(chair).filter(pk=int(row.subject_label.removeprefix("submission:"))).first()
        if paper is None:
            return None
        values |= {"number": str(paper.number), "title": paper.title}
        values["link"] = f"{settings.SITE_URL}/{chair.edition.slug}/submissions/{paper.number}/"
    return Sample(f"{row.to_name} <{row.to_email}>", values)


MAKERS: dict[str, Callable[[Membership, str], Sample | None]] = {
    "decision_accept": _decision,
    "decision_reject": _decision,
    "invitation": _invitation,
    "assigned": _tasks,
    "chair_reminder": _tasks,
    "remind_reviews": _tasks,
    DRAFT: _paper,
    CAMERA_READY: _paper,
    **{kind: _around_details for kind, *_ in AROUND_DETAILS},
}
