"""Looking keys up: the sorted keys of one form and column at a time, read only where a question can hold for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.lake.index import fits, index_path, keys_of_files, sorted_keys
from keii.lake.index_columns import spelled
from keii.lake.index_runs import Flags, Run, runs_of, split
from keii.lake.store import LakeFile

T = TypeVar("T")
Rows = npt.NDArray[np.int64]
Having = tuple[Flags, tuple[LakeFile, ...]]
Asked = Callable[[str, str, bytes | None, bytes | None], bool]  # form, kind of column, first and last key


class Group(msgspec.Struct, frozen=True):
    """Sorted keys of one form in one column.

    ``values`` and ``files`` belong to chosen rows of it: their texts; which of them stand in a file, and in which files all
    of them together may (exactly so by an index). They are read while the group is at hand.
    """

    form: str
    column: str
    kind: str
    keys: pa.Array
    values: Callable[[Rows], list[str]]
    files: Callable[[Rows], Having]


def looked_up(root: Path, files: Sequence[LakeFile], asked: Asked, take: Callable[[Group], list[T]]) -> Iterator[T]:
    """Yield what is taken from the keys that lake files of one table hold, as far as they are asked for.

    Args:
        root: folder of the lake.
        files: of one table.
        asked: tells whether keys between two bounds can matter; bounds are None where they are not known.
        take: what to do with the keys of a form and column.
    """
    left = {file.path: file for file in files}
    for run in runs_of(root, files):
        try:
            found = _of_run(run, asked, take)
        except (OSError, pa.ArrowInvalid):
            continue  # a damaged run is no loss: its files have an index each
        yield from found
        for file in run.present:
            left.pop(file.path, None)
    bare = []
    for file in left.values():
        found_here = _of_index(root, file, asked, take)
        if found_here is None:
            bare.append(file)
        else:
            yield from found_here
    if bare:
        yield from _of_events(root, bare, asked, take)


def _of_run(run: Run, asked: Asked, take: Callable[[Group], list[T]]) -> list[T]:
    """Return what is taken from a run, both halves of a large one at once."""
    count = pq.read_metadata(run.path).num_row_groups
    halves = [range(count // 2), range(count // 2, count)] if count >= _PARTED else [range(count)]

    def taken(numbers: range) -> list[T]:
        return [one for group in _of_parquet(run.path, asked, run, numbers) for one in take(group)]

    if len(halves) == 1:
        return taken(halves[0])
    with ThreadPoolExecutor(len(halves)) as pool:
        return [one for part in pool.map(taken, halves) for one in part]


_PARTED = 16  # row groups from which two threads read a run


def _of_index(root: Path, file: LakeFile, asked: Asked, take: Callable[[Group], list[T]]) -> list[T] | None:
    """Return what is taken from the index of a file; None where that is absent or damaged, which is no loss."""
    if not fits(root, file):
        return None
    run = Run(root / index_path(file), (file,))
    try:
        return [one for group in _of_parquet(run.path, asked, run) for one in take(group)]
    except (OSError, pa.ArrowInvalid):
        return None


def _of_events(root: Path, files: Sequence[LakeFile], asked: Asked, take: Callable[[Group], list[T]]) -> Iterator[T]:
    """Yield what is taken from files themselves: the distinct values of all are told together."""
    run = Run(root, tuple(files))
    for part in keys_of_files(root, files):
        for group in _split(sorted_keys(part), asked, run):
            yield from take(group)


def _of_parquet(path: Path, asked: Asked, run: Run, numbers: range | None = None) -> Iterator[Group]:
    """Yield what is asked for of some row groups of an index, of all where none are named."""
    with pq.ParquetFile(path) as parquet:
        place = {name: parquet.schema_arrow.get_field_index(name) for name in ("form", "kind", "column", "key")}
        for number in range(parquet.num_row_groups) if numbers is None else numbers:
            told = parquet.metadata.row_group(number)
            form, kind, column, key = (told.column(place[name]).statistics for name in place)
            alone = all(one is not None and one.has_min_max for one in (form, kind, column, key))
            alone = alone and form.min == form.max and column.min == column.max
            if not alone:
                yield from _split(parquet.read_row_group(number), asked, run)
            elif asked(form.min, kind.min, key.min, key.max):
                keys = parquet.read_row_group(number, columns=["key"])["key"].combine_chunks()
                yield _lazy(parquet, number, (form.min, column.min, kind.min), keys, run)


def _lazy(parquet: pq.ParquetFile, number: int, said: tuple[str, str, str], keys: pa.Array, run: Run) -> Group:
    """Return the keys of a row group of an open file, whose values are read when they are asked for."""

    def column(name: str, rows: Rows) -> pa.ChunkedArray:
        return parquet.read_row_group(number, columns=[name])[name].take(pa.array(rows))

    def files(rows: Rows) -> Having:
        return run.having(column("files", rows)) if run.merged else _all(run, rows)

    return Group(*said, keys, lambda rows: _texts(said[0], keys, rows, column("value", rows)), files)


def _all(run: Run, rows: Rows) -> Having:
    return np.ones(len(rows), np.bool_), run.present


def _split(table: pa.Table, asked: Asked, run: Run) -> Iterator[Group]:
    """Yield each form and column of a table that holds several, sorted by them."""
    for part in split(table.combine_chunks()):
        keys = pa.concat_arrays(part["key"].chunks)
        form, column, kind = (part[name][0].as_py() for name in ("form", "column", "kind"))
        if asked(form, kind, keys[0].as_py(), keys[-1].as_py()):
            yield Group(form, column, kind, keys, _values(form, keys, part), _files(part, run))


def _values(form: str, keys: pa.Array, part: pa.Table) -> Callable[[Rows], list[str]]:
    return lambda rows: _texts(form, keys, rows, part["value"].take(pa.array(rows)))


def _texts(form: str, keys: pa.Array, rows: Rows, values: pa.ChunkedArray) -> list[str]:
    """Return values, those that are null as their keys spell them."""
    held = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
    texts: list[str] = pc.coalesce(held, spelled(form, keys.take(pa.array(rows)))).to_pylist()
    return texts


def _files(part: pa.Table, run: Run) -> Callable[[Rows], Having]:
    return lambda rows: run.having(part["files"].take(pa.array(rows))) if run.merged else _all(run, rows)
