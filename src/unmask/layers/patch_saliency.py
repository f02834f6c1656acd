"""What the patches of a picture say, those first that lean clearly to one of the classes.

    S = f t',  w = softmax over patches of (c |S_attack - S_bona_fide|),  g = softmax(S) t + f
    local = sum over patches of  w g

f are patches and t the texts of both classes, all of length 1; g are patches that texts have drawn
towards what they resemble (``layers.patch_alignment``). w needs no label, so it is the same in
training and in use. c = 0 is the plain mean.

Axes: N pictures, P patches, E features of the common space, 2 classes (bona fide, attack).

Paper: FMM-RPL (Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9) compares local
patches with global features; w is inferred, after the weights that MVP-FAS (Yu et al., ICCV 2025)
gives to patches by the text of their true class. g: Liu et al., "FM-CLIP", ACM MM 2024.
"""

from torch import Tensor

from unmask.layers.patch_alignment import align


def salient_feature(patches: Tensor, texts: Tensor, *, sharpness: float) -> Tensor:
    """Projected patches (N, P, E) and texts (2, E) or (N, 2, E) of length 1 -> (N, E)."""
    aligned, similarity = align(patches, texts)  # (N, P, E), (N, P, 2)
    lean = (similarity[..., 1] - similarity[..., 0]).abs()  # (N, P)
    weight = (sharpness * lean).softmax(dim=1)
    return (weight[..., None] * aligned).sum(dim=1)
