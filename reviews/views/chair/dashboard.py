"""The chair's first page: the phases, what to do next, and the numbers that matter."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Deadline, Edition, Membership
from dlonsc.mail.models import State
from reviews.access import sub_reviewers_overseen_by
from reviews.actions import deciding
from reviews.delegates import needs_delegate
from reviews.letters import letters_for
from reviews.models import Assignment
from reviews.overview import Row, Tally, is_done, is_forsaken, rows_of
from reviews.views.chair.announce import SecondChair
from reviews.views.chair.door import ChairRequest, chairs_only, page
from submissions.access import on_no_board
from submissions.actions.overseeing import late_files
from submissions.models import AuthorListRequest, Question, Submission
from submissions.states import State as SubmissionState

SENTENCES = 5


@dataclass(frozen=True)
class PhaseStep:
    """One deadline of the strip: over, the next one, or to come."""

    deadline: Deadline
    is_over: bool
    is_next: bool


@dataclass(frozen=True)
class Next:
    """One thing to do: a sentence, where, and the act's name."""

    words: str
    address: str
    act: str


@chairs_only
def dashboard(request: ChairRequest, chair: Membership) -> HttpResponse:
    at = timezone.now()
    tally = Tally(rows_of(chair, conflicts=True))
    letters = letters_in_trouble(chair)
    context = {
        "phases": phases(chair.edition, at),
        "tally": tally,
        "next": next_acts(chair, tally, letters, at)[:SENTENCES],
        "at_risk": drafts_at_risk(tally),
        "late_reviewers": late_reviewers(chair, tally, at),
        "letters": letters,
        "by_reviews": list(tally.by_reviews.items()),
        "missing": tally.reviews_wanted - tally.reviews_done,
    }
    return page(request, chair, "dashboard.html", context)


def phases(edition: Edition, at: datetime) -> list[PhaseStep]:
    rows = sorted(edition.deadlines.all(), key=lambda row: row.cutoff_at)
    upcoming = next((row.pk for row in rows if row.cutoff_at > at), None)
    return [PhaseStep(row, row.cutoff_at <= at, row.pk == upcoming) for row in rows]


def drafts_at_risk(tally: Tally) -> list[Row]:
    """Drafts whose authors uploaded a PDF and did not submit."""
    return [row for row in tally.rows if row.submission.state == SubmissionState.DRAFT and row.manuscript]


def late_reviewers(chair: Membership, tally: Tally, at: datetime) -> int:
    due = chair.edition.due(Phase.REVIEW)
    if due is None or at < due.cutoff_at:
        return 0
    asked = [row for row in tally.submitted if not row.submission.announced_at]
    tasks = [task for row in asked for task in row.assignments if not is_done(task) and not is_forsaken(task)]
    return len({task.membership_id for task in tasks})


def letters_in_trouble(chair: Membership) -> int:
    """Failed, returned or uncertain letters that the chair may see."""
    return letters_for(chair).filter(state__in=[State.FAILED, State.UNKNOWN, State.BOUNCED]).count()


def next_acts(chair: Membership, tally: Tally, letters: int, at: datetime) -> list[Next]:
    """Sentences in the order of urgency; the page shows the first five."""
    edition = chair.edition
    found: list[Next] = []

    def add(count: int, one: str, many: str, name: str, act: str, query: str = "") -> None:
        if count:
            words = one if count == 1 else many.format(count)
            found.append(Next(words, reverse(name, args=[edition.slug]) + query, act))

    add(
        tally.held(at),
        "An announcement is held and can be stopped",
        "{} announcements are held",
        "reviews:announce",
        "See",
    )
    add(
        len(tally.late_conflicts),
        "1 standing assignment has come into conflict",
        "{} standing assignments have come into conflict",
        "reviews:conflicts",
        "Look",
    )
    add(
        int(needs_delegate(edition)),
        "Every chair is in conflict with a submission: nobody handles it, and nothing can be assigned",
        "",
        "reviews:delegate",
        "Name a delegate",
    )
    lost = on_no_board((row.submission for row in tally.rows), edition, at)
    papers = ", ".join(str(row.number) for row in lost)
    add(
        len(lost),
        f"Paper {papers} is accepted, and no proceedings chair may see it: name another one",
        f"Papers {papers} are accepted, and no proceedings chair may see them: name another one",
        "editions:chair_committee",
        "Committee",
    )
    add(letters, "1 letter did not arrive", "{} letters did not arrive", "letters:log", "See letters")
    for acts in (announcement_acts(chair, tally, at), submission_acts(chair, tally, at), review_acts(chair, tally, at)):
        for act in acts:
            add(*act)
    return found


Act = tuple[int, str, str, str, str, str]


def submission_acts(chair: Membership, tally: Tally, at: datetime) -> list[Act]:
    mine = [row.submission.pk for row in tally.rows]
    requests = AuthorListRequest.objects.filter(submission__in=mine, decided_at__isnull=True).count()
    late = {file.submission_id for file in late_files(Submission.objects.filter(pk__in=mine))}
    open_call = chair.edition.window(Phase.SUBMISSION, received_at=at).accepts
    return [
        (
            requests,
            "1 author list change waits for an answer",
            "{} author list changes wait for an answer",
            "submissions:author_requests",
            "Answer",
            "",
        ),
        (
            unanswered(mine),
            "1 question of authors is unanswered",
            "{} questions of authors are unanswered",
            "submissions:questions",
            "Answer",
            "",
        ),
        (
            len(late),
            "1 submission has a late file",
            "{} submissions have late files",
            "submissions:late",
            "Look",
            "",
        ),
        (
            len(drafts_at_risk(tally)) if open_call else 0,
            "1 draft has a PDF and is not submitted",
            "{} drafts have a PDF and are not submitted",
            "reviews:table",
            "See drafts",
            "?state=draft",
        ),
    ]


def unanswered(mine: list[int]) -> int:
    """Threads whose last word is the authors'."""
    last: dict[int, bool] = {}
    rows = Question.objects.filter(submission__in=mine).order_by("written_at", "pk")
    for submission, from_chairs in rows.values_list("submission", "from_chairs"):
        last[submission] = from_chairs
    return sum(not answered for answered in last.values())


def review_acts(chair: Membership, tally: Tally, at: datetime) -> list[Act]:
    edition = chair.edition
    closed = not edition.window(Phase.SUBMISSION, received_at=at).accepts
    ready = sum(row.decision is None and row.done >= row.wanted for row in tally.submitted)
    few = sum(row.missing > 0 for row in tally.submitted)
    refused = refusals(tally)
    return [
        (
            sub_reviewers_overseen_by(chair).waiting().count() if edition.sub_reviewers else 0,
            "1 sub-reviewer waits for your answer",
            "{} sub-reviewers wait for your answer",
            "reviews:sub_reviewers",
            "Answer",
            "",
        ),
        (
            refused,
            "1 refused review needs another reviewer",
            "{} refused reviews need another reviewer",
            "reviews:assign",
            "Replace",
            "",
        ),
        (
            len(tally.forsaken),
            "1 review is asked of somebody who does not review here any more",
            "{} reviews are asked of people who do not review here any more",
            "reviews:assign",
            "Replace",
            "",
        ),
        (
            tally.unassigned if closed else 0,
            "1 review has no reviewer yet",
            "{} reviews have no reviewer yet",
            "reviews:assign",
            "Assign",
            "",
        ),
        (
            late_reviewers(chair, tally, at),
            "1 reviewer is late",
            "{} reviewers are late",
            "reviews:progress",
            "Remind",
            "?segment=late#remind",
        ),
        (
            few if closed and not tally.unassigned else 0,
            f"1 submission has fewer than {edition.reviews_per_submission} reviews",
            f"{{}} submissions have fewer than {edition.reviews_per_submission} reviews",
            "reviews:table",
            "See them",
            "?missing=1",
        ),
        (
            ready,
            "1 submission has all its reviews and no decision",
            "{} submissions have all their reviews and no decision",
            "reviews:decisions",
            "Decide",
            "?decision=undecided",
        ),
    ]


def announcement_acts(chair: Membership, tally: Tally, at: datetime) -> list[Act]:
    """What is decided and private: to announce, or, where two chairs release together, to confirm first.

    Before what is missing: others wait for these, and the page shows five sentences.
    """
    if not tally.private or chair.user is None:
        return []
    if deciding.not_yet_because(chair.edition, at):
        waiting = "can be announced once submission is closed"
        return [
            (
                tally.private,
                f"1 decision {waiting}",
                f"{{}} decisions {waiting}",
                "editions:dates",
                "Dates",
                "",
            )
        ]
    ready, to_confirm = tally.private, 0
    if chair.edition.needs_second_chair:
        second = SecondChair.of(deciding.plan(chair), chair.user)
        ready, to_confirm = second.ready, second.wanted if second.to_confirm else 0
    return [
        (
            ready,
            "1 decision is ready to announce",
            "{} decisions are ready to announce",
            "reviews:announce",
            "Announce",
            "",
        ),
        (
            to_confirm,
            "1 decision needs a second chair to confirm its letters",
            "{} decisions need a second chair to confirm their letters",
            "reviews:announce",
            "Read and confirm",
            "",
        ),
    ]


def refusals(tally: Tally) -> int:
    """Refused tasks of submissions that still lack a reviewer."""
    lacking = [
        row.submission.pk for row in tally.submitted if len(row.assignments) < row.wanted and not row.is_announced
    ]
    return Assignment.objects.filter(submission__in=lacking, declined_at__isnull=False).count()
