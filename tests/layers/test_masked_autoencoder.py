"""What is hidden stays hidden, and nothing else changes."""

import pytest
import torch

from unmask.layers.image_encoder import ImageEncoderConfig
from unmask.layers.masked_autoencoder import MaskedAutoencoder, to_image, to_patches

SIZES = ImageEncoderConfig(image_size=32, patch_size=8, dim=32, depth=2, heads=2)


def built(hidden: float = 0.75) -> MaskedAutoencoder:
    torch.manual_seed(0)
    return MaskedAutoencoder(SIZES, hidden=hidden).eval()


@pytest.mark.parametrize(("share", "shown"), [(0.75, 4), (0.5, 8), (0.99, 1), (0.0, 16)])
def test_the_share_that_is_hidden_is_exact_in_every_picture(share: float, shown: int) -> None:
    model = built(share)
    order = model.random_order(torch.zeros(5, 3, 32, 32))
    assert (order.sort(dim=1).values == torch.arange(16)).all()
    assert (~model.hidden(order)).sum(dim=1).tolist() == [shown] * 5
    assert not any(model.hidden(order)[b, p] for b in range(5) for p in order[b, :shown].tolist())


def test_pixels_of_hidden_patches_change_no_guess() -> None:
    model = built()
    image = torch.randn(2, 3, 32, 32)
    order = model.random_order(image)
    patches = to_patches(image, 8)
    patches[model.hidden(order)] += 5.0
    guess = model(image, order)
    assert guess.shape == (2, 16, 3 * 8 * 8)
    assert torch.equal(guess, model(to_image(patches, 8), order))
    patches[~model.hidden(order)] += 5.0
    assert not torch.equal(guess, model(to_image(patches, 8), order))


def test_the_order_of_the_shown_patches_does_not_matter() -> None:
    model = built()
    image = torch.randn(2, 3, 32, 32)
    order = model.random_order(image)
    turned = torch.cat([order[:, :4].flip(1), order[:, 4:].flip(1)], dim=1)
    assert torch.allclose(model(image, order), model(image, turned), atol=1e-5)


def test_the_encoder_of_all_patches_is_the_encoder() -> None:
    encoder = built(0.0).encoder
    image = torch.randn(2, 3, 32, 32)
    order = torch.stack([torch.randperm(16), torch.randperm(16)])
    tokens = encoder.embed(image)
    shuffled = tokens[:, 1:].gather(1, order[..., None].expand(-1, -1, 32))
    some = encoder.encode(torch.cat([tokens[:, :1], shuffled], dim=1))
    whole = encoder(image)
    assert torch.allclose(some.class_token, whole.class_token, atol=1e-5)
    expected = whole.patches.gather(1, order[..., None].expand(-1, -1, 32))
    assert torch.allclose(some.patches, expected, atol=1e-5)


def test_patches_are_cut_row_by_row_and_put_together_again() -> None:
    image = torch.randn(2, 3, 16, 16)
    patches = to_patches(image, 8)
    for number, (top, left) in enumerate([(0, 0), (0, 8), (8, 0), (8, 8)]):
        assert torch.equal(
            patches[1, number], image[1, :, top : top + 8, left : left + 8].flatten()
        )
    assert torch.equal(to_image(patches, 8), image)
