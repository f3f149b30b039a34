"""A little colour for terminals: verdict words and headings, nothing that carries meaning by itself."""

from __future__ import annotations

from dataclasses import dataclass

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _MAGENTA = "1", "2", "31", "32", "33", "35"
_WORDS = {
    "pass": _GREEN,
    "fail": f"{_BOLD};{_RED}",
    "warn": _YELLOW,
    "inconclusive": _MAGENTA,
    "skip": _DIM,
    "followed": _GREEN,
    "not followed": f"{_BOLD};{_RED}",
    "skipped": _DIM,
    "works": _GREEN,
    "missing": f"{_BOLD};{_RED}",
    "not judged": _DIM,
    "strong": _BOLD,
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours words when ``on``; otherwise returns them as they are."""

    on: bool = False

    def word(self, word: str, shown: str | None = None) -> str:
        """A verdict, summary or doctor's word in its colour; ``shown`` replaces the text (padding, upper case)."""
        code, text = _WORDS.get(word, ""), word if shown is None else shown
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and code else text

    def strong(self, text: str) -> str:
        """A heading."""
        return self.word("strong", text)

    def faint(self, text: str) -> str:
        """A side remark."""
        return self.word("skip", text)
