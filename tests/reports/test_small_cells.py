"""Withheld counts of a published table: every small one, and none that can be computed from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.households.masking import is_small
from service.reports.small_cells import TOTAL, Cell, with_totals, withheld
from tests.examples import examples

ROWS, COLUMNS = "abcdef", "123456"


def tables(rows: int, columns: int, most: int) -> st.SearchStrategy[dict[Cell, int]]:
    """Tables of counts of which many are small or nothing."""
    number = st.one_of(st.integers(0, 6), st.integers(0, most))
    size = st.tuples(st.integers(1, rows), st.integers(1, columns))
    counts = size.flatmap(
        lambda each: st.fixed_dictionaries(dict.fromkeys(product(ROWS[: each[0]], COLUMNS[: each[1]]), number))
    )
    return counts.map(with_totals)


def sums(table: Mapping[Cell, int]) -> Iterator[tuple[list[Cell], Cell]]:
    """Which counts add up to which total: what everybody knows."""
    rows, columns = {row for row, _ in table}, {column for _, column in table}
    for row in rows:
        yield [(row, column) for column in columns - {TOTAL}], (row, TOTAL)
    for column in columns:
        yield [(row, column) for row in rows - {TOTAL}], (TOTAL, column)


def others_possible(table: Mapping[Cell, int], gone: frozenset[Cell], most: int) -> dict[Cell, set[int]]:
    """Every value that each withheld cell can have, by trying all that adds up and has no zero among them."""
    inner = [cell for cell in gone if TOTAL not in cell]
    possible: dict[Cell, set[int]] = {cell: set() for cell in gone}
    for values in product(range(1, most), repeat=len(inner)):
        tried = dict(zip(inner, values, strict=True))
        full = with_totals({cell: tried.get(cell, number) for cell, number in table.items() if TOTAL not in cell})  # type: ignore[misc]
        if all(full[cell] == number if cell not in gone else full[cell] > 0 for cell, number in table.items()):
            for cell in gone:
                possible[cell].add(full[cell])
    return possible


@settings(deadline=None)
@given(tables(6, 6, 400))
def test_every_small_count_and_total_is_withheld_and_nothing_is_that_is_zero(table: dict[Cell, int]) -> None:
    gone = withheld(table, is_small)
    assert {cell for cell, number in table.items() if 0 < number < 5} <= gone
    assert all(table[cell] > 0 for cell in gone)


@settings(deadline=None)
@given(tables(6, 6, 400))
def test_no_withheld_count_follows_from_the_totals(table: dict[Cell, int]) -> None:
    gone = sorted(withheld(table, is_small), key=str)
    assume(gone)
    known = np.array([[(cell in parts) - (cell == total) for cell in gone] for parts, total in sums(table)], float)
    rank = np.linalg.matrix_rank(known)
    for alone in np.eye(len(gone)):
        assert np.linalg.matrix_rank(np.vstack([known, alone])) == rank + 1


@settings(deadline=None, max_examples=examples(40))
@given(tables(3, 2, 7))
def test_each_withheld_count_could_be_another_also_for_who_knows_that_it_is_not_zero(table: dict[Cell, int]) -> None:
    gone = withheld(table, is_small)
    if len([cell for cell in gone if TOTAL not in cell]) <= 5:
        assert all(len(values) > 1 for values in others_possible(table, gone, most=9).values())


def test_one_small_count_takes_others_with_it_but_no_total_that_is_large() -> None:
    table = with_totals({("a", "1"): 3, ("a", "2"): 50, ("b", "1"): 40, ("b", "2"): 60, ("b", "3"): 70})
    gone = withheld(table, is_small)
    assert gone == {("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")}


def test_a_table_without_small_counts_is_shown_whole() -> None:
    assert withheld(with_totals({("a", "1"): 5, ("b", "2"): 700}), is_small) == frozenset()


@pytest.mark.parametrize(
    ("counts", "inner"),
    [
        # A two may become a one, so that the way through the twos is open, and no total of a row is withheld for it.
        ([[1, 20, 2], [1, 0, 6]], {("a", "1"), ("a", "3"), ("b", "1"), ("b", "3")}),
        # A one cannot become less: what is withheld for it must be able to grow.
        ([[6, 6, 1], [6, 2, 1]], {("a", "2"), ("a", "3"), ("b", "2"), ("b", "3")}),
        # The cheaper of the two directions is taken.
        ([[1, 5, 3], [6, 6, 5]], {("a", "1"), ("a", "3"), ("b", "1"), ("b", "3")}),
    ],
)
def test_no_more_is_withheld_than_it_takes(counts: list[list[int]], inner: set[Cell]) -> None:
    table = with_totals(
        {(row, column): counts["ab".index(row)]["123".index(column)] for row in "ab" for column in "123"}
    )
    gone = withheld(table, is_small)
    assert {cell for cell in gone if TOTAL not in cell} == inner
    assert not any(column is TOTAL for _, column in gone)


def table_of(*counts: list[int]) -> dict[Cell, int]:
    """A table of rows a, b, c… and columns 1, 2, 3…"""
    return with_totals(
        {(ROWS[row], COLUMNS[column]): number for row, line in enumerate(counts) for column, number in enumerate(line)}
    )


@pytest.mark.parametrize("counts", [[[1], [1], [1], [1], [1]], [[1, 1, 1, 1, 1]]])
def test_where_no_count_can_become_less_the_totals_are_withheld_too(counts: list[list[int]]) -> None:
    table = table_of(*counts)
    assert withheld(table, is_small) == set(table)


def test_cells_are_withheld_rather_than_totals_and_a_rows_rather_than_a_columns_or_the_grand_total() -> None:
    assert withheld(table_of([3, 500], [40, 600], [5, 0]), is_small) == {("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")}
    assert withheld(table_of([3], [50]), is_small) == {("a", "1"), ("a", TOTAL), ("b", "1"), ("b", TOTAL)}
    small = {("a", "1"), ("a", TOTAL), (TOTAL, "1")}
    assert withheld(table_of([3, 0], [0, 50]), is_small) == small | {("b", "2"), ("b", TOTAL), (TOTAL, "2")}


def test_of_cells_and_of_totals_the_smaller_are_withheld() -> None:
    inner = withheld(table_of([3, 50, 20], [40, 60, 70]), is_small)
    assert inner == {("a", "1"), ("a", "3"), ("b", "1"), ("b", "3")}
    totals = withheld(table_of([3, 0], [50, 0], [20, 100]), is_small)
    assert totals == {("a", "1"), ("a", TOTAL), ("b", "1"), ("b", TOTAL)}
