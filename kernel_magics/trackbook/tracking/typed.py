"""Metrics that nothing computed: a number that was typed in. Made again it is the same, and that proves nothing."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Sequence

from trackbook.lineage.slice import is_hidden_key
from trackbook.records import Origin, OriginKind, Source
from trackbook.tracking.slicing_source import Kept

_LOGGING = frozenset({"log_metric", "log_metrics", "start_run", "set_tag", "log_param", "log_params"})
_PLAIN = frozenset({"float", "int", "round", "dict", "str", "abs", "bool"})
_RECORDING = re.compile(r"\s*%track\s+(?:metric|start|stop|param|tag|note)\b")
_VALUE = re.compile(r"=\s*([^\s=](?:.*?)(?=\s+[\w.]+=|$))", re.MULTILINE)
_KNOWN = frozenset(dir(builtins)) | {"__trackbook_magic__"}
_COMPUTING = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.SetComp, ast.Await)


def typed_metrics(kept: Sequence[Kept], origins: Iterable[Origin]) -> list[str]:
    """Return the keys of metrics that only constants flowed into: no call, no loop, no file."""
    found = [each for each in origins if each.kind is OriginKind.METRIC and not each.fits]
    return sorted({origin.key for origin in found if _is_typed(kept, origin.source)})


def _is_typed(kept: Sequence[Kept], source: Source) -> bool:
    behind = list(_behind(kept, source))
    made = {name for each in behind for name in each.part.binds | each.part.kills}
    unseen = {name for each in behind for name in _names(_code(each))} - made - _KNOWN  # what cells showed: _, Out[3]
    return bool(behind) and not unseen and not any(_computes(each) for each in behind)


def _behind(kept: Sequence[Kept], source: Source) -> Iterator[Kept]:
    """Yield what flows into a statement by the names that it reads, itself included."""
    own = next((each for each in kept if source in each.part.sources), None)
    if own is None:
        return
    makers: dict[str, list[Kept]] = {}
    for each in kept:
        for name in each.part.binds | each.part.kills | each.part.changes:
            makers.setdefault(name, []).append(each)
    pending, seen = [own], {own.part.number}
    while pending:
        each = pending.pop()
        yield each
        for name in each.part.reads | _names(_typed_values(each)):
            for maker in makers.get(name, ()) if not is_hidden_key(name) else ():
                if maker.part.number < each.part.number and maker.part.number not in seen:
                    seen.add(maker.part.number)
                    pending.append(maker)


def _computes(kept: Kept) -> bool:
    """Return whether a part does more than to import, to assign constants and to log."""
    if any(kept.piece.execution.statements[at].files for at in kept.piece.statements):
        return True
    nodes = [each for part in _code(kept) for each in ast.walk(part)]
    if any(isinstance(node, _COMPUTING) for node in nodes):
        return True
    return any(isinstance(node, ast.Call) and not _is_plain(node) for node in nodes)


def _code(kept: Kept) -> Sequence[ast.AST]:
    """Return the code of a part; of a magic that records, the values that it is given."""
    return _typed_values(kept) if _RECORDING.match(kept.piece.text) else kept.piece.nodes


def _typed_values(kept: Kept) -> list[ast.AST]:
    found = _RECORDING.match(kept.piece.text)
    values = _VALUE.findall(kept.piece.text[found.end() :]) if found is not None else []
    trees: list[ast.AST] = []
    for value in values:
        try:
            trees.append(ast.parse(value.strip(), mode="eval"))
        except SyntaxError:
            continue
    return trees


def _names(trees: Iterable[ast.AST]) -> frozenset[str]:
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name))
    return frozenset(node.id for node in nodes if isinstance(node.ctx, ast.Load))


def _is_plain(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _LOGGING or name in _PLAIN
