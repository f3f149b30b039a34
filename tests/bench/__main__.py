"""`make bench`: every bench in one run, a table, and exit code 1 where a bound is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from probe.wire.errors import WireError
from tests.bench.measure import Bench, Measure, benches
from tests.bench.place import place

Row = tuple[Bench, Measure]


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every bound met; 1: one missed, named on stderr; 4: this machine gives no place to measure in."""
    found = benches()
    given = _parser(found).parse_args(arguments)
    chosen = [bench for bench in found if not given.only or bench.name in given.only]
    try:
        rows = _measured(chosen)
    except WireError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 4
    _print(rows)
    if given.json:
        _save(given.json, rows)
    missed = [measure for _, measure in rows if not measure.met]
    for measure in missed:
        print(f"missed: {measure.what} is {_number(measure)}, due {measure.bound}", file=sys.stderr)
    return 1 if missed else 0


def _parser(found: list[Bench]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures, and checks the bounds.")
    names = ", ".join(f"{bench.name} ({bench.title})" for bench in found)
    known = [bench.name for bench in found]
    parser.add_argument("--only", action="append", choices=known, metavar="NAME", help=f"may be repeated: {names}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser


def _measured(chosen: list[Bench]) -> list[Row]:
    with place() as where:
        print(f"Python {platform.python_version()}, Linux {platform.release()}, {os.cpu_count()} cores; {where}")
        rows = []
        for bench in chosen:
            print(f"{bench.name}: {bench.title} ...", file=sys.stderr)
            rows += [(bench, measure) for measure in bench.run(where)]
        return rows


def _number(measure: Measure) -> str:
    digits = 0 if measure.value >= 100 or float(measure.value).is_integer() else 3 if measure.value < 10 else 1
    return f"{measure.value:,.{digits}f} {measure.unit}".strip()


def _print(rows: list[Row]) -> None:
    words = [("" if not m.bound else "met" if m.met else "MISSED") for _, m in rows]
    body = [(b.name, m.what, _number(m), m.bound, word, m.note) for (b, m), word in zip(rows, words, strict=True)]
    headers = ("bench", "figure", "value", "bound", "", "note")
    print(tabulate(body, headers, disable_numparse=True, colalign=("left", "left", "right")))


def _save(path: Path, rows: list[Row]) -> None:
    measures = [{"bench": bench.name, **asdict(measure), "met": measure.met} for bench, measure in rows]
    machine = {"python": platform.python_version(), "kernel": platform.release(), "cores": os.cpu_count()}
    path.write_text(json.dumps({"machine": machine, "measures": measures}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
