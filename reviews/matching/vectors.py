"""Sentence vectors by a small BERT model, from its files: no network, no framework for deep learning, NumPy only.

Devlin et al. 2019 (BERT), Reimers and Gurevych 2019 (mean of the token vectors, unit length). The folder holds
config.json, vocab.txt and model.safetensors of a model such as all-MiniLM-L6-v2 (384 numbers for a text).
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf  # type: ignore[import-untyped]

from reviews.matching.problem import Floats

LONGEST = 256
# Chinese characters are words of their own, as the model learnt them.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORDS = re.compile(rf"[{HAN}]|(?:(?![{HAN}])[^\W_])+|[^\w\s]|_")
FILES = ("config.json", "vocab.txt", "model.safetensors")
TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


class Sentences:
    """A model in memory. Raises OSError or ValueError when the folder does not hold one."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise OSError(f"{folder} holds no sentence model: {', '.join(missing)} missing")
        config = json.loads((folder / "config.json").read_text())
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError(f"{folder} holds a model of another kind than BERT with GELU")
        self.layers, self.heads = int(config["num_hidden_layers"]), int(config["num_attention_heads"])
        self.epsilon = float(config["layer_norm_eps"])
        self.pieces = {piece: place for place, piece in enumerate((folder / "vocab.txt").read_text().splitlines())}
        self.weights = read_safetensors(folder / "model.safetensors")

    def embed(self, texts: Sequence[str]) -> Floats:
        """One vector of unit length for each text: float[n, width]. The first 256 pieces of a text count."""
        return np.stack([self._embed(text) for text in texts])

    def tokens(self, text: str) -> list[int]:
        """The numbers of a text's pieces, with the marks of begin and end."""
        plain = unicodedata.normalize("NFD", text.lower())
        plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
        found: list[int] = []
        for word in WORDS.findall(plain):
            found += self._pieces(word)
        return [self.pieces["[CLS]"], *found[: LONGEST - 2], self.pieces["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        """The longest known beginnings of a word, one after the other; unknown as a whole when one is not known."""
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(min(len(word), start + 100), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.pieces:
                    found.append(self.pieces[piece])
                    start = end
                    break
            else:
                return [self.pieces["[UNK]"]]
        return found

    def _embed(self, text: str) -> Floats:
        ids = self.tokens(text)
        state = self.weights["embeddings.word_embeddings.weight"][ids]
        state = state + self.weights["embeddings.position_embeddings.weight"][: len(ids)]
        state = state + self.weights["embeddings.token_type_embeddings.weight"][0]
        state = self._normal(state, "embeddings.LayerNorm")
        for number in range(self.layers):
            state = self._layer(state, f"encoder.layer.{number}")
        vector = state.mean(axis=0)
        unit: Floats = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return unit

    def _layer(self, state: Floats, name: str) -> Floats:
        length, width = state.shape
        query, key, value = (
            self._linear(state, f"{name}.attention.self.{part}").reshape(length, self.heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        score = query @ key.transpose(0, 2, 1) / np.sqrt(width / self.heads)
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        mixed = (score / score.sum(axis=-1, keepdims=True)) @ value
        out = self._linear(mixed.transpose(1, 0, 2).reshape(length, width), f"{name}.attention.output.dense")
        state = self._normal(state + out, f"{name}.attention.output.LayerNorm")
        wide = self._linear(state, f"{name}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
        return self._normal(state + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, state: Floats, name: str) -> Floats:
        result: Floats = state @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return result

    def _normal(self, state: Floats, name: str) -> Floats:
        state = state - state.mean(axis=-1, keepdims=True)
        state = state / np.sqrt((state**2).mean(axis=-1, keepdims=True) + self.epsilon)
        result: Floats = state * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return result


def read_safetensors(path: Path) -> dict[str, Any]:
    """The arrays of a .safetensors file by name: 8 bytes of length, a table in JSON, then the numbers."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + length])
    arrays: dict[str, Any] = {}
    for name, row in table.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + place for place in row["data_offsets"])
        numbers = np.frombuffer(data[begin:end], dtype=TYPES[row["dtype"]]).reshape(row["shape"])
        arrays[name.removeprefix("bert.")] = numbers.astype(np.float32) if row["dtype"] == "F16" else numbers
    return arrays
