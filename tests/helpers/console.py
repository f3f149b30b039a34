"""The console examples of the READMEs: what is typed, what it prints, and whether it still does.

A block that no test can play (it needs a host, a fault, half a minute) has ``<!-- illustration -->`` before it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted(
    path for path in ROOT.rglob("README.md") if not any(p.startswith(".") for p in path.relative_to(ROOT).parts)
)
BLOCK = re.compile(r"^(?:(?P<mark><!-- illustration -->)\n)?```console\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
LIVE = re.compile(r"\bprobe (check|listen|matrix|soak|doctor|target)\b|\bnc\b")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command; ``code`` is the exit code, None where the example leaves its end out; ``shown`` stands below it."""

    command: str
    code: int | None
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One example: commands typed one after another."""

    where: str
    typed: tuple[Typed, ...]
    live: bool


def examples(*, live: bool) -> list[Block]:
    """Those that are to be played, without the network or with it."""
    return [block for path in READMES for block in _blocks(path) if block.live == live]


def _blocks(path: Path) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if found["mark"]:
            continue
        line = text.count("\n", 0, found.start()) + 1
        typed = tuple(_typed(found["text"]))
        live = any(LIVE.search(one.command) for one in typed)
        yield Block(f"{path.relative_to(ROOT)}:{line}", typed, live)


def _typed(text: str) -> Iterator[Typed]:
    head, *rest = re.split(r"^[$#] (?=\S)", text, flags=re.MULTILINE)
    assert not head, f"output without a command: {head!r}"
    for part in rest:
        first, *shown = part.rstrip("\n").split("\n")
        comment = re.search(r" {2,}# (\d+)\b.*$", first)
        told = re.search(r"; exit (\d+)$", shown[-1]) if shown else None
        code = next((int(found[1]) for found in (comment, told) if found), None if "…" in shown else 0)
        yield Typed(first[: comment.start()] if comment else first, code, tuple(shown))


def play(block: Block, folder: Path) -> None:
    """Type it in a folder that looks like the repository; each command must end and print as it says."""
    bin_ = Path(sys.executable).parent
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(bin_)
    (folder / "captures").symlink_to(ROOT / "captures")
    settings = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "COLUMNS": "120", "NO_COLOR": "1"}
    for typed in block.typed:
        for word in re.findall(r"(?:^|\| )([a-z]+)", typed.command):
            if shutil.which(word, path=settings["PATH"]) is None:
                pytest.skip(f"{word} is not installed")
        done = subprocess.run(
            ["bash", "-c", typed.command],
            cwd=folder,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        said = f"{block.where}: $ {typed.command}\n{done.stdout}"
        assert done.returncode == typed.code or typed.code is None, said
        lacking = first_lacking(typed.shown, done.stdout.splitlines(), exact=not block.live)
        assert lacking is None, f"{said}\nlacks: {lacking}"


def first_lacking(shown: tuple[str, ...], printed: list[str], *, exact: bool) -> str | None:
    """The first line shown that was not printed where it should be.

    ``…`` alone stands for any lines, within a line for any part of it. What was printed after the last line shown does
    not matter, nor does the layout. Where not ``exact``, one number is as good as another.
    """
    at, anywhere = 0, False
    for line in shown:
        if line.strip() == "…":
            anywhere = True
            continue
        pattern = ".*".join(re.escape(_plain(part, exact=exact)) for part in line.split("…"))
        looked_at = range(at, len(printed) if anywhere else min(at + 1, len(printed)))
        found = next((i for i in looked_at if re.fullmatch(pattern, _plain(printed[i], exact=exact))), None)
        if found is None:
            return line
        at, anywhere = found + 1, False
    return None


def _plain(line: str, *, exact: bool) -> str:
    """A line without layout and what differs from run to run: seconds, and where not ``exact`` every number."""
    number = r"\b\d+\.\d+(?= s\b)" if exact else r"\d+([.,]\d+)*"
    return re.sub(r"\s+", " ", re.sub(r"-{2,}", "-", re.sub(number, "0", line))).strip()
