"""Asking for help costs nothing: no heavy package is imported before a verb runs."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "lightning", "polars", "cv2", "scipy", "matplotlib", "trimesh", "rich", "PIL")


def modules_after(code: str) -> set[str]:
    """Names of the top-level packages that a fresh interpreter has imported after ``code``."""
    code += "\nimport sys; print('\\n'.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import unmask",
        "from unmask.cli import main; main(['--help'])",
        "from unmask.cli import main\ntry: main(['train', '--help'])\nexcept SystemExit: pass",
    ],
)
def test_help_imports_no_heavy_package(code: str) -> None:
    assert not modules_after(code) & set(HEAVY)


@pytest.mark.parametrize(
    "package", ["metrics", "reporting", "sim", "capture", "datasets", "serving"]
)
def test_judging_simulating_and_serving_import_no_torch(package: str) -> None:
    code = (
        "import importlib, pkgutil\n"
        f"package = importlib.import_module('unmask.{package}')\n"
        "for info in pkgutil.iter_modules(package.__path__):\n"
        f"    importlib.import_module('unmask.{package}.' + info.name)"
    )
    assert not modules_after(code) & {"torch", "lightning"}
