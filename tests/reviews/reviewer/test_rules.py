"""The rules of confidentiality: asked at every door to a paper until they are confirmed, and no text lost meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from dlonsc.history.models import Entry
from reviews.models import Review
from submissions.models import Submission, Supplement
from tests import factories

pytestmark = pytest.mark.django_db
AsUser = Callable[[User | Membership | None], Client]
ASKED = "Before you open the first paper"
SECRET = "Wombats hibernate"
DOORS = ("review", "paper", "supplement", "offline_form", "download_all", "offline_forms", "discussion")


@pytest.fixture
def paper(reviewer: Membership) -> Submission:
    """A paper under review with everything that a reviewer may open; the rules are not confirmed."""
    paper = factories.make_submission(reviewer.edition, abstract=SECRET)
    factories.make_review(factories.make_assignment(paper, reviewer), summary=SECRET)
    factories.make_comment(paper, reviewer, SECRET)
    file = paper.manuscripts.get()
    Supplement.objects.create(
        submission=paper, sha256=file.sha256, size=file.size, original_name="a.txt", uploaded_by=paper.created_by,
        uploaded_at=factories.AT,
    )  # fmt: skip
    Membership.objects.filter(pk=reviewer.pk).update(rules_at=None)
    return paper


def address(paper: Submission, name: str) -> str:
    words: dict[str, Any] = {"slug": paper.edition.slug}
    if name not in {"download_all", "offline_forms", "rules"}:
        words["number"] = paper.number
    if name == "supplement":
        words["pk"] = paper.supplements.get().pk
    return reverse(f"reviews:{name}", kwargs=words)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


@pytest.fixture(autouse=True)
def _under_review() -> Any:
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        yield


@pytest.mark.parametrize("name", DOORS)
def test_every_door_to_a_paper_asks_first_and_opens_afterwards(
    name: str, paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    browser, door = as_user(reviewer), address(paper, name)
    asked = browser.get(f"{door}?download=1")
    page = body(asked).decode()
    assert ASKED in page
    assert SECRET not in page
    assert paper.title not in page
    assert "X-Accel-Redirect" not in asked.headers
    assert "Content-Disposition" not in asked.headers
    assert f'name="next" value="{door}?download=1"' in page
    assert browser.head(door).headers["Content-Type"].startswith("text/html")
    reviewer.refresh_from_db()
    assert reviewer.rules_at is None
    onward = browser.post(address(paper, "rules"), {"next": f"{door}?download=1"})
    assert onward.headers["Location"] == f"{door}?download=1"
    reviewer.refresh_from_db()
    assert reviewer.rules_at == factories.AFTER_DEADLINE
    assert ASKED.encode() not in body(browser.get(door))


def test_what_was_typed_before_is_kept_whether_confirmed_or_not(
    paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    browser, version = as_user(reviewer), Review.objects.get().version
    autosave = f"{address(paper, 'review')}autosave/"
    saved = browser.post(autosave, {"summary": "typed by script", "version": version}, headers={"X-Autosave": "1"})
    assert saved.status_code == 200
    browser.post(address(paper, "review"), {"summary": "typed by hand", "version": saved.json()["version"]})
    comment = browser.post(address(paper, "discussion"), {"text": "My comment stays."})
    assert comment.status_code == 302
    texts = [row.fields["summary"] for row in Review.objects.get().versions.order_by("number")]
    assert texts[-2:] == ["typed by script", "typed by hand"]
    assert paper.discussion.comments.filter(text="My comment stays.").count() == 1


def test_the_first_time_counts_and_history_tells_it_once(
    paper: Submission, reviewer: Membership, as_user: AsUser
) -> None:
    browser = as_user(reviewer)
    for _ in range(2):
        browser.post(address(paper, "rules"), {"next": "https://elsewhere.example/"})
    assert Entry.objects.filter(verb="confirm_rules", subject=f"membership:{reviewer.pk}").count() == 1
    assert browser.post(address(paper, "rules"), {"next": "https://elsewhere.example/"}).headers["Location"] == (
        f"/{paper.edition.slug}/reviews/"
    )
    assert "You confirmed them" in browser.get(address(paper, "rules")).content.decode()


def test_who_has_no_door_is_not_asked_but_refused(paper: Submission, as_user: AsUser) -> None:
    other = factories.make_member(paper.edition, email="idle@h.example", rules_at=None)
    for name in ("review", "paper", "supplement", "offline_form", "discussion"):
        assert as_user(other).get(address(paper, name)).status_code == 404, name


def test_another_edition_asks_again(paper: Submission, reviewer: Membership, as_user: AsUser) -> None:
    as_user(reviewer).post(address(paper, "rules"))
    later = factories.make_member(factories.make_edition("dlonsc-2027"), reviewer.user, rules_at=None)
    task = factories.make_assignment(
        factories.make_submission(later.edition, factories.make_user("next@year.example")), later
    )
    page = as_user(reviewer).get(address(task.submission, "review")).content.decode()
    assert ASKED in page


def test_chairs_see_who_has_confirmed(
    paper: Submission, reviewer: Membership, chair: Membership, as_user: AsUser
) -> None:
    board, one = f"/{paper.edition.slug}/chair/committee/", f"/{paper.edition.slug}/chair/committee/{reviewer.pk}/"
    browser = as_user(chair)
    assert "rules not confirmed" in browser.get(board).content.decode()
    assert "not confirmed yet" in browser.get(one).content.decode()
    as_user(reviewer).post(address(paper, "rules"))
    assert "rules not confirmed" not in browser.get(board).content.decode()
    assert "<dd>confirmed</dd>" in "".join(browser.get(one).content.decode().split())


def test_a_chair_who_looks_with_her_eyes_confirms_nothing_for_her(
    paper: Submission, reviewer: Membership, chair: Membership, as_user: AsUser
) -> None:
    assert reviewer.user is not None
    browser = as_user(chair)
    browser.post(f"/{paper.edition.slug}/chair/look-as/", {"person": reviewer.user.pk})
    page = browser.get(address(paper, "review")).content.decode()
    assert ASKED not in page
    assert paper.title in page
    assert browser.post(address(paper, "rules")).status_code == 403
    reviewer.refresh_from_db()
    assert reviewer.rules_at is None
