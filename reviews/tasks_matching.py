"""Doorbell of the assignment: runs that take longer than a page may."""

from typing import Any

from celery import Task, shared_task

from reviews import assignment

# Below the limit at which the worker ends a task by force, so that a run can still say that it died.
LONGEST_SECONDS = 270


@shared_task(bind=True, name="reviews.tasks_matching.run_proposal", soft_time_limit=LONGEST_SECONDS)
def run_proposal(self: "Task[Any, Any]", proposal_id: int) -> None:
    """Solve a waiting proposal; rung twice, the second does nothing.

    Delivered again because its worker was lost on the way, the run is not tried again: it might have been the run that
    took the worker down.
    """
    if (self.request.delivery_info or {}).get("redelivered"):
        assignment.bury(proposal_id)
    assignment.run(proposal_id)
