"""Template tags of the design system. Built in: templates need no load. One visual idea, one tag."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import nh3
from django import forms, template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from dlonsc import codes
from dlonsc.editions.calendar import AOE, Phase, announced_at

register = template.Library()
KINDS = frozenset({"good", "care", "stop", "note", "plain"})
# States in words first, colour second; only this table knows the colour.
STATE_KINDS = {"draft": "care", "submitted": "good", "withdrawn": "plain", "desk_rejected": "stop"}
LONGEST_FORMULA = 2000


def formula(source: str, options: dict[str, Any]) -> str:
    """A formula in TeX as MathML, which browsers draw themselves; what cannot be read stays as it was typed."""
    try:
        if len(source) > LONGEST_FORMULA:
            raise ValueError
        return str(convert(source, display="block" if options.get("display_mode") else "inline"))
    except Exception:  # the converter raises whatever its parser meets; a wrong formula must not take the page away
        return format_html("<code>{}</code>", source)


MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "linkify": False})
    .enable("table")
    .use(
        dollarmath_plugin,
        renderer=formula,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        double_inline=True,
    )
)
ALLOWED_TAGS = {
    "p", "br", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h1", "h2", "h3", "h4", "hr",
    "table", "thead", "tbody", "tr", "th", "td",
    "math", "mrow", "mi", "mn", "mo", "mfrac", "msqrt", "mroot", "msup", "msub", "msubsup", "munder", "mover",
    "munderover", "mtext", "mspace", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
}  # fmt: skip
ALLOWED_SCHEMES = {"http", "https", "mailto"}
# Drawn for this project on a 16 x 16 grid, one path each.
ICONS = {
    "check": "M3 8.5l3.2 3.2L13 4.8",
    "cross": "M4 4l8 8M12 4l-8 8",
    "up": "M8 13V3M4 7l4-4 4 4",
    "down": "M8 3v10M4 9l4 4 4-4",
    "plus": "M8 3v10M3 8h10",
    "download": "M8 2v8M5 7l3 3 3-3M3 13h10",
    "upload": "M8 11V3M5 6l3-3 3 3M3 13h10",
    "clock": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3.2l2.2 1.4",
    "mail": "M2.5 4h11v8h-11zM2.5 4.5L8 9l5.5-4.5",
    "lock": "M4 7.5h8V13H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3",
    "person": "M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.5c.6-2.6 2.5-3.7 5-3.7s4.4 1.1 5 3.7",
    "search": "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 10l3.5 3.5",
    "warning": "M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.3",
    "file": "M4 2h5l3 3v9H4zM9 2v3h3",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing beside words; hidden from screen readers, which have the words."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">'
        '<path d="{}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"'
        ' stroke-linejoin="round"/></svg>',
        ICONS[name],
    )


@register.simple_tag
def badge(words: str, kind: str = "plain") -> SafeString:
    """A state in words; `kind` is good, care, stop, note or plain."""
    return format_html('<span class="badge badge-{}">{}</span>', kind if kind in KINDS else "plain", words)


@register.simple_tag
def state_badge(submission: Any) -> SafeString:
    """The state of a submission; once its authors may know the outcome, that."""
    if outcome := submission.outcome_known(timezone.now()):
        return badge("Accepted", "good") if outcome == "accepted" else badge("Not accepted", "plain")
    return badge(submission.get_state_display(), STATE_KINDS.get(submission.state, "plain"))


@register.simple_tag
def bytes(size: int) -> str:
    return filesizeformat(size)


@register.simple_tag
def plural(count: int, one: str, many: str) -> str:
    """3 letters; 1 letter."""
    return f"{count} {one if count == 1 else many}"


@register.simple_tag
def markdown(text: str) -> SafeString:
    """Markdown and $formulas$ through an allow-list: no raw HTML, scripts or images, links of known schemes only."""
    html = nh3.clean(
        MARKDOWN.render(text or ""),
        tags=ALLOWED_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "math": {"display"}},
        url_schemes=ALLOWED_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(html)  # noqa: S308 - nh3 has cleaned it


def words_of(moment: datetime, zone: str) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M} {zone}"


@register.simple_tag
def instant(moment: datetime | None) -> SafeString | str:
    """An instant in UTC; the script adds the reader's own time."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-instant>{}</time>', moment.strftime("%Y-%m-%dT%H:%M:%SZ"), words_of(moment, "UTC")
    )


def time_left(left: timedelta) -> str:
    """The countdown before the script takes it over: in 12 days; in 2 days 3 hours; in 5 hours 21 minutes; "" after."""
    if left <= timedelta(0):
        return ""
    hours, minutes = left.seconds // 3600, left.seconds % 3600 // 60
    if left.days >= 3:
        return f"in {left.days} days"
    if left.days:
        return f"in {plural(left.days, 'day', 'days')} {plural(hours, 'hour', 'hours')}"
    return f"in {plural(hours, 'hour', 'hours')} {plural(minutes, 'minute', 'minutes')}"


@register.simple_tag
def countdown(moment: datetime) -> SafeString:
    """The time left until an instant; the script counts it down on the server's clock, and it is empty afterwards."""
    return format_html(
        '<span class="deadline-countdown" data-countdown="{}">{}</span>',
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        time_left(moment - timezone.now()),
    )


@register.inclusion_tag("components/extended.html")
def extended(edition: Any) -> dict[str, Any]:
    """The public dates of an edition that were moved to later and are still to come, as a banner."""
    now = timezone.now()
    rows = [row for row in edition.deadlines.all() if row.is_public and row.cutoff_at > max(now, row.first_cutoff_at)]
    return {"rows": rows}


@register.inclusion_tag("components/deadline.html")
def deadline(row: Any, extended: datetime | None = None) -> dict[str, Any]:
    """A deadline as announced, in AoE, UTC and the reader's time, with a countdown on the server's clock.

    The event itself is a day: it has no minute that anybody could miss.
    """
    cutoff = max(row.cutoff_at, extended) if extended else row.cutoff_at
    shown = announced_at(cutoff, row.zone)
    utc = shown.astimezone(UTC)
    return {
        "announced": f"{shown:%a} {shown.day} {shown:%b %Y}" if row.phase == Phase.EVENT else words_of(shown, row.zone),
        "is_day": row.phase == Phase.EVENT,
        "utc": words_of(utc, "UTC"),
        "utc_iso": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cutoff": cutoff,
        "is_utc": row.zone == "UTC",
        "aoe": "" if row.zone == AOE else words_of(announced_at(cutoff, AOE), AOE),
    }


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField) -> dict[str, Any]:
    """Label, help, error and control, tied together for screen readers."""
    widget = bound.field.widget
    described = []
    if bound.help_text:
        described.append(f"{bound.auto_id}-help")
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
    # A browser cuts without a word what is pasted beyond it; the form says so beside the field and keeps all of it.
    attrs: dict[str, Any] = {"maxlength": False}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    grouped = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs),
        "is_hidden": bound.is_hidden,
        "is_check": isinstance(widget, forms.CheckboxInput),
        "is_group": grouped,
        "described": " ".join(described),
    }


@register.simple_tag
def error_summary(*forms_: Any) -> SafeString | str:
    """What is wrong, with links to the fields; takes the focus (frame.js)."""
    lines: list[tuple[str, str, str]] = []
    for form in flatten(forms_):
        for error in form.non_field_errors():
            lines.append(("", "", str(error)))
        for bound in form:
            lines += [(bound.auto_id or "", bound.label, str(error)) for error in bound.errors]
    if not lines:
        return ""
    items = format_html_join(
        "",
        '<li><a href="#{}">{}{}</a></li>',
        ((where or "content", f"{label}: " if label else "", error) for where, label, error in lines),
    )
    title = "One thing needs your attention" if len(lines) == 1 else f"{len(lines)} things need your attention"
    return format_html(
        '<div class="alert alert-stop error-summary" role="alert" tabindex="-1"><h2>{}</h2><ul>{}</ul></div>',
        title,
        items,
    )


def flatten(given: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for one in given:
        if one is None or one == "":
            continue
        if isinstance(one, forms.BaseFormSet):
            found += list(one.forms)
        else:
            found.append(one)
    return [form for form in found if form.is_bound]


@register.simple_tag
def histogram(values: Sequence[int | None], scale: Sequence[dict[str, Any]]) -> SafeString | str:
    """A small picture of scores, lowest left, with the same in words for those who do not see it."""
    counts = Counter(value for value in values if value is not None)
    # A value that left the scale is still a review's.
    steps = sorted({row["value"] for row in scale} | counts.keys())
    if not counts:
        return ""
    top = max(counts.values())
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="7" height="{}" class="bar bar-{}"><title>{}</title></rect>',
        (
            (
                index * 9,
                22 - round(20 * counts[step] / top),
                max(1, round(20 * counts[step] / top)),
                "low" if index < len(steps) / 3 else "high" if index >= 2 * len(steps) / 3 else "middle",
                f"{counts[step]} x {step:+d}",
            )
            for index, step in enumerate(steps)
        ),
    )
    spoken = ", ".join(f"{counts[step]} x {step:+d}" for step in steps if counts[step])
    return format_html(
        '<svg class="histogram" viewBox="0 0 {} 24" width="{}" height="24" role="img" aria-label="Scores: {}">{}</svg>',
        len(steps) * 9,
        len(steps) * 9,
        spoken,
        bars,
    )


@register.filter
def code(number: int, kind: str) -> str:
    """What stands for the number of a row on a page: see dlonsc.codes."""
    return codes.code(kind, number)
