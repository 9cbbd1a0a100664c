"""Receipts: a signed code that holds what was submitted; a public page verifies it without showing the paper.

The code carries its facts, so that a receipt stays true when the record changes later; authors are in it as a digest,
with the time of which their list is: who was added after the paper was submitted has a receipt too. What became of the
paper since is not looked up: who left its author list keeps her codes.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing

from submissions.models import Manuscript, Submission

SALT = "submissions.receipt"


@dataclass(frozen=True)
class Receipt:
    """What a code proves."""

    edition: str
    number: int
    version: int
    sha256: str
    size: int
    pages: int | None
    submitted_at: datetime
    authors: str
    # None: a receipt of before this was told.
    listed_at: datetime | None


def digest_of_authors(submission: Submission) -> str:
    """The author list as printed, in order, as 96 bits."""
    lines = [f"{row.position} {row.name} <{row.email.lower()}>" for row in submission.authors.all()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]


def code_of(submission: Submission, manuscript: Manuscript, *, at: datetime) -> str:
    """The signed code (HMAC-SHA256) over number, version, hash, size, pages, time of submission and authors as of `at`.

    A version that came after the paper was submitted has the time at which it came: nobody proves by it that her newer
    file was there before the deadline.
    """
    when = max(submission.submitted_at or manuscript.received_at, manuscript.received_at)
    facts = [
        submission.edition.slug,
        submission.number,
        manuscript.number,
        base64.b64encode(bytes.fromhex(manuscript.sha256)).decode(),
        manuscript.size,
        manuscript.pages,
        int(when.timestamp()),
        digest_of_authors(submission),
        int(at.timestamp()),
    ]
    return signing.Signer(salt=SALT).sign_object(facts)


def verify(code: str) -> Receipt | None:
    """What a code proves, or None when we did not issue it."""
    try:
        facts = signing.Signer(salt=SALT).unsign_object(code)
        slug, number, version, sha256, size, pages, when, authors, *listed = facts
        digest = base64.b64decode(sha256, validate=True).hex()
        submitted_at = datetime.fromtimestamp(when, UTC)
        listed_at = datetime.fromtimestamp(listed[0], UTC) if listed else None
    except (signing.BadSignature, binascii.Error, UnicodeError, ValueError, TypeError):
        return None
    return Receipt(slug, number, version, digest, size, pages, submitted_at, authors, listed_at)
