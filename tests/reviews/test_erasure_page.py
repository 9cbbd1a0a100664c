"""The administrators' page of people who ask to be forgotten: what goes, what stays, and the button."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.models import Entry
from dlonsc.history.record import record
from dlonsc.mail.models import Message, State
from reviews.actions import erasing
from tests import factories

pytestmark = pytest.mark.django_db
AsUser = Callable[[User | Membership | None], Client]
PAGE = "/health/erasure/"


@pytest.fixture
def root(db: None) -> User:
    return factories.make_user("root@site.example", "Root", is_superuser=True)


def page_of(person: User) -> str:
    return f"{PAGE}{person.pk}/"


def test_an_administrator_sees_what_goes_and_stays_and_erases_with_the_address_typed(
    root: User, author: User, reviewer: Membership, as_user: AsUser
) -> None:
    aside = {"section": "details", "by": author.name, "by_id": author.pk, "fields": {"abstract": ["Hers."]}}
    paper = factories.make_submission(reviewer.edition, author, typed={"aside": [aside]})
    erasing.request(author, reason="", at=timezone.now())
    browser = as_user(root)
    assert f'<a href="{page_of(author)}">Ada Author</a>' in browser.get(PAGE).content.decode()
    shown = browser.get(page_of(author)).content.decode()
    assert "addresses: 1" in shown
    assert f"{erasing.IN_AUTHOR_LISTS}, if there are any" in shown
    for wrong in ({"email": author.email}, {"email": "somebody@else.example", "sure": "on"}, {}):
        assert browser.post(page_of(author), wrong).status_code == 422
    author.refresh_from_db()
    assert author.is_active
    done = browser.post(page_of(author), {"email": author.email.upper(), "sure": "on"}, follow=True)
    assert "Nobody waits." in done.content.decode()
    author.refresh_from_db()
    assert (author.is_active, author.name) == (False, erasing.NOBODY)
    assert paper.authors.get().name == "Ada Author"
    paper.refresh_from_db()
    assert paper.typed == {"aside": []}
    entry = Entry.objects.get(verb="erased")
    assert (entry.by, entry.subject) == ("Root", f"user:{author.pk}")
    assert browser.get(page_of(author)).status_code == 404


def test_an_administrator_who_is_an_author_learns_of_no_held_letter(
    root: User, chair: Membership, as_user: AsUser
) -> None:
    browser = as_user(root)

    def shown() -> str:
        page = browser.get(page_of(root)).content.decode()
        return page[page.index("<dl") : page.index("</dl>")]

    factories.make_submission(chair.edition, root)
    before = shown()
    Message.objects.create(
        key="held", kind="decision", to_email=root.email, subject="Decision", text="-", state=State.HELD,
        created_at=timezone.now(), not_before=timezone.now(),
    )  # fmt: skip
    assert shown() == before


def test_an_administrator_who_is_an_author_learns_of_no_review_of_her_paper_by_whom_she_erases(
    root: User, reviewer: Membership, as_user: AsUser
) -> None:
    assert reviewer.user is not None
    browser, person = as_user(root), reviewer.user

    def shown() -> str:
        page = browser.get(page_of(person)).content.decode()
        return page[page.index("<dl") : page.index("</dl>")]

    paper = factories.make_submission(reviewer.edition, root)
    before = shown()
    factories.make_review(factories.make_assignment(paper, reviewer))
    factories.make_comment(paper, reviewer)
    other = factories.make_assignment(paper, factories.make_member(reviewer.edition))
    factories.make_sub_reviewer(other, person, typed="Hers.")
    record("submit_review", by_id=person.pk, by=str(person), at=timezone.now(), edition=reviewer.edition.slug)
    Message.objects.create(
        key="sent", kind="assigned", to_email=person.email, subject="Task", text="-", state=State.SENT,
        created_at=timezone.now(),
    )  # fmt: skip
    after = erasing.plan(person)
    assert [after.stays[words] for words in (erasing.REVIEWS, erasing.COMMENTS, erasing.LETTERS)] == [1, 1, 1]
    assert shown() == before


def test_an_administrator_in_conflict_with_a_paper_does_not_learn_of_it_by_its_author(
    root: User, author: User, chair: Membership, as_user: AsUser
) -> None:
    browser, hers = as_user(root), factories.make_member(chair.edition, root, chair=True)

    def shown() -> str:
        page = browser.get(page_of(author)).content.decode()
        return page[page.index("<dl") : page.index("</dl>")]

    before = shown()
    factories.make_conflict(factories.make_submission(chair.edition, author), hers)
    assert erasing.plan(author).stays[erasing.IN_AUTHOR_LISTS] == 1
    assert shown() == before


def test_an_only_chair_is_refused_with_the_reason_and_without_a_button(
    root: User, chair: Membership, as_user: AsUser
) -> None:
    assert chair.user is not None
    page = as_user(root).get(page_of(chair.user)).content.decode()
    assert "She is the only chair of DLonSC 2026" in page
    assert "Erase for good" not in page
    answer = as_user(root).post(page_of(chair.user), {"email": chair.user.email, "sure": "on"})
    assert (answer.status_code, Entry.objects.filter(verb="erased").count()) == (422, 0)


def test_who_asked_by_letter_is_found_by_the_address(root: User, stranger: User, as_user: AsUser) -> None:
    browser = as_user(root)
    assert browser.get(PAGE, {"email": stranger.email.upper()}).headers["Location"] == page_of(stranger)
    assert "Nobody signs in with this address." in browser.get(PAGE, {"email": "no@one.example"}).content.decode()


def test_the_letter_and_the_health_page_lead_there(root: User, author: User, as_user: AsUser) -> None:
    as_user(author).post("/me/data/", {"reason": "", "sure": "on"})
    letter = Message.objects.get(kind="erasure")
    assert page_of(author) in letter.text
    assert page_of(author) in letter.html
    assert PAGE in as_user(root).get("/health/").content.decode()


def test_chairs_find_neither_the_page_nor_a_link(chair: Membership, author: User, as_user: AsUser) -> None:
    browser = as_user(chair)
    assert PAGE not in browser.get("/health/").content.decode()
    assert (browser.get(PAGE).status_code, browser.post(page_of(author)).status_code) == (404, 404)
