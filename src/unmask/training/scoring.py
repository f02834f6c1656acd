"""A trained model and presentations in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader

from unmask.data import Presentations, collate
from unmask.errors import CheckpointError
from unmask.metrics.scores import Scores
from unmask.training.routing import Watch
from unmask.transforms.normalize import Preprocessing, stack
from unmask.types import Images, Modality, Output, Sample


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A model with what it needs to score presentations; its mode stays as it was."""

    model: nn.Module
    """Returns ``Output`` for (B, M, 3, H, W) and (B, M)."""
    preprocessing: Preprocessing
    """What the model was trained with."""
    modalities: tuple[Modality, ...]
    """The model's M axis."""
    batch_size: int = 64
    """Scores do not depend on it."""
    workers: int = 0
    """Processes that read images."""

    def scores(
        self,
        samples: Sequence[Sample],
        *,
        shown: Sequence[Modality],
        split: str,
        title: str = "",
        watch: Watch | None = None,
    ) -> Scores:
        """Score presentations with the modalities in ``shown``; the others are hidden.

        A sample with none of the shown modalities gets no response (NaN). A ``title`` puts a
        progress bar on the terminal. ``watch`` sees the keys and the output of every batch.
        """
        seen = [_with_only(s, shown) for s in samples if set(s.paths) & set(shown)]
        loader = DataLoader(
            Presentations(seen, preprocessing=self.preprocessing, modalities=self.modalities),
            batch_size=self.batch_size,
            num_workers=self.workers,
            collate_fn=collate,
        )
        found: dict[str, float] = {}
        for batch in track(loader, description=title, disable=not title, transient=True):
            output = self._output(batch.image, batch.present)
            if watch is not None:
                watch(batch.key, output)
            found |= zip(batch.key, _probability(output), strict=True)
        values = [found.get(s.key, float("nan")) for s in samples]
        return Scores.from_samples(samples, values, split=split, modalities=shown)

    def pad_score(self, images: Images) -> float:
        """Probability of bona fide of one presentation, from its decoded face crops."""
        image, present = stack(images, self.modalities, self.preprocessing)
        output = self._output(torch.from_numpy(image[None]), torch.from_numpy(present[None]))
        return _probability(output)[0]

    def pad_scores(self, image: Tensor, present: Tensor) -> list[float]:
        """Probabilities of bona fide (B,) for model input (B, M, 3, H, W) and (B, M)."""
        return _probability(self._output(image, present))

    @torch.inference_mode()
    def _output(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) and (B, M) -> what the model says in evaluation mode."""
        device = next(self.model.parameters()).device
        was_training = self.model.training
        self.model.eval()
        output: Output = self.model(image.to(device), present.to(device))
        self.model.train(was_training)
        if not output.logit.isfinite().all():
            raise CheckpointError(
                "the model's scores are no numbers, so its training has diverged; "
                "train again with a lower optim.lr"
            )
        return output


def _probability(output: Output) -> list[float]:
    """PAD scores (B,) as numbers."""
    return [float(value) for value in output.logit.sigmoid()]


def _with_only(sample: Sample, shown: Sequence[Modality]) -> Sample:
    return replace(sample, paths={m: path for m, path in sample.paths.items() if m in shown})
