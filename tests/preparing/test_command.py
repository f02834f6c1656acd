"""``unmask prepare`` in the shell: exit codes as documented, one line for each mistake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unmask.cli import main
from unmask.serving.examples import photographs

CAMERAS = "sensor_size: [4, 3]\ncolour_size: [4, 3]\n"
SENSOR = "sensor: {fx: 9, fy: 9, cx: 2, cy: 1}\ncolour: {fx: 9, fy: 9, cx: 2, cy: 1}\n"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Run a command that must fail; returns its one line."""

    def check(*words: object) -> str:
        out = tmp_path / "refused"
        given = ["prepare", "--root", tmp_path, "--out", out, *words]
        assert main([str(word) for word in given]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert not out.exists()
        return error

    return check


def test_photographs_are_prepared_and_a_failure_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "people", tmp_path / "out"
    photographs(root)
    words = ["prepare", "--root", str(root), "--out", str(out), "--workers", "1"]
    assert main(words) == 0
    assert "prepared 2 frames" in capsys.readouterr().out
    assert (out / "failures.csv").read_text().count("\n") == 1
    (root / "wall.png").write_bytes(b"\x89PNG")
    assert main(words) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "1 frames failed: unreadable 1; each is listed with its reason" in told
    assert "wall,wall,,,unreadable," in (out / "failures.csv").read_text()
    done = json.loads((out / "prepare.json").read_text())["done"]
    assert done["failed_by_reason"] == {"unreadable": 1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--crop.margin", "9"], "crop.margin is 9.0; it must be at least 0.5"),
        (["--crop.side", "8"], "crop.side is 8; it must be at least 16"),
        (["--depth.unit", "z16"], "z16 and only z16 has a scale"),
        (["--depth.scale_mm", "2"], "z16 and only z16 has a scale"),
        (["--depth.unit", "grey"], "the millimetres of levels 1 and 255"),
        (["--depth.unit", "grey", "--depth.grey_mm", "[400,400]"], "two different distances"),
        (["--depth.unit", "relative", "--depth.window_mm", "9"], "needs millimetres"),
        (["--infrared.bits", "7"], "bits is 7; it must be at least 8"),
        (["--label", "attack"], "an attack has a species"),
        (["--pai-species", "print"], "an attack has a species"),
        (["--cropped", "--crop.margin", "2"], "cropped frames are not cut"),
        (["--cropped", "--depth.calibration", "a.yaml"], "cropped frames cannot be moved"),
        (["--depth.calibration", "none.yaml"], "depth.calibration none.yaml"),
        (["--workers", "0"], "workers is 0"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(
    words: list[str], message: str, refused: Callable[..., str]
) -> None:
    assert message in refused(*words)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CAMERAS, "either a homography, or both cameras"),
        (CAMERAS + SENSOR + "homography: [1,0,0,0,1,0,0,0,1]\n", "either a homography, or both"),
        (CAMERAS + "homography: [1,0,0,0,1,0]\n", "homography has 6 numbers; give nine"),
        (CAMERAS + "homography: [1,0,0,0,0,0,0,0,1]\n", "homography is singular"),
        (CAMERAS + "homography: [1,0,0,0,.nan,0,0,0,1]\n", "every number must be finite"),
        (CAMERAS + SENSOR + "rotation: [2,0,0,0,1,0,0,0,1]\n", "rotation is no rotation"),
        (CAMERAS + SENSOR + "rotation: [-1,0,0,0,1,0,0,0,1]\n", "rotation is no rotation"),
        (CAMERAS + SENSOR + "translation_mm: [1, 2]\n", "translation_mm has 2 numbers"),
        (CAMERAS + SENSOR.replace("9", "0", 1), "give all four, in pixels, above 0"),
        (CAMERAS + SENSOR.replace(", cy: 1", "", 1), "give all four, in pixels, above 0"),
        (CAMERAS + SENSOR.splitlines()[0] + "\n", "either a homography, or both cameras"),
        (CAMERAS + SENSOR.replace("cy: 1}", "cy: 1, distortion: [1]}", 1), "distortion has 1"),
        ("sensor_size: [0, 3]\n" + CAMERAS[20:] + SENSOR, "sensor_size is 0"),
        (CAMERAS + "homografy: [1,0,0,0,1,0,0,0,1]\n", "the nearest is 'homography'"),
        ("nonsense", "holds nonsense"),
    ],
)
def test_a_faulty_calibration_is_named_with_its_fault(
    text: str, message: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "pair.yaml"
    path.write_text(text)
    error = refused("--infrared.calibration", path)
    assert f"infrared.calibration {path}: " in error
    assert message in error


def test_relative_depth_cannot_be_reprojected(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "pair.yaml"
    path.write_text(CAMERAS + SENSOR)
    words = ["--depth.unit", "relative", "--depth.calibration", path]
    assert "needs distances" in refused(*words)
