"""Trained with three sensors: does any one of them tell by itself, on the sets of flexible models?

Train, dev, eval: the rows of all sites, by the ``split`` column. Every row keeps all modalities;
``modalities`` of ``unmask evaluate`` and ``judged`` of ``unmask evidence`` say which are shown.
``cross_species`` learns from bona fide, bent and cloth prints, masks of paper and silicone and
mannequins; dev and eval are bona fide, flat and cut prints, replays, resin masks and partial
attacks. ``cross_ethnicity_1`` to ``_3`` learn from skin types I and II, III and IV, V and VI, bona
fide, replays and masks of paper, dev too; eval is the other four skin types, bona fide, cloth
prints and masks of resin and silicone. An attack has the skin type of the person whom it shows.
``in_distribution`` is everything in all three sets, only the people differ.
Threshold: from dev, for each set of sensors its own. In ``cross_species`` dev knows the judged
species, though the network does not (``unseen_species`` has dev without them).
Source: table 1 of FMM-RPL (doi:10.1007/s11704-026-50892-9), with the simulator in place of its
three data sets: CASIA-SURF, protocol 1, whose train attacks are three cuts and whose dev and test
attacks are three others; CASIA-SURF CeFA, protocol 4 (arXiv:2003.05136), learned from one ethnicity
with replays and judged on two others with cloth prints and masks; WMCA, grandtest
(arXiv:1909.08848). Skin type stands in for ethnicity: simulated heads have no other. The folds
here learn from paper masks, too: whoever knows replays alone lets every simulated mask pass.
Counts: bona fide as in ``manifest/split``, in ``cross_ethnicity`` about 1/3 of those of train and
dev and 2/3 of those of eval; attacks of the species and skin types named. State the mean and
deviation of the three folds.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import BONA_FIDE, Rows, read_sets
from unmask.protocols import Build
from unmask.types import Modality, Protocol

LEARNED = ("print_bent", "print_cloth", "mask_paper", "mask_flexible", "mannequin")
JUDGED = ("print_flat", "print_cut", "replay", "mask_rigid", "partial")
"""Of ``cross_species``: every site has some of both, so that none is told by its attacks."""

FOLDS = (("I", "II"), ("III", "IV"), ("V", "VI"))
"""Skin types that a fold of ``cross_ethnicity`` learns from."""
LEARNED_IN_FOLDS = ("replay", "mask_paper")
JUDGED_IN_FOLDS = ("print_cloth", "mask_rigid", "mask_flexible")
"""Of ``cross_ethnicity``: what is flat and what is worn, of either kind another one is judged."""

REMEDY = (
    "this protocol needs every species and, in the column skin_type, I to VI, enough to have each "
    "in every set: unmask simulate --sites A,B,C,D --per-site 500"
)


def cross_species(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Learn from some species, judge others."""
    sets = read_sets(data.root, data.manifest)
    return Protocol(
        name="flexible/cross_species",
        modalities=modalities,
        train=_against(LEARNED, sets["train"]).samples,
        dev=_against(JUDGED, sets["dev"]).samples,
        eval=_against(JUDGED, sets["eval"]).samples,
    )


def cross_ethnicity(fold: int) -> Build:
    """Learn from two species and the skin types of a fold, judge other types and species."""
    types = FOLDS[fold - 1]
    others = tuple(t for group in FOLDS for t in group if t not in types)

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        sets = read_sets(data.root, data.manifest)
        return Protocol(
            name=f"flexible/cross_ethnicity_{fold}",
            modalities=modalities,
            train=_against(LEARNED_IN_FOLDS, _of_skin(types, sets["train"])).samples,
            dev=_against(LEARNED_IN_FOLDS, _of_skin(types, sets["dev"])).samples,
            eval=_against(JUDGED_IN_FOLDS, _of_skin(others, sets["eval"])).samples,
        )

    return build


def in_distribution(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Learn from everything, judge other people."""
    sets = read_sets(data.root, data.manifest)
    return Protocol(
        name="flexible/in_distribution",
        modalities=modalities,
        train=sets["train"].samples,
        dev=sets["dev"].samples,
        eval=sets["eval"].samples,
    )


def _against(species: tuple[str, ...], rows: Rows) -> Rows:
    """Bona fide and these species."""
    return rows.only("pai_species", (BONA_FIDE, *species), remedy=REMEDY)


def _of_skin(types: tuple[str, ...], rows: Rows) -> Rows:
    return rows.only("skin_type", types, remedy=REMEDY)


PROTOCOLS = {
    "cross_species": cross_species,
    **{f"cross_ethnicity_{fold}": cross_ethnicity(fold) for fold in (1, 2, 3)},
    "in_distribution": in_distribution,
}
