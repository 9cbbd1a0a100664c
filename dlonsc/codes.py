"""Codes instead of the numbers of rows, in addresses and forms: who reads two of them cannot count what lies between.

A row's number tells how many came before it, also those that its reader may not know of: of the tasks 5, 6 and 8 the
seventh is one on her own paper. A code is the number enciphered (AES, one block) under a key of the site and the kind
of row; there is no table of codes, and a code of another kind or one that was made up is none.
"""

import base64
import binascii
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.urls import register_converter
from django.utils.crypto import salted_hmac

# What has addresses or forms of its own, or stands in a calendar, and may not be counted; each is also the name of a
# path converter.
KINDS = (
    "affiliation",
    "announcement",
    "assignment",
    "campaign",
    "comment",
    "conflict",
    "item",
    "letter",
    "mailing",
    "manuscript",
    "request",
    "sub_reviewer",
    "submission",
    "supplement",
)
# The number fills half of the block; the other half is nought, which a code that was made up does not decipher to.
BLOCK, HALF = 16, 8
LETTERS = 26


@cache
def _cipher(kind: str, secret: str) -> Cipher[modes.CBC]:
    if kind not in KINDS:
        raise LookupError(f"no row is of the kind {kind}")
    key = salted_hmac("dlonsc.codes", kind, secret=secret, algorithm="sha256").digest()
    return Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK)))


def code(kind: str, number: int) -> str:
    """The code of a row: 26 small letters and digits, the same for the same row."""
    block = _cipher(kind, settings.SECRET_KEY).encryptor()
    return base64.b32encode(block.update(number.to_bytes(BLOCK))).decode().rstrip("=").lower()


def number(kind: str, text: str) -> int | None:
    """The number of the row that a code means, or None when it is no code of this kind."""
    try:
        packed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(text) != LETTERS or len(packed) != BLOCK:
        return None
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        plain = _cipher(kind, secret).decryptor().update(packed)
        if not any(plain[:HALF]):
            return int.from_bytes(plain[HALF:])
    return None


class _Converter:
    """A part of an address that is the code of a row; views and `reverse` have the number."""

    kind: str
    regex = f"[a-z2-7]{{{LETTERS}}}"

    def to_python(self, text: str) -> int:
        found = number(self.kind, text)
        if found is None:
            raise ValueError
        return found

    def to_url(self, value: int) -> str:
        return code(self.kind, int(value))


def register() -> None:
    """Each kind as a path converter: `<letter:pk>`. Once, before the addresses are read."""
    for kind in KINDS:
        register_converter(type(f"CodeOf{kind}", (_Converter,), {"kind": kind}), kind)
