"""A committee at work: three reviewers, one submission of a stranger, one that a chair is in conflict with."""

import pytest

from dlonsc.editions.models import Edition, Membership
from submissions.models import Submission
from tests import factories


@pytest.fixture
def reviewers(edition: Edition) -> list[Membership]:
    return [factories.make_member(edition, email=f"r{n}@institute{n}.example") for n in range(3)]


@pytest.fixture
def paper(edition: Edition) -> Submission:
    return factories.make_submission(edition, title="Ordinary paper")


@pytest.fixture
def secret(edition: Edition, chair: Membership) -> Submission:
    """A submission that `chair` must learn nothing about."""
    submission = factories.make_submission(edition, title="Zebrafish at scale")
    factories.make_author(submission, "zoe@zebra.example", "Zoe Zebrowski")
    factories.make_conflict(submission, chair)
    return submission
