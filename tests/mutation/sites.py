"""Every place of a source file that can be changed, and what it is changed into: one node of its tree each."""

from __future__ import annotations

import ast
import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMES = {
    "SYN": "FIN",
    "FIN": "SYN",
    "RST": "ACK",
    "ACK": "RST",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
}
_NAMES |= {"MITIGATED": "CLASSIC", "CLASSIC": "MITIGATED"}
_STATES = ["SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"]
_NEXT = dict(zip(_STATES, [*_STATES[1:], _STATES[0]], strict=True)) | {"CLOSED": "LISTEN", "LISTEN": "CLOSED"}


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One change: ``path`` from the root of the tree, the line, the function, the change in words.

    ``node`` counts the nodes of the file's tree up to it, ``way`` the changes of that node, ``again`` the same changes
    of the same function before it.
    """

    path: str
    line: int
    function: str
    change: str
    node: int
    way: int
    again: int = 0

    @property
    def module(self) -> str:
        """The dotted name of the file's module."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def key(self) -> str:
        """What names it while the code around it moves: file, function and change, without the line."""
        again = f" ({self.again + 1})" if self.again else ""
        return f"{self.path}:{self.function or '-'}: {self.change}{again}"


def sampled(folders: Iterable[str], count: int, seed: int) -> list[Site]:
    """So many sites of all in these folders, in the order of the files; all of them where ``count`` is 0."""
    files = sorted(path for folder in folders for path in _files(ROOT / folder))
    every = [site for path in files for site in sites(path)]
    return sorted(random.Random(seed).sample(every, min(count, len(every)))) if count else every


def _files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def sites(path: Path) -> Iterator[Site]:
    """Every change of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions, place = _functions(tree), path.relative_to(ROOT).as_posix()
    met: Counter[tuple[str, str]] = Counter()
    for number, node in enumerate(_nodes(tree)):
        for way, (change, _) in enumerate(_changes(node)):
            function = functions.get(id(node), "")
            yield Site(place, getattr(node, "lineno", 0), function, change, number, way, met[function, change])
            met[function, change] += 1


def changed(site: Site) -> ast.Module:
    """The tree of the site's file with that change made."""
    tree = ast.parse((ROOT / site.path).read_text(encoding="utf-8"))
    node = list(_nodes(tree))[site.node]
    change, new = _changes(node)[site.way]
    assert change == site.change, f"{site.path} has changed since the site was found"
    _Replacing(node, new).visit(tree)
    return ast.fix_missing_locations(tree)


class _Replacing(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return self.generic_visit(node)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes in the order of the text, without annotations, the texts for people, and what is no code of ours."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Import | ast.ImportFrom):
                yield from _nodes(child)


def _functions(tree: ast.AST) -> dict[int, str]:
    """The id of a node -> the qualified name of the function around it, nested ones by the outermost."""
    found: dict[int, str] = {}

    def walk(node: ast.AST, name: str, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef) and not inside:
                walk(child, f"{name}{child.name}.", False)
                continue
            begins = isinstance(child, ast.FunctionDef) and not inside
            own = f"{name}{child.name}" if begins and isinstance(child, ast.FunctionDef) else name
            if inside or begins:
                found.update({id(child): own})
            walk(child, own, inside or begins)

    walk(tree, "", False)
    return found


def _changes(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """What a node can be changed into, each with the change in words."""
    return [(f"{_text(node)} -> {_text(new)}", new) for new in _variants(node)]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    make = _MADE.get(type(node))
    return iter(()) if make is None else make(node)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for place, op in enumerate(node.ops):
        yield ast.Compare(
            node.left, [*node.ops[:place], _COMPARED[type(op)](), *node.ops[place + 1 :]], node.comparators
        )


def _joined(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _negated(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _counted(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in _COUNTED:
        yield ast.BinOp(node.left, _COUNTED[type(node.op)](), node.right)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _named(node: ast.Name) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load) and node.id in _NAMES:
        yield ast.Name(_NAMES[node.id], ast.Load())


def _state(node: ast.Attribute) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Name) and node.value.id == "State" and node.attr in _NEXT:
        yield ast.Attribute(node.value, _NEXT[node.attr], ast.Load())


def _decided(node: ast.If | ast.IfExp) -> Iterator[ast.AST]:
    for value in (True, False):
        new = copy.copy(node)
        new.test = ast.Constant(value)
        yield new


def _replaced(node: ast.Call) -> Iterator[ast.AST]:
    """What ``replace`` does not name stays as it was."""
    if isinstance(node.func, ast.Name) and node.func.id == "replace":
        for place in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])


def _filtered(node: ast.comprehension) -> Iterator[ast.AST]:
    if node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)


def _dropped(node: ast.Expr | ast.AugAssign) -> Iterator[ast.AST]:
    if isinstance(node, ast.AugAssign) or isinstance(node.value, ast.Call):
        yield ast.Pass()


_MADE: dict[type[ast.AST], Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _compared,
    ast.BoolOp: _joined,
    ast.UnaryOp: _negated,
    ast.BinOp: _counted,
    ast.Constant: _constant,
    ast.Name: _named,
    ast.Attribute: _state,
    ast.If: _decided,
    ast.IfExp: _decided,
    ast.Call: _replaced,
    ast.comprehension: _filtered,
    ast.Expr: _dropped,
    ast.AugAssign: _dropped,
}
