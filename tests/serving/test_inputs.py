"""What belongs together is found, and what does not fit is named before anything is judged."""

from pathlib import Path

import pytest

from unmask.config import PredictConfig
from unmask.errors import ConfigError
from unmask.serving.inputs import Input, gather
from unmask.types import Modality

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def gathered(**settings: object) -> list[Input]:
    return gather(PredictConfig(checkpoint=Path("run"), **settings))  # type: ignore[arg-type]


def refusal(**settings: object) -> str:
    with pytest.raises(ConfigError) as caught:
        gathered(**settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_photographs_are_colour_alone_in_the_order_given(tmp_path: Path) -> None:
    folder = touch(tmp_path, "b.jpg", "a.png")
    paths = (folder / "b.jpg", folder / "a.png")
    assert gathered(inputs=paths) == [Input(source=str(p), paths={RGB: p}) for p in paths]


def test_a_folder_is_its_images_by_name(tmp_path: Path) -> None:
    folder = touch(tmp_path / "f", "b.JPG", "a.png", "c.jpeg", "notes.txt", ".hidden.png")
    names = [Path(found.source).name for found in gathered(inputs=(folder,))]
    assert names == ["a.png", "b.JPG", "c.jpeg"]


def test_an_aligned_set_is_one_presentation(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.png", "a_mm.png", "a_ir.png")
    paths = {RGB: folder / "a.png", DEPTH: folder / "a_mm.png", INFRARED: folder / "a_ir.png"}
    found = gathered(rgb=paths[RGB], depth=paths[DEPTH], infrared=paths[INFRARED])
    assert found == [Input(source=str(paths[RGB]), paths=paths)]


def test_two_modalities_alone_are_possible(tmp_path: Path) -> None:
    folder = touch(tmp_path, "d.png", "i.png")
    found = gathered(depth=folder / "d.png", infrared=folder / "i.png")
    assert found[0].paths == {DEPTH: folder / "d.png", INFRARED: folder / "i.png"}


def test_folders_are_matched_by_stem(tmp_path: Path) -> None:
    colour = touch(tmp_path / "rgb", "2.jpg", "1.jpg")
    depth = touch(tmp_path / "depth", "1.png", "2.png")
    assert gathered(rgb=colour, depth=depth) == [
        Input(source=stem, paths={RGB: colour / f"{stem}.jpg", DEPTH: depth / f"{stem}.png"})
        for stem in ("1", "2")
    ]


def test_photographs_and_an_aligned_set_can_be_asked_together(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.png", "b.png", "b_mm.png")
    found = gathered(inputs=(folder / "a.png",), rgb=folder / "b.png", depth=folder / "b_mm.png")
    assert [set(each.paths) for each in found] == [{RGB}, {RGB, DEPTH}]


def test_no_input_at_all_says_how_to_name_one() -> None:
    assert "--rgb, --depth and --infrared" in refusal()


@pytest.mark.parametrize("where", ["inputs", "rgb", "depth", "infrared"])
def test_a_path_that_is_not_there_is_named(where: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone.png"
    message = refusal(**{where: (gone,) if where == "inputs" else gone})
    assert f"no file or folder {gone}" in message


@pytest.mark.parametrize("where", ["inputs", "rgb"])
def test_a_folder_without_images_is_named(where: str, tmp_path: Path) -> None:
    folder = touch(tmp_path / "f", "notes.txt")
    message = refusal(**{where: (folder,) if where == "inputs" else folder})
    assert f"no image in the folder {folder}" in message


def test_a_stem_without_a_partner_is_named(tmp_path: Path) -> None:
    colour = touch(tmp_path / "rgb", "1.jpg", "2.jpg")
    depth = touch(tmp_path / "depth", "1.png", "3.png")
    message = refusal(rgb=colour, depth=depth)
    assert f"{colour / '2.jpg'} has no partner with the stem '2' in {depth}" in message


def test_two_files_of_one_stem_are_named(tmp_path: Path) -> None:
    colour = touch(tmp_path / "rgb", "1.jpg", "1.png")
    assert "1.jpg and 1.png" in refusal(rgb=colour)


def test_a_folder_beside_a_file_is_refused(tmp_path: Path) -> None:
    colour = touch(tmp_path / "rgb", "1.jpg")
    depth = touch(tmp_path, "1.png") / "1.png"
    assert f"{colour} is a folder and {depth} is a file" in refusal(rgb=colour, depth=depth)
