"""The whole way from Python, in small: simulate, train, evaluate, report, predict.

``python examples/01_from_python.py FOLDER`` makes everything in that folder.

The sizes are tiny so that it runs in seconds; what it learns in that time is next to nothing.
"""

import sys
from pathlib import Path

import unmask
from unmask.config import DataConfig, ModelConfig, OptimConfig
from unmask.types import Modality


def main(folder: Path) -> None:
    """Make everything in ``folder``."""
    data = DataConfig(root=folder / "data")
    unmask.simulate(unmask.SimulateConfig(out=data.root, per_site=24, image_size=64))
    run = unmask.train(
        unmask.TrainConfig(
            data=data,
            out=folder / "run",
            model=ModelConfig(name="big_moe/tiny_test", overrides={"num_experts": 64}),
            optim=OptimConfig(steps=20, batch_size=8),
        )
    )
    for shown in ((), (Modality.RGB,)):  # all modalities, then RGB alone: its own threshold
        scores = unmask.evaluate(
            unmask.EvaluateConfig(
                checkpoint=run.folder,
                data=data,
                out=folder / "scores" / ("rgb" if shown else "all"),
                modalities=shown,
            )
        )
        report = unmask.report(
            unmask.ReportConfig(
                dev=scores.dev, eval=scores.eval, out=scores.dev.parent, rules=("eer", "apcer<=10%")
            )
        )
        print(f"{scores.dev.parent.name}: AUC {report.auc.value:.2f}, EER {report.eer.value:.1%}")
    (picture, *_) = sorted((data.root / "images").glob("*_rgb.jpg"))
    (decision,) = unmask.predict(
        unmask.PredictConfig(checkpoint=run.folder, inputs=(picture,), cropped=True)
    )
    print(decision.pad_decision, decision.pad_score, decision.threshold, decision.warning)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
