"""Puts two calls into a function's code: one where it begins, one before each return.

The instructions are moved apart and everything that counts them is written anew: jumps, the table of places in the
source, the table of what catches errors. Only what that needs is understood of an instruction, so a function of a
thousand instructions takes a millisecond. See ``Objects/locations.md`` and ``Objects/exception_handling_notes.txt`` in
CPython's sources for the two tables.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from opcode import hasjrel, opmap, opname
from types import CodeType

Place = tuple[int | None, int | None, int | None, int | None]
"""First and last line, first and last column."""

_CACHE, _EXTENDED_ARG = 0, opmap["EXTENDED_ARG"]
_JUMPS = frozenset(hasjrel)
_BACKWARD = frozenset(number for number, name in enumerate(opname) if "JUMP_BACKWARD" in name)
_RETURN_VALUE, _RETURN_CONST = opmap["RETURN_VALUE"], opmap.get("RETURN_CONST")  # the latter in 3.12 and 3.13
_STACK = 6  # the token, and what the second call needs: NULL, the function, two arguments, and a constant result
_ENTRY = 0x80  # marks the first byte of an entry in both tables
_WITHOUT_PLACE, _LONG, _WITHOUT_COLUMNS = 15, 14, 13
_MOST_UNITS = 8  # that one entry of the table of places may span


@dataclass(slots=True, eq=False)
class _Instruction:
    """One instruction with its argument. Offsets count units of two bytes; `start` is where jumps to it land."""

    operation: int
    argument: int
    place: Place
    caches: int = 0
    old_start: int = -1
    old_end: int = -1
    target: _Instruction | None = None
    start: int = 0

    @property
    def size(self) -> int:
        return 1 + self.caches + _prefixes(self.argument)


def with_hooks(code: CodeType, begin: object, end: object) -> CodeType:
    """Return code that also calls ``begin()`` once it runs and ``end(token, result)`` before each return.

    The token is what ``begin()`` returned; it lies at the bottom of the value stack all the while. Generators and
    coroutines can't be treated so.

    Parameters
    ----------
    begin, end
        Become constants of the code, the last two.
    """
    constants = (*code.co_consts, begin, end)
    instructions = _instructions(code)
    landing = _connected(instructions)
    hooked = _hooked(instructions, landing, len(constants) - 2)
    units = _settled(hooked)
    return code.replace(
        co_code=_assembled(hooked),
        co_consts=constants,
        co_stacksize=code.co_stacksize + _STACK,
        co_linetable=_places(hooked, code.co_firstlineno),
        co_exceptiontable=_exceptions(code.co_exceptiontable, landing, units),
    )


def _instructions(code: CodeType) -> list[_Instruction]:
    """Read the instructions; caches, which follow those that have them, are only counted."""
    found: list[_Instruction] = []
    content = code.co_code
    argument, start = 0, 0
    for unit, place in enumerate(code.co_positions()):
        operation = content[2 * unit]
        if operation == _CACHE and found:
            found[-1].caches += 1
            found[-1].old_end = start = unit + 1
            continue
        argument = argument << 8 | content[2 * unit + 1]
        if operation != _EXTENDED_ARG:
            found.append(_Instruction(operation, argument, place, old_start=start, old_end=unit + 1))
            argument, start = 0, unit + 1
    return found


def _connected(instructions: list[_Instruction]) -> dict[int, _Instruction]:
    """Tell each jump its target; return the instructions by their old starts."""
    by_start = {each.old_start: each for each in instructions}
    for each in instructions:
        if each.operation in _JUMPS:
            distance = -each.argument if each.operation in _BACKWARD else each.argument
            each.target = by_start[each.old_end + distance]
    return by_start


def _hooked(instructions: list[_Instruction], landing: dict[int, _Instruction], first: int) -> list[_Instruction]:
    """Put the calls in. What jumped to a return jumps to the call before it."""
    hooked: list[_Instruction] = []
    has_begun = False
    moved: dict[int, _Instruction] = {}
    for each, following in zip(instructions, [*instructions[1:], instructions[-1]], strict=True):
        before = len(hooked)
        if each.operation == _RETURN_CONST:
            hooked.append(_Instruction(opmap["LOAD_CONST"], each.argument, each.place))
            each.operation, each.argument = _RETURN_VALUE, 0
        if each.operation == _RETURN_VALUE:
            hooked += _call(first + 1, 2, each.place)
            hooked += _simple(each.place, ("POP_TOP", 0), ("SWAP", 2), ("POP_TOP", 0))
            moved[each.old_start] = hooked[before]
        hooked.append(each)
        if not has_begun and opname[each.operation] == "RESUME":
            has_begun = True
            hooked += _call(first, 0, following.place)  # of the first statement: the header is no line that runs
    for each in hooked:
        if each.target is not None:
            each.target = moved.get(each.target.old_start, each.target)
    landing |= moved
    return hooked


def _call(constant: int, copies: int, place: Place) -> list[_Instruction]:
    """Return the instructions that call a constant with copies of the topmost values of the stack."""
    push = [("PUSH_NULL", 0), ("LOAD_CONST", constant)]
    if sys.version_info >= (3, 13):  # the callable comes before the NULL
        push.reverse()
    call = [("PRECALL", copies), ("CALL", copies)] if sys.version_info < (3, 12) else [("CALL", copies)]
    return _simple(place, *push, *[("COPY", copies + 2)] * copies, *call)


def _simple(place: Place, *parts: tuple[str, int]) -> list[_Instruction]:
    return [_Instruction(opmap[name], argument, place, caches=_CACHES.get(name, 0)) for name, argument in parts]


def _settled(instructions: list[_Instruction]) -> int:
    """Give every instruction its offset and every jump its distance; return the number of units.

    A distance that no longer fits its byte takes another unit, which moves what follows: it goes round until all fits.
    """
    while True:
        units = 0
        for each in instructions:
            each.start = units
            units += each.size
        is_settled = True
        for each in instructions:
            if each.target is not None:
                distance = abs(each.target.start - (each.start + each.size))
                is_settled &= _prefixes(distance) == _prefixes(each.argument)
                each.argument = distance
        if is_settled:
            return units


def _prefixes(argument: int) -> int:
    """Return how many EXTENDED_ARG an argument needs."""
    return 0 if argument < 0x100 else 1 if argument < 0x10000 else 2 if argument < 0x1000000 else 3


def _assembled(instructions: list[_Instruction]) -> bytes:
    content = bytearray()
    for each in instructions:
        for shift in range(8 * _prefixes(each.argument), 0, -8):
            content += bytes((_EXTENDED_ARG, each.argument >> shift & 0xFF))
        content += bytes((each.operation, each.argument & 0xFF))
        content += bytes(2 * each.caches)
    return bytes(content)


# The table of places


def _places(instructions: list[_Instruction], line: int) -> bytes:
    table = bytearray()
    for place, units in _runs(instructions):
        entry, line = _place_entry(place, line)
        for done in range(0, units, _MOST_UNITS):
            kind = entry[0] | min(units - done, _MOST_UNITS) - 1
            table.append(kind)
            table += entry[1:]
            entry, line = _place_entry(place, line)
    return bytes(table)


def _runs(instructions: list[_Instruction]) -> Iterator[tuple[Place, int]]:
    """Yield each place with how many units in a row are of it."""
    place, units = instructions[0].place, 0
    for each in instructions:
        if each.place != place:
            yield place, units
            place, units = each.place, 0
        units += each.size
    yield place, units


def _place_entry(place: Place, line: int) -> tuple[bytes, int]:
    """Return an entry for a place after one on `line`, its length left out; and the line that it is on."""
    first, last, column, end_column = place
    if first is None:
        return bytes((_ENTRY | _WITHOUT_PLACE << 3,)), line
    signed = (line - first) << 1 | 1 if first < line else (first - line) << 1
    if last is None or column is None or end_column is None:
        return bytes((_ENTRY | _WITHOUT_COLUMNS << 3, *_little(signed))), first
    numbers = (signed, last - first, column + 1, end_column + 1)
    return bytes((_ENTRY | _LONG << 3, *(byte for number in numbers for byte in _little(number)))), first


def _little(number: int) -> Iterator[int]:
    """Yield a number in groups of six bits, the lowest first; all but the last are marked."""
    while number >= 64:
        yield number & 63 | 64
        number >>= 6
    yield number


# The table of what catches errors


def _exceptions(table: bytes, landing: dict[int, _Instruction], units: int) -> bytes:
    """Return the table for the new offsets; a handler finds the stack one deeper, for the token is at its bottom."""
    numbers = list(_numbers(table))
    written = bytearray()
    for start, length, target, depth in zip(*(numbers[part::4] for part in range(4)), strict=True):
        begin = landing[start].start
        end = landing[start + length].start if start + length in landing else units
        entry = [*_big(begin), *_big(end - begin), *_big(landing[target].start), *_big(depth + 2)]
        entry[0] |= _ENTRY
        written += bytes(entry)
    return bytes(written)


def _numbers(table: Iterable[int]) -> Iterator[int]:
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            yield number
            number = 0


def _big(number: int) -> list[int]:
    """Return a number in groups of six bits, the highest first; all but the last are marked."""
    groups = [number & 63]
    while number := number >> 6:
        groups.append(number & 63 | 64)
    return groups[::-1]


def _counted_caches() -> dict[str, int]:
    """Return how many units follow the instructions that a call is made of, read off a call."""
    sample = compile("f()", "sample", "eval")
    return {opname[each.operation]: each.caches for each in _instructions(sample)}


_CACHES = _counted_caches()
