"""What an LNCS manuscript must look like: bytes in, Report out.

`check_safely` is the door for everybody: it runs `check` in a child process that a hostile file can only end, not harm.
"""

from submissions.lncs.fingerprint import SAME_TEXT, same_texts, similarity
from submissions.lncs.report import (
    CAMERA_READY_SEVERITIES,
    CODES,
    DEFAULT_SEVERITIES,
    RULES_VERSION,
    SETTABLE_CODES,
    SEVERITIES,
    Finding,
    FrontMatter,
    PageMap,
    Report,
    Rules,
    Severity,
    Verdict,
)
from submissions.lncs.sandbox import check_safely


def check(data: bytes, rules: Rules | None = None) -> Report:
    """Check in this very process: only bytes of our own; what was uploaded goes through `check_safely`."""
    # A web worker that only hands files over must not load a PDF reader.
    from submissions.lncs.checking import check as check_here  # noqa: PLC0415

    return check_here(data, rules)


__all__ = [
    "CAMERA_READY_SEVERITIES", "CODES", "DEFAULT_SEVERITIES", "RULES_VERSION", "SAME_TEXT", "SETTABLE_CODES",
    "SEVERITIES", "Finding", "FrontMatter", "PageMap", "Report", "Rules", "Severity", "Verdict", "check",
    "check_safely", "same_texts", "similarity",
]  # fmt: skip
