import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.errors import ConfigError, DatasetError, OutputError
from unmask.metrics.rates import bpcer
from unmask.metrics.scores import (
    AGGREGATIONS,
    Scores,
    check_disjoint,
    parts,
    per_presentation,
    read_scores,
    write_scores,
)
from unmask.types import Label, Modality, Sample


def frames() -> Scores:
    """Two bona fide presentations and one attack, of two or three frames each."""
    return Scores.from_columns(
        {
            "key": ["a0", "a1", "b0", "b1", "c0", "c1", "c2"],
            "presentation": ["a", "a", "b", "b", "c", "c", "c"],
            "score": [0.9, 0.7, math.nan, 0.4, 0.1, 0.2, 0.6],
            "label": [Label.BONA_FIDE] * 4 + [Label.ATTACK] * 3,
            "pai_species": [None] * 4 + ["print, glossy"] * 3,
            "subject": ["s1", "s1", "s2", "s2", "s3", "s3", "s3"],
            "session": ["1", "1", "", "", "#2", '"', "3"],
        }
    )


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_a_file_gives_back_what_was_written(tmp_path, name):
    scores = frames()
    write_scores(scores, tmp_path / "new folder" / name)
    back = read_scores(tmp_path / "new folder" / name)
    assert back.table.equals(scores.table, null_equal=True)
    assert back.table.schema == scores.table.schema
    assert back.source.endswith(name)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_scores_come_back_to_the_last_bit(tmp_path, make_scores, suffix):
    random = np.random.default_rng(0)
    scores = make_scores(random.random(500).tolist(), {"print": random.random(500).tolist()})
    write_scores(scores, tmp_path / f"scores{suffix}")
    back = read_scores(tmp_path / f"scores{suffix}")
    assert np.array_equal(back.table["score"].to_numpy(), scores.table["score"].to_numpy())


def test_a_csv_says_the_polarity_in_its_first_line_and_leaves_a_missing_response_empty(tmp_path):
    write_scores(frames(), tmp_path / "scores.csv")
    first, header, *rows = (tmp_path / "scores.csv").read_text().splitlines()
    assert first == (
        "# unmask scores: score in [0, 1], probability of bona fide; accept is score >= threshold; "
        "empty = no response"
    )
    assert header.startswith("key,presentation,score,label,pai_species,subject,dataset,site,split")
    assert rows[2].startswith("b0,b,,bona_fide,")


def test_only_lines_above_the_header_are_comments(tmp_path):
    path = tmp_path / "scores.csv"
    rows = ["#1,p1,0.9,bona_fide,", "#2,p2,0.1,attack,print"]
    text = "\n".join(["# one", "# two", "key,presentation,score,label,pai_species", *rows])
    path.write_text(text, encoding="utf-8-sig")  # as spreadsheets save it
    assert read_scores(path).table["key"].to_list() == ["#1", "#2"]


def test_a_parquet_file_may_hold_single_precision_and_categories(tmp_path):
    path = tmp_path / "scores.parquet"
    frames().table.with_columns(
        pl.col("score").cast(pl.Float32), pl.col("label").cast(pl.Categorical)
    ).write_parquet(path)
    back = read_scores(path)
    assert back.table.schema == frames().table.schema
    assert back.table["score"][0] == float(np.float32(0.9))


def test_samples_and_their_scores_make_a_table_with_attributes():
    paths = {Modality.RGB: Path("a.png")}
    genuine = Sample(
        key="a", presentation="a", paths=paths, label=Label.BONA_FIDE, attributes={"skin": "III"}
    )
    attack = Sample(
        key="b", presentation="b", paths=paths, label=Label.ATTACK, pai_species="mask", site="A"
    )
    scores = Scores.from_samples(
        [genuine, attack],
        np.float32([0.75, 0.25]),
        split="dev",
        modalities=[Modality.RGB, Modality.DEPTH],
    )
    assert scores.table.rows(named=True)[1] == {
        "key": "b",
        "presentation": "b",
        "score": 0.25,
        "label": "attack",
        "pai_species": "mask",
        "subject": "",
        "dataset": "",
        "site": "A",
        "split": "dev",
        "modalities": "rgb",
        "skin": "",
    }
    assert scores.values("skin") == ["III"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("mean", [0.8, 0.4, 0.3]),
        ("median", [0.8, 0.4, 0.2]),
        ("vote", [0.7, 0.4, 0.2]),
        ("min", [0.7, 0.4, 0.1]),
        ("max", [0.9, 0.4, 0.6]),
    ],
)
def test_frames_become_one_score_per_presentation(rule, expected):
    scores = per_presentation(frames(), rule)
    assert scores.table["presentation"].to_list() == ["a", "b", "c"]
    assert scores.table["key"].to_list() == ["a0", "b0", "c0"]
    np.testing.assert_allclose(scores.table["score"].to_numpy(), expected)
    assert scores.table.columns == frames().table.columns


@pytest.mark.parametrize("rule", AGGREGATIONS)
def test_a_presentation_has_no_response_only_if_no_frame_has_one(rule):
    silent = frames().table.with_columns(
        pl.when(pl.col("presentation") == "b").then(math.nan).otherwise("score").alias("score")
    )
    scores = per_presentation(Scores(table=silent), rule)
    assert np.isnan(scores.table["score"].to_numpy()).tolist() == [False, True, False]
    assert bpcer(scores, 0.5).trials == 1


def test_a_vote_accepts_where_more_than_half_of_the_frames_are_accepted_at_any_threshold():
    random = np.random.default_rng(3)
    size = random.integers(1, 7, 80)
    unit = np.repeat(np.arange(80), size)
    score = random.random(unit.size).round(1)
    columns = {
        "key": [f"k{i}" for i in range(unit.size)],
        "presentation": [f"p{i:02d}" for i in unit],
        "score": score.tolist(),
        "label": ["bona_fide"] * unit.size,
        "pai_species": [""] * unit.size,
    }
    voted = per_presentation(Scores.from_columns(columns), "vote").table["score"].to_numpy()
    for threshold in np.linspace(0, 1.1, 23):
        for i in range(80):
            accepted = (score[unit == i] >= threshold).sum()
            assert (voted[i] >= threshold) == (2 * accepted > size[i])


def test_rows_of_different_runs_may_have_the_same_key(tmp_path):
    rows = ["k,p,0.9,bona_fide,,1", "k,p,0.8,bona_fide,,2", "k2,p2,0.1,attack,print,1"]
    header = "key,presentation,score,label,pai_species,seed"
    path = tmp_path / "scores.csv"
    path.write_text("\n".join([header, *rows]))
    with pytest.raises(DatasetError, match="row 2, column key: 'k' is in row 1 too"):
        read_scores(path)
    runs = parts(read_scores(path, apart=("seed",)), "seed")
    assert {name: len(run) for name, run in runs.items()} == {"1": 2, "2": 1}
    path.write_text("\n".join([header, *rows, "k,p3,0.7,bona_fide,,2"]))
    with pytest.raises(DatasetError, match="row 4, column key: 'k' is in row 2 too"):
        read_scores(path, apart=("seed",))
    with pytest.raises(DatasetError, match="has no column 'fold'; it has: key, presentation"):
        read_scores(path, apart=("fold",))


def test_presentations_of_the_same_name_in_two_data_sets_stay_apart():
    columns = {
        "key": ["x", "x"],
        "presentation": ["p", "p"],
        "dataset": ["one", "two"],
        "score": [0.9, 0.1],
        "label": ["bona_fide", "attack"],
        "pai_species": ["", "print"],
    }
    assert len(per_presentation(Scores.from_columns(columns))) == 2


def test_an_unknown_aggregation_is_refused():
    with pytest.raises(ConfigError, match="choose one of: mean, median, vote, min, max"):
        per_presentation(frames(), "best")


def test_a_presentation_in_both_sets_is_named_with_its_row(make_scores):
    dev = make_scores([0.9], {"print": [0.1]})
    other = Scores(
        table=frames().table.with_columns(pl.col("presentation").replace("b", "p1")), source="e.csv"
    )
    with pytest.raises(
        DatasetError, match=r"e\.csv, row 3, column presentation: 'p1' is in scores"
    ):
        check_disjoint(dev, other)
    check_disjoint(dev, frames())


def test_an_unwritable_place_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_scores(frames(), tmp_path / "file" / "scores.csv")
    with pytest.raises(DatasetError, match=r"its name ends in \.csv or \.parquet"):
        write_scores(frames(), tmp_path / "scores.txt")
