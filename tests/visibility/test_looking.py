"""Looking as somebody else: read-only, marked, logged, and never more than both may see."""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from reviews.looking import NO_ROLE
from reviews.models import Review
from submissions.models import Submission
from tests import factories


@dataclass
class World:
    edition: Edition
    chair: Membership
    rita: Membership
    author: User
    open: Submission
    hidden: Submission

    def looking(self, person: User | None, chair: Membership | None = None) -> Client:
        """A client of the chair who has begun to look as somebody."""
        client, who = Client(), chair or self.chair
        assert who.user is not None
        client.force_login(who.user)
        chosen = "visitor" if person is None else str(person.pk)
        self.answer = client.post(reverse("reviews:look_as", args=[self.edition.slug]), {"person": chosen})
        return client

    def at(self, name: str, *more: int) -> str:
        return reverse(name, args=[self.edition.slug, *more])


@pytest.fixture
def world(db: None) -> World:
    """A reviewer and an author with two papers each; the chair is in conflict with one of them."""
    edition = factories.make_edition()
    chair = factories.make_member(edition, email="chair@d.example", chair=True)
    rita = factories.make_member(edition, factories.make_user("rita@r.example", "Rita"))
    author = factories.make_user("ada@uni.example", "Ada")
    open_, hidden = (factories.make_submission(edition, author, title=title) for title in ("Wombat", "Zebrafish"))
    factories.make_conflict(hidden, chair)
    for paper in (open_, hidden):
        factories.make_review(factories.make_assignment(paper, rita), submitted=False, summary="Dormouse")
    return World(edition, chair, rita, author, open_, hidden)


def test_a_chair_sees_a_reviewers_page_with_a_red_bar_on_it(world: World) -> None:
    client = world.looking(world.rita.user)
    assert world.answer.headers["Location"] == world.at("reviews:home")
    page = client.get(world.at("reviews:home")).content.decode()
    assert "You look as Rita, read-only." in page
    assert "Wombat" in page
    assert "no-store" in client.get(world.at("editions:call")).headers["Cache-Control"]


@pytest.mark.parametrize("whom", ["rita", "author"])
def test_what_the_chair_is_in_conflict_with_stays_hidden_behind_every_eye(world: World, whom: str) -> None:
    client = world.looking(world.rita.user if whom == "rita" else world.author)
    number = world.hidden.number
    addresses = [
        world.at("reviews:home"),
        world.at("submissions:home"),
        world.at("editions:call"),
        world.at("reviews:review", number),
        world.at("reviews:paper", number),
        world.at("submissions:submission", number),
        world.at("submissions:reproducibility", number),
        world.at("submissions:pdf", number, 1),
        world.at("submissions:reproducibility", world.open.number),
        world.at("submissions:conflicts", world.open.number),
    ]
    for address in addresses:
        response = client.get(address)
        assert b"Zebrafish" not in response.content
        assert response.status_code == 404 or f"/{number}/" not in address, address


def test_a_reviewers_unfinished_text_stays_hers(world: World) -> None:
    client, address = world.looking(world.rita.user), world.at("reviews:review", world.open.number)
    assert "Dormouse" not in client.get(address).content.decode()
    Review.objects.filter(assignment__submission=world.open).update(submitted_at=factories.AT, summary="Ostrich")
    assert "Ostrich" in client.get(address).content.decode()


def test_an_authors_unfinished_text_stays_hers(world: World) -> None:
    """What came second or too late, and the rows of the author list that cannot be saved yet."""
    rows = {"authors-TOTAL_FORMS": "1", "authors-INITIAL_FORMS": "0", "authors-0-name": "Pangolin"}
    aside = {"section": "details", "by": "Ada", "by_id": world.author.pk, "fields": {"abstract": ["Armadillo"]}}
    Submission.objects.filter(pk=world.open.pk).update(
        state="draft", typed={"aside": [aside], "authors": rows | {"by": "Ada", "by_id": world.author.pk}}
    )
    world.edition.deadlines.filter(phase="submission").update(cutoff_at="2100-01-01T00:00Z")
    address, ada = world.at("submissions:submission", world.open.number), Client()
    ada.force_login(world.author)
    pages = [client.get(address).content.decode() for client in (ada, world.looking(world.author))]
    assert [[text in page for text in ("Armadillo", "Pangolin", "Wombat")] for page in pages] == [
        [True, True, True],
        [False, False, True],
    ]


def test_past_reviews_of_a_hidden_paper_do_not_show_by_a_link(world: World) -> None:
    """A reviewer's home tells of reviews and comments on papers no longer hers; a hidden one must not."""
    Review.objects.filter(assignment__submission=world.open).delete()
    world.open.assignments.all().delete()
    factories.make_comment(world.hidden, world.rita)
    client = world.looking(world.rita.user)
    assert world.at("reviews:own") not in client.get(world.at("reviews:home")).content.decode()


def test_nothing_can_be_changed_while_looking(world: World) -> None:
    client = world.looking(world.author)
    address = world.at("submissions:withdraw", world.open.number)
    assert client.post(address, {"reason": "no"}).status_code == 403
    assert client.delete(world.at("submissions:home")).status_code == 403
    assert client.post(world.at("reviews:review", world.open.number)).status_code == 403
    world.open.refresh_from_db()
    assert world.open.state == "submitted"


@pytest.mark.parametrize(
    "name", ["accounts:profile", "account_email", "mfa_index", "usersessions_list", "feeds:mine", "editions:dashboard"]
)
def test_pages_about_the_person_are_not_shown(world: World, name: str) -> None:
    response = world.looking(world.author).get(reverse(name))
    assert response.status_code == 403
    assert "Not while you look as Ada" in response.content.decode()


def test_chairs_pages_receipts_and_unknown_addresses_are_not_shown_either(world: World) -> None:
    client = world.looking(world.author)
    other = factories.make_edition("other-2026")
    addresses = [
        world.at("letters:log"),
        world.at("reviews:chair"),
        world.at("submissions:receipt", world.open.number),
        reverse("editions:call", args=[other.slug]),
        "/nowhere/at/all/here/",
    ]
    assert [client.get(address).status_code for address in addresses] == [403] * 5


def test_chairs_and_administrators_and_strangers_cannot_be_chosen(world: World) -> None:
    second = factories.make_member(world.edition, email="second@s.example", chair=True)
    root = factories.make_user("root@r.example", is_superuser=True, is_staff=True)
    factories.make_member(world.edition, root)
    only_hidden = factories.make_user("hidden@h.example")
    secret = factories.make_submission(world.edition, only_hidden)
    factories.make_conflict(secret, world.chair)
    for person in (second.user, root, only_hidden, factories.make_user("stranger@s.example")):
        world.looking(person)
        assert world.answer.status_code == 422
    assert not Entry.objects.filter(verb="looked_as").exists()


def test_begin_and_end_are_in_the_history_without_telling_a_chair_in_conflict_who_the_author_is(world: World) -> None:
    client = world.looking(world.author)
    client.post(world.at("reviews:stop_looking"))
    assert "read-only" not in client.get(world.at("editions:call")).content.decode()
    entries = Entry.objects.filter(verb__in=["looked_as", "stopped_looking"]).order_by("pk")
    assert [(row.verb, row.subject) for row in entries] == [
        ("looked_as", world.open.label),
        ("stopped_looking", world.open.label),
    ]
    other = factories.make_member(world.edition, email="other@o.example", chair=True)
    factories.make_conflict(world.open, other)
    reader = Client()
    reader.force_login(other.user)
    assert "looked as" not in reader.get(world.at("reviews:history")).content.decode()


def test_a_visitors_view_is_that_of_nobody(world: World) -> None:
    client = world.looking(None)
    page = client.get(world.at("editions:call")).content.decode()
    assert "You look as a visitor, read-only." in page
    assert "Create account" in page
    assert client.get(world.at("submissions:home")).status_code == 302


def test_somebody_without_a_role_sees_the_public_pages_and_nothing_of_anybody(world: World) -> None:
    client = world.looking(NO_ROLE)
    assert world.answer.headers["Location"] == world.at("editions:call")
    page = client.get(world.at("editions:call")).content.decode()
    assert "You look as somebody without a role, read-only." in page
    assert "Create account" not in page
    mine = client.get(world.at("submissions:home"))
    assert (mine.status_code, b"Wombat" in mine.content) == (200, False)
    closed = [("reviews:home", ()), ("submissions:submission", (1,)), ("submissions:proceedings", ())]
    assert [client.get(world.at(name, *more)).status_code for name, more in closed] == [404] * 3
    assert Entry.objects.filter(verb="looked_as").get().detail["person"] == "somebody without a role"


def test_a_sub_reviewers_view_is_her_one_paper_without_the_unfinished_text(world: World) -> None:
    Edition.objects.filter(pk=world.edition.pk).update(sub_reviewers=True)
    sue = factories.make_user("sue@sue.example", "Sue")
    for paper in (world.hidden, world.open):
        factories.make_sub_reviewer(paper.assignments.get(), sue)
    client = world.looking(sue)
    address = world.at("reviews:sub_review", world.open.number)
    assert world.answer.headers["Location"] == address
    page = client.get(address).content.decode()
    assert ("You look as Sue" in page, "Wombat" in page, "Dormouse" in page) == (True, True, False)
    assert b"".join(client.get(world.at("reviews:sub_paper", world.open.number))).startswith(b"%PDF")
    for name in ("reviews:sub_review", "reviews:sub_paper"):
        assert client.get(world.at(name, world.hidden.number)).status_code == 404
    for name in ("reviews:sub_versions", "reviews:sub_ready", "reviews:sub_withdraw"):
        assert client.get(world.at(name, world.open.number)).status_code == 403
    entries = Entry.objects.filter(verb="looked_as").values_list("subject", flat=True)
    assert list(entries) == [world.open.label]
    # Nor does where she begins tell that she wrote a hidden one.
    factories.make_author(world.hidden, sue.email)
    world.looking(sue)
    assert world.answer.headers["Location"] == address


def test_a_sub_reviewer_of_a_hidden_paper_alone_cannot_be_chosen(world: World) -> None:
    Edition.objects.filter(pk=world.edition.pk).update(sub_reviewers=True)
    sue = factories.make_user("sue@sue.example", "Suzanna Example")
    factories.make_sub_reviewer(world.hidden.assignments.get(), sue)
    world.looking(sue)
    assert world.answer.status_code == 422
    assert "Suzanna" not in world.answer.content.decode()


def test_a_proceedings_chairs_view_begins_at_her_board(world: World) -> None:
    printer = factories.make_member(world.edition, email="print@p.example", proceedings=True)
    Membership.objects.filter(pk=printer.pk).update(is_reviewer=False)
    for paper in (world.open, world.hidden):
        factories.announce(paper)
    client = world.looking(printer.user)
    assert world.answer.headers["Location"] == world.at("submissions:proceedings")
    page = client.get(world.at("submissions:proceedings")).content.decode()
    assert ("Wombat" in page, "Zebrafish" in page) == (True, False)


def test_who_is_no_chair_any_more_looks_with_her_own_eyes_at_the_next_request(world: World) -> None:
    client = world.looking(world.rita.user)
    Membership.objects.filter(pk=world.chair.pk).update(is_chair=False)
    assert client.get(world.at("reviews:home")).content.decode().count("You look as") == 0
    assert "looking" not in client.session


def test_a_person_who_left_is_not_looked_at_any_more(world: World) -> None:
    client = world.looking(world.rita.user)
    Membership.objects.filter(pk=world.rita.pk).update(removed_at=factories.AT)
    assert client.get(world.at("reviews:chair")).status_code == 200


def test_stop_without_looking_only_leads_back(world: World) -> None:
    client = Client()
    client.force_login(world.chair.user)
    assert client.post(world.at("reviews:stop_looking")).headers["Location"] == world.at("reviews:look_as")
