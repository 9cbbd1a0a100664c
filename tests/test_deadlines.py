"""Every date, one second before, at and after its cut-off, its grace and its extension, for every role and page.

All of them ask one clock; here it is seen that they do, and that they agree.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from icalendar import Calendar

from dlonsc.accounts.models import User
from dlonsc.editions import actions
from dlonsc.editions.calendar import AOE, Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.upstairs import concerned_by
from dlonsc.history.models import Entry
from dlonsc.mail.guards import objection
from dlonsc.mail.models import Message
from reviews.reminders import remind
from submissions.models import CameraReadyItem, LatePermission, Manuscript, Submission
from submissions.states import State
from tests import factories
from tests.editions.desk import confirmed
from tests.factories import AT
from tests.submissions.desk import answers, complete_draft, pdf, report

Browser = Callable[[User | Membership | None], Client]
SECOND = timedelta(seconds=1)
GRACE = timedelta(minutes=10)
WEEK = timedelta(days=7)
CUTOFF = datetime(2026, 4, 1, 12, tzinfo=UTC)
REVIEW_CUTOFF = datetime(2026, 4, 13, 12, tzinfo=UTC)
CAMERA_CUTOFF = datetime(2026, 5, 16, 12, tzinfo=UTC)
# From the cut-off, and whether what comes then is in time.
INSTANTS = [
    pytest.param(-SECOND, True, id="a second before"),
    pytest.param(timedelta(0), True, id="at the cut-off"),
    pytest.param(SECOND, True, id="a second after"),
    pytest.param(GRACE - SECOND, True, id="the last second of grace"),
    pytest.param(GRACE, False, id="the end of grace"),
    pytest.param(GRACE + SECOND, False, id="a second after grace"),
]
# What moved the cut-off by a week, if anything.
MOVES = ["as announced", "extended", "extended for this paper"]
HOME = "/dlonsc-2026/submissions/"


@pytest.fixture(autouse=True)
def _checked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, report("accept"))


@pytest.fixture
def travelled() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def edition(db: None) -> Edition:
    edition = factories.make_edition()
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(grace_minutes=10)
    return edition


@pytest.fixture
def draft(edition: Edition, author: User) -> Submission:
    return complete_draft(edition, author)


def extend(edition: Edition, by: User, phase: Phase = Phase.SUBMISSION, *, tell: bool = False) -> int | None:
    """A week later, by the verb that the chair's button calls."""
    deadline = edition.deadlines.get(phase=phase)
    return actions.set_deadline(
        edition=edition,
        phase=phase,
        announced=(deadline.announced_at + WEEK).replace(tzinfo=None),
        zone=AOE,
        label=deadline.label,
        grace_minutes=deadline.grace_minutes,
        is_soft=deadline.is_soft,
        is_public=deadline.is_public,
        by=by,
        at=AT,
        tell=tell,
    )


def moved(how: str, edition: Edition, paper: Submission, by: User, phase: Phase = Phase.SUBMISSION) -> timedelta:
    """Move the cut-off of a paper as told; by how much."""
    if how == "extended":
        extend(edition, by, phase)
    elif how == "extended for this paper":
        cutoff = edition.deadlines.get(phase=phase).cutoff_at + WEEK
        LatePermission.objects.create(
            submission=paper, phase=phase, cutoff_at=cutoff, reason="illness", given_by=by, given_at=AT
        )
    return timedelta(0) if how == "as announced" else WEEK


def text_of(response: HttpResponse) -> str:
    return " ".join(response.content.decode().split())


# --- Submission: pages that only look ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "in_time"), INSTANTS)
@pytest.mark.parametrize("how", MOVES)
def test_every_page_says_the_same_at_every_instant(
    edition: Edition,
    draft: Submission,
    chair: Membership,
    author: User,
    stranger: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    how: str,
    step: timedelta,
    in_time: bool,
) -> None:
    by = chair.user
    assert by is not None
    travelled.move_to(CUTOFF + moved(how, edition, draft, by) + step)
    # A paper's own, later date opens nothing for others.
    for_all = in_time and how != "extended for this paper"
    visitor, calls, mine = as_user(None), as_user(stranger), as_user(author)
    assert ("Submit a paper" in text_of(visitor.get("/dlonsc-2026/"))) == for_all
    assert visitor.get("/").context["current"][0]["is_open"] == for_all
    assert [calls.get(f"{HOME}{page}").context["is_open"] for page in ("", "new/")] == [for_all, for_all]
    assert (edition in calls.get("/me/").context["calls"]) == for_all
    page = mine.get(f"{HOME}{draft.number}/").context
    assert (page["may_write"], page["may_restore"]) == (in_time, in_time)
    late = as_user(chair).get("/dlonsc-2026/chair/late/").context
    assert (late["is_over"], [row["submission"].pk for row in late["drafts"]]) == (
        not for_all,
        [] if for_all else [draft.pk],
    )
    assert visitor.get("/dlonsc-2026/dates.json").json()["dates"][0]["cutoff"] == (
        "2026-04-08T12:00:00Z" if how == "extended" else "2026-04-01T12:00:00Z"
    )


# --- Submission: acts -------------------------------------------------------------------------------------------------


def start(client: Client, draft: Submission) -> bool:
    client.post(f"{HOME}new/", {"title": "Another one"})
    return Submission.objects.filter(title="Another one").exists()


def write(client: Client, draft: Submission) -> bool:
    words = {"title": "A new title", "abstract": "A", "keywords": "", "is_original": "on", "version": draft.version}
    topics = {"topics": [topic.pk for topic in draft.topics.all()]}
    client.post(f"{HOME}{draft.number}/details/", words | topics)
    return Submission.objects.get(pk=draft.pk).title == "A new title"


def submit(client: Client, draft: Submission) -> bool:
    client.post(f"{HOME}{draft.number}/submit/")
    return Submission.objects.get(pk=draft.pk).state == State.SUBMITTED


def upload(client: Client, draft: Submission) -> bool:
    """A file that came too late is kept beside, and is no part of the submission."""
    before = Manuscript.objects.count()
    client.post(f"{HOME}{draft.number}/upload/", {"file": SimpleUploadedFile("p.pdf", b"%PDF-1.7 new")})
    file = Manuscript.objects.latest("number")
    assert (Manuscript.objects.count(), file.is_late) == (before + 1, not file.is_current)
    return bool(file.is_current)


def restore(client: Client, draft: Submission) -> bool:
    Submission.objects.filter(pk=draft.pk).update(state=State.WITHDRAWN)
    client.post(f"{HOME}{draft.number}/restore/")
    return Submission.objects.get(pk=draft.pk).state != State.WITHDRAWN


@pytest.mark.parametrize(("step", "in_time"), INSTANTS)
@pytest.mark.parametrize("how", MOVES)
@pytest.mark.parametrize("act", [start, write, submit, upload, restore])
def test_every_act_of_an_author_is_taken_in_time_and_not_a_second_later(
    edition: Edition,
    draft: Submission,
    chair: Membership,
    author: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    act: Callable[[Client, Submission], bool],
    how: str,
    step: timedelta,
    in_time: bool,
) -> None:
    assert chair.user is not None
    travelled.move_to(CUTOFF + moved(how, edition, draft, chair.user) + step)
    client = as_user(author)
    expected = in_time and not (act is start and how == "extended for this paper")
    assert act(client, draft) == expected


@pytest.mark.parametrize(
    ("begun", "received", "in_time"),
    [
        (-SECOND, timedelta(minutes=30) - SECOND, True),
        (-SECOND, timedelta(minutes=30), True),  # within the grace of a file that was begun in grace
        (GRACE - SECOND, GRACE + timedelta(minutes=30) - SECOND, True),
        (GRACE - SECOND, GRACE + timedelta(minutes=30), False),
        (GRACE, GRACE + SECOND, False),
    ],
)
def test_an_upload_counts_from_its_first_byte_and_may_finish(
    edition: Edition,
    draft: Submission,
    author: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    settings: object,
    begun: timedelta,
    received: timedelta,
    in_time: bool,
) -> None:
    settings.TRUST_START_HEADER = True  # type: ignore[attr-defined]
    travelled.move_to(CUTOFF + received)
    client = as_user(author)
    seconds = (received - begun).total_seconds()
    client.defaults["HTTP_X_REQUEST_START"] = f"t={(CUTOFF + received).timestamp():.3f} {seconds:.3f}"
    assert upload(client, draft) == in_time
    client.post(f"{HOME}{draft.number}/supplements/", {"file": pdf(b"bytes", "code.py"), "description": "Code"})
    assert draft.supplements.exists() == in_time


def test_after_the_end_the_refusal_tells_the_servers_time_and_whom_to_ask(
    draft: Submission, author: User, as_user: Browser, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(CUTOFF + GRACE + SECOND)
    client = as_user(author)
    response = client.post(f"{HOME}{draft.number}/submit/")
    assert response.context["error"] == (
        "The deadline has passed; the server's time is Wed 01 Apr 2026, 12:10:01 UTC. "
        "Ask the chairs: chairs@workshop.example."
    )


# --- Extension --------------------------------------------------------------------------------------------------------


def test_an_extension_is_one_act_and_a_second_press_does_nothing(
    edition: Edition, draft: Submission, chair: Membership, as_user: Browser, travelled: time_machine.Traveller
) -> None:
    client = as_user(chair)
    words = {
        "label": "Technical paper due",
        "announced": "2026-04-07T23:59",
        "zone": AOE,
        "grace_minutes": "10",
        "is_public": "on",
        "version": "1",
        "tell": "1",
    }
    address = "/dlonsc-2026/chair/dates/submission/"
    typed = {name: value for name, value in words.items() if name != "tell"}
    asked = client.post(address, words | {"csrfmiddlewaretoken": "secret"})
    assert (asked.status_code, asked.headers["Location"]) == (302, f"{address}?{urlencode(typed)}")
    shown = text_of(client.get(asked.headers["Location"]))
    for effect in (
        "The public page and the calendar feeds show it at once;",
        "A banner on the public page and on the pages of authors and reviewers says “Extended” until then.",
        "Reminders move with it; as things stand they go out",
        "Write to the 1 person with something open",
    ):
        assert effect in shown
    assert edition.deadlines.get(phase=Phase.SUBMISSION).version == 1
    for _ in range(2):
        client.post(address, confirmed(words))
    deadline = edition.deadlines.get(phase=Phase.SUBMISSION)
    assert (deadline.version, deadline.cutoff_at) == (2, CUTOFF + WEEK)
    assert [row.to_email for row in Message.objects.filter(kind="date_changed")] == [draft.created_by.email]
    assert Entry.objects.filter(verb="extend_deadline").count() == 1


def test_a_letter_of_a_moved_date_leaves_only_while_the_date_and_the_need_stand(
    edition: Edition, draft: Submission, chair: Membership, travelled: time_machine.Traveller
) -> None:
    assert chair.user is not None

    def move(announced: datetime, *, tell: bool) -> None:
        assert chair.user is not None
        actions.set_deadline(
            edition=edition,
            phase=Phase.SUBMISSION,
            announced=announced,
            zone=AOE,
            label="Technical paper due",
            grace_minutes=10,
            is_soft=False,
            is_public=True,
            by=chair.user,
            at=AT,
            tell=tell,
        )

    wrong, right = (datetime.fromisoformat(f"2026-{day}T23:59") for day in ("05-10", "04-02"))
    move(wrong, tell=True)
    letter = Message.objects.get(kind="date_changed")
    assert objection(letter) is None
    move(right, tell=False)
    assert objection(letter) == "the date was moved again in the meantime"
    move(wrong, tell=False)
    Submission.objects.filter(pk=draft.pk).update(state=State.WITHDRAWN)
    assert objection(letter) == "the recipient has nothing open for the date any more"


def test_a_wrong_date_is_refused_where_it_was_typed_and_an_address_changes_nothing(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    address = "/dlonsc-2026/chair/dates/submission/"
    words = {"label": "Due", "announced": "soon", "zone": AOE, "grace_minutes": "0", "version": "1", "confirm": "1"}
    client = as_user(chair)
    assert client.post(address, words).status_code == 422
    shown = client.get(address, words | {"announced": "2026-04-07T23:59", "tell": "1"})
    assert (shown.status_code, edition.deadlines.get(phase=Phase.SUBMISSION).version) == (200, 1)


def test_two_chairs_do_not_overwrite_each_others_date_and_write_no_second_letters(
    edition: Edition,
    draft: Submission,
    chair: Membership,
    other_chair: Membership,
    as_user: Browser,
    travelled: time_machine.Traveller,
) -> None:
    address = "/dlonsc-2026/chair/dates/submission/"
    words = {
        "label": "Technical paper due",
        "zone": AOE,
        "grace_minutes": "10",
        "is_public": "on",
        "version": "1",
        "tell": "1",
    }
    newer, stale = words | {"announced": "2026-04-14T23:59"}, words | {"announced": "2026-04-07T23:59"}
    # Both looked at the first version; the second chair presses after the first.
    as_user(chair).post(address, confirmed(newer))
    refused = as_user(other_chair).post(address, confirmed(stale))
    shown = text_of(refused)
    deadline = edition.deadlines.get(phase=Phase.SUBMISSION)
    assert (refused.status_code, deadline.version, deadline.cutoff_at) == (422, 2, CUTOFF + 2 * WEEK)
    assert [row.to_email for row in Message.objects.filter(kind="date_changed")] == [draft.created_by.email]
    assert "Another chair changed this date meanwhile." in shown
    # What she typed is still there, as a change of the date that the page shows now.
    form = refused.context["form"]
    assert (form["announced"].value(), form["version"].value()) == ("2026-04-07T23:59", "2")
    as_user(other_chair).post(address, confirmed(stale | {"version": "2"}))
    deadline.refresh_from_db()
    assert (deadline.version, deadline.cutoff_at) == (3, CUTOFF + WEEK)
    # The same date by both is no quarrel: the second press changes nothing.
    again = as_user(chair).post(address, confirmed(stale), follow=True)
    assert "nothing changed and no letter was written" in text_of(again)


def test_a_subscribed_calendar_moves_with_the_date(edition: Edition, chair: Membership, as_user: Browser) -> None:
    assert chair.user is not None

    def event() -> tuple[str, int, datetime]:
        calendar = Calendar.from_ical(as_user(None).get("/dlonsc-2026/dates.ics").content)
        found = next(row for row in calendar.walk("VEVENT") if "submission" in row["UID"])
        return str(found["UID"]), int(found["SEQUENCE"]), found.decoded("DTEND")

    before = event()
    extend(edition, chair.user)
    assert event() == (before[0], before[1] + 1, before[2] + WEEK)


@pytest.mark.parametrize(("step", "shown"), [(-WEEK, True), (-SECOND, True), (timedelta(0), False), (SECOND, False)])
@pytest.mark.parametrize("who", ["visitor", "author", "reviewer"])
def test_an_extension_is_told_on_every_page_until_the_new_date_and_not_longer(
    edition: Edition,
    draft: Submission,
    chair: Membership,
    reviewer: Membership,
    author: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    who: str,
    step: timedelta,
    shown: bool,
) -> None:
    assert chair.user is not None
    person, address = {
        "visitor": (None, "/dlonsc-2026/"),
        "author": (author, f"{HOME}{draft.number}/"),
        "reviewer": (reviewer, "/dlonsc-2026/reviews/"),
    }[who]
    assert "Extended:" not in text_of(as_user(person).get(address))
    extend(edition, chair.user)
    travelled.move_to(CUTOFF + WEEK + step)
    client = as_user(person)
    assert ("<strong>Extended:</strong> Technical paper due is now" in text_of(client.get(address))) == shown


def test_a_date_that_is_not_public_or_was_moved_to_earlier_makes_no_banner(
    edition: Edition, chair: Membership, as_user: Browser, travelled: time_machine.Traveller
) -> None:
    rows = edition.deadlines.filter(phase=Phase.SUBMISSION)
    rows.update(cutoff_at=CUTOFF - WEEK)
    assert "Extended:" not in text_of(as_user(None).get("/dlonsc-2026/"))
    rows.update(cutoff_at=CUTOFF + WEEK, is_public=False)
    assert "Extended:" not in text_of(as_user(None).get("/dlonsc-2026/"))


def test_a_complete_draft_is_adopted_with_one_click_after_the_end_and_the_log_says_by_whom(
    edition: Edition, draft: Submission, chair: Membership, as_user: Browser, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(CUTOFF + GRACE)
    client = as_user(chair)
    for _ in range(2):
        client.post("/dlonsc-2026/chair/late/", {"draft": draft.number})
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED
    entry = Entry.objects.get(verb="adopted a draft after the deadline")
    assert (entry.by, entry.subject) == ("Chantal Chair", draft.label)
    assert Message.objects.filter(kind="receipt").count() == 1


# --- Reviews ----------------------------------------------------------------------------------------------------------

AROUND = [(-SECOND, False), (timedelta(0), True), (SECOND, True)]


@pytest.mark.parametrize(("step", "over"), AROUND)
@pytest.mark.parametrize("how", ["as announced", "extended"])
@pytest.mark.parametrize("is_soft", [True, False])
def test_a_soft_date_never_closes_a_review_and_a_hard_one_does_at_its_cutoff(
    edition: Edition,
    chair: Membership,
    reviewer: Membership,
    as_user: Browser,
    travelled: time_machine.Traveller,
    how: str,
    is_soft: bool,
    step: timedelta,
    over: bool,
) -> None:
    edition.deadlines.filter(phase=Phase.REVIEW).update(is_soft=is_soft)
    paper = factories.make_submission(edition)
    review = factories.make_review(factories.make_assignment(paper, reviewer), submitted=False)
    assert chair.user is not None
    travelled.move_to(REVIEW_CUTOFF + moved(how, edition, paper, chair.user, Phase.REVIEW) + step)
    client = as_user(reviewer)
    assert client.get("/dlonsc-2026/reviews/").context["is_late"] == over
    people = as_user(chair).get("/dlonsc-2026/chair/progress/").context["people"]
    assert [person.is_late for person in people if person.row.tasks] == [over]
    closed = over and not is_soft
    page = client.get(f"/dlonsc-2026/reviews/{paper.number}/submit/")
    assert bool(page.context["closed"]) == closed
    client.post(f"/dlonsc-2026/reviews/{paper.number}/submit/", {"version": review.version})
    review.refresh_from_db()
    assert (review.submitted_at is None) == closed
    assert review.summary == "What it is about."


# --- Camera-ready -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "late"), AROUND)
@pytest.mark.parametrize("how", MOVES)
def test_a_camera_ready_file_is_late_from_its_cutoff_on_and_is_kept(
    edition: Edition,
    chair: Membership,
    proceedings_chair: Membership,
    author: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    how: str,
    step: timedelta,
    late: bool,
) -> None:
    paper = factories.announce(factories.make_submission(edition, author))
    assert chair.user is not None
    at = CAMERA_CUTOFF + moved(how, edition, paper, chair.user, Phase.CAMERA_READY) + step
    travelled.move_to(at)
    file = SimpleUploadedFile("licence.pdf", b"%PDF-1.7 signed")
    as_user(author).post(f"{HOME}{paper.number}/camera-ready/licence/", {"file": file})
    item = CameraReadyItem.objects.get()
    assert (item.is_late, item.uploaded_at) == (late, at)
    board = as_user(proceedings_chair).get("/dlonsc-2026/proceedings/").context
    over = at > CAMERA_CUTOFF + (WEEK if how == "extended" else timedelta(0))
    assert (board["days_left"] < 0) == over


# --- Days on which clocks change --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("announced", "zone", "cutoff"),
    [
        # Europe's spring and autumn, America's autumn, the leap day, New Year on both sides of the date line.
        ("2026-03-29T23:59", "Europe/Berlin", "2026-03-29T22:00:00Z"),
        ("2026-10-25T23:59", "Europe/Berlin", "2026-10-25T23:00:00Z"),
        ("2026-11-01T23:59", "America/New_York", "2026-11-02T05:00:00Z"),
        ("2028-02-29T23:59", "AoE", "2028-03-01T12:00:00Z"),
        ("2026-12-31T23:59", "AoE", "2027-01-01T12:00:00Z"),
        ("2026-12-31T23:59", "Asia/Tokyo", "2026-12-31T15:00:00Z"),
        ("2020-03-31T23:59", "AoE", "2020-04-01T12:00:00Z"),
    ],
)
def test_the_announced_minute_is_the_last_one_on_every_day_of_the_year(
    edition: Edition,
    chair: Membership,
    author: User,
    as_user: Browser,
    travelled: time_machine.Traveller,
    announced: str,
    zone: str,
    cutoff: str,
) -> None:
    assert chair.user is not None
    row = edition.deadlines.get(phase=Phase.SUBMISSION)
    actions.set_deadline(
        edition=edition,
        phase=Phase.SUBMISSION,
        announced=datetime.fromisoformat(announced),
        zone=zone,
        label=row.label,
        grace_minutes=0,
        is_soft=False,
        is_public=True,
        by=chair.user,
        at=AT,
    )
    rows = json.loads(as_user(None).get("/dlonsc-2026/dates.json").content)["dates"]
    told = next(row for row in rows if row["phase"] == "submission")
    assert (told["announced"], told["zone"], told["cutoff"]) == (announced, zone, cutoff)
    instant, found = datetime.fromisoformat(cutoff), []
    for step in (-SECOND, timedelta(0)):
        travelled.move_to(instant + step)
        found.append("Submit a paper" in text_of(as_user(None).get("/dlonsc-2026/")))
    assert found == [True, False]


def test_each_move_of_a_date_is_told_also_back_to_one_that_it_had_before(
    edition: Edition, draft: Submission, chair: Membership
) -> None:
    assert chair.user is not None
    counts = [
        actions.set_deadline(
            edition=edition,
            phase=Phase.SUBMISSION,
            announced=datetime(2026, 4, day, 23, 59),  # noqa: DTZ001 - a local minute, its zone beside it
            zone=AOE,
            label="Technical paper due",
            grace_minutes=0,
            is_soft=False,
            is_public=True,
            tell=True,
            by=chair.user,
            at=AT + timedelta(minutes=minute),
        )
        # The last one changes nothing.
        for minute, day in enumerate([7, 14, 7, 14, 14])
    ]
    assert counts == [1, 1, 1, 1, None]


def test_whom_a_draft_is_reminded_of_is_told_of_a_moved_date_and_no_closed_account(
    edition: Edition, draft: Submission
) -> None:
    draft.authors.update(is_contact=False)
    factories.make_author(draft, "contact@uni.example", "Connie Contact", is_contact=True, confirmed_at=CUTOFF)
    closed = factories.make_submission(edition, state=State.DRAFT)
    User.objects.filter(pk=closed.created_by_id).update(is_active=False)
    told = [person.email for person in concerned_by(edition, Phase.SUBMISSION)]
    assert told == [draft.created_by.email, "contact@uni.example"]
    assert told == [letter.to_email for letter in remind(CUTOFF - timedelta(hours=36))]
