"""The fingerprint of a table: a canonical hash of its content, the same in every process and library version.

The canonical form, version 1
-----------------------------
Whatever is hashed (xxh3, 128 bits) is a list of framed parts behind one byte of version; the parts of a table are the
digests of its labels, its index and its columns.

- *Numbers, booleans, times*: the text of the dtype, the shape, and the values as little-endian bytes in C order. All
  NaN have one bit pattern; -0.0 is not 0.0. Long doubles are split into doubles. A dtype of foreign byte order has
  another text (``>f8``), so such an array is another one, as it is for ``dtype ==``.
- *Missing values with a mask* (nullable, Arrow, numpy masked): one byte an element, and zeros for the values under it.
- *Strings*: the lengths in UTF-8 bytes as int64, and the bytes joined; from Arrow's buffers or Python objects alike.
- *Python objects*: the kind of each as one byte, then the values kind by kind. Exact types count.
- *Categoricals*: the categories in order, whether ordered, the codes. *Intervals*: left and right. *Periods*: ordinals.
- *Sparse matrices*: the format, and rows (columns for ``csc``) in order without zeros. *Sparse columns* alike.
- *Arrow*: type and values, whatever the chunks, offsets and dictionaries. *polars*: the same, through pyarrow.
- *Column labels* count by value and name, not by the dtype of the label index; a `RangeIndex` is the same index as one
  of equal integers. ``attrs``, flags, frequencies and schema metadata do not count.
"""

from __future__ import annotations


def fingerprint(value: object) -> str | None:
    """Return the canonical hash of a table's content, 32 hex digits.

    Tables are DataFrames, Series and indexes of pandas, numpy arrays, scipy sparse matrices, Arrow and polars tables
    and columns, and lists and tuples. Any change of a value, a dtype, a name or the order of rows or columns changes
    it; how the same content lies in memory does not. `value` is left as it is.

    Returns
    -------
    str or None
        None if the value is none of these; if it holds objects without a canonical form (instances of one's own
        classes, functions), since what can't be compared between processes must not look as if it could; if it is
        nested more than 24 levels deep or contains itself; for polars without pyarrow.

    Notes
    -----
    The hash is xxh3, which is fast and not cryptographic: it tells data apart, and proves nothing against an adversary.
    """
    from trackbook.capture.canonical.binary import UnfitError
    from trackbook.capture.canonical.tables import digest

    try:
        return digest(value).hex()
    except (UnfitError, RecursionError):
        return None
