"""A short print of a paper's words, by which two files with the same text are told without keeping the text.

Every five words in a row are hashed; the smallest 256 hashes are the print. The share that two prints have in common
estimates how much of their text is the same.
"""

import heapq
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

SIZE = 256
SHINGLE = 5
SAME_TEXT = 0.5
_WORD = re.compile(r"[a-z]{2,}")


def fingerprint(lines: Iterable[str]) -> tuple[int, ...]:
    """Hashes in ascending order; empty for a text of fewer than fifty words."""
    words = _WORD.findall(" ".join(lines).lower())
    if len(words) < 50:
        return ()
    hashes = {
        zlib.crc32(" ".join(words[at : at + SHINGLE]).encode("ascii")) for at in range(len(words) - SHINGLE + 1)
    }  # fmt: skip
    return tuple(heapq.nsmallest(SIZE, hashes))


def similarity(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Estimated share of common text, 0 to 1; 0 when either print is empty."""
    if not one or not other:
        return 0.0
    smallest = heapq.nsmallest(min(len(one), len(other), SIZE), set(one) | set(other))
    both = set(one) & set(other)
    return sum(value in both for value in smallest) / len(smallest)


def same_texts(prints: Mapping[int, tuple[int, ...]]) -> list[tuple[int, int, float]]:
    """Pairs of keys whose texts are the same, as (smaller key, larger key, share), the most alike first.

    Only pairs that share hashes are compared, so that hundreds of unlike papers cost one pass. A hash that a tenth of
    all papers have is a phrase of the trade or of the template and finds no pair by itself.
    """
    holders: dict[int, list[int]] = defaultdict(list)
    for key in sorted(prints):
        for value in prints[key]:
            holders[value].append(key)
    usual = max(10, len(prints) // 10)
    shared: Counter[tuple[int, int]] = Counter()
    for keys in holders.values():
        if 1 < len(keys) <= usual:
            shared.update(combinations(keys, 2))
    pairs = [(one, other, similarity(prints[one], prints[other])) for one, other in shared]
    return sorted((pair for pair in pairs if pair[2] >= SAME_TEXT), key=lambda pair: (-pair[2], pair[0], pair[1]))
