"""How many would come to see how much, before a switch is turned. Counts over what the asking chair may know."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.editions.visibility import Switch
from reviews.access import decisions_overseen_by, has_submitted, on_desks, open_sub_reviews, sub_reviewed_by
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


@dataclass(frozen=True)
class Readers:
    """Who reads what of the submissions that a chair may know, asked once for all switches.

    Whoever was removed, or is in conflict by now, would be shown nothing by any of them.
    """

    chair: Membership

    @cached_property
    def ever(self) -> list[Assignment]:
        """The tasks that reviewers see, also where that ended some months after the event."""
        return on_desks(overseen_by(self.chair).submitted().values_list("pk", flat=True), as_if_open=True)

    @cached_property
    def tasks(self) -> list[Assignment]:
        return [] if self.chair.edition.committee_is_over(timezone.now()) else self.ever

    @cached_property
    def subs(self) -> list[SubReviewer]:
        """The rows of sub-reviewers who read the paper, where the switch lets them."""
        rows = list(
            open_sub_reviews(timezone.now(), as_if_on=True)
            .accepted()
            .filter(assignment__submission__in=overseen_by(self.chair))
        )
        people = User.objects.filter(pk__in={row.user_id for row in rows})
        hers = {pk for user in people for pk in sub_reviewed_by(user, as_if_on=True).values_list("pk", flat=True)}
        return [row for row in rows if row.pk in hers]


def end_of_access(chair: Membership, ends: bool, readers: Readers | None = None) -> str:
    """What the end of the reviewers' access hides, or opening it again shows, in one sentence; '' for nobody."""
    tasks = (readers or Readers(chair)).ever
    papers = counted(len({task.submission_id for task in tasks}), "submission", "submissions")
    return _sentence(papers, _people(tasks, "reviewer", "reviewers"), hides=ends, again=not ends)


def effect_of(chair: Membership, switch: Switch, on: bool, readers: Readers | None = None) -> str:
    """What turning a switch would show or hide now, in one sentence; '' when it concerns nobody yet."""
    effect = {
        Switch.BLIND: _of_blind,
        Switch.DISCUSSION: _of_discussion,
        Switch.SUB_REVIEWERS: _of_sub_reviewers,
        Switch.NAMES: _of_names,
    }
    of, to = effect[switch](readers or Readers(chair))
    return _sentence(of, to, hides=on == (switch == Switch.BLIND))


def _of_blind(readers: Readers) -> tuple[str, list[str]]:
    tasks, subs = readers.tasks, readers.subs if readers.chair.edition.sub_reviewers else []
    papers = {task.submission_id for task in tasks} | {row.assignment.submission_id for row in subs}
    to = [*_people(tasks, "reviewer", "reviewers"), *_helpers(subs)]
    return f"the authors of {counted(len(papers), 'submission', 'submissions')}", to


def _of_discussion(readers: Readers) -> tuple[str, list[str]]:
    rows = Discussion.objects.filter(submission__in=overseen_by(readers.chair))
    talks = set(rows.values_list("submission", flat=True))
    tasks = [task for task in readers.tasks if has_submitted(task) and task.submission_id in talks]
    papers = {task.submission_id for task in tasks}
    return counted(len(papers), "discussion", "discussions"), _people(tasks, "reviewer", "reviewers")


def _of_sub_reviewers(readers: Readers) -> tuple[str, list[str]]:
    papers = {row.assignment.submission_id for row in readers.subs}
    return counted(len(papers), "submission", "submissions"), _helpers(readers.subs)


def _of_names(readers: Readers) -> tuple[str, list[str]]:
    """Names stand beside each review that a co-reviewer reads; she reads them once her own is in."""
    written: dict[int, set[int]] = defaultdict(set)
    rows = Review.objects.submitted().filter(assignment__submission__in=overseen_by(readers.chair).submitted())
    for paper, pk in rows.values_list("assignment__submission", "assignment"):
        written[paper].add(pk)
    read: set[int] = set()
    tasks = []
    for task in readers.tasks:
        if has_submitted(task) and (others := written[task.submission_id] - {task.pk}):
            read |= others
            tasks.append(task)
    people = _people(tasks, "co-reviewer", "co-reviewers")
    return f"the names beside {counted(len(read), 'review', 'reviews')}", people


def _people(tasks: list[Assignment], one: str, many: str) -> list[str]:
    people = {task.membership_id for task in tasks}
    return [counted(len(people), one, many)] if people else []


def _helpers(rows: list[SubReviewer]) -> list[str]:
    people = {row.user_id for row in rows}
    return [counted(len(people), "sub-reviewer", "sub-reviewers")] if people else []


def _sentence(of: str, to: list[str], *, hides: bool, again: bool = False) -> str:
    if not to:
        return ""
    who = " and ".join(to)
    return f"This will hide {of} from {who}." if hides else f"This will make {of} visible to {who}{' again' * again}."
