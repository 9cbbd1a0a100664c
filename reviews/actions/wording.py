"""Chairs word the letters of their edition."""

from datetime import datetime

from django.db import transaction

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, LetterText
from dlonsc.history.record import record
from reviews.lettertexts import BY_KIND


class NotUsable(Exception):
    """The text cannot be used; `fields` says why, by field."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields


class Overtaken(Exception):
    """Another chair worded the letter, or reset it, since the page was opened."""


@transaction.atomic
def word(
    edition: Edition, kind: str, *, subject: str, text: str, based_on: int, by: User, at: datetime
) -> LetterText | None:
    """Let a text take the place of the built-in one from now on; None when it is the same already.

    `based_on` is the row that the chair saw last, 0 for none. Letters that are written already stay as they are.
    Raises NotUsable, and Overtaken when another row holds by now.
    """
    subject, text = " ".join(subject.split()), text.replace("\r\n", "\n").strip()
    wrong = BY_KIND[kind].wrong_with(subject, text)
    if wrong:
        raise NotUsable(wrong)
    return _write(edition, kind, subject, text, based_on, by, at)


@transaction.atomic
def reset(edition: Edition, kind: str, *, based_on: int, by: User, at: datetime) -> LetterText | None:
    """Let the built-in text hold again; None when it does already. Raises Overtaken."""
    return _write(edition, kind, "", "", based_on, by, at)


def _write(
    edition: Edition, kind: str, subject: str, text: str, based_on: int, by: User, at: datetime
) -> LetterText | None:
    # One writer at a time, so that two presses of the same text make one row.
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    last = edition.letter_texts.filter(kind=kind).first()
    before = (last.subject, last.text) if last else ("", "")
    if before == (subject, text):
        return None
    if based_on != (last.pk if last else 0):
        raise Overtaken("Another chair changed this letter while the page was open.")
    row = LetterText.objects.create(
        edition=edition, kind=kind, subject=subject, text=text, written_by=by, written_at=at
    )
    edition.__dict__.pop("own_texts", None)
    verb = "letter_worded" if text else "letter_reset"
    record(verb, by_id=by.pk, by=str(by), at=at, edition=edition.slug, detail={"letter": BY_KIND[kind].words})
    return row
