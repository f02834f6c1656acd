"""A checkpoint that cannot be read says so in one line."""

from pathlib import Path

import pytest

from unmask.errors import CheckpointError
from unmask.training.folder import read_checkpoint


@pytest.mark.parametrize("content", [b"", b"Xabc", b"X\x02\0\0\0\xff\xfe", b"0", b"G1", b"no zip"])
def test_a_damaged_checkpoint_is_named_whatever_the_damage(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as error:
        read_checkpoint(path)
    assert str(error.value).startswith(f"{path} is damaged (")
    assert str(error.value).endswith("); remove it to start the run from its beginning")
    assert "\n" not in str(error.value)
