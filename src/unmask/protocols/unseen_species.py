"""One PAI species kept out of training: does the detector notice an attack that it has never seen?

Train, dev, eval: the train and dev rows without the species that names the variant; the eval rows
that are bona fide or of that species alone.
Threshold: from dev, which does not have the species: it could not be tuned to it.
Source: the unseen attack protocols of WMCA (arXiv:1909.08848). Lists of them that are passed around
have the same bona fide people in train and eval; here nobody is in two sets.
Counts: those of ``manifest/split`` less one species in train and dev, and less all other species in
eval. With ten species one presentation in eleven of eval is an attack: simulate many.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import BONA_FIDE, Rows, read_sets
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

SPECIES = (
    "print_flat",
    "print_bent",
    "print_cut",
    "print_cloth",
    "replay",
    "mask_paper",
    "mask_rigid",
    "mask_flexible",
    "mannequin",
    "partial",
)
"""Those of the simulator; other data need the same names."""
REMEDY = "to have every species: unmask simulate --sites A,B,C,D --per-site 500"


def without(species: str) -> Build:
    """Learn without this species, judge bona fide against it."""

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        sets = read_sets(data.root, data.manifest)
        return Protocol(
            name=f"unseen_species/{species}",
            modalities=modalities,
            train=_not(species, sets["train"]),
            dev=_not(species, sets["dev"]),
            eval=sets["eval"].only("pai_species", (BONA_FIDE, species), remedy=REMEDY).samples,
        )

    return build


def _not(species: str, rows: Rows) -> list[Sample]:
    return [sample for sample in rows.samples if sample.pai_species != species]


PROTOCOLS = {species: without(species) for species in SPECIES}
