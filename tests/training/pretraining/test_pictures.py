"""Every usable picture, whatever its label, as exact in memory as on disk."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.capture.images import read_image
from unmask.config import PicturesConfig, PretrainConfig
from unmask.errors import DatasetError
from unmask.training.pretraining.pictures import Crops, divide, places, require_pictures
from unmask.transforms.geometry import resize
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality

Configured = Callable[..., PretrainConfig]


@pytest.mark.parametrize("room", [0, 2**30])
def test_a_kept_picture_is_the_one_on_disk(
    room: int, squares: Path, configured: Configured
) -> None:
    config = configured(squares)
    found = places(divide(config).train, config)
    crops = Crops(found, Preprocessing(image_size=32, crop_version="1"))
    crops.room = room
    for _ in range(2):
        for number in range(6):
            place = found[number]
            read = read_image(place.path, place.modality)
            expected = resize({place.modality: read}, 32)[place.modality]
            tolerance = 1e-5 if place.modality is Modality.INFRARED else 0
            picture = crops[number][place.modality]
            assert picture.dtype == expected.dtype
            assert np.abs(picture.astype(float) - expected).max() <= tolerance
    assert len(crops.kept) == (6 if room else 0)


def test_labels_are_not_looked_at(new_squares: Callable[..., Path], configured: Configured) -> None:
    config = configured(new_squares())
    whole = divide(config)
    path = config.data.root / "manifest.parquet"
    table = pl.read_parquet(path)
    for worse in (
        table.with_columns(label=pl.lit("who knows"), pai_species=pl.lit("?")),
        table.drop("label", "pai_species"),
    ):
        worse.write_parquet(path)
        assert divide(config) == whole
    assert len(whole.train) == len(whole.held_out) == 12


def test_without_sets_every_row_is_learned_from(
    new_squares: Callable[..., Path], configured: Configured
) -> None:
    config = configured(new_squares())
    path = config.data.root / "manifest.parquet"
    pl.read_parquet(path).drop("split", "label", "pai_species").write_parquet(path)
    division = divide(config)
    assert (len(division.train), division.held_out) == (36, [])


def test_nobody_of_eval_is_seen_unless_asked_for(squares: Path, configured: Configured) -> None:
    config = configured(squares)
    assert {row.split for row in divide(config).train} == {"train"}
    data = PicturesConfig(root=squares, splits=("train", "dev"))
    division = divide(replace(config, data=data))
    assert {row.split for row in division.train} == {"train", "dev"}
    assert division.held_out == []


def test_what_is_missing_is_named(squares: Path, configured: Configured) -> None:
    config = configured(squares)
    odd = replace(config, data=PicturesConfig(root=squares, splits=("trian",)))
    with pytest.raises(DatasetError, match=r"no row in the set 'trian'; it has: dev, eval, train"):
        divide(odd)
    rows = divide(config).train
    thermal = replace(config, modalities=(Modality.THERMAL,))
    with pytest.raises(DatasetError, match="has no picture of thermal in train; ask for others"):
        require_pictures(places(rows, thermal), thermal)
    clip = replace(config, method="clip")
    with pytest.raises(DatasetError, match=r"no picture of rgb with a caption .* --captions"):
        require_pictures(places(rows, clip), clip)


def test_only_pictures_with_a_caption_are_for_clip(captioned: Path, configured: Configured) -> None:
    path = captioned / "manifest.parquet"
    table = pl.read_parquet(path)
    first = pl.int_range(pl.len()) == 0
    empty = pl.when(first).then(None).otherwise("caption_rgb").alias("caption_rgb")
    table.with_columns(empty).write_parquet(path)
    config = configured(captioned, method="clip")
    rows = divide(config).train
    assert len(places(rows, config)) == 3 * len(rows) - 1
    assert len(places(rows, replace(config, method="mae"))) == 3 * len(rows)
