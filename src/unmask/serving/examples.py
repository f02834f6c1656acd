"""Two real photographs that installed packages bring along, both in the public domain."""

import shutil
from pathlib import Path

from unmask.files import write_whole


def photographs(folder: Path) -> tuple[Path, ...]:
    """Copy Eileen Collins (NASA) and Grace Hopper (US Navy) into a folder, as RGB files."""
    from matplotlib import cbook  # these two are slow to import
    from skimage import data

    collins, hopper = folder / "eileen_collins.png", folder / "grace_hopper.jpg"
    with write_whole(collins) as temporary:
        shutil.copyfile(Path(data.data_dir) / "astronaut.png", temporary)
    with write_whole(hopper) as temporary:
        shutil.copyfile(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False), temporary)
    return collins, hopper
