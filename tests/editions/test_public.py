"""The public site: everything from the edition's record, nothing without being asked, readable without an account."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.management.commands.load_call import load
from dlonsc.editions.models import Edition, Membership
from reviews.demo.edition import make_demo_edition
from tests import factories

AsUser = Callable[[User | Membership | None], Client]
FILE = Path(settings.BASE_DIR) / "dlonsc" / "editions" / "data" / "dlonsc-2020.json"
pytestmark = pytest.mark.django_db


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def put_due(edition: Edition, phase: Phase, hours: int) -> None:
    cutoff = timezone.now() + timedelta(hours=hours)
    edition.deadlines.filter(phase=phase).update(cutoff_at=cutoff, first_cutoff_at=cutoff)


def test_the_call_of_2020_tells_all_that_its_record_holds(client: Client) -> None:
    call = json.loads(FILE.read_text(encoding="utf-8"))
    load(call)
    page = text(client, "/dlonsc-2020/")
    for word in (
        call["title"], "Tue 31 Mar 2020, 23:59 AoE", "Wed 1 Apr 2020, 11:59 UTC", "Thu 25 Jun 2020", "6 to 12 pages",
        "https://github.com/mlperf/training", "Weijia Xu", "proceedings chair",
        "https://www.tacc.utexas.edu/workshop/2018/deep-learning", "/dlonsc-2020/dates.ics",
    ):  # fmt: skip
        assert word in page, word
    for topic in call["topics"]:
        for title in (topic["title"], *topic["children"]):
            assert title.replace("&", "&amp;") in page, title
    for link in call["links"]:
        assert link["url"] in page
    for member in call["committee"]:
        assert member["name"] in page
    assert "Import Dates" not in page


def test_the_calls_link_the_publishers_templates() -> None:
    past = load(json.loads(FILE.read_text(encoding="utf-8")))
    invented = make_demo_edition("demo-1", "Demo 1", at=timezone.now())
    template = "https://www.springer.com/gp/computer-science/lncs/conference-proceedings-guidelines"
    assert [template in [link["url"] for link in row.links] for row in (past, invented)] == [True, True]
    assert template in text(Client(), "/demo-1/")


def test_without_an_address_for_questions_the_call_points_to_its_chairs(
    client: Client, edition: Edition, chair: Membership
) -> None:
    pointer = '<a href="#people">the chairs</a>'
    assert pointer not in text(client, f"/{edition.slug}/")
    Edition.objects.update(contact_email="")
    Membership.objects.filter(pk=chair.pk).update(title="general chair")
    page = text(client, f"/{edition.slug}/")
    assert (pointer in page, 'id="people"' in page) == (True, True)


def test_a_member_of_two_institutions_is_printed_with_both(client: Client) -> None:
    load(json.loads(FILE.read_text(encoding="utf-8")))
    assert "UChicago &amp; ANL" in text(client, "/dlonsc-2020/committee/")


def test_submit_says_until_when_and_goes_after_the_deadline(client: Client, edition: Edition) -> None:
    put_due(edition, Phase.SUBMISSION, 50)
    page = text(client, f"/{edition.slug}/")
    assert "Submit a paper" in page
    assert "in 2 days 1 hour" in page
    put_due(edition, Phase.SUBMISSION, -1)
    page = text(client, f"/{edition.slug}/")
    assert "Submit a paper" not in page
    assert "Submission is closed" in page


def test_a_call_that_opens_later_says_when(client: Client, edition: Edition) -> None:
    put_due(edition, Phase.SUBMISSION, 500)
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(opens_at=timezone.now() + timedelta(days=2))
    page = text(client, f"/{edition.slug}/")
    assert "Submission is not open yet" in page
    assert "Submit a paper" not in page


def test_an_extended_date_is_marked(client: Client, edition: Edition) -> None:
    row = edition.deadlines.get(phase=Phase.SUBMISSION)
    row.cutoff_at += timedelta(days=7)
    row.save()
    assert "extended" in text(client, f"/{edition.slug}/")


def test_dates_that_are_not_public_are_not_shown(client: Client, edition: Edition) -> None:
    edition.deadlines.filter(phase=Phase.REVIEW).update(is_public=False)
    assert "Reviews due" not in text(client, f"/{edition.slug}/")


def test_an_unpublished_call_is_there_for_its_committee_only(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    Edition.objects.filter(pk=edition.pk).update(is_public=False)
    for page in ("", "committee/"):
        assert as_user(None).get(f"/{edition.slug}/{page}").status_code == 404
        assert as_user(chair).get(f"/{edition.slug}/{page}").status_code == 200
    assert edition.slug not in text(as_user(None), "/")


def test_members_who_declined_left_or_hide_are_not_printed(client: Client, edition: Edition) -> None:
    at = timezone.now()
    hidden = factories.make_member(edition, is_listed=False)
    left = factories.make_member(edition, removed_at=at)
    declined = factories.make_member(edition, accepted_at=None, declined_at=at)
    shown = factories.make_member(edition)
    page = text(client, f"/{edition.slug}/committee/")
    assert shown.name in page
    for member in (hidden, left, declined):
        assert member.name not in page


def test_no_address_of_a_member_is_printed(client: Client, edition: Edition) -> None:
    member = factories.make_member(edition)
    for page in ("", "committee/"):
        assert member.email not in text(client, f"/{edition.slug}/{page}")


def test_an_empty_site_says_what_will_be_here(client: Client, db: None) -> None:
    assert "No call is open at the moment." in text(client, "/")


def test_the_demo_comes_first_and_workshops_that_are_over_last(client: Client) -> None:
    load(json.loads(FILE.read_text(encoding="utf-8")))
    true = factories.make_edition("true", title="The true one")
    demo = factories.make_edition("demo", title="The invented one", is_demo=True)
    for edition in (true, demo):
        put_due(edition, Phase.EVENT, 500)
    page = text(client, "/")
    places = [page.index(f'href="/{slug}/"') for slug in ("demo", "true", "dlonsc-2020")]
    assert places == sorted(places)


def test_text_of_the_call_cannot_run_scripts(client: Client, edition: Edition) -> None:
    Edition.objects.filter(pk=edition.pk).update(theme="<script>alert(1)</script>", title="<img src=x onerror=y>")
    page = text(client, f"/{edition.slug}/")
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("members", [3, 30])
def test_the_number_of_queries_does_not_grow(
    client: Client, edition: Edition, members: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(members):
        factories.make_member(edition)
    for page in ("", "committee/"):
        with django_assert_max_num_queries(7):  # type: ignore[attr-defined]
            client.get(f"/{edition.slug}/{page}")


def test_the_frame_carries_the_servers_clock_and_no_inline_script_or_style(client: Client, edition: Edition) -> None:
    page = text(client, f"/{edition.slug}/")
    assert 'data-now="' in page
    assert "<script>" not in page
    assert "<style" not in page
    assert 'style="' not in page
    assert "onclick" not in page
    assert '<a class="skip" href="#content">' in page


def test_the_role_is_named_where_it_matters(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    browser = as_user(chair)
    assert "You are: Chair" in text(browser, f"/{edition.slug}/chair/")
    assert "You are: Author" in text(browser, f"/{edition.slug}/submissions/")
    assert "Your roles" in text(browser, f"/{edition.slug}/")


def test_pages_that_do_not_exist_say_so_in_our_frame(client: Client, db: None) -> None:
    assert "There is no such page here" in text(client, "/nowhere/at/all/", 404)


def test_the_page_for_faults_needs_nothing_that_could_fail() -> None:
    source = (Path(settings.BASE_DIR) / "templates" / "500.html").read_text(encoding="utf-8")
    assert "{%" not in source
    assert "{{" not in source


def test_privacy_is_linked_from_every_page(client: Client, edition: Edition) -> None:
    for address in ("/", f"/{edition.slug}/", "/accounts/login/"):
        assert 'href="/privacy/"' in text(client, address)
    assert "Nothing is given to third parties" in text(client, "/privacy/")


def test_the_chairs_rooms_name_proceedings_only_for_one_who_has_that_role(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    link = f'<a href="/{edition.slug}/proceedings/">Proceedings</a>'
    assert link not in text(as_user(chair), f"/{edition.slug}/chair/")
    Membership.objects.filter(pk=chair.pk).update(is_proceedings_chair=True)
    assert link in text(as_user(chair), f"/{edition.slug}/chair/")
