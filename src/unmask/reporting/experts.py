"""The section of a report about experts: how evenly they are used, and whether they specialise."""

import math
from collections.abc import Iterator
from statistics import fmean

import numpy as np

from unmask.metrics.routing import GroupUse, Layer, RoutingReport, within_and_between
from unmask.reporting.blocks import Block, Caution, Figure, Section, Table
from unmask.reporting.wording import percent, plural

SHORT = {"modalities": "set", "species": "species", "site": "site"}
"""What the members of an axis are called in a table."""


def experts(routing: RoutingReport | None) -> Iterator[Section]:
    """One section, or none where nothing is known of experts."""
    if routing is not None:
        yield Section(heading="Experts", blocks=tuple(_blocks(routing)))


def _blocks(routing: RoutingReport) -> Iterator[Block]:
    yield (
        f"The model has {plural(len(routing.layers), 'layer')} with experts, small networks of "
        "which a router chooses a few at every position of a picture, or for the picture as a "
        "whole. Here is what the routers chose for "
        f"{plural(routing.presentations, 'judged presentation')} shown as {routing.shown}; "
        "positions that no modality covers are left out. The share of an expert "
        "is its part of all choices of its layer, each weighted by the router."
    )
    yield _evenness(routing)
    yield (
        "Entropy is 1 if all experts have the same share and 0 if one has everything. The "
        "effective number says how many experts in equal use would be as even; unweighted, every "
        "choice counts alike. Uneven use is no fault in itself, but experts that are never chosen "
        "are idle weight."
    )
    yield from _thin(routing)
    yield Figure(
        name="expert_curves",
        caption="Shares of the experts, the most used one first, as multiples of an equal share "
        "(the dashed line). A flat curve is even use; a steep one, use of a few. Experts in the "
        "grey part were never chosen.",
    )
    if routing.compared:
        yield from _specialisation(routing)
    if "modalities" not in routing.compared:
        yield (
            "Sets of modalities are not compared, as the evaluation showed one only; "
            "its setting routing_sets shows more."
        )
    yield Figure(
        name="expert_shares",
        caption="Where the work of each group goes: rows are groups, columns are experts "
        f"({_featured(routing)}), and the darker a cell, the greater the share of the group's "
        "choices that this expert got. Rows alike: routing does not depend on the group.",
    )
    yield "By group; the experts used and their effective number are means of all layers."
    yield _groups(routing)
    if routing.kinds:
        yield (
            "By what experts do: the share of each kind among the choices for a group, mean of all "
            "layers."
        )
        yield _by_kind(routing)


def _evenness(routing: RoutingReport) -> Table:
    header = (
        *("Layer", "Experts", "Never chosen", "Most used", "Ten most used"),
        *("Entropy", "Effective number", "Unweighted"),
    )
    rows = tuple(
        (
            str(number),
            f"{layer.num_experts:,}",
            f"{layer.dead:,} ({percent(layer.dead / layer.num_experts)})",
            _share(layer.by_weight.top1),
            _share(layer.by_weight.top10) if layer.num_experts > 10 else "-",
            f"{layer.by_weight.entropy:.2f}",
            _number(layer.by_weight.effective),
            _number(layer.by_choice.effective),
        )
        for number, layer in enumerate(routing.layers, start=1)
    )
    return Table(header=header, rows=rows)


def _thin(routing: RoutingReport) -> Iterator[Caution]:
    """Say where even a perfectly even router would leave experts out."""
    scarce = [layer for layer in routing.layers if layer.dead_by_chance >= 1]
    if scarce:
        layer = max(scarce, key=lambda layer: layer.dead_by_chance)
        yield Caution(
            text=f"Few choices were counted: {layer.choices:,} among {layer.num_experts:,} "
            f"experts, so that a perfectly even router would leave out {layer.dead_by_chance:,.0f} "
            "of them by chance. Judge more presentations before calling experts idle."
        )


def _specialisation(routing: RoutingReport) -> Iterator[Block]:
    yield (
        "Do experts specialise? Two groups are compared by the Jensen-Shannon distance of their "
        "shares: 0 if they use the same experts equally, 1 if they have none in common. Chance "
        "and different people alone make some distance. So each group is parted into two halves "
        "that share no data subject (no presentation, where subjects are not named), and halves "
        "are compared: of the same group, and of different ones. Routing depends on what parts the "
        f"groups as far as the second distance exceeds the first. {_like(routing)}"
    )
    yield _distances(routing)
    yield Figure(
        name="expert_distances",
        caption="Distance between groups, mean of all layers. On the diagonal, framed, are the two "
        "halves of one group: what chance and different people make. Only cells clearly darker "
        "than both of their diagonal cells show specialised routing. A dash: too few data subjects "
        "to compare.",
    )


def _like(routing: RoutingReport) -> str:
    if "modalities" not in routing.compared:
        return "Groups with too few data subjects for two halves are left out of the table."
    return (
        "Sets of modalities are compared on the same presentations, the rest as shown with "
        f"{routing.shown}. Groups with too few data subjects for two halves are left out of the "
        "table."
    )


def _distances(routing: RoutingReport) -> Table:
    header = ["Layer"]
    for axis in routing.compared:
        header += [f"Same {SHORT[axis]}", f"Other {SHORT[axis]}"]
    pairs = np.array(
        [
            [within_and_between(layer.distance[axis]) for axis in routing.compared]
            for layer in routing.layers
        ]
    )  # (layers, axes, 2)
    cells = pairs.reshape(len(routing.layers), -1)
    rows = [
        (str(number), *(_distance(value) for value in row))
        for number, row in enumerate(cells, start=1)
    ]
    rows.append(("mean", *(_distance(value) for value in cells.mean(axis=0))))
    return Table(header=tuple(header), rows=tuple(rows), strong=frozenset({len(rows) - 1}))


def _groups(routing: RoutingReport) -> Table:
    last = routing.layers[-1]
    rows = tuple(
        (
            group.label,
            _favourites(last, last.groups[index]),
            f"{group.presentations:,}",
            _number(fmean(layer.groups[index].used for layer in routing.layers)),
            _number(fmean(layer.groups[index].spread.effective for layer in routing.layers)),
        )
        for index, group in enumerate(routing.groups)
    )
    header = (
        *("Group", "Most used in the last layer: expert (share)", "Presentations"),
        *("Used", "Effective number"),
    )
    return Table(header=header, rows=rows, text_columns=2)


def _by_kind(routing: RoutingReport) -> Table:
    rows = tuple(
        (group.label, *(_share(share) for share in shares))
        for group, shares in zip(routing.groups, _of_kinds(routing), strict=True)
    )
    return Table(header=("Group", *dict.fromkeys(routing.kinds)), rows=rows)


def _of_kinds(routing: RoutingReport) -> list[list[float]]:
    """(G, kinds): the share of each kind, experts of one kind together."""
    return [
        [
            fmean(
                sum(s for s, own in zip(use.featured, routing.kinds, strict=True) if own == kind)
                for use in (layer.groups[index] for layer in routing.layers)
            )
            for kind in dict.fromkeys(routing.kinds)
        ]
        for index in range(len(routing.groups))
    ]


def _favourites(layer: Layer, use: GroupUse) -> str:
    order = np.argsort(-np.array(use.featured), kind="stable")[:3]
    return ", ".join(
        f"{layer.name(layer.featured[place])} ({_share(use.featured[place])})"
        for place in order
        if use.featured[place] > 0
    )


def _featured(routing: RoutingReport) -> str:
    if all(len(layer.featured) == layer.num_experts for layer in routing.layers):
        return "all of them"
    most = max(len(layer.featured) for layer in routing.layers)
    return f"the {most} most used ones of each layer, most used first"


def _share(value: float) -> str:
    return percent(value) if value >= 1e-4 else f"{100 * value:.1g} %"


def _number(value: float) -> str:
    return f"{value:,.{1 if value < 1000 else 0}f}"


def _distance(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
