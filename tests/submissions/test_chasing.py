"""The proceedings chair chases what is missing: those who owe it now, once a day, none who has just delivered."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import AOE, cutoff_of
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.models import Message, State
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import erasing
from reviews.concerned import camera_ready_contacts
from submissions.models import CameraReadyItem, LatePermission, Submission
from tests import factories
from tests.factories import AT

Browser = Callable[[User | Membership | None], Client]
BOARD, ADDRESS = "/dlonsc-2026/proceedings/", "/dlonsc-2026/proceedings/chase/sources/"


@pytest.fixture
def travelled() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def papers(edition: Edition, travelled: time_machine.Traveller) -> list[Submission]:
    """Three accepted papers; the third has delivered its sources."""
    found = [factories.announce(factories.make_submission(edition)) for _ in range(3)]
    factories.announce(factories.make_submission(edition), "rejected")
    deliver(found[2])
    return found


def deliver(paper: Submission, **fields: object) -> CameraReadyItem:
    defaults = {"kind": "sources", "number": 1, "sha256": "0" * 64, "size": 1, "original_name": "s.zip"}
    return CameraReadyItem.objects.create(submission=paper, uploaded_by=paper.created_by, **(defaults | fields))


def told() -> list[str]:
    return list(Message.objects.filter(kind="chase").order_by("pk").values_list("to_email", flat=True))


def words(page: object) -> str:
    return " ".join(page.content.decode().split())  # type: ignore[attr-defined]


def test_a_paper_with_a_later_date_of_its_own_is_told_that_date(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    later = cutoff_of(datetime.fromisoformat("2026-05-20T18:00"), AOE)
    LatePermission.objects.create(
        submission=papers[1], phase="camera_ready", cutoff_at=later, given_by=proceedings_chair.user, given_at=AT
    )
    as_user(proceedings_chair).post(ADDRESS)
    texts = Message.objects.filter(kind="chase").order_by("pk").values_list("text", flat=True)
    dates = ("Fri 15 May 2026, 23:59 AoE", "Wed 20 May 2026, 18:00 AoE")
    assert [[date in text for date in dates] for text in texts] == [[True, False], [False, True]]
    shown = words(as_user(papers[1].created_by).get("/dlonsc-2026/submissions/2/camera-ready/"))
    assert ("The chairs gave this paper a later date of its own" in shown, "Wed 20 May 2026, 18:00" in shown) == (
        True,
        True,
    )


def test_the_board_counts_and_the_page_shows_to_whom_and_what(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    client = as_user(proceedings_chair)
    assert "Missing: Source archive (2)" in words(client.get(BOARD))
    page = words(client.get(ADDRESS))
    assert "Missing: Source archive (2)" in page
    assert ["1. Paper 1" in page, "2. Paper 2" in page, "3. Paper 3" in page] == [True, True, False]
    assert "Dear Author 1," in page
    assert "It is due Fri 15 May 2026, 23:59 AoE." in page
    assert ("Send 2 letters" in page, told()) == (True, [])


def test_only_those_are_written_to_and_a_second_press_does_nothing(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    client = as_user(proceedings_chair)
    for _ in range(2):
        client.post(ADDRESS)
    page = words(client.get(ADDRESS))
    assert ("All of them were asked today" in page, "<button" in page.partition("<main")[2]) == (True, False)
    assert told() == ["author1@campus1.example", "author2@campus2.example"]
    letter = Message.objects.first()
    assert letter is not None
    assert letter.subject == "[DLonSC 2026] Paper 2: missing: source archive"
    entries = Entry.objects.filter(verb="chased a missing item").order_by("pk").values_list("subject", "detail")
    assert list(entries) == [(row.label, {"number": row.number, "item": "sources", "letters": 1}) for row in papers[:2]]


def test_the_history_of_a_chair_in_conflict_names_no_paper_of_hers_that_was_chased(
    papers: list[Submission], proceedings_chair: Membership, chair: Membership, as_user: Browser
) -> None:
    factories.make_conflict(papers[0], chair)
    as_user(proceedings_chair).post(ADDRESS)
    acts = as_user(chair).get("/dlonsc-2026/chair/history/").context["acts"]
    assert [(act.what, act.number) for act in acts] == [("chased a missing item", 2)]


def test_the_next_day_only_the_remaining(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser, travelled: time_machine.Traveller
) -> None:
    client = as_user(proceedings_chair)
    client.post(ADDRESS)
    deliver(papers[0])
    travelled.move_to(AT + timedelta(days=1))
    client.post(ADDRESS)
    assert told()[2:] == ["author2@campus2.example"]


def test_who_delivers_before_the_letter_leaves_gets_none_and_a_returned_file_is_missing(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    as_user(proceedings_chair).post(ADDRESS)
    deliver(papers[0])
    deliver(papers[1], returned_at=AT, return_text="It does not compile.")
    ledger.drain(KeepInLedger(), seconds=5)
    letters = Message.objects.filter(kind="chase").order_by("pk")
    assert [(row.state, row.answer[:16]) for row in letters] == [
        (State.CANCELLED, "it was delivered"),
        (State.SENT, "kept in the ledg"),
    ]


def test_a_paper_that_is_not_accepted_any_more_is_asked_for_nothing(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    as_user(proceedings_chair).post(ADDRESS)
    factories.announce(papers[0], "rejected")
    ledger.drain(KeepInLedger(), seconds=5)
    letters = Message.objects.filter(kind="chase").order_by("pk")
    assert [(row.state, row.answer[:16]) for row in letters] == [
        (State.CANCELLED, "the submission i"),
        (State.SENT, "kept in the ledg"),
    ]


def test_a_paper_in_conflict_with_her_is_neither_counted_nor_written_to(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    factories.make_conflict(papers[0], proceedings_chair)
    client = as_user(proceedings_chair)
    assert "Missing: Source archive (1)" in words(client.get(BOARD))
    client.post(ADDRESS)
    assert told() == ["author2@campus2.example"]


def test_when_nothing_is_missing_nobody_is_written_to(
    edition: Edition, proceedings_chair: Membership, as_user: Browser
) -> None:
    client = as_user(proceedings_chair)
    assert "Nobody owes this item." in words(client.get(ADDRESS))
    assert "Nobody was written to" in words(client.post(ADDRESS, follow=True))
    assert client.get("/dlonsc-2026/proceedings/chase/poem/").status_code == 404


def test_without_a_contact_author_all_authors_are_asked(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    papers[0].authors.update(is_contact=False)
    factories.make_author(papers[0], "co@uni.example", is_contact=False)
    as_user(proceedings_chair).post(ADDRESS)
    assert told() == ["author1@campus1.example", "co@uni.example", "author2@campus2.example"]


def test_an_erased_contact_is_not_asked_and_the_other_authors_are(
    papers: list[Submission], proceedings_chair: Membership, as_user: Browser
) -> None:
    factories.make_author(papers[0], "co@uni.example", is_contact=False)
    erasing.erase(papers[0].created_by, by="the administrator", at=AT)
    as_user(proceedings_chair).post(ADDRESS)
    assert told() == ["co@uni.example", "author2@campus2.example"]
    concerned = [person.email for person in camera_ready_contacts(papers[0].edition, None)]
    assert concerned == ["co@uni.example", "author2@campus2.example", "author3@campus3.example"]
