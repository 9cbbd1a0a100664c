"""A letter's own text with placeholders such as {name}: found, checked and filled; nothing in it is ever run.

A placeholder is a word in braces. Filling goes through the text once, so that what a value holds is never looked at
again. Pure: no Django.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape

PLACEHOLDER = re.compile(r"\{([^{}\n]{0,60})\}")
ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True)
class Block:
    """What stands for itself between two paragraphs: a list of papers, the reviews. `html` is already safe."""

    text: str
    html: str


Value = str | Block


def names_in(text: str) -> list[str]:
    """The placeholders of a text, each once, in the order in which they first come."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def unknown(text: str, allowed: Collection[str]) -> list[str]:
    """Placeholders that nobody fills."""
    return [name for name in names_in(text) if name not in allowed]


def is_broken(text: str) -> bool:
    """Whether a brace is left over: a placeholder that was mistyped would leave as it stands."""
    return bool(re.search(r"[{}]", PLACEHOLDER.sub("", text)))


def fill(text: str, values: Mapping[str, Value]) -> str:
    """The text with every placeholder filled once. Raises KeyError for one that has no value."""
    filled = PLACEHOLDER.sub(lambda found: _plain(values[found[1]]), text)
    return re.sub(r"\n{3,}", "\n\n", filled)


def fill_html(text: str, values: Mapping[str, Value]) -> str:
    """The same as HTML: paragraphs parted by blank lines, web addresses as links, everything typed escaped.

    A block that stands alone in its paragraph comes as its own HTML. Raises KeyError as `fill` does.
    """
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        alone = PLACEHOLDER.fullmatch(paragraph.strip())
        value = values[alone[1]] if alone else None
        if isinstance(value, Block):
            paragraphs.append(value.html)
            continue
        words = fill(paragraph, values).strip()
        if words:
            paragraphs.append(f"<p>{_linked(words)}</p>")
    return "\n".join(paragraphs)


def _plain(value: Value) -> str:
    return value.text if isinstance(value, Block) else value


def _linked(words: str) -> str:
    parts, end = [], 0
    for found in ADDRESS.finditer(words):
        address = escape(found[0])
        parts += [escape(words[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(words[end:])]).replace("\n", "<br>\n")
