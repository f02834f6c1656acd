"""Words for what the simulator makes: who a person is, what an instrument is, by sensor.

A sensor's words say only what that sensor can show: depth knows neither ink nor skin tone, infrared
no colour. ``{who}`` is the person who is seen, ``{face}`` the same without colours.
"""

from __future__ import annotations

from dataclasses import dataclass

AGE = {"young": "young", "middle": "middle-aged", "old": "older"}
SEX = {"feminine": "woman", "masculine": "man"}
SKIN = ("very light", "light", "light brown", "medium brown", "brown", "dark brown")
"""Fitzpatrick I to VI."""
HAIR = {  # {} takes the colour, with a space after it, or nothing
    "crop": "cropped {}hair",
    "side_part": "{}hair parted at the side",
    "swept_back": "{}hair combed back",
    "curly": "curly {}hair",
    "shaved": "a shaved head",
    "bald": "a bald head",
    "pixie": "short {}hair",
    "bob": "{}hair in a bob",
    "long": "long {}hair",
    "wavy": "long wavy {}hair",
    "bun": "{}hair in a bun",
    "top_knot": "{}hair in a top knot",
    "afro": "{}hair in an afro",
}
BESIDE = ("bob", "long", "wavy")
"""Styles that a tight crop shows, too."""
HEADWEAR = {"cap": "a cap", "beanie": "a woollen hat", "headscarf": "a headscarf"}
BEARD = ((0.7, "a full beard"), (0.4, "a short beard"), (0.2, "stubble"))
"""From which ``Person.beard`` on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An instrument as a noun phrase, by sensor."""

    rgb: str
    depth: str
    infrared: str


def _print(paper: str, infrared: str) -> Words:
    return Words(
        rgb=f"a portrait of {{who}} printed on {paper} paper",
        depth="a flat sheet without any relief",
        infrared=infrared,
    )


def _bent(how: str) -> Words:
    return Words(
        rgb=f"a portrait of {{who}} printed on a sheet of paper that is {how}",
        depth=f"a sheet {how}, without the relief of a face",
        infrared=f"a sheet of paper {how}",
    )


def _cut(holes: str, form: str) -> Words:
    return Words(
        rgb=f"a printed portrait of {{who}}, with holes cut for {holes}",
        depth=f"a {form} sheet with holes for {holes}",
        infrared=f"a {form} sheet of paper with holes for {holes}",
    )


def _cloth(rgb: str, depth: str) -> Words:
    return Words(
        rgb=f"a portrait of {{who}} printed on {rgb}",
        depth=depth,
        infrared="a printed piece of cloth",
    )


def _screen(device: str) -> Words:
    return Words(
        rgb=f"a portrait of {{who}} on the screen of {device}",
        depth="a plate without the relief of a face",
        infrared=f"the dark glass of {device}, which shows no picture in infrared",
    )


def _rigid(rgb: str) -> Words:
    return Words(
        rgb=f"{rgb}, with somebody else's eyes behind it",
        depth="a face in relief with the rim of a rigid mask",
        infrared="a rigid mask of {face} with living eyes behind it",
    )


_BLANK = "a sheet of paper that looks blank, as dye ink does not show in infrared"
_BLACK = "a portrait of {face} printed in ink that stays dark in infrared"
_GLOSSY_BLANK = _BLANK.replace("paper", "glossy paper", 1)

PERSON = Words(
    rgb="{who}",
    depth="the full relief of a face",
    infrared="{face}",
)
INSTRUMENTS = {
    "print_flat": {
        "dye_matte": _print("matte", _BLANK),
        "dye_glossy": _print("glossy", _GLOSSY_BLANK),
        "carbon_matte": _print("matte", _BLACK),
        "carbon_glossy": _print("glossy", _BLACK),
    },
    "print_bent": {
        "round": _bent("bent with its edges away from the camera"),
        "hollow": _bent("bent with its edges towards the camera"),
        "slanted": _bent("bent about a slanted axis"),
        "nodding": _bent("bent about a level axis"),
    },
    "print_cut": {
        f"{cut}_{form}": _cut(holes, form)
        for cut, holes in (
            ("eyes", "the eyes"),
            ("eyes_nose", "the eyes and the nose"),
            ("eyes_nose_mouth", "the eyes, the nose and the mouth"),
        )
        for form in ("flat", "bent")
    },
    "print_cloth": {
        "hanging": _cloth("a hanging cloth", "a hanging cloth with folds"),
        "stretched": _cloth("a stretched cloth", "a cloth stretched between two hands"),
        "creased": _cloth("a creased cloth", "a cloth with creases"),
    },
    "replay": {
        "phone": _screen("a phone"),
        "tablet": _screen("a tablet"),
        "laptop": _screen("a laptop"),
        "monitor": _screen("a monitor"),
    },
    "mask_paper": {
        "folded": Words(
            rgb="a printed portrait of {who}, folded over somebody else's face",
            depth="the coarse relief of a face with folds",
            infrared="a folded paper mask with living eyes in its holes",
        ),
        "glued_3d": Words(
            rgb="a mask in the shape of {who}, glued from pieces of printed paper",
            depth="a face of flat pieces",
            infrared="a mask glued from pieces of paper with living eyes in its holes",
        ),
    },
    "mask_flexible": {
        variant: Words(
            rgb="a silicone mask of {who}, with somebody else's eyes in its holes",
            depth="the relief of a face with holes for the eyes",
            infrared=f"a silicone mask{level} with living eyes in its holes",
        )
        for variant, level in (
            ("silicone_dark", " darker than skin,"),
            ("silicone_alike", ""),
            ("silicone_light", " brighter than skin,"),
        )
    },
    "mask_rigid": {
        "resin_painted": _rigid("a painted resin mask of {who}"),
        "resin_plain": _rigid("a mask of bare resin in the shape of {face}"),
        "printed_painted": _rigid("a painted 3D-printed mask of {who}"),
        "printed_plain": _rigid("a bare 3D-printed mask in the shape of {face}"),
    },
    "mannequin": {
        material: Words(
            rgb=f"a mannequin's head of {material} in the shape of {{face}}",
            depth="the relief of a head",
            infrared="a mannequin's head in the shape of {face}",
        )
        for material in ("plastic", "wax", "foam")
    },
    "partial": {
        "paper_glasses": Words(
            rgb="{who}, with paper glasses that show somebody else's eyes",
            depth="the relief of a face with a strip before the eyes",
            infrared="{face}, with paper glasses before the eyes",
        ),
        "funny_eyes": Words(
            rgb="{who}, with novelty glasses that show printed eyes",
            depth="the relief of a face with something before the eyes",
            infrared="{face}, with novelty glasses before the eyes",
        ),
        "half_mask": Words(
            rgb="{who}, with half a mask over nose, mouth and chin",
            depth="the relief of a face with half a mask over nose, mouth and chin",
            infrared="{face}, with half a mask over nose, mouth and chin",
        ),
    },
}
"""Of each species, of each variant."""
