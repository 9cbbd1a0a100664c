"""A sentence model read from its files: pieces as BERT cuts them, and the arithmetic of a layer done by hand.

When SENTENCE_MODEL_FOR_TESTS names a folder with all-MiniLM-L6-v2, its published similarities must come out.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from reviews.matching.affinity import affinity
from reviews.matching.vectors import LONGEST, Sentences, read_safetensors

WIDTH, HEADS = 4, 2
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "graph", "##s", "neural", "net", "##work", "-", "東", "elastic"]


def safetensors(arrays: dict[str, np.ndarray]) -> bytes:
    table, data = {}, b""
    for name, array in arrays.items():
        raw = array.astype(np.float32).tobytes()
        table[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps(table).encode()
    return len(head).to_bytes(8, "little") + head + data


def make_model(folder: Path, *, value: float = 0.0, layers: int = 1) -> Path:
    """A model whose only work in a layer is attention that looks everywhere alike, `value` times what it sees."""
    draw = np.random.default_rng(3)
    none, bias, unit = np.zeros((WIDTH, WIDTH)), np.zeros(WIDTH), np.eye(WIDTH)
    arrays = {
        "embeddings.word_embeddings.weight": draw.normal(size=(len(VOCABULARY), WIDTH)),
        "embeddings.position_embeddings.weight": np.zeros((LONGEST, WIDTH)),
        "embeddings.token_type_embeddings.weight": np.zeros((2, WIDTH)),
        "embeddings.LayerNorm.weight": np.ones(WIDTH),
        "embeddings.LayerNorm.bias": bias,
    }
    for number in range(layers):
        name = f"encoder.layer.{number}"
        for part, weight in (
            ("attention.self.query", none),
            ("attention.self.key", none),
            ("attention.self.value", value * unit),
            ("attention.output.dense", unit),
            ("output.dense", np.zeros((WIDTH, 2 * WIDTH))),
        ):
            arrays |= {f"{name}.{part}.weight": weight, f"{name}.{part}.bias": bias}
        arrays |= {
            f"{name}.intermediate.dense.weight": np.zeros((2 * WIDTH, WIDTH)),
            f"{name}.intermediate.dense.bias": np.zeros(2 * WIDTH),
        }
        for part in ("attention.output", "output"):
            arrays |= {f"{name}.{part}.LayerNorm.weight": np.ones(WIDTH), f"{name}.{part}.LayerNorm.bias": bias}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(safetensors(arrays))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    config = {
        "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": layers, "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def normal(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / rows.std(axis=1, keepdims=True)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_words_are_cut_into_the_longest_known_pieces(tmp_path: Path) -> None:
    model = Sentences(make_model(tmp_path))
    found = [VOCABULARY[number] for number in model.tokens("Élastic Graphs: neural-network 東東 quagga")]
    assert found == [
        "[CLS]", "elastic", "graph", "##s", "[UNK]", "neural", "-", "net", "##work", "東", "東", "[UNK]", "[SEP]"
    ]  # fmt: skip


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    assert len(Sentences(make_model(tmp_path)).tokens("graph " * 1000)) == LONGEST


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_vector_is_the_mean_of_what_the_layer_makes_of_the_tokens(tmp_path: Path, value: float) -> None:
    model = Sentences(make_model(tmp_path, value=value))
    words = model.weights["embeddings.word_embeddings.weight"][model.tokens("neural graph")]
    state = normal(words)
    state = normal(state + value * state.mean(axis=0))
    assert np.allclose(model.embed(["neural graph"]), unit(normal(state).mean(axis=0))[None], atol=1e-5)


def test_vectors_have_unit_length_and_are_the_same_each_time(tmp_path: Path) -> None:
    model = Sentences(make_model(tmp_path, value=0.3, layers=2))
    first, second = (model.embed(["neural network", "elastic"]) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.allclose(np.linalg.norm(first, axis=1), 1)


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"config\.json, vocab\.txt, model\.safetensors missing"):
        Sentences(tmp_path)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    make_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(ValueError, match="another kind"):
        Sentences(tmp_path)


def test_halves_are_read_as_singles(tmp_path: Path) -> None:
    array = np.array([[1.5, -2.0]], dtype=np.float16)
    head = json.dumps({"__metadata__": {}, "a": {"dtype": "F16", "shape": [1, 2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "m").write_bytes(len(head).to_bytes(8, "little") + head + array.tobytes())
    found = read_safetensors(tmp_path / "m")["a"]
    assert (found.dtype, found.tolist()) == (np.float32, [[1.5, -2.0]])


def test_affinity_by_vectors_is_the_mean_of_the_best_three_cosines() -> None:
    rows = np.array([[1, 0], [1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1], [-1, 0]], dtype=np.float64)
    found = affinity(["p"], [["a", "b", "c", "d"], [], ["e"]], rows)
    assert np.allclose(found.mean[0, [0, 2]], [(1 + 0.8 + 0.6) / 3, -1])
    assert np.isnan(found.mean[0, 1])
    assert [(near.text, round(near.similarity, 6)) for near in found.nearest(0, 0)] == [(0, 1), (1, 0.8), (2, 0.6)]


@pytest.mark.skipif("SENTENCE_MODEL_FOR_TESTS" not in os.environ, reason="SENTENCE_MODEL_FOR_TESTS names no model")
def test_the_published_similarities_of_minilm_come_out() -> None:
    model = Sentences(Path(os.environ["SENTENCE_MODEL_FOR_TESTS"]))
    found = model.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    assert np.allclose(found @ found.T, [[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]], atol=1e-4)
