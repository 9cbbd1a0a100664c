"""A long run of the assignment in a real worker is cancelled while it runs; the worker lives and does the next."""

from typing import Any

import numpy as np
import pytest

from dlonsc.editions.models import Membership
from reviews.actions import proposing
from reviews.models import Proposal
from reviews.tasks_matching import run_proposal
from tests import factories
from tests.factories import AT
from tests.services.test_mail_faults import environment, program, until
from tests.test_access_matrix import OPTIONS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]
QUEUE = "assignment-test"
WORKER = ("-m", "celery", "-A", "dlonsc", "worker", "--pool", "prefork", "--concurrency", "1", "-Q", QUEUE)
Status = Proposal.Status


def frozen(papers: int, people: int) -> dict[str, Any]:
    """The inputs of a run with every pair a candidate; scores without ties make leximin work hard."""
    paper, reviewer = (array.ravel().tolist() for array in np.mgrid[:papers, :people])
    return {
        "papers": list(range(1, papers + 1)),
        "numbers": [str(number) for number in range(1, papers + 1)],
        "people": list(range(1, people + 1)),
        "names": [f"Reviewer {number}" for number in range(1, people + 1)],
        "pair_paper": paper,
        "pair_reviewer": reviewer,
        "score": np.random.default_rng(5).random(papers * people).tolist(),
        "demand": [3] * papers,
        "busy": [0] * people,
        "min_load": [0] * people,
        "max_load": [-(-4 * papers // people)] * people,
        "conflicts": [],
        "locked": [],
        "groups": {"institution": [""] * people, "seniority": [""] * people},
        "quotas": [],
        "load_price": 0,
        "text": [None] * (papers * people),
        "topic": [None] * (papers * people),
        "bid": [None] * (papers * people),
    }


def waiting(chair: Membership, number: int, objective: str, papers: int, people: int) -> Proposal:
    return Proposal.objects.create(
        edition=chair.edition,
        number=number,
        created_by=chair.user,
        created_at=AT,
        settings={**OPTIONS, "objective": objective, "share": 100, "prob_cap": None, "partial": False},
        seed=1,
        inputs=frozen(papers, people),
    )


def test_a_run_that_is_cancelled_ends_and_its_worker_does_the_next() -> None:
    chair = factories.make_member(factories.make_edition(), email="chair@lab.example", chair=True)
    long, short = waiting(chair, 1, "leximin", 400, 100), waiting(chair, 2, "total", 10, 8)

    def state(row: Proposal) -> str:
        row.refresh_from_db()
        return row.status

    with program(*WORKER, env=environment("")) as worker:
        run_proposal.apply_async((long.pk,), queue=QUEUE)
        run_proposal.apply_async((short.pk,), queue=QUEUE)
        assert until(lambda: state(long) == Status.RUNNING and long.progress > 0, 60)
        assert proposing.cancel(long)
        # One process only: it can do the next run when the cancelled one has let it go.
        assert until(lambda: state(short) == Status.READY, 60)
        assert worker.poll() is None
    assert (state(long), long.pairs, long.result) == (Status.CANCELLED, [], {})
    assert (len(short.pairs), short.result["status"]) == (30, "solved")
