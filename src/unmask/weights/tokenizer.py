"""The tokenizer of somebody else's text tower, as ``layers.clip_tokens.tokenize`` takes it.

    words = load_tokenizer("hf:openai/clip-vit-base-patch16")
    tokenize(["a photo of a face"], words=words)

CLIP's own vocabulary ships with the package: ``clip_words`` needs no file.
"""

from __future__ import annotations

from unmask.errors import CheckpointError
from unmask.layers.clip_tokens import Words
from unmask.weights.sources import locate

FILES = ("tokenizer.json",)


def load_tokenizer(source: str) -> Words:
    """Read a ``tokenizer.json``, its folder, or that of a repository on the hub.

    Raises:
        CheckpointError: there is no such file, or it is no tokenizer.
    """
    from tokenizers import Tokenizer

    path = locate(source, FILES)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower one
        raise CheckpointError(
            f"{path} is no tokenizer.json ({error}); give another file"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)
