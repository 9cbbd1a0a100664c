"""Titles and names as printed: no sign in them is invisible or turns the direction of writing, and something is seen.

Letters of every script are welcome, also those that are written from the right or join with others.
"""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

# Categories of Unicode: control, format (some turn the direction), surrogate, private use, breaks of line or paragraph.
NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Format signs that Persian and Indic scripts are written with.
JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
# Letters and symbols by their category, and yet nothing to see.
BLANKS = frozenset(
    "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}"
    "\N{BRAILLE PATTERN BLANK}"
)
SEEN = frozenset("LNPS")


def is_hidden(sign: str) -> bool:
    return sign in BLANKS or (sign not in JOINERS and unicodedata.category(sign) in NOT_PRINTED)


def without_hidden(text: str) -> str:
    """The text as it is seen. Nobody meant what she could not see: it comes along with what is pasted."""
    spaced = " ".join(text.split())  # tabs and breaks of lines are control signs, and part words
    return "".join(sign for sign in spaced if not is_hidden(sign)).strip()


def validate_seen(text: str) -> None:
    if not any(unicodedata.category(sign)[0] in SEEN for sign in text):
        raise ValidationError("Write at least one letter or digit.")


class PrintedField(forms.CharField):
    """One line that is printed, a title or a name, without what cannot be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[validate_seen], **kwargs)

    def to_python(self, value: Any) -> str:
        return without_hidden(super().to_python(value) or "")
