"""What a table of scores must be; each fault is one error that names source, row and column.

Nothing is guessed: a logit, ``1 - score`` or a label written as 0 or 1 is refused, because tools
disagree about what it means. Rows are counted from 1, the header not included.
"""

import numpy as np
import polars as pl

from unmask.errors import DatasetError

REQUIRED = ("key", "presentation", "score", "label", "pai_species")
OPTIONAL = ("subject", "dataset", "site", "split", "modalities")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright lines"}
"""What spreadsheets write in the place of commas."""
BONA_FIDE, ATTACK = LABELS = ("bona_fide", "attack")


def check_columns(table: pl.DataFrame, source: str) -> None:
    """Refuse a table without a required column or any row, or with more than texts and numbers."""
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        advice = _header_advice(table.columns, missing[0])
        raise DatasetError(f"{source} has no column {missing[0]!r}; {advice}")
    twice = [name for name in REQUIRED if f"{name}_duplicated_0" in table.columns]
    if twice:
        raise DatasetError(f"{source} has two columns {twice[0]!r}; remove one of them")
    if table.is_empty():
        raise DatasetError(f"{source} holds no scores; it needs one row per presentation or frame")
    for name, kind in table.schema.items():
        if kind.is_nested() or kind in (pl.Binary, pl.Object):
            raise DatasetError(
                f"{source}, column {name}: holds {kind}; a column holds one text or one number "
                "per row, so write it so or leave it out"
            )
    if table.schema["score"] == pl.Boolean:
        raise DatasetError(
            f"{source}, column score: holds true and false, which are decisions; write the "
            "probability of bona fide"
        )


def _header_advice(columns: list[str], missing: str) -> str:
    only = columns[0] if len(columns) == 1 else ""
    apart = next((name for mark, name in SEPARATORS.items() if mark in only), "")
    if apart:
        return f"its columns seem to be separated by {apart}; save it with commas"
    near = next((name for name in columns if name.strip().lower() == missing), "")
    if near:
        return f"it has {near!r}; write it exactly as {missing!r}"
    return (
        f"a score file needs {', '.join(REQUIRED)} (presentation repeats the key where a row is a "
        f"whole presentation); it has: {', '.join(columns) or 'none'}"
    )


def check_attributes(table: pl.DataFrame, source: str, names: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column that was asked for by name."""
    for name in names:
        if name not in table.columns:
            raise DatasetError(
                f"{source} has no column {name!r}; it has: {', '.join(table.columns)}"
            )


def check_numbers(table: pl.DataFrame, source: str) -> None:
    """Refuse scores that are not numbers; an empty one is a missing response."""
    number = pl.col("score").cast(pl.Float64, strict=False)
    row = _first(table, number.is_null() & (pl.col("score").cast(pl.String).fill_null("") != ""))
    if row is not None:
        raise _fault(
            table,
            source,
            row,
            "score",
            "is not a number; write a number, or nothing for no response",
        )


def check_rows(table: pl.DataFrame, source: str, apart: tuple[str, ...] = ()) -> None:
    """Refuse rows that contradict themselves or another row. ``score`` is Float64 by now.

    Rows that differ in a column of ``apart`` belong to different runs: a key may be in each.
    """
    _check_blank(table, source)
    for column in ("key", "presentation"):
        row = _first(table, pl.col(column) == "")
        if row is not None:
            raise _fault(table, source, row, column, f"is empty; every row needs a {column}")
    row = _first(table, pl.col("label").is_in(LABELS).not_())
    if row is not None:
        raise _fault(table, source, row, "label", _label_advice(str(table["label"][row])))
    row = _first(table, pl.col("score").is_nan().not_() & pl.col("score").is_between(0, 1).not_())
    if row is not None:
        raise _fault(
            table, source, row, "score",
            "is not in [0, 1]; a score is the probability of bona fide, so turn logits into "
            "probabilities first",
        )  # fmt: skip
    _check_species(table, source)
    _check_keys(table, source, apart)
    _check_frames(table, source, apart)


def _check_blank(table: pl.DataFrame, source: str) -> None:
    """Refuse a blank line by that name; it would lack everything that a row needs."""
    empty = (pl.col("label") == "") & pl.col("score").is_nan()
    unlabelled = table.with_row_index("row").filter(empty).drop("score")
    for row, *texts in unlabelled.iter_rows():
        if not any(text.strip() for text in texts):
            raise DatasetError(f"{source}, row {row + 1} is blank; remove the line")


def _check_species(table: pl.DataFrame, source: str) -> None:
    species = pl.col("pai_species")
    row = _first(table, (pl.col("label") == ATTACK) & (species == ""))
    if row is not None:
        raise _fault(
            table,
            source,
            row,
            "pai_species",
            "is empty; an attack needs the name of its PAI species",
        )
    row = _first(table, (pl.col("label") == BONA_FIDE) & (species != ""))
    if row is not None:
        raise _fault(
            table, source, row, "pai_species",
            "stands in a bona fide row; leave it empty, or correct the label",
        )  # fmt: skip


def _check_keys(table: pl.DataFrame, source: str, apart: tuple[str, ...]) -> None:
    identity = ["dataset", *apart, "key"]
    if all_distinct(table, identity):
        return
    row = _first(table, pl.struct(identity).is_first_distinct().not_())
    assert row is not None
    twice = table.row(row, named=True)
    first = _first(table, pl.all_horizontal(*(pl.col(name) == twice[name] for name in identity)))
    assert first is not None
    raise _fault(
        table,
        source,
        row,
        "key",
        f"is in row {first + 1} too; a key may stand only once in a data set",
    )


def _check_frames(table: pl.DataFrame, source: str, apart: tuple[str, ...]) -> None:
    """Frames of one presentation agree in everything that belongs to the presentation."""
    unit = ["dataset", *apart, "presentation"]
    if all_distinct(table, unit):
        return
    for column in ("label", "pai_species", "subject", "site", "split"):
        row = _first(table, pl.col(column) != pl.col(column).first().over(unit))
        if row is not None:
            name = table["presentation"][row]
            raise _fault(
                table, source, row, column,
                f"differs from an earlier frame of presentation {name!r}; frames of one "
                "presentation agree in it",
            )  # fmt: skip


def all_distinct(table: pl.DataFrame, columns: list[str]) -> bool:
    """Whether no two rows agree in all of the columns.

    Rows that agree have the same hash; only where hashes meet are the rows themselves compared.
    """
    hashes = np.sort(table.select(pl.struct(columns).hash()).to_series().to_numpy())
    if not (hashes[1:] == hashes[:-1]).any():
        return True
    return bool(table.select(pl.struct(columns).n_unique()).item() == table.height)


def _label_advice(label: str) -> str:
    allowed = f"is not a label; write {' or '.join(LABELS)}"
    if label in {"0", "1", "0.0", "1.0", "true", "false"}:
        return (
            f"{allowed} (1 means bona fide to some tools and attack to others: it is not guessed)"
        )
    return allowed


def _first(table: pl.DataFrame, condition: pl.Expr) -> int | None:
    """Index of the first row where ``condition`` holds, or None."""
    row: int | None = table.select(pl.arg_where(condition).first()).item()
    return row


def _fault(table: pl.DataFrame, source: str, row: int, column: str, advice: str) -> DatasetError:
    given = table[column][row]
    return DatasetError(f"{source}, row {row + 1}, column {column}: {given!r} {advice}")
