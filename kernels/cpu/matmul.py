"""Matrix products in panels: why they run at the speed of the arithmetic, and not of the memory.

    C (M, N) = A (M, K) B (K, N)        2 M N K operations on M K + K N + M N numbers

Each number is used many times, so the question is only where it lies when it is used. Three answers,
from the inside to the outside:

    registers   `tile.py`: a few rows of C, one or more vectors wide, while k runs over all of K;
    L1 cache    a *panel*, the columns of B that such a tile needs, copied so that row k + 1 lies right
                behind row k: it is read from the front to the back, once for each tile of rows, and
                neither jumps a page at every k nor falls into the same few cache sets;
    L2 cache    the rows of A, a tile of the batch, which all panels see one after the other.

        B (K, N), row-major                          in panels
        +---------+---------+----+                   +---+  +---+  +---+
        | panel 0 | panel 1 | .. |        pack       | 0 |  | 1 |  | 2 |     each (K, n), n numbers a row;
        |         |         |    |       ----->      |   |  |   |  | 00|     the last is filled up with 0
        +---------+---------+----+                   +---+  +---+  +---+

A weight is packed once a step and used by every tile of rows. The backward pass needs two more products, and
both are the same loops over other operands:

    dx (M, K) = dz (M, N) W^T       panels of W^T, packed in the same pass
    dW (K, N) = x^T (K, M) dz       `tile` walks down the columns of x by its strides; panels of dz
"""

from __future__ import annotations

from .jit import kernel
from .tile import ADD, WIDE, multiply_panel
from .vector import at, copy_row, lanes, transpose


@kernel
def whole_vectors(p, width):
    """Numbers that `width` columns take when they are filled up to whole vectors."""
    return (width + lanes(p) - 1) // lanes(p) * lanes(p)


@kernel
def panel_vectors(p, left):
    """Vectors a row of the next panel, `left` columns before the end: WIDE as long as they are full, then 1."""
    return WIDE if left >= WIDE * lanes(p) else 1


@kernel
def pack(panels, weight, stride, depth, width):
    """panels = W (depth, width); row k of W starts at weight[k * stride]."""
    pack_rows(panels, weight, stride, depth, width, 0, depth)


@kernel
def pack_rows(panels, weight, stride, depth, width, first, count):
    """Rows first .. first + count - 1 of panels = W (depth, width); the first of them starts at weight[0]."""
    j = 0
    while j < width:
        n = panel_vectors(panels, width - j) * lanes(panels)
        columns = min(n, width - j)
        for k in range(count):
            row = at(panels, j * depth + (first + k) * n)
            copy_row(row, at(weight, k * stride + j), columns)
            for extra in range(columns, n):
                row[extra] = 0
        j += n


@kernel
def pack_transposed(panels, weight, stride, depth, width):
    """panels = W^T (depth, width); row k of W, which is column k of W^T, starts at weight[k * stride]."""
    pack_columns(panels, weight, stride, depth, width, 0, width)


@kernel
def pack_columns(panels, weight, stride, depth, width, first, count):
    """Columns first .. first + count - 1 of panels = W^T (depth, width); the row of W that is the first of them starts at weight[0].

    With the last of them, what fills up the last panel is set to 0.
    """
    j, side = 0, lanes(panels)
    whole = depth // side * side
    while j < width:
        n = panel_vectors(panels, width - j) * side
        column, end = max(j, first), min(j + n, first + count)
        while column < end:
            panel, row = at(panels, j * depth + column - j), at(weight, (column - first) * stride)
            columns = side if column + side <= end else 1
            for k in range(0, whole if columns == side else 0, side):  # SPEED: whole squares in registers
                transpose(at(panel, k * n), n, at(row, k), stride)
            for k in range(whole if columns == side else 0, depth):
                for extra in range(columns):
                    panel[k * n + extra] = row[extra * stride + k]
            column += columns
        if first + count == width:
            for column in range(width, j + n):
                panel = at(panels, j * depth + column - j)
                for k in range(depth):
                    panel[k * n] = 0
        j += n


@kernel
def pack_weight(panels, transposed, weight, columns, inner, width, differentiable, training):
    """panels = W (inner, width) and, for `training`, transposed = W^T (width, differentiable); W has these rows of a matrix.

    Args:
        weight: the matrix, rows of `width` numbers. columns: its runs, their number, then (first, one behind the last) of each.
    """
    place = 0
    for run in range(columns[0]):
        low, high = columns[1 + 2 * run], columns[2 + 2 * run]
        some = at(weight, low * width)
        pack_rows(panels, some, width, inner, width, place, high - low)
        if training and place < differentiable:
            pack_columns(transposed, some, width, width, differentiable, place, min(high - low, differentiable - place))
        place += high - low


@kernel
def add_weight_gradient(product, dweight, columns, x, xs, panel, rows, width, vectors):
    """dW += x^T dz for a panel of dz (rows, vectors), at columns of dW that begin with dweight[0]; W and `columns` as in `pack_weight`.

    NOTE: the last panel may be wider than dW, and what it holds there is 0. So a tile adds 0 to the row of dW behind each of its
    rows: harmless, for it loads them all before it stores them, and stores them from the first to the last.
    """
    place = 0
    for run in range(columns[0]):
        low, high = columns[1 + 2 * run], columns[2 + 2 * run]
        multiply_panel(product, at(dweight, low * width), width, at(x, place), 1, xs, panel, rows, high - low, vectors, ADD, panel, False)
        place += high - low


@kernel
def multiply(product, c, cs, writable, a, ai, panels, depth, low, high, rows, width, start, bias, relu, edge):
    """C (rows, width) = start + A[:, low:high] B[low:high], then max(., 0) if `relu`.

    Args:
        product: address of `tile.panel_product`.
        c: element (i, j) is c[i * cs + j]. writable: columns that may be written; behind `width`, what panels hold there.
        a: element (i, k) is a[i * ai + k]. panels: B (depth, width), see `pack`.
        start: 0, ADD or BIAS, see `tile`. bias: as many numbers as panels have columns; without BIAS any pointer.
        edge: memory for `rows` rows of a panel, for columns that do not fill a vector.
    """
    j = 0
    while j < width:
        vectors = panel_vectors(c, width - j)
        n = vectors * lanes(c)
        panel, source, target, stride = at(panels, j * depth + low * n), at(a, low), at(c, j), cs
        if j + n > writable:
            target, stride = edge, n
            if start == ADD:
                for i in range(rows):
                    copy_row(at(edge, i * n), at(c, i * cs + j), width - j)
        multiply_panel(product, target, stride, source, ai, 1, panel, high - low, rows, vectors, start, at(bias, j), relu)
        if j + n > writable:
            for i in range(rows):
                copy_row(at(c, i * cs + j), at(edge, i * n), width - j)
        j += n
