"""Frozen records that are made by the hundred thousand: what ``dataclasses`` makes of them, in half the time.

A frozen dataclass sets each field through ``object.__setattr__``, and ``dataclasses.replace`` asks each of its fields
what it is. The steps of a history consist of little else. Here both are written out, as ``dataclasses`` writes out
``__init__``, and set the slots themselves::

    @quick
    @dataclass(frozen=True, slots=True)
    class Answer: ...

    replace(answer, row="F5")    # any record whose class is quick
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar

Record = TypeVar("Record")
_KEPT = object()


class Hashed:
    """A quick record that remembers its hash: many others hold it, and each of them is looked up."""

    __slots__ = ("_hash",)


def quick(cls: type[Record]) -> type[Record]:
    """The class, a frozen dataclass with slots; TypeError where a default is made anew, or anything is done besides."""
    made = fields(cls)  # type: ignore[arg-type]  # the caller's dataclass
    odd = [f.name for f in made if f.default_factory is not MISSING or f.kw_only or not f.init]
    if odd or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} does more than to keep what it is given: {', '.join(odd) or '__post_init__'}")
    known: dict[str, Any] = {"new": object.__new__, "cls": cls, "kept": _KEPT}
    for field in made:
        known[f"set_{field.name}"] = getattr(cls, field.name).__set__  # that of the slot
        known[f"default_{field.name}"] = field.default
    names = [field.name for field in made]
    given = ", ".join(f.name if f.default is MISSING else f"{f.name}=default_{f.name}" for f in made)
    sets = "\n    ".join(f"set_{name}(self, {name})" for name in names)
    changes = ", ".join(f"{name}=kept" for name in names)
    copies = "\n    ".join(f"set_{n}(other, self.{n} if {n} is kept else {n})" for n in names)
    source = (
        f"def __init__(self, {given}):\n    {sets}\n"
        f"def __replace__(self, *, {changes}):\n    other = new(cls)\n    {copies}\n    return other\n"
    )
    made_here = ["__init__", "__replace__"]
    if issubclass(cls, Hashed):
        known["set_hash"] = vars(Hashed)["_hash"].__set__
        together = "".join(f"self.{name}, " for name in names)
        source += (
            "def __hash__(self):\n    try:\n        return self._hash\n    except AttributeError:\n"
            f"        found = hash(({together}))\n        set_hash(self, found)\n        return found\n"
        )
        made_here.append("__hash__")
    exec(source, known)  # noqa: S102  # nothing in it comes from outside; dataclasses does the same
    for name in made_here:
        known[name].__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, known[name])
    return cls


if TYPE_CHECKING:  # so that the changes are checked against the fields
    from dataclasses import replace as replace  # noqa: PLC0414  # others import it from here
else:

    def replace(record: Record, /, **changes: object) -> Record:
        """As ``dataclasses.replace``, of a quick record."""
        return record.__replace__(**changes)
