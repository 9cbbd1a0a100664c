"""One poisoned row must never stop the others: each is done in a savepoint of its own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import InterfaceError, OperationalError, transaction

log = logging.getLogger(__name__)


@contextmanager
def apart(what: str, *, is_long: bool = False) -> Iterator[None]:
    """Undo and log what fails inside, then go on; `what` names it in the log, without anybody's address.

    `is_long`: what takes seconds has its own transactions where it writes, and is not one as a whole.
    """
    try:
        with nullcontext() if is_long else transaction.atomic():
            yield
    except (InterfaceError, OperationalError):
        # The database is away: that is no fault of this row, and the next one would fare no better. Nor is a lock that
        # was waited for too long: all comes again, which what is only logged does not (a mail is marked as seen).
        raise
    except Exception:
        log.exception("%s failed; the others go on", what)
