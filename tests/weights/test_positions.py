import torch
import torch.nn.functional as F

from unmask.weights.positions import resample


def test_positions_are_resampled_bicubically_and_the_class_token_stays() -> None:
    torch.manual_seed(0)
    old = torch.randn(1 + 14 * 14, 6)
    new, done = resample(old, 1 + 7 * 7)
    assert done == ("positions: 14 x 14 -> 7 x 7",)
    assert torch.equal(new[0], old[0])
    grid = old[1:].T.reshape(1, 6, 14, 14)
    expected = F.interpolate(grid, (7, 7), mode="bicubic", antialias=True)
    torch.testing.assert_close(new[1:].T.reshape(6, 7, 7), expected[0], rtol=0, atol=1e-6)
    same, nothing = resample(old, 1 + 14 * 14)
    assert torch.equal(same, old)
    assert nothing == ()


def test_a_plane_stays_a_plane_and_rows_stay_rows() -> None:
    row, column = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    old = torch.cat([torch.zeros(1, 2), torch.stack([row, column], dim=-1).reshape(64, 2)])
    new = resample(old, 1 + 16 * 16)[0][1:].reshape(16, 16, 2)
    place = (torch.arange(16.0) + 0.5) / 2 - 0.5  # centres of the new patches on the old grid
    torch.testing.assert_close(new[4:-4, 8, 0], place[4:-4], rtol=0, atol=1e-5)
    torch.testing.assert_close(new[8, 4:-4, 1], place[4:-4], rtol=0, atol=1e-5)


def test_positions_of_several_modalities_become_their_mean() -> None:
    torch.manual_seed(0)
    old = torch.randn(1 + 3 * 4, 5)
    expected = torch.cat([old[:1], (old[1:5] + old[5:9] + old[9:]) / 3])
    new, done = resample(old, 5, modalities=3)
    torch.testing.assert_close(new, expected, rtol=0, atol=1e-6)
    assert done == ("positions: mean of 3 modalities",)


def test_what_is_no_square_grid_comes_back_as_it_was() -> None:
    old = torch.randn(1 + 6, 5)
    assert resample(old, 5) == (old, ())
    assert resample(old, 5, modalities=4) == (old, ())
    for rows in (0, 1):
        assert resample(old[:rows], 5)[1] == ()
