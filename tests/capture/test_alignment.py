"""Pictures of other sensors land where geometry says: known scenes, seen by two cameras."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from unmask.capture.alignment import by_depth, by_homography, project, reproject
from unmask.config import CalibrationConfig, CameraConfig
from unmask.types import Modality

Array = npt.NDArray[np.float64]
Scene = Callable[[Array, Array], Array]
"""Origin (3,) and directions (H, W, 3) of rays to the distance along them that they hit at."""

SENSOR = CameraConfig(fx=150, fy=152, cx=79, cy=61, distortion=(0.08, -0.05, 0.002, -0.001, 0.01))
COLOUR = CameraConfig(fx=260, fy=258, cx=121, cy=88, distortion=(-0.06, 0.04, 0.001, 0.002))


def rotation(degrees: float, axis: tuple[float, float, float]) -> Array:
    return np.asarray(cv2.Rodrigues(np.deg2rad(degrees) * np.array(axis))[0])


TURN = rotation(6, (0.36, 0.8, 0.48))
CALIBRATION = CalibrationConfig(
    sensor_size=(160, 120),
    colour_size=(240, 180),
    sensor=SENSOR,
    colour=COLOUR,
    rotation=tuple(TURN.ravel().tolist()),
    translation_mm=(40.0, -12.0, 7.0),
)
SHIFT = np.array(CALIBRATION.translation_mm)


def rays(camera: CameraConfig, size: tuple[int, int]) -> Array:
    """Directions (H, W, 3) with z = 1, by OpenCV."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float64)
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    pixels = np.stack([x, y], -1).reshape(-1, 1, 2)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-9)
    plane = cv2.undistortPoints(pixels, matrix, np.array(camera.distortion), criteria=criteria)
    flat = np.asarray(plane).reshape(height, width, 2)
    return np.concatenate([flat, np.ones((height, width, 1))], axis=-1)


def seen(scene: Scene) -> tuple[Array, Array]:
    """True depth (mm) in both cameras of a scene that is given in sensor coordinates."""
    own = scene(np.zeros(3), rays(SENSOR, CALIBRATION.sensor_size))
    directions = rays(COLOUR, CALIBRATION.colour_size) @ TURN  # as the sensor's camera has them
    return own, scene(-SHIFT @ TURN, directions)


def slanted(origin: Array, directions: Array) -> Array:
    """A plane, 600 mm away on the axis and leaning."""
    normal = np.array([0.35, -0.2, 1.0])
    return np.asarray((600 - origin @ normal) / (directions @ normal))


def ball_before_wall(origin: Array, directions: Array) -> Array:
    """A ball of 90 mm radius at 500 mm, before a wall at 900 mm."""
    wall = (900 - origin[2]) / directions[..., 2]
    away = origin - np.array([10.0, -5.0, 500.0])
    a, b = (directions**2).sum(-1), directions @ away
    inside = b**2 - a * (away @ away - 90.0**2)
    ball = (-b - np.sqrt(np.maximum(inside, 0))) / a
    return np.where(inside > 0, ball, wall)


def in_view(in_colour: Array, border: float) -> npt.NDArray[np.bool_]:
    """Which colour pixels show what lies so many pixels inside the sensor's picture."""
    points = (rays(COLOUR, CALIBRATION.colour_size) * in_colour[..., None] - SHIFT) @ TURN
    matrix = np.array([[SENSOR.fx, 0, SENSOR.cx], [0, SENSOR.fy, SENSOR.cy], [0, 0, 1]])
    lens = np.array(SENSOR.distortion)
    flat = cv2.projectPoints(points.reshape(-1, 3), np.zeros(3), np.zeros(3), matrix, lens)[0]
    x, y = np.asarray(flat).reshape(*in_colour.shape, 2).transpose(2, 0, 1)
    return (x > border) & (x < 159 - border) & (y > border) & (y < 119 - border)


@pytest.mark.parametrize("camera", [SENSOR, COLOUR])
def test_projection_agrees_with_opencv(camera: CameraConfig) -> None:
    points = np.random.default_rng(0).uniform([-200, -150, 400], [200, 150, 900], (500, 3))
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    lens = np.array(camera.distortion)
    expected = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, lens)[0]
    np.testing.assert_allclose(project(points, camera), expected[:, 0], atol=1e-3)


def test_a_slanted_plane_is_where_the_colour_camera_sees_it() -> None:
    own, expected = seen(slanted)
    found = reproject(own.astype(np.float32), CALIBRATION)
    both = in_view(expected, 1)
    assert both.mean() > 0.8
    assert (found[both] > 0).all(), "a surface has no pinholes where both cameras see it"
    assert not found[~in_view(expected, -2)].any(), "nothing is made up where the sensor was blind"
    stray = np.abs(found - expected)[both]
    assert stray.max() < 3.5, "at most the slope over one pixel of the sensor"
    assert np.median(stray) < 1


def test_what_is_nearer_hides_what_is_farther() -> None:
    own, expected = seen(ball_before_wall)
    found = reproject(own.astype(np.float32), CALIBRATION)
    kernel = np.ones((7, 7), np.uint8)
    ball = expected < 700
    core = cv2.erode(ball.astype(np.uint8), kernel).astype(bool)
    assert core.sum() > 2000
    assert ((found[core] > 400) & (found[core] < 520)).all(), "no wall shines through the ball"
    assert np.abs(found[core] - expected[core]).max() < 12
    outside = ~cv2.dilate(ball.astype(np.uint8), kernel).astype(bool)
    wall = found[outside]
    assert set(np.unique(np.rint(wall[wall > 0] / 100)).astype(int)) <= {8, 9, 10}
    shadow = (found == 0) & outside
    assert shadow.sum() > 50, "what the ball hid from the sensor is a hole"


def test_depth_that_goes_there_and_back_is_itself() -> None:
    own, _ = seen(slanted)
    there = reproject(own.astype(np.float32), CALIBRATION)
    back = CalibrationConfig(
        sensor_size=CALIBRATION.colour_size,
        colour_size=CALIBRATION.sensor_size,
        sensor=COLOUR,
        colour=SENSOR,
        rotation=tuple(TURN.T.ravel().tolist()),
        translation_mm=tuple((-TURN.T @ SHIFT).tolist()),
    )
    again = reproject(there, back)
    both = again > 0
    assert both.mean() > 0.5
    assert np.abs(again - own)[both].max() < 5


def test_cameras_in_one_place_change_nothing() -> None:
    plain = CameraConfig(fx=100, fy=100, cx=19.5, cy=14.5)
    same = CalibrationConfig(sensor_size=(40, 30), colour_size=(40, 30), sensor=plain, colour=plain)
    depth = np.random.default_rng(1).choice([0, 500], (30, 40)).astype(np.float32)
    np.testing.assert_array_equal(reproject(depth, same) > 0, depth > 0)


def test_a_frame_without_depth_stays_without() -> None:
    assert not reproject(np.zeros((120, 160), np.float32), CALIBRATION).any()


def test_infrared_shows_at_each_colour_pixel_the_same_point_of_the_scene() -> None:
    def glow(points: Array) -> Array:
        """Painted on the scene, in sensor coordinates."""
        return np.asarray(
            0.5 + 0.2 * np.sin(points[..., 0] / 25) + 0.2 * np.cos(points[..., 1] / 30)
        )

    own, in_colour = seen(slanted)
    directions = rays(SENSOR, CALIBRATION.sensor_size)
    infrared = glow(directions * own[..., None]).astype(np.float32)
    points = rays(COLOUR, CALIBRATION.colour_size) * in_colour[..., None]
    expected = glow((points - SHIFT) @ TURN)
    depth = in_colour.astype(np.float32)
    depth[60:64, 80:90] = 0  # a hole takes the distance beside it
    found = by_depth(infrared, depth, CALIBRATION)
    assert np.abs(found - expected)[in_view(in_colour, 1)].max() < 0.02
    assert not found[~in_view(in_colour, -2)].any()


def test_a_homography_moves_pixels_as_a_naive_loop_does() -> None:
    matrix = np.array([[1.3, 0.1, 4.0], [-0.05, 1.2, 6.0], [0.0005, 0.0002, 1.0]])
    calibration = CalibrationConfig(
        sensor_size=(50, 40), colour_size=(60, 45), homography=tuple(matrix.ravel().tolist())
    )
    y, x = np.mgrid[:40, :50]
    depth = (500 + 3 * x + 100 * (y > 20)).astype(np.float32)
    smooth = (0.3 + 0.01 * x + 0.005 * y).astype(np.float32)
    moved = by_homography(depth, Modality.DEPTH, calibration)
    mixed = by_homography(smooth, Modality.INFRARED, calibration)
    inverse = np.linalg.inv(matrix)
    for row in range(45):
        for column in range(60):
            u, v, w = inverse @ [column, row, 1]
            u, v = u / w, v / w
            if not (0.1 < u < 48.9 and 0.1 < v < 38.9):
                continue
            assert abs(mixed[row, column] - (0.3 + 0.01 * u + 0.005 * v)) < 1e-3
            if abs(u % 1 - 0.5) > 0.05 and abs(v % 1 - 0.5) > 0.05:  # not between two pixels
                assert moved[row, column] == depth[round(v), round(u)]
