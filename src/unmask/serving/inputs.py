"""Which pictures belong together: photographs, folders, aligned sets, folders of aligned sets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unmask.capture.images import SUFFIXES
from unmask.config import PredictConfig
from unmask.errors import ConfigError
from unmask.types import Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The image files of one presentation."""

    source: str
    """What the answer will be filed under."""
    paths: Mapping[Modality, Path]


def gather(config: PredictConfig) -> list[Input]:
    """Every presentation that the settings name: photographs first, then the aligned sets.

    Raises:
        ConfigError: nothing is named, a path is not there, or folders do not match.
    """
    photographs = [
        Input(source=str(path), paths={Modality.RGB: path})
        for given in config.inputs
        for path in _photographs(given)
    ]
    aligned = {
        Modality.RGB: config.rgb,
        Modality.DEPTH: config.depth,
        Modality.INFRARED: config.infrared,
    }
    sets = _aligned({m: path for m, path in aligned.items() if path is not None})
    if not photographs and not sets:
        raise ConfigError(
            "nothing to judge; name photographs or folders, or an aligned set with --rgb, --depth "
            "and --infrared"
        )
    return photographs + sets


def _photographs(given: Path) -> list[Path]:
    _require(given)
    return list(_images(given).values()) if given.is_dir() else [given]


def _aligned(given: Mapping[Modality, Path]) -> list[Input]:
    for path in given.values():
        _require(path)
    folders = [path for path in given.values() if path.is_dir()]
    if not folders:
        return [Input(source=str(path), paths=given) for path in list(given.values())[:1]]
    files = [path for path in given.values() if not path.is_dir()]
    if files:
        raise ConfigError(
            f"{folders[0]} is a folder and {files[0]} is a file; give files only, or folders only"
        )
    return _matched({modality: _by_stem(path) for modality, path in given.items()}, given)


def _matched(
    found: Mapping[Modality, Mapping[str, Path]], folders: Mapping[Modality, Path]
) -> list[Input]:
    """One input per stem; every folder has every stem."""
    stems = sorted(set().union(*found.values()))
    for stem in stems:
        lacking = [modality for modality, files in found.items() if stem not in files]
        if lacking:
            other = next(files[stem] for files in found.values() if stem in files)
            raise ConfigError(
                f"{other} has no partner with the stem {stem!r} in {folders[lacking[0]]}; aligned "
                "images share the file name up to its ending"
            )
    return [
        Input(source=stem, paths={m: files[stem] for m, files in found.items()}) for stem in stems
    ]


def _by_stem(folder: Path) -> dict[str, Path]:
    by_stem: dict[str, Path] = {}
    for name, path in _images(folder).items():
        if path.stem in by_stem:
            raise ConfigError(
                f"{folder} has {by_stem[path.stem].name} and {name}; keep one file of each stem"
            )
        by_stem[path.stem] = path
    return by_stem


def _images(folder: Path) -> dict[str, Path]:
    """Image files of a folder by name, in the order of their names; hidden files do not count."""
    found = {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    }
    if not found:
        raise ConfigError(
            f"no image in the folder {folder}; files that end in {', '.join(SUFFIXES)} are read"
        )
    return found


def _require(path: Path) -> None:
    if not path.exists():
        raise ConfigError(f"no file or folder {path}; check the path")
