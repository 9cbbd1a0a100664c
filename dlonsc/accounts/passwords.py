"""Passwords that somebody who knows the person or the workshop would try first; asked offline.

Length is Django's to ask, and common passwords as they stand. Here everything that a guesser begins with is taken out
of a password: words of the workshop and of the person, keyboard walks, repetitions. What is left must be long enough;
so a passphrase may hold such a word, and a password made of them may not.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from dlonsc.accounts.models import User

LEAST_LEFT = 8
SHORTEST_WORD = 3
SHORTEST_WALK = 3
# A longer one is only looked at so far: it is long enough with what stands here.
LOOKED_AT = 200
WORKSHOP = (
    "dlonsc", "deep", "learning", "supercomputers", "supercomputer", "supercomputing", "workshop", "conference",
    "submissions", "submission", "reviewer", "reviews", "review", "author", "chair", "committee", "proceedings",
    "camera", "ready", "paper", "isc", "lncs", "springer", "password", "passwort", "passphrase", "account", "login",
)  # fmt: skip
ROWS = (
    "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p", "01234567890", "abcdefghijklmnopqrstuvwxyz",
)  # fmt: skip
WALKS = (*ROWS, *(row[::-1] for row in ROWS))
# Letters that no decomposition folds, and the digits and signs that people write for letters.
FOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
LEET = str.maketrans("013457@$!|", "oieastasil")
MADE_OF_KNOWN_WORDS = (
    "Somebody who knows you or the workshop would guess this: without your own words, the workshop's, keyboard "
    "rows and repetitions, hardly anything is left. Put four or more words together that have nothing to do with "
    "each other or with you."
)
COMMON_WITH_ORNAMENTS = (
    "This is a common password with digits or signs around it or for its letters. Put four or more words together "
    "that have nothing to do with each other or with you."
)

Words = Callable[[User | None], Iterable[str]]
# Rooms above register words of theirs at start-up: names of editions, institutions of the committee.
_more_words: list[Words] = []


def register(words: Words) -> None:
    """Take these words, too, out of a password before its rest is measured."""
    _more_words.append(words)


def folded(text: str) -> str:
    """Small letters without accents; the rest as it is."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).translate(FOLDED)


def letters_and_digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def words_in(text: str) -> Iterator[str]:
    """The words of a name, an address or a title, and all of it in one."""
    parts = [part for part in re.split(r"[\W_]+", folded(text)) if part]
    yield from parts
    yield "".join(parts)


def words_of(user: User | None) -> set[str]:
    """What a guesser who knows the person and the workshop begins with."""
    texts: list[str] = [*WORKSHOP]
    if user is not None:
        local, _, domain = user.email.partition("@")
        # Not the last label: it is a country, or com.
        texts += [user.name, local, domain.rpartition(".")[0]]
        if user.pk:
            texts += user.affiliations.values_list("institution", flat=True)
            texts += [one.rpartition(".")[0] for one in user.affiliations.values_list("domain", flat=True)]
    for more in _more_words:
        texts += more(user)
    return {word for text in texts for word in words_in(text) if len(word) >= SHORTEST_WORD}


def without_walks(text: str) -> str:
    """One sign for each run along a row of the keyboard, the alphabet or the digits, and for each repeated sign."""
    kept, at = [], 0
    while at < len(text):
        kept.append(text[at])
        same = at + 1
        while same < len(text) and text[same] == text[at]:
            same += 1
        size = max((walk_length(text, at, row) for row in WALKS), default=1)
        length = max(same - at, size)
        at += length if length >= SHORTEST_WALK else 1
    return "".join(kept)


def walk_length(text: str, at: int, row: str) -> int:
    """How many signs from `at` on stand in this order in the row."""
    place, size = row.find(text[at : at + SHORTEST_WALK]), SHORTEST_WALK
    if place < 0 or at + size > len(text):
        return 1
    while at + size < len(text) and row[place + size : place + size + 1] == text[at + size]:
        size += 1
    return size


def repeated_unit(text: str) -> str:
    """What a text repeats from its beginning to its end, or all of it."""
    found = re.fullmatch(r"(.+?)\1+", text)
    return found[1] if found else text


def what_is_left(password: str, words: Iterable[str]) -> str:
    """A folded password without what a guesser begins with."""
    left = letters_and_digits(password)
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(letters_and_digits(word), " ")
    return without_walks(repeated_unit(left.replace(" ", "")))


def core_of(password: str) -> str:
    """A folded password without digits and signs at both ends, once if it is repeated."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", repeated_unit(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password)))


class GuessablePasswordValidator:
    """For AUTH_PASSWORD_VALIDATORS."""

    def __init__(self) -> None:
        self.common: set[str] = CommonPasswordValidator().passwords

    def validate(self, password: str, user: User | None = None) -> None:
        plain = folded(password[:LOOKED_AT])
        spellings, core = {plain, plain.translate(LEET)}, core_of(plain)
        words = words_of(user)
        if min(len(what_is_left(one, words)) for one in spellings) < LEAST_LEFT:
            raise ValidationError(MADE_OF_KNOWN_WORDS, code="password_of_known_words")
        # Without the ornaments first: a sign at the end is none that stands for a letter.
        if {core, core.translate(LEET)} & self.common:
            raise ValidationError(COMMON_WITH_ORNAMENTS, code="password_common_with_ornaments")

    def get_help_text(self) -> str:
        return "Your password must not be made of your name, your institution, the workshop's words or keyboard rows."
