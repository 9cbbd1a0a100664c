"""One's own data: a whole copy without what others may not tell, and being forgotten without harm to the workshop."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dlonsc.accounts.models import Affiliation, User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message, State
from reviews.actions import deciding, erasing
from reviews.actions.assigning import Refused
from reviews.models import Review
from reviews.persons import data_of
from submissions.models import Author, Submission
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]


@pytest.fixture
def paper(edition: Edition, author: User) -> Submission:
    return factories.make_submission(edition, author, title="Elastic Reductions")


def letter(to: User, words: str, state: State = State.SENT) -> Message:
    return Message.objects.create(
        key=words, kind="receipt", to_email=to.email, subject=words, text=words, state=state, created_at=AT
    )


def unpacked(client: Client) -> tuple[dict[str, Any], dict[str, bytes]]:
    response = client.post("/me/data/download/")
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("data.json")), files


def test_an_authors_copy_holds_her_account_papers_files_and_letters(
    edition: Edition, paper: Submission, author: User, as_user: Browser
) -> None:
    Affiliation.objects.create(user=author, institution="Vistula Polytechnic")
    letter(author, "A receipt")
    data, files = unpacked(as_user(author))
    assert data["account"]["name"] == author.name
    assert [row["institution"] for row in data["affiliations"]] == ["Vistula Polytechnic"]
    assert [row["title"] for row in data["submissions"]] == ["Elastic Reductions"]
    assert [row["text"] for row in data["letters"]] == ["A receipt"]
    assert files == {f"files/{edition.slug}_{paper.number:03d}/version-1.pdf": b"%PDF-1.7 made for a test"}


def test_it_tells_no_reviewer_no_review_and_no_decision_before_its_time(
    edition: Edition, paper: Submission, author: User, chair: Membership, reviewer: Membership
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer), summary="Quagga")
    assert chair.user is not None
    deciding.decide(paper, verdict="accept", note="Quagga", to_authors="Quagga", version=0, by=chair.user, at=AT)
    before = json.dumps(data_of(author, AT), default=str)
    now = deciding.plan(chair)
    deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=now.fingerprint, leave_undecided=False, by=chair.user, at=AT
    )
    held = json.dumps(data_of(author, AT), default=str)
    assert (held == before, "Quagga" in held, reviewer.name in held) == (True, False, False)
    Message.objects.update(state=State.SENT)
    assert "Quagga" in json.dumps(data_of(author, AT), default=str)


def test_the_page_does_not_tell_of_letters_that_wait(paper: Submission, author: User, as_user: Browser) -> None:
    browser = as_user(author)
    before = browser.get("/me/data/").context["plan"]
    letter(author, "Held", State.HELD)
    after = browser.get("/me/data/").context["plan"]
    assert (before.goes, before.stays, after.waiting) == (after.goes, after.stays, 1)


def test_a_reviewers_copy_holds_her_reviews_with_all_versions_and_nobody_elses(
    edition: Edition, paper: Submission, reviewer: Membership
) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer), summary="Mine")
    other = factories.make_member(edition, email="other@else.example")
    factories.make_review(factories.make_assignment(paper, other), summary="Theirs")
    assert reviewer.user is not None
    data = data_of(reviewer.user, AT)
    assert [row["text"]["summary"] for row in data["reviews"]] == ["Mine"]
    assert [len(row["versions"]) for row in data["reviews"]] == [1]
    assert "Theirs" not in json.dumps(data, default=str)


def test_a_wish_reaches_each_administrator_once(author: User, as_user: Browser) -> None:
    factories.make_user("root@site.example", "Root", is_superuser=True)
    browser = as_user(author)
    assert browser.post("/me/data/", {"reason": "Please"}).status_code == 422
    for _ in range(2):
        assert browser.post("/me/data/", {"reason": "Please", "sure": "on"}).status_code == 302
    told = Message.objects.get(kind="erasure")
    assert (told.to_email, "Please" in told.text, author.email in told.text) == ("root@site.example", True, True)
    assert Entry.objects.filter(verb="erasure_requested").count() == 1
    assert "An administrator does it" in browser.get("/me/data/").text


def test_an_erased_person_cannot_come_back_and_the_workshop_stays_whole(
    edition: Edition, paper: Submission, reviewer: Membership, as_user: Browser
) -> None:
    person = reviewer.user
    assert person is not None
    factories.make_review(factories.make_assignment(paper, reviewer), summary="It stays.")
    waiting, sent = letter(person, "Waits", State.QUEUED), letter(person, "Left")
    browser = as_user(person)
    email = person.email
    call_command("erase_person", email, "--yes")
    person.refresh_from_db()
    reviewer.refresh_from_db()
    assert (person.name, person.is_active, person.has_usable_password()) == ("Former member", False, False)
    assert (reviewer.name, reviewer.email, reviewer.is_active) == ("Former member", "", False)
    assert Review.objects.get().summary == "It stays."
    for row, state in ((waiting, State.CANCELLED), (sent, State.SENT)):
        row.refresh_from_db()
        assert row.state == state
    assert browser.get("/me/data/").status_code == 302
    assert Entry.objects.filter(verb="erased", subject=f"user:{person.pk}").count() == 1
    assert not User.objects.filter(email__iexact=email).exists()


def test_names_in_author_lists_stay(paper: Submission, author: User) -> None:
    before = list(Author.objects.values_list("name", "email"))
    found = erasing.erase(author, by="the administrator", at=AT)
    assert found.stays["names in author lists (they are printed)"] == 1
    assert list(Author.objects.values_list("name", "email")) == before


def test_without_yes_nothing_changes(author: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_person", author.email)
    author.refresh_from_db()
    assert (author.is_active, "Nothing was changed" in capsys.readouterr().out) == (True, True)


def test_the_only_chair_must_name_another_first(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    with pytest.raises(Refused, match="only chair of"):
        erasing.erase(chair.user, by="the administrator", at=AT)
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("erase_person", "nobody@else.example")


def test_two_people_are_not_mixed_up(paper: Submission, author: User, stranger: User) -> None:
    letter(stranger, "Not hers")
    erasing.erase(author, by="the administrator", at=AT)
    stranger.refresh_from_db()
    assert (stranger.is_active, Message.objects.get(key="Not hers").state) == (True, State.SENT)
    assert [row["text"] for row in data_of(stranger, AT)["letters"]] == ["Not hers"]
