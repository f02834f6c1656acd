from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from unmask.errors import CheckpointError
from unmask.layers.clip_tokens import tokenize
from unmask.weights.tokenizer import load_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vocabulary = {"[other]": 0, "a": 1, "face": 2, "mask": 3, "[start]": 4, "[end]": 5}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[other]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(max_length=2)  # as published files have it
    tokenizer.enable_padding(length=2)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_file_or_its_folder_gives_the_words_alone(folder: Path) -> None:
    for source in (folder, folder / "tokenizer.json"):
        words = load_tokenizer(str(source))
        assert words("a mask face") == [1, 3, 2], "neither cut nor padded"
        assert words("a") == [1]
    rows = tokenize(["a face"], words=words, vocabulary=6, length=5)
    assert rows.tolist() == [[4, 1, 2, 5, 0]]


def test_what_is_no_tokenizer_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"is no tokenizer\.json"):
        load_tokenizer(str(folder))
    with pytest.raises(CheckpointError, match=r"holds none of tokenizer\.json"):
        load_tokenizer(str(Path(__file__).parent))
