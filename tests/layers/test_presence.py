import torch

from unmask.layers.presence import Presence

MIXED = torch.tensor([[True, False, True], [True, False, False]])


def test_modalities_that_nobody_has_get_no_column() -> None:
    presence = Presence.of(MIXED, drop=True)
    assert presence.columns == [0, 2]
    assert not presence.complete
    assert Presence.of(MIXED[:1], drop=True).complete
    assert Presence.of(MIXED, drop=False).columns == [0, 1, 2]


def test_nothing_is_masked_when_all_columns_are_there() -> None:
    assert Presence.of(MIXED[:1], drop=True).attention_mask(4) is None


def test_class_token_and_present_patches_may_be_attended_to() -> None:
    mask = Presence.of(MIXED, drop=True).attention_mask(2)
    assert mask.shape == (2, 1, 1, 5)
    assert mask[:, 0, 0].int().tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    mask = Presence.of(MIXED, drop=False).attention_mask(2)
    assert mask[:, 0, 0].int().tolist() == [[1, 1, 1, 0, 0, 1, 1], [1, 1, 1, 0, 0, 0, 0]]


def test_hidden_pixels_are_zero_even_where_they_were_not_a_number() -> None:
    image = torch.full((2, 3, 3, 4, 4), float("nan"))
    image[MIXED] = 5.0
    hidden = Presence.of(MIXED, drop=True).hide(image)
    assert (hidden[MIXED] == 5).all()
    assert (hidden[~MIXED] == 0).all()


def test_spread_puts_every_modality_in_its_place() -> None:
    x = torch.arange(1.0, 9.0).reshape(2, 2, 2, 1)  # (B, m, P, D) of columns 0 and 2
    full = Presence.of(MIXED, drop=True).spread(x)[..., 0]
    assert full.tolist() == [[[1, 2], [0, 0], [3, 4]], [[5, 6], [0, 0], [0, 0]]]


def test_mean_counts_present_patches_only() -> None:
    x = torch.tensor([[[1.0, 3.0], [5.0, 7.0]], [[2.0, 4.0], [100.0, 100.0]]])[..., None]
    assert Presence.of(MIXED, drop=True).mean(x)[:, 0].tolist() == [4.0, 3.0]


def test_pictures_of_zeros_take_part_in_everything_and_stay_absent_in_truth() -> None:
    presence = Presence.of(MIXED, drop=False, zero=True)
    assert presence.columns == [0, 1, 2]
    assert presence.complete
    assert presence.attention_mask(2) is None
    assert torch.equal(presence.present, MIXED)
    x = torch.arange(1.0, 7.0).reshape(2, 3, 1, 1)  # (B, M, P, D)
    assert torch.equal(presence.spread(x), x)
    assert presence.mean(x)[:, 0].tolist() == [2.0, 5.0]
    hidden = presence.hide(
        torch.full((2, 3, 3, 4, 4), float("nan")).masked_fill(MIXED[:, :, None, None, None], 5.0)
    )
    assert torch.equal(hidden.amax(dim=(2, 3, 4)), 5.0 * MIXED)
