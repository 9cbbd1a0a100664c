"""What an edition still lacks before people can be let in (C1)."""

from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Count, Q
from django.urls import reverse

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership

# In this order they must come.
ORDER = (Phase.SUBMISSION, Phase.REVIEW, Phase.NOTIFICATION, Phase.CAMERA_READY, Phase.EVENT)
# The phases that chairs can date. Not of bidding: nothing asks for it yet.
NAMES = {
    Phase.SUBMISSION: "submission",
    Phase.REVIEW: "reviews",
    Phase.NOTIFICATION: "notification",
    Phase.CAMERA_READY: "camera-ready papers",
    Phase.EVENT: "the event",
}


@dataclass(frozen=True)
class Check:
    """One thing that must be there; `words` says how it stands, `address` where to mend it."""

    done: bool
    words: str
    address: str


def readiness(edition: Edition) -> list[Check]:
    """Every check, done or not, in the order in which a chair would go. Three queries."""
    settings, dates = (reverse(f"editions:{name}", args=[edition.slug]) for name in ("settings", "dates"))
    topics, invite = (reverse(f"editions:{name}", args=[edition.slug]) for name in ("topics", "invite"))
    call = reverse("editions:readiness", args=[edition.slug])
    deadlines = {row.phase: row for row in edition.deadlines.all()}
    missing = [NAMES[phase] for phase in ORDER if phase not in deadlines]
    wrong = dates_out_of_order(edition)
    active = Q(accepted_at__isnull=False, removed_at__isnull=True, user__isnull=False)
    counts = Membership.objects.filter(active, edition=edition).aggregate(
        chairs=Count("pk", filter=Q(is_chair=True)),
        proceedings=Count("pk", filter=Q(is_proceedings_chair=True)),
        reviewers=Count("pk", filter=Q(is_reviewer=True)),
    )
    needed = max(edition.reviews_per_submission, 1)
    answers = edition.reply_to or edition.contact_email
    n_topics = edition.topics.count()
    return [
        written(edition.theme, "The theme of the call", settings),
        written(edition.submission_rules, "The part on submission rules", settings),
        written(edition.reproducibility_rules, "The part on reproducibility", settings),
        Check(
            bool(edition.contact_email),
            f"Questions go to {edition.contact_email}."
            if edition.contact_email
            else "No address for questions is set.",
            settings,
        ),
        Check(
            bool(answers),
            f"Answers to letters go to {answers}." if answers else "No address for answers to letters yet.",
            settings,
        ),
        Check(not missing, f"Dates are missing: {', '.join(missing)}." if missing else "All dates are set.", dates),
        Check(not wrong, wrong or "The dates come in order.", dates),
        Check(n_topics > 0, f"{n_topics} topics." if n_topics else "There are no topics yet.", topics),
        Check(
            counts["chairs"] >= 2,
            f"{counts['chairs']} chairs."
            if counts["chairs"] >= 2
            else "One chair only: a second must handle the first one's own and conflicted submissions.",
            invite,
        ),
        Check(
            counts["proceedings"] >= 1,
            "There is a proceedings chair." if counts["proceedings"] else "There is no proceedings chair.",
            invite,
        ),
        Check(
            counts["reviewers"] >= needed,
            f"{counts['reviewers']} reviewers accepted; {needed} reviews per submission need at least {needed}.",
            invite,
        ),
        Check(edition.is_public, "The call is published." if edition.is_public else "The call is not published.", call),
    ]


def written(text: str, what: str, address: str) -> Check:
    done = bool(text.strip())
    return Check(done, f"{what} is written." if done else f"{what} is empty.", address)


def dates_out_of_order(edition: Edition) -> str:
    """The first pair of dates that come in the wrong order, in words; '' when all are right."""
    rows = [row for phase in ORDER if (row := edition.due(phase)) is not None]
    for before, after in pairwise(rows):
        if after.cutoff_at <= before.cutoff_at:
            return (
                f"{after.label} ({after.announced_at:%d %b}) comes before {before.label} ({before.announced_at:%d %b})."
            )
    return ""


def overtaken_by(date: Deadline) -> list[Deadline]:
    """The dates of an edition that must come after this one, saved or not, and would not."""
    later = ORDER[ORDER.index(Phase(date.phase)) + 1 :]
    rows = [row for phase in later if (row := date.edition.due(phase)) is not None]
    return [row for row in rows if row.cutoff_at <= date.cutoff_at]
