"""What an edition puts on its letters."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dlonsc.editions.models import Edition
from dlonsc.mail.placeholders import Block, Value
from dlonsc.mail.post import Letterhead, OwnWords


def letterhead(edition: Edition) -> Letterhead:
    return Letterhead(
        edition=edition.slug,
        sender=edition.sender,
        reply_to=edition.reply_to or edition.contact_email,
        wording=partial(own_words, edition),
    )


def own_words(edition: Edition, kind: str, words: Mapping[str, Any], built_in: Callable[[], Block]) -> OwnWords | None:
    """The edition's own text around what the built-in letter says; None where the built-in one holds."""

    def values() -> dict[str, Value]:
        found: dict[str, Value] = {
            "name": words["to_name"],
            "edition": edition.name,
            "link": words.get("link", ""),
            "details": built_in(),
        }
        submission = words.get("submission")
        if submission is not None:
            found |= {"number": str(submission.number), "title": submission.title}
        return found

    return edition.own_words(kind, values)
