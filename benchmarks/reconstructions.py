"""What a masked autoencoder makes of pictures it has not seen: a sheet to look at.

    python benchmarks/reconstructions.py --run runs/vit_tiny --root data/sim --out sheet.jpg

Three pictures side by side: what is there, what the encoder sees of it, and what it sees with the
decoder's guess of the rest; a column for each modality, at sites of your choice. A guess is of each
patch at its own contrast, so it is given back the brightness and contrast of the true patch.
``--run`` is a folder of ``unmask pretrain``; its last.ckpt still has the decoder, which
model.safetensors does not.
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
    columns = [
        [strip(model, image) for image in pictures(config, model, modality, given.each)]
        for modality in config.modalities
    ]
    with write_whole(given.out) as temporary:
        Image.fromarray(sheet(columns)).save(temporary)
    print(given.out)


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
    if not found:
        raise SystemExit(
            f"{config.data.root} has no picture of {modality} in the set dev, or the run learned "
            "from dev; give --root a data set whose column split says dev in some rows"
        )
    size = model.encoder.config.image_size
    preprocessing = Preprocessing(image_size=size, crop_version="", depth=config.data.depth)
    crops = Crops(found, preprocessing)
    numbers = np.linspace(0, len(found) - 1, count).round().astype(int)
    return [
        torch.from_numpy(
            np.array(normalize(crops[int(i)][modality], modality, crops.preprocessing))
        )
        for i in numbers
    ]


@torch.inference_mode()
def strip(model: MaskedAutoencoder, image: Tensor) -> list[Tensor]:
    """Three pictures (3, H, W): the true one, what is shown, what is shown and guessed."""
    batch, size = image[None], model.patch_size
    order = model.random_order(batch)
    hidden = model.hidden(order)[..., None]  # (1, P, 1)
    patches = to_patches(batch, size)
    average, deviation = contrast(patches)
    guess = model(batch, order) * deviation + average
    shown = torch.where(hidden, torch.zeros_like(patches), patches)
    completed = torch.where(hidden, guess, patches)
    return [image, to_image(shown, size)[0], to_image(completed, size)[0]]


def sheet(columns: list[list[list[Tensor]]]) -> npt.NDArray[np.uint8]:
    """Columns of strips, (H, W, 3)."""
    return np.concatenate([np.concatenate([row(s) for s in c]) for c in columns], axis=1)


def row(pictures_: list[Tensor]) -> npt.NDArray[np.uint8]:
    """One strip, (H, W, 3), with a wider gap at its end."""
    cells = [((p.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).numpy() for p in pictures_]
    padded = [np.pad(c, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for c in cells]
    joined = np.concatenate(padded, axis=1).round().astype(np.uint8)
    return np.pad(joined, ((0, 0), (0, 2 * GAP), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
