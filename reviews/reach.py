"""How many would come to see how much, before a switch is turned. Counts over what the asking chair may know."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.db.models.functions import Lower

from dlonsc.editions.models import Membership
from dlonsc.editions.visibility import Switch
from reviews.access import decisions_overseen_by
from reviews.models import Assignment, Discussion, Review, SubReviewer, Verdict
from submissions.access import overseen_by
from submissions.models import Author


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


@dataclass(frozen=True)
class Release:
    """What announcing every private decision would show to authors."""

    accepts: int
    rejects: int
    reviews: int
    authors: int

    @property
    def words(self) -> str:
        decisions = counted(self.accepts + self.rejects, "decision", "decisions")
        reviews = counted(self.reviews, "review", "reviews")
        return f"This will make {decisions} and {reviews} visible to {counted(self.authors, 'author', 'authors')}."


def release_of(chair: Membership) -> Release:
    """Counts of what an announcement by this chair would release now. Three queries."""
    rows = decisions_overseen_by(chair).unannounced().filter(submission__in=overseen_by(chair).submitted())
    counts = rows.aggregate(
        accepts=Count("pk", filter=Q(verdict=Verdict.ACCEPT)), rejects=Count("pk", filter=Q(verdict=Verdict.REJECT))
    )
    concerned = rows.values("submission")
    reviews = Review.objects.submitted().filter(assignment__submission__in=concerned).count()
    people = Author.objects.filter(submission__in=concerned).exclude(email="").values(low=Lower("email")).distinct()
    return Release(counts["accepts"], counts["rejects"], reviews, people.count())


def end_of_access(chair: Membership, ends: bool) -> str:
    """What the end of the reviewers' access hides, or opening it again shows, in one sentence; '' for nobody."""
    tasks = Assignment.objects.standing().filter(
        submission__in=overseen_by(chair).submitted(), membership__in=Membership.objects.reviewers()
    )
    counts = tasks.aggregate(papers=Count("submission", distinct=True), people=Count("membership", distinct=True))
    if not counts["people"]:
        return ""
    papers = counted(counts["papers"], "submission", "submissions")
    to = counted(counts["people"], "reviewer", "reviewers")
    return f"This will hide {papers} from {to}." if ends else f"This will make {papers} visible to {to} again."


def effect_of(chair: Membership, switch: Switch, on: bool) -> str:
    """What turning a switch would show or hide now, in one sentence; '' when it concerns nobody yet."""
    tasks = Assignment.objects.standing().filter(submission__in=overseen_by(chair).submitted())
    if switch == Switch.BLIND:
        readers = tasks
        papers = counted(tasks.values("submission").distinct().count(), "submission", "submissions")
        of, who = f"the authors of {papers}", ("reviewer", "reviewers")
    elif switch == Switch.DISCUSSION:
        talks = Discussion.objects.filter(submission__in=overseen_by(chair))
        readers = tasks.filter(review__submitted_at__isnull=False, submission__in=talks.values("submission"))
        of, who = counted(talks.count(), "discussion", "discussions"), ("reviewer", "reviewers")
    elif switch == Switch.SUB_REVIEWERS:
        found = SubReviewer.objects.accepted().filter(assignment__in=tasks.awaiting_review())
        counts = found.aggregate(
            papers=Count("assignment__submission", distinct=True), people=Count("user", distinct=True)
        )
        if not counts["people"]:
            return ""
        papers = counted(counts["papers"], "submission", "submissions")
        to = counted(counts["people"], "sub-reviewer", "sub-reviewers")
        return f"This will make {papers} visible to {to}." if on else f"This will hide {papers} from {to}."
    else:
        done = tasks.filter(review__submitted_at__isnull=False)
        shared = done.values("submission").annotate(n=Count("pk")).filter(n__gt=1).values("submission")
        readers = done.filter(submission__in=shared)
        of = f"the names beside {counted(readers.count(), 'review', 'reviews')}"
        who = ("co-reviewer", "co-reviewers")
    people = readers.values("membership").distinct().count()
    if not people:
        return ""
    hides = on == (switch == Switch.BLIND)
    to = counted(people, *who)
    return f"This will hide {of} from {to}." if hides else f"This will make {of} visible to {to}."
