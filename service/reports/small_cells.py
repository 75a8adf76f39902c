"""Which cells of a published table are withheld, so that no small count is shown or can be computed from the rest.

One household more in a cell is one more in its row's total, in its column's and in the grand total. That makes a
network in which every cell and every total is an arc between two sums. A withheld value is open exactly where its arc
lies on a cycle of withheld arcs (Gusfield 1988, "A graph theoretic approach to statistical data security"), so further
cells are withheld until every withheld arc lies on such a cycle.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import count
from typing import Final

TOTAL: Final = None
"""In place of a row's or a column's name: the sum over all of them."""

Name = str | None
Cell = tuple[Name, Name]
"""Row and column; a total where one of them is TOTAL."""

_Sum = tuple[str, Name]

_CELL_COSTS: Final = 1_000
_ROW_TOTAL_COSTS: Final = 1_000_000
_COLUMN_TOTAL_COSTS: Final = 100_000_000
_GRAND_TOTAL_COSTS: Final = 10_000_000_000
"""The price of withholding: a cell is withheld rather than a commune's total, that rather than the province's."""


def with_totals(counts: Mapping[tuple[str, str], int]) -> dict[Cell, int]:
    """Returns the counts of a table by row and column, with the totals of rows, of columns, and of all."""
    table: dict[Cell, int] = defaultdict(int)
    for (row, column), number in counts.items():
        for cell in ((row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
            table[cell] += number
    return dict(table)


def withheld(table: Mapping[Cell, int], is_small: Callable[[int], bool]) -> frozenset[Cell]:
    """Returns the cells and totals to withhold of a table (``with_totals``).

    Every small one, and so many others that each withheld one could have another value for a reader who knows all that
    is shown, this rule, and that nothing withheld is zero.
    """
    network = _Network(table)
    gone = {cell for cell, number in table.items() if is_small(number)}
    for cell in sorted(gone, key=lambda one: (table[one], str(one))):
        gone |= network.cycle_through(cell, gone)
    return frozenset(gone)


class _Network:
    """A table's sums, and its counts as arcs between them: one household more moves from one sum to the next.

    A sum is named by its row or column; by TOTAL, that of all rows' totals and that of all columns'.
    """

    def __init__(self, table: Mapping[Cell, int]) -> None:
        self._table = table
        self._steps: dict[_Sum, list[tuple[_Sum, Cell, bool]]] = defaultdict(list)
        for cell, number in table.items():
            if number > 0:
                tail, head = _ends(cell)
                self._steps[tail].append((head, cell, True))
                self._steps[head].append((tail, cell, False))

    def cycle_through(self, cell: Cell, gone: Container[Cell]) -> frozenset[Cell]:
        """Returns what else to withhold for ``cell`` to be open: the cheapest cycle through it, in either direction."""
        tail, head = _ends(cell)
        found = [self._cheapest_path(head, tail, cell, gone)]
        if self._table[cell] > 1:
            found.append(self._cheapest_path(tail, head, cell, gone))
        paths = [path for path in found if path is not None]
        return min(paths, key=lambda path: path[0])[1] if paths else frozenset()

    def _cheapest_path(
        self, start: _Sum, end: _Sum, without: Cell, gone: Container[Cell]
    ) -> tuple[int, frozenset[Cell]] | None:
        """Returns the cheapest path between two sums (Dijkstra): counts grow along an arc, shrink against it, to 1."""
        order = count()
        queue: list[tuple[int, int, _Sum]] = [(0, next(order), start)]
        came_from: dict[_Sum, tuple[_Sum, Cell]] = {}
        best: dict[_Sum, int] = {start: 0}
        while queue:
            paid, _, here = heapq.heappop(queue)
            if here == end:
                return paid, frozenset(_path_back(came_from, start, end))
            if paid > best[here]:
                continue
            for there, cell, grows in self._steps[here]:
                if cell == without or not (grows or self._table[cell] > 1):
                    continue
                price = paid if cell in gone else paid + _price(cell, self._table[cell])
                if there not in best or price < best[there]:
                    best[there] = price
                    came_from[there] = (here, cell)
                    heapq.heappush(queue, (price, next(order), there))
        return None


def _ends(cell: Cell) -> tuple[_Sum, _Sum]:
    """Returns the two sums that a count lies between: column, row, all rows, all columns, and round again."""
    match cell:
        case (None, None):
            return ("column", TOTAL), ("row", TOTAL)
        case (None, column):
            return ("row", TOTAL), ("column", column)
        case (row, None):
            return ("row", row), ("column", TOTAL)
        case (row, column):
            return ("column", column), ("row", row)


def _path_back(came_from: Mapping[_Sum, tuple[_Sum, Cell]], start: _Sum, end: _Sum) -> Iterator[Cell]:
    while end != start:
        end, cell = came_from[end]
        yield cell


def _price(cell: Cell, number: int) -> int:
    row, column = cell
    if row is not TOTAL and column is not TOTAL:
        return _CELL_COSTS + number
    if row is not TOTAL:
        return _ROW_TOTAL_COSTS + number
    return (_COLUMN_TOTAL_COSTS if column is not TOTAL else _GRAND_TOTAL_COSTS) + number
