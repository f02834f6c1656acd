"""What every file in ``datasets/`` owes: its outline, its modalities, an index in a fixed order."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import unmask.datasets
from unmask.errors import DatasetError
from unmask.types import Modality

HEADINGS = (
    "Modalities:",
    "PAI species:",
    "Licence:",
    "Folder tree:",
    "Known faults:",
    "Citation:",
)
SHARED = {"listed", "lists", "published", "rows", "videos"}
"""What several data sets or protocols use; no data sets themselves."""
MODULES = [
    importlib.import_module(f"unmask.datasets.{info.name}")
    for info in pkgutil.iter_modules(unmask.datasets.__path__)
    if info.name not in SHARED
]
each = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)


@each
def test_the_docstring_has_the_outline_in_order(module: ModuleType) -> None:
    places = [(module.__doc__ or "").find(f"\n{heading} ") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)


@each
def test_the_modalities_are_named(module: ModuleType) -> None:
    assert module.MODALITIES
    assert all(isinstance(modality, Modality) for modality in module.MODALITIES)


@each
def test_an_empty_folder_is_a_data_set_error(module: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=str(tmp_path)):
        module.index(tmp_path)


def test_an_index_is_in_a_fixed_order_with_unique_keys_and_files_that_exist(squares: Path) -> None:
    from unmask.datasets.manifest import index

    samples = index(squares)
    assert samples == index(squares)
    assert len({sample.key for sample in samples}) == len(samples) == 36
    assert all(path.is_file() for sample in samples for path in sample.paths.values())
