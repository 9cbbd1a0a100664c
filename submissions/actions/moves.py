"""What all verbs share: the move of a state by compare-and-set, and the line in the history."""

from datetime import datetime, timedelta
from typing import Any

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase, Window
from dlonsc.editions.models import Edition
from dlonsc.history.record import record
from submissions.models import Submission
from submissions.states import MOVES, IllegalMove


class Refused(Exception):
    """A verb is refused; the words are for the person who tried. `field` names the form field it belongs to."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.words, self.field = words, field


class Stale(Refused):
    """Somebody saved a newer version meanwhile; `theirs` holds its values."""

    def __init__(self, words: str, theirs: dict[str, Any]) -> None:
        super().__init__(words)
        self.theirs = theirs


class NoRoom(Refused):
    """The disk did not take a file; nothing of it was kept, and nobody who uploads can help it."""


# The same act within this time is a second press of one button.
A_PRESS = timedelta(minutes=1)
PRESSED_TWICE = "This was sent a moment ago already; nothing was written twice."
DECIDED = "The decision is announced; write to the chairs about any change now."


def too_late(edition: Edition, received_at: datetime) -> str:
    """What somebody reads who came after the deadline: by which clock, and whom to ask."""
    contact = edition.reply_to or edition.contact_email
    ask_whom = f"Ask the chairs: {contact}." if contact else "Ask the chairs."
    return f"The deadline has passed; the server's time is {received_at:%a %d %b %Y, %H:%M:%S} UTC. {ask_whom}"


def move(submission: Submission, verb: str, **values: Any) -> None:
    """UPDATE ... WHERE state IN sources; raise IllegalMove when somebody was quicker."""
    sources, target = MOVES[verb]
    rows = Submission.objects.filter(pk=submission.pk, state__in=[state.value for state in sources])
    if not rows.update(state=target.value, **values):
        raise IllegalMove(f"submission {submission.pk} cannot {verb} from {submission.state}")
    submission.refresh_from_db()


def note(verb: str, submission: Submission, *, by: User, at: datetime, **detail: Any) -> None:
    record(
        verb,
        by_id=by.pk,
        by=by.name or by.email,
        at=at,
        edition=submission.edition.slug,
        subject=submission.label,
        detail=detail,
    )


def window_of(
    submission: Submission, phase: Phase, *, received_at: datetime, begun_at: datetime | None = None
) -> Window:
    """The calendar's word for one submission, its own late permissions counted."""
    cutoffs = submission.late_permissions.filter(phase=phase).values_list("cutoff_at", flat=True)
    return submission.edition.window(phase, received_at=received_at, begun_at=begun_at, extensions=tuple(cutoffs))


def is_open_to_change(submission: Submission, at: datetime) -> bool:
    """Whether the calendar lets authors change what is more than a file: text, list, conflicts, whether it is there.

    What was submitted has the edition's date for that, not a later one of its own: by then reviewers read it, and a
    conflict would take it out of their hands. A permission of the chairs opens a draft, and the files of the rest.
    """
    if submission.submitted_at is None:
        return window_of(submission, Phase.SUBMISSION, received_at=at).accepts
    return submission.edition.window(Phase.SUBMISSION, received_at=at).accepts


def may_recast(submission: Submission, at: datetime) -> bool:
    """Whether authors may still change their list, or undo a withdrawal, by themselves.

    With an outcome it is over, also while it is held; nothing is announced while this is open (reviews: deciding), so
    that no answer tells of a held decision.
    """
    # Both are asked: a statement less would tell of an outcome.
    is_open = is_open_to_change(submission, at)
    return is_open and not submission.outcome
