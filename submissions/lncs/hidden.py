"""Text that a program reads and the eye does not: found by how it is painted, then judged by what it says."""

import re
from collections import defaultdict
from dataclasses import dataclass

from submissions.lncs.interpreter import Box, Drawing, Paint, Run

NEAR_WHITE = 0.92
TINY_PT = 1.6
_BAND_PT = 24.0
_MAXIMUM_COVERS = 3_000
WORDS = re.compile(r"[^\W\d_]{2,}")
MINIMUM_WORDS = 8

# Sentences that speak to whoever judges the paper, man or model.
_ADDRESS = re.compile(
    r"(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|every\s+|your\s+)*"
    r"(?:previous|prior|above|earlier|other|preceding|existing)\s+(?:instruction|prompt|direction|guideline|rule|command)"
    r"|(?:give|write|provide|produce|output|assign|generate|return|award|recommend)\b.{0,60}?"
    r"\b(?:positive|favou?rable|high(?:est)?|excellent|strong(?:ly)?|good|top|maximum|accept(?:ance)?)\b.{0,40}?"
    r"\b(?:review|score|rating|recommendation|evaluation|assessment|accept(?:ance)?|grade)"
    r"|(?:do\s+not|don.?t|never|avoid)\s+(?:highlight|mention|point|include|list|report|raise|discuss|criticis|criticiz)\w*"
    r".{0,40}?(?:negative|weakness|limitation|flaw|drawback|problem|critici)"
    r"|\bpositive\s+reviews?\s+only\b|\breviews?\s+(?:this|the)\s+paper\s+positively"
    r"|\b(?:as|you\s+are)\s+an?\s+(?:ai|llm|large\s+language|language\s+model|helpful|artificial)"
    r"|\b(?:note|instructions?|message|attention|prompt|dear)\s*(?:to|for|:|,)?\s*(?:the\s+|all\s+|any\s+)?"
    r"(?:ai\b|llms?\b|language\s+models?|chat\s*bots?|automated|assistants?|reviewers?|gpt|chatgpt|claude|gemini)"
    r"|\b(?:ai|llm|language\s+model|automated|gpt|chatgpt)\s*-?\s*(?:reviewer|referee|assistant|system)s?\b"
    r"|\b(?:please\s+|must\s+|should\s+|strongly\s+)?(?:recommend\s+(?:to\s+)?)?accept(?:ing|ance\s+of|ance)?\s+"
    r"(?:of\s+)?(?:this|the)\s+(?:paper|manuscript|submission|work)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class HiddenText:
    """One hidden passage of one page; `box` in the frame of the runs."""

    page: int | None
    how: str
    text: str
    strong: bool
    box: Box | None
    layer: bool = False


def addresses_a_judge(text: str) -> str:
    """The passage around what speaks to a reviewer or a model; empty when nothing does."""
    plain = " ".join(text.split())
    match = _ADDRESS.search(plain)
    if match is None:
        # Letters drawn one by one may come without spaces.
        return ""
    start = max(plain.rfind(". ", 0, match.start()) + 1, match.start() - 150, 0)
    stop = plain.find(". ", match.end())
    return plain[start : stop + 1 if 0 < stop < match.end() + 300 else match.end() + 300].strip()


def run_box(run: Run) -> Box:
    return (run.x0, run.y0 - 0.25 * run.size, run.x1, run.y0 + 0.75 * run.size)


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] - 0.5 <= x <= box[2] + 0.5 and box[1] - 0.5 <= y <= box[3] + 0.5


def hidden_runs(drawing: Drawing, page_box: Box) -> dict[int, str]:
    """Index of each run that the eye cannot see, and why. Covered text and white text look at what else was painted."""
    found: dict[int, str] = {}
    bands: dict[int, list[int]] = defaultdict(list)
    grounds: dict[int, list[Paint]] | None = None
    for index, run in enumerate(drawing.runs):
        why = _plainly_hidden(run, page_box)
        if why:
            found[index] = why
        elif run.light is not None and run.light >= NEAR_WHITE and run.mode in (0, 4):
            grounds = _grounds(drawing.paints) if grounds is None else grounds
            if not _on_dark(run, grounds):
                found[index] = "white on white"
        else:
            bands[int((run.y0 + 0.3 * run.size) // _BAND_PT)].append(index)
    covers = [paint for paint in drawing.paints if paint.covers]
    if len(covers) > _MAXIMUM_COVERS:
        covers = sorted(covers, key=lambda paint: -_area(paint.box))[:_MAXIMUM_COVERS]
    for paint in covers:
        _cover(found, drawing.runs, bands, paint)
    return found


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _cover(found: dict[int, str], runs: list[Run], bands: dict[int, list[int]], paint: Paint) -> None:
    box = paint.box
    if box[3] - box[1] < 3 or box[2] - box[0] < 3:
        return
    for band in range(max(-100, int(box[1] // _BAND_PT)), min(400, int(box[3] // _BAND_PT)) + 1):
        for index in bands.get(band, ()):
            run = runs[index]
            if (
                run.order < paint.order
                and box[0] - 1 <= min(run.x0, run.x1)
                and max(run.x0, run.x1) <= box[2] + 1
                and box[1] - 1 <= run.y0
                and run.y0 + 0.5 * run.size <= box[3] + 1
            ):
                found.setdefault(index, "under an image" if paint.image else "under a filled area")


def _plainly_hidden(run: Run, page: Box) -> str:
    x, y = (run.x0 + run.x1) / 2, (run.y0 + run.y1) / 2
    if run.hidden_layer:
        return "on a layer that is switched off"
    if run.mode == 3 or run.mode == 7:
        return "drawn in the invisible mode"
    if not _holds((page[0] - 2, page[1] - 2, page[2] + 2, page[3] + 2), x, y):
        return "outside the page"
    if run.clipped:
        return "clipped away"
    if run.alpha < 0.06:
        return "fully transparent"
    if run.size < TINY_PT and run.font != "Type3":
        return f"in letters of {run.size:.1f} pt"
    return ""


def _grounds(paints: list[Paint]) -> dict[int, list[Paint]]:
    """Painted areas by the bands of the page that they touch, in the order of painting."""
    bands: dict[int, list[Paint]] = defaultdict(list)
    for paint in paints:
        low, high = max(-100, int(paint.box[1] // _BAND_PT)), min(400, int(paint.box[3] // _BAND_PT))
        for band in range(low, high + 1):
            bands[band].append(paint)
    return bands


def _on_dark(run: Run, grounds: dict[int, list[Paint]]) -> bool:
    x, y = (run.x0 + run.x1) / 2, run.y0 + 0.3 * run.size
    for paint in reversed(grounds.get(int(y // _BAND_PT), [])):
        if paint.order < run.order and _holds(paint.box, x, y):
            if paint.light is None or paint.light < 0.85:
                return True
            if paint.covers:
                return False
    return False


def gather(drawing: Drawing, hidden: dict[int, str], page: int) -> list[HiddenText]:
    """Join hidden runs into passages; keep what is long enough outside figures, or addresses a judge."""
    groups: dict[tuple[str, bool], list[Run]] = defaultdict(list)
    for index, why in sorted(hidden.items()):
        run = drawing.runs[index]
        kind = "in tiny letters" if why.startswith("in letters of") else why
        groups[(kind, run.in_form)].append(run)
    passages: list[HiddenText] = []
    for (why, in_form), runs in groups.items():
        text = _joined(runs)
        # Words written with a font of symbols look like nothing, but a program reads their codes.
        codes = " ".join(run.raw.decode("latin-1") for run in runs)[:20_000]
        quote = addresses_a_judge(text) or addresses_a_judge(codes)
        if not quote and (in_form or len(WORDS.findall(text)) < MINIMUM_WORDS):
            continue
        boxes = [run_box(run) for run in runs]
        box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        passages.append(
            HiddenText(page, why, quote or text[:400], bool(quote), box, layer=why == "drawn in the invisible mode")
        )
    for text in drawing.actual_texts:
        quote = addresses_a_judge(text)
        if quote:
            passages.append(HiddenText(page, "in the text meant for screen readers", quote, True, None))
    return passages


def _joined(runs: list[Run]) -> str:
    parts: list[str] = []
    last: Run | None = None
    for run in runs:
        if last is not None and (abs(run.y0 - last.y1) > 0.3 * run.size or run.x0 - last.x1 > 0.15 * run.size):
            parts.append(" ")
        parts.append(run.text)
        last = run
    return " ".join("".join(parts)[:20_000].split())
