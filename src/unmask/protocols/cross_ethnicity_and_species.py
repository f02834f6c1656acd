"""Trained on one kind of skin and one species: does the detector hold for other people and attacks?

Train, dev, eval: the train and dev rows, bona fide and replay, of two neighbouring skin types,
which name the variant; the eval rows of the other four skin types, bona fide, cloth prints and
masks of paper, resin and silicone. An attack has the skin type of the person whom it shows.
Threshold: from dev, so of the skin types and the species learned from.
Source: CASIA-SURF CeFA, protocol 4 (arXiv:2003.05136): three folds, each learned from one ethnicity
with replays, judged on the two others with cloth prints and masks. Skin type stands in for
ethnicity: simulated heads have no other.
Counts: per fold about 1/3 of all bona fide and replay presentations of train and dev, and 2/3 of
all bona fide, cloth print and mask presentations of eval; state mean and deviation of three folds.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import BONA_FIDE, Rows, read_sets
from unmask.protocols import Build
from unmask.types import Modality, Protocol

FOLDS = {"types_1_2": ("I", "II"), "types_3_4": ("III", "IV"), "types_5_6": ("V", "VI")}
LEARNED = (BONA_FIDE, "replay")
JUDGED = (BONA_FIDE, "print_cloth", "mask_paper", "mask_rigid", "mask_flexible")
REMEDY = (
    "this protocol needs skin types I to VI in the column skin_type, replays, cloth prints and "
    "masks, enough to have each in every set: unmask simulate --sites A,B,C,D --per-site 500"
)


def fold(name: str, types: tuple[str, ...]) -> Build:
    """Learn from these skin types and replays, judge other skin types and species."""
    others = tuple(t for group in FOLDS.values() for t in group if t not in types)

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        sets = read_sets(data.root, data.manifest)
        return Protocol(
            name=f"cross_ethnicity_and_species/{name}",
            modalities=modalities,
            train=_of(sets["train"], types, LEARNED).samples,
            dev=_of(sets["dev"], types, LEARNED).samples,
            eval=_of(sets["eval"], others, JUDGED).samples,
        )

    return build


def _of(rows: Rows, types: tuple[str, ...], kinds: tuple[str, ...]) -> Rows:
    of_types = rows.only("skin_type", types, remedy=REMEDY)
    return of_types.only("pai_species", kinds, remedy=REMEDY)


PROTOCOLS = {name: fold(name, types) for name, types in FOLDS.items()}
