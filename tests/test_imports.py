"""The structure as tools see it: who imports whom, sizes, and the one home of sequence arithmetic."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "probe").rglob("*.py"))
MAX_FILE, MAX_FUNCTION = 400, 40


@dataclass(frozen=True)
class Layer:
    """What the modules of one layer may import besides the standard library.

    ``own`` and ``may`` are module names; each covers the modules below it. ``never`` are modules of the standard
    library that would bring the clock, chance or the network into a pure layer.
    """

    own: str
    may: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


CLOCK_CHANCE_NETWORK = ("socket", "time", "random", "threading", "asyncio", "datetime", "secrets", "os")

# The import table: the rooms of the house from the ground up, and the only arrows between them. A row holds for its
# module and those below it, the first that fits counts. `own` may end in a star: one part of a name may go on.
SPEC, STEPS, RESULTS = "probe.spec", "probe.scenarios.steps", "probe.results"
BELIEF, PATH, JUDGE = "probe.engine.belief", "probe.engine.path", "probe.engine.judge"
PLAY, TRIAL = "probe.engine.play", "probe.engine.trial"
FLOW, VIEWS = "probe.replay.flow", "probe.replay.views"
TABLE = (
    Layer("probe.spec", never=CLOCK_CHANCE_NETWORK),
    Layer("probe.scenarios", (SPEC,), CLOCK_CHANCE_NETWORK),
    Layer("probe.results", (SPEC,), CLOCK_CHANCE_NETWORK),
    Layer(BELIEF, (SPEC, STEPS), CLOCK_CHANCE_NETWORK),
    Layer(PATH, (SPEC, RESULTS, BELIEF), CLOCK_CHANCE_NETWORK),
    Layer(JUDGE, (SPEC, STEPS, RESULTS, BELIEF, PATH), CLOCK_CHANCE_NETWORK),
    Layer(PLAY, (SPEC, "probe.scenarios", RESULTS, BELIEF, JUDGE), CLOCK_CHANCE_NETWORK),
    Layer(TRIAL, (SPEC, STEPS, RESULTS, BELIEF, PATH, JUDGE, PLAY), CLOCK_CHANCE_NETWORK),
    Layer("probe.wire", ("probe.spec.icmp", "probe.spec.segment", "probe.spec.seq", "scapy", "pyroute2", "numpy")),
    Layer(
        "probe.capture",
        (
            "probe.spec.icmp",
            "probe.spec.segment",
            "probe.spec.seq",
            "probe.wire.decode",
            "probe.wire.options",
            "probe.wire.checksum",
            "numpy",
        ),
    ),
    Layer("probe.recording", (SPEC, "probe.scenarios", RESULTS, "probe.engine", "probe.wire", "probe.capture")),
    Layer(FLOW, (SPEC, RESULTS, f"{PATH}.artefacts"), CLOCK_CHANCE_NETWORK),
    Layer(VIEWS, (SPEC, RESULTS), CLOCK_CHANCE_NETWORK),
    Layer("probe.replay.cluster", ("probe.wire.errors", "distributed")),
    Layer("probe.replay", (SPEC, RESULTS, f"{BELIEF}.tracker", PATH, JUDGE, "probe.capture", "probe.wire", "numpy")),
    Layer(
        "probe.live",
        (
            SPEC,
            "probe.scenarios",
            RESULTS,
            "probe.engine",
            "probe.wire",
            "probe.recording",
            "probe.replay.extracting",
            "probe.capture.errors",
        ),
    ),
    Layer("probe.reports", (SPEC, RESULTS, "junitparser", "tabulate")),
    Layer("probe.target"),
    Layer("probe.lab", ("probe.spec.segment", "probe.wire", "probe.target")),
    Layer("probe.session", ("probe.live", "probe.replay")),
    Layer(
        "probe.cli",
        (
            "probe.live",
            "probe.replay",
            "probe.recording",
            "probe.scenarios",
            "probe.reports",
            RESULTS,
            SPEC,
            "probe.capture.errors",
            "probe.capture.sources",
            "probe.capture.reader",
            "probe.lab",
            "probe.target",
            "probe.wire",
            "click",
        ),
    ),
    Layer("probe.__main__", ("probe.cli",)),
)
PURE_SEQ = (
    "probe.spec",
    "probe.scenarios",
    "probe.engine",
    "probe.results",
    "probe.recording",
    "probe.live",
    "probe.replay",
)
ARRAYS = ("probe.replay.folding", "probe.replay.cutting")
"""Where sequence numbers are ``Seq``, but for those that work with whole arrays of them."""
SEQ_SPACE = {1 << 32, (1 << 32) - 1}


def module_name(path: Path) -> str:
    """The dotted name of a file under the repository."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


@cache
def tree_of(module: str) -> ast.Module:
    """What stands in it; every process that collects the tests would parse all of them."""
    path = MODULES[module]
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def covers(pattern: str, module: str) -> bool:
    """Whether the module is the named one or below it; a star stands for the rest of one part of the name."""
    head = re.escape(pattern).replace(r"\*", r"\w*")
    return re.fullmatch(rf"{head}(\..+)?", module) is not None


def layer_of(module: str) -> Layer | None:
    """The row of the table for a module; the package itself (its version) has none."""
    return next((layer for layer in TABLE if covers(layer.own, module)), None)


def absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that ``from X import ...`` names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    is_package = (ROOT / Path(*module.split(".")) / "__init__.py").is_file()
    parts = module.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def imported(module: str) -> Iterator[tuple[str, int]]:
    """Every module a module imports, anywhere in it, with the line: import, from, and import_module("literal")."""
    for node in ast.walk(tree_of(module)):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(names=names):
                base = absolute(module, node)
                inner = [f"{base}.{alias.name}" for alias in names if f"{base}.{alias.name}" in MODULES]
                yield from ((name, node.lineno) for name in (inner if len(inner) == len(names) else [base, *inner]))
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name, node.lineno


def allowed(layer: Layer, name: str) -> bool:
    """Whether a module of the layer may import the named module."""
    if name == "probe":  # the version only: the package itself imports nothing
        return True
    if name.partition(".")[0] in sys.stdlib_module_names:
        return not any(covers(banned, name) for banned in layer.never)
    return any(covers(pattern, name) for pattern in (layer.own, *layer.may))


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_table(module: str) -> None:
    if module == "probe":
        assert list(imported(module)) == [], "probe/__init__.py imports nothing, so that any import of probe is cheap"
        return
    layer = layer_of(module)
    if layer is None and (ROOT / Path(*module.split("."))).is_dir() and not list(imported(module)):
        return  # a package that only holds rooms
    assert layer is not None, f"{module} has no row in the import table of {Path(__file__).name}"
    wrong = [f"line {line}: {name}" for name, line in imported(module) if not allowed(layer, name)]
    assert not wrong, f"{module} must not import {'; '.join(wrong)}"


def test_every_row_of_the_table_has_modules() -> None:
    assert [layer.own for layer in TABLE if not any(covers(layer.own, module) for module in MODULES)] == []


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    declared = {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}
    used = {name.partition(".")[0] for module in MODULES for name, _ in imported(module)}
    assert used - set(sys.stdlib_module_names) - {"probe"} == declared


def sequence_arithmetic(tree: ast.Module) -> Iterator[int]:
    """The lines that spell out the size of sequence space, however it is written."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=int(value)) if value in SEQ_SPACE:
                yield node.lineno
            case ast.BinOp(left=ast.Constant(value=2), op=ast.Pow(), right=ast.Constant(value=32)):
                yield node.lineno
            case ast.BinOp(left=ast.Constant(value=1), op=ast.LShift(), right=ast.Constant(value=32)):
                yield node.lineno


def test_sequence_arithmetic_lives_in_seq_only() -> None:
    other = ("probe.spec.seq", *ARRAYS)
    pure = [m for m in MODULES if m not in other and any(covers(layer, m) for layer in PURE_SEQ)]
    assert [f"{m}:{line}: use Seq" for m in pure for line in sequence_arithmetic(tree_of(m))] == []


@pytest.mark.parametrize("text", ["x % 2**32", "x & 0xFFFFFFFF", "x % (1 << 32)", "x - 0x100000000", "x % 4294967296"])
def test_sequence_arithmetic_is_recognised(text: str) -> None:
    assert list(sequence_arithmetic(ast.parse(text))) == [1]


def test_files_are_short() -> None:
    lengths = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert {str(path): lines for path, lines in lengths.items() if lines > MAX_FILE} == {}


def test_functions_are_short() -> None:
    functions = [
        (f"{module}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {where: lines for where, lines in functions if lines > MAX_FUNCTION} == {}


PACKAGES = [path.parent for path in FILES if path.name == "__init__.py" and path.parent != ROOT / "probe"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: module_name(path / "__init__.py"))
def test_every_package_says_what_it_answers_and_where_to_begin(package: Path) -> None:
    said = ast.get_docstring(tree_of(module_name(package / "__init__.py"))) or ""
    below = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    if package.parent.name == "scenarios":
        assert said, "the topic of its exchanges"
        return
    assert len(said.splitlines()) >= 8
    assert [name for name in sorted(below - {"__init__"}) if not re.search(rf"\b{re.escape(name)}\b", said)] == []


def test_help_needs_none_of_the_heavy_packages() -> None:
    code = "import sys, probe.cli; print(*sorted({'scapy', 'numpy', 'pyroute2', 'tabulate'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
