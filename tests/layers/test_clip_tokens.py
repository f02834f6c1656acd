"""Numbers that the published tokenizer gives, and rows made of them."""

import pytest

from unmask.errors import ConfigError
from unmask.layers.clip_tokens import clip_words, tokenize

PUBLISHED = {
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "live": [1064],
    "fake": [5777],
    "bona fide": [33342, 45375],
    "spoof": [1261, 539],
    "real face": [1532, 1710],
    "presentation attack": [4594, 3815],
    "This is an image of a fake face.": [589, 533, 550, 2867, 539, 320, 5777, 1710, 269],
    "it's a 3D mask, worn by someone!": [585, 568, 320, 274, 323, 8306, 267, 9037, 638, 2100, 256],
    "a photo of a printed paper attack": [320, 1125, 539, 320, 7978, 2802, 3815],
    "a face replayed on a screen": [320, 1710, 515, 3432, 525, 320, 3750],
    "half-mask 99.5% (genuine)": [2349, 268, 8306, 280, 280, 269, 276, 260, 263, 12184, 264],
    "they'll wear mannequins' wigs": [889, 1342, 2839, 30160, 39701, 262, 31207],
    "na\xefve caf\xe9, gr\xfc\xdfe": [1097, 35689, 563, 15304, 267, 709, 6522, 127, 253, 324],
    "\u65e5\u672c\u8a9e \U0001f600": [39121, 44353, 34002, 508, 7334],
}


@pytest.mark.parametrize("text", PUBLISHED)
def test_words_have_the_published_numbers(text: str) -> None:
    assert clip_words(text) == PUBLISHED[text]


def test_case_and_spacing_do_not_matter() -> None:
    assert clip_words("  A  PHOTO of\n a\tcat ") == PUBLISHED["a photo of a cat"]
    assert clip_words("") == []


def test_a_row_has_start_context_words_and_end() -> None:
    rows = tokenize(["live", "a fake face"], context=3)
    assert rows.shape == (2, 77)
    assert rows[0, :6].tolist() == [49406, 0, 0, 0, 1064, 49407]
    assert rows[1, 4:8].tolist() == [320, 5777, 1710, 49407]
    assert not rows[0, 6:].any()


def test_another_vocabulary_has_its_own_start_and_end() -> None:
    rows = tokenize(["ab"], words=lambda text: [ord(c) - 97 for c in text], vocabulary=28, length=5)
    assert rows.tolist() == [[26, 0, 1, 27, 0]]


def test_the_longest_text_fits_and_a_longer_one_is_refused() -> None:
    assert tokenize(["face " * 75])[0, -1] == 49407
    with pytest.raises(ConfigError, match="takes 78 tokens, 1 of them context; at most 77 fit"):
        tokenize(["face " * 75], context=1)


@pytest.mark.parametrize("vocabulary", [1024, 6144, 20_000])
def test_a_smaller_vocabulary_says_the_same_in_more_pieces(vocabulary: int) -> None:
    for text, numbers in PUBLISHED.items():
        fewer = clip_words(text, vocabulary)
        assert max(fewer) < vocabulary - 2
        assert len(fewer) >= len(numbers)
        common = [n for n in numbers if n < vocabulary - 2]
        assert set(common) <= set(fewer), "a word that stays whole keeps its number"


def test_rows_of_a_smaller_vocabulary_end_with_its_last_number() -> None:
    row = tokenize(["a silicone mask"], vocabulary=1024, length=20)[0]
    assert row[0] == 1022
    assert row.max() == 1023
    assert int((row == 1023).sum()) == 1
