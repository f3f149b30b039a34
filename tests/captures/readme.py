"""The table in ``captures/README.md``, from the verdicts beside the captures."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path

from tests.captures.expected import HOME, Expected, captures, read

HEAD = """# Captures and the verdicts they must give

Beside each capture stands `NAME.json`: for every connection who is client and server, how it was opened and closed,
Zeek's `conn_state`, Wireshark's completeness number, the rules found broken and the verdict; for a check recorded by
`probe check --save` the verdict on every exchange. `tests/captures/test_captures.py` replays them all and compares;
tshark is asked for the completeness numbers too. `make captures` records everything anew (root, or unprivileged user
namespaces; nginx, nft, tcpdump and curl) and writes this table. It refuses what is not as `tests/captures` declares.

`-v4` and `-v6` are the same over IPv4 and IPv6. Look at one: `probe replay captures/hand-built/fin-moves-v4.pcapng`.
"""
TITLES = {
    "hand-built": "what a healthy kernel never does, and textbook cases that hardly ever happen",
    "rewritten": "recorded traffic behind other link headers, in other files, with records lost, doubled or altered",
}
KERNEL = "recorded from this kernel: its ordinary traffic, and checks of `probe`"


def write_readme() -> None:
    """Write the file."""
    (HOME / "README.md").write_text(text(), encoding="utf-8")


def text() -> str:
    """What the file must say."""
    parts = [HEAD]
    for folder, paths in groupby(captures(), key=lambda path: path.parent.name):
        parts.append(f"\n## {folder}: {TITLES.get(folder, KERNEL)}\n\n| capture | shows | must give |\n|---|---|---|\n")
        for name, pair in groupby(paths, key=_name):
            parts.append(_line(name, list(pair)))
    return "".join(parts)


def _name(path: Path) -> str:
    return path.name.replace("-v4.", ".").replace("-v6.", ".")


def _line(name: str, paths: list[Path]) -> str:
    """One line for both IP versions; what they give stands apart where timing made it differ."""
    found = {("IPv4" if "-v4." in path.name else "IPv6"): read(path) for path in paths}
    said = {version: _gives(one) for version, one in found.items()}
    if len(set(said.values())) == 1:
        gives = next(iter(said.values()))
    else:
        gives = "; ".join(f"{version}: {words}" for version, words in said.items())
    return f"| `{name}` | {next(iter(found.values())).shows} | {gives} |\n"


def _gives(one: Expected) -> str:
    if one.exchanges:
        words = Counter(e.verdict for e in one.exchanges)
        rules = sorted({rule for e in one.exchanges for rule in e.findings})
        return ", ".join(f"{count} {word}" for word, count in words.items()) + _cited(rules)
    kinds = Counter(
        f"{c.handshake}, {c.close} ({c.conn_state}, {c.completeness}): {c.verdict}{_cited(c.findings)}"
        for c in one.connections
    )
    said = "; ".join(f"{count} × {kind}" if count > 1 else kind for kind, count in kinds.items())
    return f"{said}; {one.fault}" if one.fault else said


def _cited(rules: object) -> str:
    names = ", ".join(f"`{rule}`" for rule in rules) if isinstance(rules, list | tuple) else ""
    return f" {names}" if names else ""
