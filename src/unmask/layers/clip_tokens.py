"""Prompts to the token numbers that CLIP's text tower reads, with CLIP's own vocabulary.

    row = [start, C places for a context, words of the text, end, 0, 0, ...]

The vocabulary ships with the package (assets/, 180 kB, MIT), so any prompt works without a network.
Its merges are in the order of their use in English, so a smaller vocabulary is simply the first of
them: the single bytes stay, and a rare word falls apart into more pieces.

Axes: N prompts, L places of a row, C context tokens.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, section 2.4; Sennrich et al., "Neural Machine Translation of Rare Words with Subword
Units", ACL 2016.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unmask.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Words = Callable[[str], list[int]]
"""A text to its token numbers, without start and end."""

VOCABULARY = 49_408
"""Tokens of CLIP: bytes, merges, start and end."""
BYTES = 512
"""Tokens of one byte, each inside a word and ending it."""

WORD = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
"""What is encoded by itself: an English suffix, a run of letters, a digit, a run of signs."""


def clip_words(text: str, vocabulary: int = VOCABULARY) -> list[int]:
    """With the first so many tokens of CLIP, whatever case and spacing the text has."""
    assert BYTES + 2 < vocabulary <= VOCABULARY
    merges = vocabulary - BYTES - 2
    return list(_clip_tokenizer(merges).encode(text, add_special_tokens=False).ids)


def tokenize(
    texts: Sequence[str],
    *,
    context: int = 0,
    words: Words | None = None,
    vocabulary: int = VOCABULARY,
    length: int = 77,
) -> Tensor:
    """Texts -> (N, L) int64; the last two numbers of a vocabulary are start and end.

    Without ``words`` it is the vocabulary of CLIP, or the first part of it.

    Raises:
        ConfigError: a text with its context is longer than ``length``.
    """
    words = words or partial(clip_words, vocabulary=vocabulary)
    rows = torch.zeros(len(texts), length, dtype=torch.int64)
    for row, text in zip(rows, texts, strict=True):
        numbers = [vocabulary - 2, *[0] * context, *words(text), vocabulary - 1]
        if len(numbers) > length:
            raise ConfigError(
                f"the prompt {text[:40]!r} takes {len(numbers)} tokens, {context} of them context; "
                f"at most {length} fit, so shorten it"
            )
        row[: len(numbers)] = torch.tensor(numbers)
    return rows


def tokenize_short(texts: Sequence[str], *, context: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Texts -> rows up to the end of the longest, (N, L) int64, and where each ends, (N,) int64."""
    rows = tokenize(texts, context=context, vocabulary=vocabulary)
    end = [1 + context + len(clip_words(text, vocabulary)) for text in texts]
    return rows[:, : max(end) + 1], torch.tensor(end)


@cache
def _clip_tokenizer(count: int) -> Tokenizer:
    """Built once: the 512 single bytes (inside a word and ending it), then one token per merge."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    merges = [(a, b) for a, _, b in (line.partition(" ") for line in _merges()[:count])]
    letters = _byte_letters()
    names = [*letters, *(f"{letter}</w>" for letter in letters), *(a + b for a, b in merges)]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={name: number for number, name in enumerate(names)},
            merges=merges,
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _merges() -> list[str]:
    packed = files(__package__).joinpath("assets", "clip_merges.txt.xz").read_bytes()
    return lzma.decompress(packed).decode("utf-8").splitlines()


def _byte_letters() -> list[str]:
    """A printable letter for each byte, in the order of the vocabulary: printable bytes first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = 256 - len(printable)
    return [chr(code) for code in (*printable, *range(256, 256 + others))]
