"""Frames come out in the order in which a camera took them, or with a reason why not."""

import numpy as np
import pytest

from unmask.errors import DatasetError
from unmask.metrics.scores import Scores
from unmask.metrics.videos import videos


def scores(keys: list[str], values: list[float | None], **columns: list[str]) -> Scores:
    """Frames of a presentation that the first letter of the key names; a is bona fide."""
    return Scores.from_columns(
        {
            "key": keys,
            "presentation": [key[0] for key in keys],
            "score": values,
            "label": ["bona_fide" if key[0] == "a" else "attack" for key in keys],
            "pai_species": ["" if key[0] == "a" else "print" for key in keys],
            **columns,
        }
    )


def test_digits_in_keys_count_as_numbers() -> None:
    found = videos(scores(["a10", "b1", "a9", "a1", "b2"], [0.3, 0.7, 0.2, 0.1, 0.8]))
    assert found.order == "key"
    assert found.table["presentation"].to_list() == ["a", "b"]
    assert [frames.tolist() for frames in found.frames] == [[0.1, 0.2, 0.3], [0.7, 0.8]]


@pytest.mark.parametrize("column", ["frame", "time"])
def test_a_usual_column_comes_before_the_keys(column: str) -> None:
    given = scores(["a1", "a2", "a3"], [0.1, 0.2, None], **{column: ["7.5", "-1", "10"]})
    found = videos(given)
    assert found.order == column
    np.testing.assert_array_equal(found.frames[0], [0.2, 0.1, np.nan])


def test_a_named_column_comes_before_the_usual_ones() -> None:
    given = scores(["a1", "a2"], [0.1, 0.2], frame=["1", "2"], shot=["2", "1"])
    found = videos(given, "shot")
    assert found.order == "shot"
    assert found.frames[0].tolist() == [0.2, 0.1]


def test_a_usual_column_with_a_gap_is_not_relied_on() -> None:
    assert videos(scores(["a1", "a2"], [0.1, 0.2], frame=["5", ""])).order == "key"


def test_one_score_per_presentation_goes_back_beside_its_columns() -> None:
    found = videos(scores(["b1", "a1", "b2"], [0.7, 0.1, 0.8]))
    judged = found.with_score([0.75, 0.1])
    assert judged.table["presentation"].to_list() == ["b", "a"]
    assert judged.attacks["print"].score.tolist() == [0.75]
    assert judged.bona_fide.score.tolist() == [0.1]


@pytest.mark.parametrize(
    ("order", "column", "message"),
    [
        ("shot", ["1", "2"], r"no column 'shot' to put frames in order"),
        ("frame", ["1", "one"], r"row 2, column frame: 'one' is not a number"),
        ("frame", ["3", "3.0"], r"row 2, column frame: '3.0' is another frame of presentation 'a'"),
    ],
)
def test_frames_that_have_no_order_are_one_clear_error(
    order: str, column: list[str], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        videos(scores(["a1", "a2"], [0.1, 0.2], frame=column), order)
