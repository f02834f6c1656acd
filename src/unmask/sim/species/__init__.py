"""What is presented, one file each; the file name is the name of the species in every manifest.

Each file has ``present(plan) -> Presented`` and ``VARIANTS``, the kinds of instrument it draws from
with their chances; ``plan.pick(VARIANTS)`` says which, and the manifest names it. An attack shows
another enrolled person's face as some camera, printer, screen or cast gave it. Nothing here touches
the acquisition: where the face is and how it is turned comes from ``plan.acquisition`` for every
species alike.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from unmask.sim.plan import BONA_FIDE, Plan
from unmask.sim.stage import Presented

KINDS = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__)))
SPECIES = tuple(name for name in KINDS if name != BONA_FIDE)


def present(plan: Plan) -> Presented:
    """Build what stands before the lens."""
    presented: Presented = import_module(f"{__name__}.{plan.kind}").present(plan)
    return presented


def variant(plan: Plan) -> str:
    """Which kind of instrument the species draws for this plan; "" for bona fide."""
    if plan.kind == BONA_FIDE:
        return ""
    return plan.pick(import_module(f"{__name__}.{plan.kind}").VARIANTS)
