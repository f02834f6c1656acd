"""``unmask reproduce``: ``unmask evidence`` with the settings of a published table, then its page.

Whatever evidence promises holds here: runs are folders named by what decides them, the same command
goes on after a stop, and a cut of the splits is part of the whole. Rates are counted from the
scores that it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from unmask.config import (
    ConditionConfig,
    EvidenceConfig,
    ModelConfig,
    ReproduceConfig,
    SetsConfig,
    SystemConfig,
)
from unmask.datasets.videos import FRAMES
from unmask.errors import ConfigError
from unmask.experiments.experiment import plan
from unmask.experiments.flexible_table import mean_of_folds
from unmask.experiments.published_tables import (
    RECIPES,
    TABLES,
    Part,
    PublishedTable,
    Split,
    listing,
)
from unmask.experiments.results import RULE, Result
from unmask.experiments.running import run
from unmask.files import write_text
from unmask.metrics.curves import auc
from unmask.metrics.rates import apcer_pooled, bpcer, hter
from unmask.metrics.scores import Scores, check_disjoint, per_presentation, read_scores
from unmask.metrics.thresholds import operating_point
from unmask.reporting import reproduced as page
from unmask.reporting.flexible import Mean
from unmask.reporting.published import read_published
from unmask.training.checkpoint import load_card
from unmask.types import subset_name

PUBLISHED_STEP = "_published"
"""Ends the name of a protocol of which the judged set chooses the step."""

Figures = dict[str, float]


def reproduce(config: ReproduceConfig) -> page.Reproduced | str:
    """Train and judge what is left, then write <table>.md and <table>.json into ``config.out``.

    Without a table, say which there are.

    Raises:
        ConfigError: a name that is not known, or something that the table needs is not given.
        UnmaskError: whatever ``unmask evidence`` says of the data and the runs.
    """
    if not config.table:
        return listing()
    table = TABLES[config.table]
    _check_given(config, table)
    splits = _chosen(config, table)
    runs: dict[str, list[_Run]] = {split.name: [] for split in splits}
    note = ""
    recipes = {
        recipe: [split for split in splits if split.recipe == recipe]
        for recipe in dict.fromkeys(split.recipe for split in splits)
    }
    asked = {name: _evidence(config, table, name, of) for name, of in recipes.items()}
    if len(asked) > 1:  # what the last needs is looked for before the first trains for days
        for evidence in asked.values():
            plan(evidence)
    for recipe, of_recipe in recipes.items():
        made = run(asked[recipe])
        for result in made.results:
            runs[_split_of(result, of_recipe).name].append(_Run(result, made.folder, table.unit))
        note = load_card(made.folder / Path(made.results[0].scores).parents[1]).limits
    found = _table(config, table, splits, runs, note)
    write_text(config.out / f"{config.table}.md", page.as_markdown(found))
    write_text(config.out / f"{config.table}.json", page.as_json(found))
    return found


class _Run:
    """One result of evidence, counted anew at the threshold of dev and at that of eval."""

    def __init__(self, result: Result, folder: Path, unit: str) -> None:
        self.result = result
        self.step_of_eval = result.protocol.endswith(PUBLISHED_STEP)
        dev, self.frames = (
            read_scores(folder / result.scores / f"{s}.csv") for s in ("dev", "eval")
        )
        if not self.step_of_eval:
            check_disjoint(dev, self.frames)
        self.units = per_presentation(self.frames)
        self.silent = self.units.bona_fide.silent + self.units.pooled.silent
        self.figures = self._figures(dev, self.frames if unit == "frame" else self.units)

    def _figures(self, dev: Scores, as_published: Scores) -> Figures:
        oracle = operating_point(as_published, RULE, split="eval").threshold
        if self.step_of_eval:
            return {"hter_step": hter(as_published, oracle), "auc_step": auc(as_published)}
        honest = operating_point(per_presentation(dev), RULE).threshold
        return {
            "hter_dev": hter(self.units, honest),
            "apcer_dev": apcer_pooled(self.units, honest).value,
            "bpcer_dev": bpcer(self.units, honest).value,
            "acer_dev": hter(self.units, honest),  # of pooled APCER, as the papers have ACER
            "hter_eval": hter(as_published, oracle),
            "acer_eval": hter(as_published, oracle),
            "auc": auc(self.units),
            "auc_frames": auc(self.frames),
        }


def _check_given(config: ReproduceConfig, table: PublishedTable) -> None:
    for name, given, needed in (
        ("data", config.data, table.data),
        ("lists", config.lists, table.lists),
    ):
        if given is None:
            raise ConfigError(f"{config.table} needs --{name}, a folder with: {'; '.join(needed)}")
        if not given.is_dir():
            raise ConfigError(
                f"--{name} is {given}, and there is no such folder; it must have "
                + "; ".join(needed)
            )
    if not config.systems and not config.backbone:
        raise ConfigError(
            f"the recipe of {config.table} is for {table.model}, which starts from "
            f"{table.backbone}: give --backbone FILE, or --systems with models that start from "
            f"weights that ship, such as {table.model.partition('/')[0]}/tiny"
        )


def _chosen(config: ReproduceConfig, table: PublishedTable) -> list[Split]:
    names = [split.name for split in table.splits]
    strange = [name for name in config.splits if name not in names]
    if strange:
        raise ConfigError(
            f"{config.table} has no split {', '.join(strange)}; there are: {', '.join(names)}"
        )
    return [split for split in table.splits if split.name in (config.splits or names)]


def _evidence(
    config: ReproduceConfig, table: PublishedTable, recipe: str, splits: Sequence[Split]
) -> EvidenceConfig:
    """Settings of the runs of one recipe."""
    settings = {**config.settings, **({"optim.steps": config.steps} if config.steps else {})}
    protocols = [split.protocol for split in splits]
    if config.published_step:
        protocols += [f"{name}{PUBLISHED_STEP}" for name in protocols]
    assert config.data is not None
    return EvidenceConfig(
        out=config.out / recipe,
        data=SetsConfig(
            root=config.data,
            lists=config.lists,
            depth="relative",
            frames=table.frames,
            workers=config.readers,
        ),
        systems={
            name.replace("/", "-"): SystemConfig(
                model=ModelConfig(name=name, backbone=config.backbone), settings=settings
            )
            for name in config.systems or (table.model,)
        },
        protocols=tuple(protocols),
        seeds=config.seeds,
        recipe=RECIPES[recipe],
        judged=tuple(
            ConditionConfig(name=name, modalities=shown) for name, shown in table.shown.items()
        ),
        oracle_threshold=config.published_step,
        workers=config.workers,
        threads=config.threads,
    )


def _split_of(result: Result, splits: Iterable[Split]) -> Split:
    protocol = result.protocol.removesuffix(PUBLISHED_STEP)
    return next(split for split in splits if split.protocol == protocol)


def _table(
    config: ReproduceConfig,
    table: PublishedTable,
    splits: Sequence[Split],
    runs: dict[str, list[_Run]],
    note: str,
) -> page.Reproduced:
    columns = page.MMDG_STEP if config.published_step else table.columns
    parts = [part for part in table.parts if set(part.splits) & runs.keys()]
    if len(splits) == 1:  # whose mean it is itself
        parts = [part for part in parts if len(part.splits) == 1] or parts
    return page.Reproduced(
        name=config.table,
        title=table.title,
        source=table.source,
        method=_method(config, table, splits),
        columns=columns,
        parts=tuple(_part(part, columns, table, runs) for part in parts),
        judged=tuple(_judged(split, runs[split.name], table.unit) for split in splits),
        no_response=sum(one.silent for of_split in runs.values() for one in of_split),
        note=note,
        page=str(config.out / f"{config.table}.md"),
    )


def _part(
    part: Part,
    columns: Sequence[page.Column],
    table: PublishedTable,
    runs: dict[str, list[_Run]],
) -> page.Part:
    done = [name for name in part.splits if name in runs]
    cut = ""
    if len(done) < len(part.splits):
        cut = (
            f"A cut: our figures are of {', '.join(done)} alone; the printed ones are of "
            f"{len(part.splits)} splits."
        )
    shown = [subset_name(sensors) for sensors in table.shown.values()]
    systems = dict.fromkeys(one.result.system for one in runs[done[0]])
    ours = [
        page.Row(
            system=system,
            shown=sensors,
            source=page.HERE,
            cells=_cells([runs[name] for name in done], system, sensors, columns),
        )
        for system in systems
        for sensors in shown
    ]
    printed = page.printed(
        read_published(),
        benchmark=part.benchmark,
        splits=part.published,
        shown=shown,
        columns=columns,
    )
    return page.Part(title=part.title, cut=cut, rows=(*ours, *printed))


def _cells(
    folds: Sequence[Sequence[_Run]], system: str, shown: str, columns: Sequence[page.Column]
) -> dict[str, Mean]:
    """Over splits and seeds."""
    own = [
        [one for one in of_split if (one.result.system, one.result.shown) == (system, shown)]
        for of_split in folds
    ]
    known = {key for of_split in own for one in of_split for key in one.figures}
    return {
        column.key: mean_of_folds(
            [
                [one.figures[column.key] for one in of_split if column.key in one.figures]
                for of_split in own
            ]
        )
        for column in columns
        if column.key in known
    }


def _judged(split: Split, runs: Sequence[_Run], unit: str) -> page.Judged:
    units, frames = runs[0].units, runs[0].frames
    bona_fide, attacks = split.judged
    rules = frames.values("frames") if "frames" in frames.table.columns else []
    return page.Judged(
        split=split.name,
        bona_fide=units.bona_fide.rows,
        attacks=units.pooled.rows,
        bona_fide_frames=frames.bona_fide.rows,
        attack_frames=frames.pooled.rows,
        frames=", ".join(FRAMES.get(rule, rule) for rule in rules),
        published=f"{bona_fide:,} and {attacks:,} {unit}s",
    )


def _method(config: ReproduceConfig, table: PublishedTable, splits: Sequence[Split]) -> str:
    recipes = {split.recipe: RECIPES[split.recipe].optim.steps for split in splits}
    steps = "; ".join(
        f"{name}: {config.steps or steps:,} steps"
        + (f", its recipe has {steps:,}" if config.steps not in (0, steps) else "")
        for name, steps in recipes.items()
    )
    changed = ", ".join(f"{name} {value}" for name, value in config.settings.items())
    unit = "frame by itself" if table.unit == "frame" else "video"
    return (
        f"Measured here: trained on each split ({steps}; seeds "
        f"{', '.join(map(str, config.seeds))}{f'; otherwise {changed}' if changed else ''}). Dev "
        "chose the step and, seen through the same sensors, the threshold, at its equal error "
        "rate; the unit is the presentation, whose frames are averaged. In the columns of eval the "
        f"threshold is the equal error rate of the judged set, each {unit}, as published. APCER is "
        "of all attacks together and HTER, in this field also ACER, the mean of APCER and BPCER; "
        "neither is ISO/IEC 30107-3. +- is the standard deviation (ddof 1) over splits where there "
        "are several, else over seeds."
    )
