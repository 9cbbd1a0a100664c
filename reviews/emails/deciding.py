"""The decision letters: what authors are told, built once for letter and page alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.letterhead import letterhead
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Campaign, Message
from dlonsc.mail.placeholders import Block, Value
from dlonsc.mail.post import OwnWords, as_test, post, render
from reviews.models import Announcement, Decision, Review, Verdict
from submissions.models import Author, Submission

LETTER = "reviews/emails/decision"
TEXTS = ("summary", "strengths", "weaknesses", "reproducibility")
HEADINGS = {
    "summary": "Summary",
    "strengths": "Strengths",
    "weaknesses": "Weaknesses",
    "reproducibility": "Reproducibility",
}
WORDS = {Verdict.ACCEPT.value: "accepted", Verdict.REJECT.value: "not accepted"}


@dataclass(frozen=True)
class Letter:
    """One rendered letter, as it would leave now."""

    decision: Decision
    author: Author
    subject: str
    text: str
    html: str


def shown_of(edition: Edition, decision: Decision, reviews: Iterable[Review]) -> dict[str, Any]:
    """What the authors of a submission are shown, as plain JSON: only Review.SHARED, reviewers as numbers."""
    return {
        "verdict": decision.verdict,
        "to_authors": decision.to_authors,
        "reviews": [_review(edition, number, row) for number, row in enumerate(_in_order(reviews), start=1)],
    }


def _in_order(reviews: Iterable[Review]) -> list[Review]:
    return sorted(reviews, key=lambda row: (row.label, row.pk))


def _review(edition: Edition, number: int, row: Review) -> dict[str, Any]:
    """Reviewer 1 to n without gaps, so that nobody counts those who gave up."""
    return {
        "reviewer": number,
        "score": row.score,
        "score_label": edition.score_label(row.score),
        "confidence": row.confidence,
        "confidence_label": edition.confidence_label(row.confidence),
        "texts": [{"heading": HEADINGS[name], "text": getattr(row, name)} for name in TEXTS if getattr(row, name)],
    }


def left_out(edition: Edition, shown: dict[str, Any], reviews: Iterable[Review]) -> int:
    """How many reviews the letters do not hold as they are now: they came in, or changed, after these were written."""
    told = [_without_labels(row) for row in shown["reviews"]] if shown else None
    return 0 if told is None else sum(_without_labels(_review(edition, 0, row)) not in told for row in reviews)


def _without_labels(shown: dict[str, Any]) -> dict[str, Any]:
    """What a reviewer wrote, without her number and what the edition calls a score."""
    return {name: shown[name] for name in ("score", "confidence", "texts")}


def context_of(
    edition: Edition,
    submission: Submission,
    authors: Sequence[Author],
    shown: dict[str, Any],
    corrects: datetime | None = None,
) -> dict[str, Any]:
    """Everything that the letter's templates and the authors' page read."""
    path = reverse("reviews:decision_for_authors", args=[edition.slug, submission.number])
    return {
        "edition": edition,
        "submission": submission,
        "authors": authors,
        "shown": shown,
        "accepted": shown["verdict"] == Verdict.ACCEPT,
        "words": WORDS[shown["verdict"]],
        "corrects": corrects,
        "link": f"{settings.SITE_URL}{path}",
    }


def kind_of(verdict: str) -> str:
    """Which own text of the edition words the letter of a verdict."""
    return "decision_accept" if verdict == Verdict.ACCEPT else "decision_reject"


def decision_values(context: dict[str, Any], name: str) -> dict[str, Value]:
    """What fills the placeholders of a decision letter to an author of this name."""
    submission, corrects = context["submission"], context["corrects"]
    correction = ""
    if corrects:
        sent = f"{corrects.astimezone(UTC):%-d %b %Y, %H:%M}"
        correction = f"This takes the place of the decision that was sent on {sent} UTC, which no longer holds."
    blocks = {
        part: Block(
            render_to_string(f"reviews/emails/decision_{part}.txt", context).strip(),
            render_to_string(f"reviews/emails/decision_{part}.html", context).strip(),
        )
        for part in ("note", "reviews")
    }
    return {
        "name": name,
        "edition": context["edition"].name,
        "number": str(submission.number),
        "title": submission.title,
        "authors": ", ".join(author.name for author in context["authors"]),
        "link": context["link"],
        "correction": correction,
        "from_chairs": blocks["note"],
        "reviews": blocks["reviews"],
    }


def own_of(context: dict[str, Any], name: str) -> OwnWords | None:
    """The decision letter to an author of this name in the edition's own words, where it has some."""
    edition: Edition = context["edition"]
    return edition.own_words(kind_of(context["shown"]["verdict"]), lambda: decision_values(context, name))


def rendered(
    edition: Edition,
    decision: Decision,
    authors: Sequence[Author],
    shown: dict[str, Any],
    corrects: datetime | None = None,
) -> list[Letter]:
    """The letters of one decision to every author, exactly as they would leave: the dry run."""
    letters = []
    for author in authors:
        context = context_of(edition, decision.submission, authors, shown, corrects)
        words = {**context, "head": letterhead(edition), "to_name": author.name, "site_url": settings.SITE_URL}
        own = own_of(context, author.name)
        letters.append(Letter(decision, author, *render(LETTER, words, own)))
    return letters


def post_to_myself(letter: Letter, user: User, *, chair: Membership, at: datetime) -> Message | None:
    """A letter of the dry run to the chair who looks at it; one a minute. Its kind is that of no decision."""
    return post(
        key=f"decision-test:{letter.decision.pk}:{user.pk}:{at:%Y-%m-%dT%H:%M}",
        to_email=user.email,
        to_name=user.name,
        letter=LETTER,
        context={},
        own=as_test(letter.subject, letter.text, letter.html),
        head=letterhead(chair.edition),
        at=at,
        kind="decision_test",
        about=letter.decision.submission.label,
        guard={"chair": chair.pk, "submissions": [letter.decision.submission_id]},
    )


def post_decision(
    edition: Edition,
    decision: Decision,
    authors: Sequence[Author],
    *,
    announcement: Announcement,
    campaign: Campaign,
    at: datetime,
    to: Sequence[Author] | None = None,
) -> list[Message]:
    """One letter per author, held until the announcement's release; a second press finds the keys taken.

    `to` are those of the authors who get one, without it all.

    The guard is the ledger's last look: the decision must still be the one that this letter tells.
    """
    corrects = announcement.corrects.release_at if announcement.corrects else None
    context = context_of(edition, decision.submission, authors, decision.shown, corrects)
    letters = []
    for author in authors if to is None else to:
        message = post(
            key=f"decision:{decision.pk}:{announcement.pk}:{author.email.lower()}",
            to_email=author.email,
            to_name=author.name,
            letter=LETTER,
            own=own_of(context, author.name),
            context=context,
            head=letterhead(edition),
            at=at,
            kind="decision",
            about=decision.submission.label,
            thread=f"{edition.slug}.{decision.submission.number}",
            held_until=announcement.release_at if announcement.release_at > at else None,
            campaign=campaign,
            guard={"decision": decision.pk, "verdict": decision.verdict, "version": decision.version},
        )
        if message is not None:
            letters.append(message)
    return letters
