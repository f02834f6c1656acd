"""What a masked autoencoder makes of pictures it has not seen: a sheet to look at.

    python benchmarks/reconstructions.py --run runs/vit_tiny --root data/sim --out sheet.png

Each row is a picture of the held-out people: as it is, what the encoder sees of it, the guess
beside what was shown, and the guess alone. A guess is of each patch at its own contrast, so it is
given back the brightness and contrast of the true patch. ``--run`` is a folder of ``unmask
pretrain``; its last.ckpt still has the decoder, which model.safetensors does not.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from unmask.config import PretrainConfig
from unmask.files import write_whole
from unmask.layers import image_encoder
from unmask.layers.masked_autoencoder import MaskedAutoencoder, to_image, to_patches
from unmask.losses.reconstruction import contrast
from unmask.parsing import load
from unmask.training.folder import read_checkpoint
from unmask.training.pretraining.pictures import Crops, divide, places
from unmask.training.pretraining.run import USUAL
from unmask.transforms.normalize import Preprocessing, normalize
from unmask.types import Modality

GAP = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True, help="data set with a set dev")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=4, help="pictures of each modality")
    given = parser.parse_args()
    config = load(PretrainConfig, given.run / "config.yaml")
    config = replace(config, data=replace(config.data, root=given.root))
    model = autoencoder(given.run, config)
    torch.manual_seed(0)
    strips = [
        strip(model, image)
        for modality in config.modalities
        for image in pictures(config, model, modality, given.each)
    ]
    with write_whole(given.out) as temporary:
        Image.fromarray(sheet(strips)).save(temporary)
    print(f"{len(strips)} pictures: {given.out}")


def autoencoder(run: Path, config: PretrainConfig) -> MaskedAutoencoder:
    """Encoder and decoder as the last step left them."""
    sizes = image_encoder.SIZES[config.size or USUAL["mae"]]
    model = MaskedAutoencoder(sizes, hidden=config.hidden)
    state = read_checkpoint(run / "last.ckpt")["state_dict"]
    model.load_state_dict({name.removeprefix("model."): t for name, t in state.items()})
    return model.eval()


def pictures(
    config: PretrainConfig, model: MaskedAutoencoder, modality: Modality, count: int
) -> list[Tensor]:
    """Some of dev, evenly chosen, each (3, H, W)."""
    found = [p for p in places(divide(config).held_out, config) if p.modality is modality]
    size = model.encoder.config.image_size
    crops = Crops(found, Preprocessing(image_size=size, crop_version=""))
    numbers = np.linspace(0, len(found) - 1, count).round().astype(int)
    return [
        torch.from_numpy(
            np.array(normalize(crops[int(i)][modality], modality, crops.preprocessing))
        )
        for i in numbers
    ]


@torch.inference_mode()
def strip(model: MaskedAutoencoder, image: Tensor) -> list[Tensor]:
    """Four pictures (3, H, W): the true one, what is shown, completed, guessed."""
    batch, size = image[None], model.patch_size
    order = model.random_order(batch)
    hidden = model.hidden(order)[..., None]  # (1, P, 1)
    patches = to_patches(batch, size)
    average, deviation = contrast(patches)
    guess = model(batch, order) * deviation + average
    shown = torch.where(hidden, torch.zeros_like(patches), patches)
    completed = torch.where(hidden, guess, patches)
    return [image, *(to_image(x, size)[0] for x in (shown, completed, guess))]


def sheet(strips: list[list[Tensor]]) -> npt.NDArray[np.uint8]:
    """Strips one under the other, (H, W, 3)."""
    rows = []
    for pictures_ in strips:
        cells = [((p.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).numpy() for p in pictures_]
        padded = [np.pad(c, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for c in cells]
        rows.append(np.concatenate(padded, axis=1))
    return np.concatenate(rows).round().astype(np.uint8)


if __name__ == "__main__":
    main()
