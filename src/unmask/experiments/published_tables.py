"""The published tables that can be made again: splits, trainings, and what each needs.

Settings of a training are those of the recipe of the same name in ``recipes/``, which says what of
them is published and what is inferred.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unmask.config import AugmentConfig, OptimConfig, RecipeConfig
from unmask.config.pictures import Frames
from unmask.protocols import casia_cefa, casia_surf, mmdg, wmca
from unmask.reporting.reproduced import FLEXIBLE, MMDG, Column
from unmask.types import Modality

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
ALL = (RGB, DEPTH, INFRARED)

_MMDG = RecipeConfig(
    augment=AugmentConfig(flip=0.5, modality_dropout=0.3),
    optim=OptimConfig(steps=52000, batch_size=16, lr=5e-5, weight_decay=5e-5),
    precision="bf16",
    dev_every=1000,
    checkpoint_every=500,
)
_FLEXIBLE = RecipeConfig(
    augment=AugmentConfig(flip=0.5, modality_dropout=0.0),
    optim=OptimConfig(
        steps=45000,
        batch_size=20,
        lr=1e-3,
        weight_decay=5e-4,
        router_z=0.001,
        cross_level=0.1,
    ),
    precision="bf16",
    dev_every=1000,
    checkpoint_every=500,
)
RECIPES = {
    "mmdg_p1": _MMDG,
    "mmdg_p3": replace(_MMDG, optim=replace(_MMDG.optim, steps=35000)),
    "casia_surf": _FLEXIBLE,
    "casia_cefa": replace(_FLEXIBLE, optim=replace(_FLEXIBLE.optim, steps=10000), dev_every=500),
    "wmca": replace(_FLEXIBLE, optim=replace(_FLEXIBLE.optim, steps=22000)),
}
"""By the folder of their runs; protocol 2 of MMDG trains nothing that protocol 1 does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One division, and so one training of each system and seed."""

    name: str
    protocol: str
    recipe: str
    judged: tuple[int, int]
    """Published: bona fide and attacks, in the unit of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Figures that stand together: of a split, or the mean of several."""

    title: str
    splits: tuple[str, ...]
    benchmark: str
    """In published.csv."""
    published: tuple[str, ...] = ("",)
    """Its splits there; of several, the mean is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """What is trained, shown and judged, and what that takes."""

    title: str
    source: str
    model: str
    """What the recipe is for."""
    backbone: str
    """What that starts from, in words."""
    splits: tuple[Split, ...]
    parts: tuple[Part, ...]
    shown: Mapping[str, tuple[Modality, ...]]
    """Sensors of each condition, by its name."""
    columns: tuple[Column, ...]
    unit: str
    """What was counted for the published figures: frame or video."""
    data: tuple[str, ...]
    """Data sets, where they lie below the root, and who hands them out."""
    lists: tuple[str, ...]
    """File names, and where they are."""
    frames: Frames = "all"


def _of_mmdg(names: tuple[str, ...], recipe: str) -> tuple[Split, ...]:
    splits = []
    for name in names:
        tests = [mmdg.DOMAINS[letter].published["test"] for letter in mmdg.SPLITS[name][1]]
        bona_fide, attacks = (sum(counts) for counts in zip(*tests, strict=True))
        splits.append(
            Split(
                name=name.partition("_")[2],
                protocol=f"mmdg/{name}",
                recipe=recipe,
                judged=(bona_fide, attacks),
            )
        )
    return tuple(splits)


def _title(split: Split) -> str:
    """Such as CPS->W."""
    sources, _, targets = split.name.upper().split("_")
    return f"{sources}->{targets}"


def _parts(splits: tuple[Split, ...], benchmark: str) -> tuple[Part, ...]:
    """One for each split, and their mean."""
    titles = tuple(map(_title, splits))
    alone = tuple(
        Part(title=title, splits=(split.name,), benchmark=benchmark, published=(title,))
        for title, split in zip(titles, splits, strict=True)
    )
    names = tuple(split.name for split in splits)
    mean = Part(title="Mean of the splits", splits=names, benchmark=benchmark, published=titles)
    return (*alone, mean)


_P1 = _of_mmdg(tuple(name for name in mmdg.SPLITS if name.startswith("p1")), "mmdg_p1")
_P3 = _of_mmdg(tuple(name for name in mmdg.SPLITS if name.startswith("p3")), "mmdg_p3")
_SETS = (
    "C: CASIA-SURF CeFA in <root>/CeFA/{CeFA-Race,CeFA-Mask}/, signed agreement with CASIA",
    "P: PADISI-Face and its table in <root>/PADISI-Face/, signed agreement with USC ISI",
    "S: CASIA-SURF-CROP in <root>/CASIA-SURF-CROP/{real,fake}_part/, signed agreement with CASIA",
    "W: WMCA in <root>/WMCA-Image/R_CDIT/, or Idiap's <root>/WMCA_preprocessed_{RGB,CDIT}/, signed "
    "agreement with Idiap",
)
_LISTS = (
    "C-train.txt, C-val.txt, C-test.txt and those of P, S and W, as far as a split has them: "
    "lists/mmdg of github.com/OMGGGGG/mmdg, or MMDG-Benchmark of github.com/lxbuaa/mmdg_plus_plus",
)
_VIT = "torchvision's vit_b_16 (ImageNet)"
_FIXED = PublishedTable(
    title="MMDG protocol 1: three sensors, one data set left out",
    source="arXiv:2402.19298, table 1",
    model="big_moe/base",
    backbone=_VIT,
    splits=_P1,
    parts=_parts(_P1, "mmdg/p1"),
    shown={"all": ALL},
    columns=MMDG,
    unit="frame",
    data=_SETS,
    lists=_LISTS,
)
TABLES = {
    "mmdg_p1": _FIXED,
    "mmdg_p2": replace(
        _FIXED,
        title="MMDG protocol 2: the models of protocol 1 with sensors missing",
        source="PA-FAS (AAAI 2026), table 2",
        parts=(
            Part(
                title="Mean of the splits",
                splits=tuple(split.name for split in _P1),
                benchmark="mmdg/p2",
                published=("mean of the four P1 splits",),
            ),
        ),
        shown={
            "without_depth": (RGB, INFRARED),
            "without_infrared": (RGB, DEPTH),
            "rgb": (RGB,),
        },
    ),
    "mmdg_p3": replace(
        _FIXED,
        title="MMDG protocol 3: two data sets learned, two judged together",
        source="PA-FAS (AAAI 2026), table 3",
        splits=_P3,
        parts=_parts(_P3, "mmdg/p3"),
    ),
    "flexible": PublishedTable(
        title="Flexible modalities: trained with three sensors, judged with each alone",
        source="table 1 of FMM-RPL (doi:10.1007/s11704-026-50892-9)",
        model="fmm_rpl/base",
        backbone="CLIP ViT-B/16 as OpenAI published it",
        splits=(
            Split(
                name="casia_surf_p1",
                protocol="casia_surf/p1",
                recipe="casia_surf",
                judged=casia_surf.PUBLISHED["eval"],
            ),
            *(
                Split(
                    name=f"casia_cefa_p4.{fold}",
                    protocol=f"casia_cefa/p4.{fold}",
                    recipe="casia_cefa",
                    judged=casia_cefa.P4["eval"],
                )
                for fold in casia_cefa.FOLDS
            ),
            Split(
                name="wmca_grandtest",
                protocol="wmca/grandtest",
                recipe="wmca",
                judged=(
                    wmca.BONA_FIDE[-1],
                    sum(of_sets[-1] for of_sets in wmca.ATTACKS.values()),
                ),
            ),
        ),
        parts=(
            Part(
                title="CASIA-SURF, protocol 1",
                splits=("casia_surf_p1",),
                benchmark="casia_surf/p1",
            ),
            Part(
                title="CASIA-SURF CeFA, protocol 4",
                splits=tuple(f"casia_cefa_p4.{fold}" for fold in casia_cefa.FOLDS),
                benchmark="cefa/p4",
            ),
            Part(
                title="WMCA, grandtest",
                splits=("wmca_grandtest",),
                benchmark="wmca/grandtest",
            ),
        ),
        shown={str(sensor): (sensor,) for sensor in ALL},
        columns=FLEXIBLE,
        unit="video",
        data=(
            "CASIA-SURF in <root>/CASIA_SURF/Data/{Training,Val,Testing}/ or <root>/CASIA-SURF-CROP"
            "/{real,fake}_part/, signed agreement with CASIA",
            "CASIA-SURF CeFA in <root>/CASIA_CeFA/{Ethnicity,Mask}/ or <root>/CeFA/{CeFA-Race,"
            "CeFA-Mask}/, signed agreement with CASIA",
            "WMCA in <root>/IDIAP_WMCA/R_CDIT/ or <root>/WMCA-Image/R_CDIT/, or Idiap's "
            "<root>/WMCA_preprocessed_{RGB,CDIT}/, signed agreement with Idiap",
        ),
        lists=(
            "CASIA_SURF@p1_video_{train,dev,test}.txt, CASIA_CeFA@p4.{1,3,5}_video_{train,dev,test}"
            ".txt and WMCA_Grandtest.txt, as far as a split has them: "
            "github.com/liuajian/CASIA-FAS-Dataset",
        ),
        frames="first_and_last",
    ),
}
"""By the name that ``unmask reproduce`` takes."""


def listing() -> str:
    """Every table, as a first reader needs it."""
    lines: list[str] = []
    first: dict[tuple[str, ...], str] = {}
    for name, table in TABLES.items():
        trainings = {split.recipe: RECIPES[split.recipe].optim.steps for split in table.splits}
        steps = ", ".join(f"{steps:,}" for steps in trainings.values())
        like = first.setdefault(table.data, name)
        needs = ("data", table.data), ("lists", table.lists)
        lines += [
            f"{name}: {table.title}",
            *_column("source", [table.source]),
            *_column("splits", [", ".join(split.name for split in table.splits)]),
            *(line for what, of in needs for line in _column(what, of if like == name else [like])),
            *_column("recipe", [f"{table.model} from {table.backbone}, {steps} steps for each"]),
            *_column("command", [f"unmask reproduce {name} --data ROOT --lists LISTS"]),
            "",
        ]
    return "\n".join([*lines, *textwrap.wrap(" ".join(ADVICE.split()), WIDTH)])


WIDTH = 96
ADVICE = """The recipes need --backbone FILE too. ROOT may hold links to the data sets, and LISTS
any folders. Tables in one --out share their runs, so that mmdg_p2 trains nothing that mmdg_p1 has
trained. A try with a model that starts from weights that ship: --splits A,B --systems
big_moe/tiny --steps 600 --settings '{"optim.lr": 0.001}', as rates of the recipes are for large
models."""


def _column(name: str, texts: Sequence[str]) -> list[str]:
    """Texts beside a name: each from a line of its own."""
    lines = []
    for number, text in enumerate(texts):
        start = f"  {'' if number else name:<9}"
        words = f"as for {text}" if text in TABLES else text
        lines += textwrap.wrap(
            words, WIDTH, initial_indent=start, subsequent_indent=" " * 13, break_on_hyphens=False
        )
    return lines
