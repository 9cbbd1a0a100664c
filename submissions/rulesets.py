"""An edition's rules for its manuscripts and for its camera-ready papers, as the LNCS check takes them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from dlonsc.editions.models import Edition
from submissions.lncs import RULES_VERSION, Rules
from submissions.models import Submission


def rules_of(edition: Edition, *, is_final: bool = False, submission: Submission | None = None) -> Rules:
    """Page limits, blindness and severities. A camera-ready paper names its authors and may have limits of its own.

    In a blind edition the names on the record of `submission` are looked for in its PDF.
    """
    if is_final:
        own: Mapping[str, Any] = edition.camera_ready_rules
        return Rules(
            min_pages=own.get("min_pages", edition.min_pages),
            max_pages=own.get("max_pages", edition.max_pages),
            severities=own.get("severities", edition.check_severities),
        )
    names: tuple[str, ...] = ()
    if edition.blind and submission is not None:
        names = tuple(submission.authors.values_list("name", flat=True))
    return Rules(
        min_pages=edition.min_pages,
        max_pages=edition.max_pages,
        blind=edition.blind,
        severities=edition.check_severities,
        author_names=names,
    )


def key_of(rules: Rules) -> str:
    """Names a rule set: the version of the rules' code and what an edition settled. A report of another is stale."""
    settled = json.dumps([rules.min_pages, rules.max_pages, rules.blind, sorted(rules.severities.items())])
    return f"{RULES_VERSION}.{hashlib.sha256(settled.encode()).hexdigest()[:12]}"
