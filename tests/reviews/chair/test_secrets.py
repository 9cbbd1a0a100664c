"""A chair learns nothing of a submission she is in conflict with: no page, count, search, sort, export or history."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.models import Message
from reviews.actions import assigning, deciding, lettering
from submissions.models import Submission
from tests import factories
from tests.factories import AFTER_DEADLINE as AT

PAGES = (
    "chair/",
    "chair/submissions/",
    "chair/submissions/?q=Zebrafish",
    "chair/submissions/?q=Zebrowski",
    "chair/submissions/?q=2",
    "chair/submissions/?sort=-mean",
    "chair/submissions/?sort=title",
    "chair/submissions/?decision=private",
    "chair/submissions/export.csv",
    "chair/conflicts/",
    "chair/assign/",
    "chair/progress/",
    "chair/progress/?segment=open",
    "chair/decisions/",
    "chair/decisions/?sort=-spread",
    "chair/announce/",
    "chair/announce/?q=Zebrowski",
    "chair/history/",
    "chair/history/?q=decided",
)
INNER = (
    "chair/submissions/2/",
    "chair/submissions/2/pdf/1/",
    "chair/submissions/2/handling/",
    "chair/assign/submissions/2/",
    "chair/decisions/2/",
)

As = Callable[[Membership | None], Client]


# What differs between any two requests: one-time tokens, the server's clock, the number of a press.
VARYING = re.compile(
    r'name="csrfmiddlewaretoken"\s+value="[^"]*"|data-now="[^"]*"|name="press"\s+value="[^"]*"|<footer.*?</footer>',
    re.DOTALL,
)


def numbers_that_vary(text: str) -> str:
    """The page without what differs between any two requests."""
    return VARYING.sub("", text)


@pytest.fixture
def busy(
    edition: Edition, paper: Submission, secret: Submission, reviewers: list[Membership], other_chair: Membership
) -> Submission:
    """The secret submission with everything a submission can have, done by the other chair."""
    user = other_chair.user
    assert user is not None
    factories.make_review(factories.make_assignment(paper, reviewers[0]))
    assigning.assign(secret, reviewers[1], by=user, at=AT)
    task = assigning.assign(secret, reviewers[2], by=user, at=AT)
    factories.make_review(task, score=-3)
    deciding.decide(secret, verdict="accept", note="", to_authors="", version=0, by=user, at=AT)
    return secret


@pytest.mark.parametrize("address", PAGES)
def test_no_page_names_it(edition: Edition, busy: Submission, chair: Membership, as_user: As, address: str) -> None:
    response = as_user(chair).get(f"/{edition.slug}/{address}")
    assert response.status_code == 200
    page = response.content.decode()
    assert "Zebrafish at scale" not in page
    assert "Zoe" not in page
    assert "zebra.example" not in page
    assert "submissions/2/" not in page


def test_no_letter_is_missed_on_a_page_of_hers_because_it_lists_the_secret_one_too(
    edition: Edition,
    paper: Submission,
    secret: Submission,
    reviewers: list[Membership],
    chair: Membership,
    other_chair: Membership,
    as_user: As,
) -> None:
    assert other_chair.user is not None
    tasks = [(paper, reviewers[0]), (paper, reviewers[1]), (secret, reviewers[1])]
    assigning.commit(edition, add=tasks, remove=[], by=other_chair.user, at=AT)
    alone = Message.objects.get(subject_label=paper.label)
    lettering.cancel(alone, by=other_chair.user, at=AT)
    seen = [as_user(one).get(f"/{edition.slug}/chair/submissions/1/").context for one in (chair, other_chair)]
    assert [page["letters"] for page in seen] == [[], [alone]]
    assert ["letter cancelled" in [act.what for act in page["history"]] for page in seen] == [False, True]


def test_the_other_chair_sees_it(edition: Edition, busy: Submission, other_chair: Membership, as_user: As) -> None:
    page = as_user(other_chair).get(f"/{edition.slug}/chair/submissions/").content.decode()
    assert "Zebrafish" in page


@pytest.mark.parametrize("address", INNER)
def test_its_own_pages_do_not_exist(
    edition: Edition, busy: Submission, chair: Membership, other_chair: Membership, as_user: As, address: str
) -> None:
    assert as_user(chair).get(f"/{edition.slug}/{address}").status_code == 404
    assert as_user(chair).post(f"/{edition.slug}/{address}").status_code == 404
    assert as_user(other_chair).get(f"/{edition.slug}/{address}").status_code != 404


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_the_same_whatever_happens_to_it(
    edition: Edition,
    paper: Submission,
    secret: Submission,
    reviewers: list[Membership],
    chair: Membership,
    other_chair: Membership,
    as_user: As,
    address: str,
) -> None:
    browser = as_user(chair)
    before = browser.get(f"/{edition.slug}/{address}").content.decode()
    user = other_chair.user
    assert user is not None
    task = assigning.assign(secret, reviewers[2], by=user, at=AT)
    factories.make_review(task, score=-3)
    deciding.decide(secret, verdict="accept", note="", to_authors="", version=0, by=user, at=AT)
    plan = deciding.plan(other_chair)
    deciding.announce(
        other_chair,
        accepts=1,
        rejects=0,
        fingerprint=plan.fingerprint,
        leave_undecided=True,
        by=user,
        at=AT,
    )
    after = browser.get(f"/{edition.slug}/{address}").content.decode()
    assert numbers_that_vary(after) == numbers_that_vary(before)
