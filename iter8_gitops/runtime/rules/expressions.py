"""Expressions over an object, in CEL (the Common Expression Language).

This is the only module that knows the library. Nothing in an object makes an evaluation raise: what cannot be
evaluated is answered with the sentence that says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from cel_expr_python import cel  # type: ignore[import-untyped]  # its stubs lack the py.typed marker
from cel_expr_python.ext import ext_optional  # type: ignore[import-untyped]  # as above

from iter8_gitops.runtime.rules.bounded import TooMuchError, fit_text
from iter8_gitops.runtime.rules.mistakes import MistakeError
from iter8_gitops.runtime.rules.view import VARIABLES, ObjectView
from iter8_gitops.spec.status import text as one_line
from iter8_gitops.spec.wording import suggestion

LONGEST = 1000
"""Characters of an expression. The library bounds its nesting (to 32), and the rounds of all loops in one evaluation
(to 10,000 together)."""

MOST_LOOPS = 10
"""In one expression: each may double what the one before it has made."""

_TRUTH, _TEXT = "BOOL", "STRING"
_KINDS = {
    _TRUTH: "true or false",
    _TEXT: "text",
    "INT": "a whole number",
    "UINT": "a whole number",
    "DOUBLE": "a decimal number",
    "LIST": "a list",
    "MAP": "a mapping",
    "NULL": "nothing",
    "optional_type": "an optional value",
}
"""What the library calls the kinds of values, in plain words."""

_VARIABLE = re.compile(rf"\b(?:{'|'.join(VARIABLES)})\b")
_QUOTED = re.compile(r"""[rR]?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_MATCHES = re.compile(r"\bmatches\s*\(")
_MATCHES_ANYTHING = re.compile(r"\bmatches\s*\((?!\s*''\s*\))")
_LOOP = re.compile(r"\b(?:all|exists|exists_one|existsOne|filter|map|optMap|optFlatMap)\b")
_COMPLAINT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_STATUS_CODE = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_NOISE = re.compile(r"^Syntax error: | \(in container ''\)| expecting \{.*| \[[A-Z_]+\]$")
_UNDECLARED = re.compile(r"undeclared reference to '([^'.]+)")
_NO_KEY = re.compile(r'Key not found in map : "?(.*?)"?$')
_NO_ITEM = re.compile(r"Index error: index=(-?\d+) size=(\d+)")
_NO_MAPPING = "Applying SELECT to non-message type"
_TOO_MANY_ROUNDS = "Iteration budget exceeded"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why an expression has no value. `absent`: only because something is not in the object, or not yet."""

    message: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class _Expression:
    """Compiled once; threads may share it. Two are equal when their texts are."""

    text: str
    variables: frozenset[str] = field(repr=False, compare=False)
    _loops: bool = field(repr=False, compare=False)
    _program: cel.Expression = field(repr=False, compare=False)

    def __str__(self) -> str:
        """The text on one line, cut when it is long."""
        return one_line(self.text)

    def _value(self, view: ObjectView, wanted: str) -> object:
        """A value of the kind `wanted`, or `Unanswered`."""
        try:
            given = view.variables(self.variables, loops=self._loops)
            found = self._program.eval(data=given)
            kind = found.type().name()
            if kind == wanted:
                return found.plain_value()
            if kind == "ERROR":
                return _failure(str(found.plain_value()))
            # No other value is taken out: of None the library would give away a reference that it does not own.
            return _of_another_kind(kind, wanted)
        except TooMuchError as error:
            return Unanswered(str(error))
        except TypeError:
            # Optional values look like errors, and there is nothing in Python that they could become.
            return _of_another_kind("optional_type", wanted)
        except Exception as error:  # noqa: BLE001 - the errors of a native library are of any type; none may go on
            return _failure(str(error))


class Condition(_Expression):
    """An expression that is true or false."""

    __slots__ = ()

    def holds(self, view: ObjectView) -> bool | Unanswered:
        """Whether it is true of an object."""
        found = self._value(view, _TRUTH)
        return found if isinstance(found, Unanswered) else found is True


class Wording(_Expression):
    """An expression that gives text."""

    __slots__ = ()

    def says(self, view: ObjectView) -> str | Unanswered:
        """What it says of an object, fit for a message."""
        found = self._value(view, _TEXT)
        return found if isinstance(found, Unanswered) else one_line(found)


def compile_condition(text: str) -> Condition:
    """Raises `MistakeError`."""
    return Condition(text, _variables(text), _loops(text), _program(text, _TRUTH))


def compile_wording(text: str) -> Wording:
    """Raises `MistakeError`."""
    return Wording(text, _variables(text), _loops(text), _program(text, _TEXT))


def _variables(text: str) -> frozenset[str]:
    return frozenset(_VARIABLE.findall(text))


def _loops(text: str) -> bool:
    return _LOOP.search(_without_quoted(text)) is not None


def _without_quoted(text: str) -> str:
    return _QUOTED.sub("''", text)


def _program(text: str, wanted: str) -> cel.Expression:
    _check_cost(text)
    try:
        program = _environment().compile(fit_text(text))
        kind = program.return_type().name()
    except RuntimeError as error:
        raise _mistake(str(error)) from None
    if kind not in (wanted, "DYN"):
        message = f"gives {_in_words(kind)}, and {_in_words(wanted)} is wanted"
        raise MistakeError(message, "end it with .orValue(..)" if kind.startswith("optional_type") else "")
    return program


def _check_cost(text: str) -> None:
    """Raises `MistakeError` for what could take long. A regular expression is compiled each time that it is used."""
    if len(text) > LONGEST:
        message = f"has {len(text)} characters, and at most {LONGEST} are allowed"
        raise MistakeError(message)
    bare = _without_quoted(text)
    loops = len(_LOOP.findall(bare))
    if loops > MOST_LOOPS:
        message = f"loops {loops} times, and at most {MOST_LOOPS} are allowed"
        raise MistakeError(message)
    if _MATCHES_ANYTHING.search(bare):
        raise MistakeError("matches a pattern that is not written out", "write it as in status.phase.matches('^Run')")
    if loops and _MATCHES.search(bare):
        raise MistakeError("matches patterns while it loops", "use startsWith, endsWith, contains or == there")


@cache
def _environment() -> cel.Env:
    """Made when the first expression is compiled, because that takes some hundredths of a second.

    Without the library's functions that split text: the length of what they make is not bounded.
    """
    return cel.NewEnv(
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        extensions=[ext_optional.ExtOptional()],
    )


def _mistake(complaint: str) -> MistakeError:
    """What the compiler complains of, its first complaint alone: the others follow from it."""
    found = _COMPLAINT.search(complaint)
    line, column, said = (int(found[1]), int(found[2]), found[3]) if found else (0, 0, _STATUS_CODE.sub("", complaint))
    name = _UNDECLARED.match(said)
    if name:
        hint = suggestion(name[1], VARIABLES, kind="names")
    else:
        hint = "compare with ==" if "token recognition error at: '= '" in said else ""
    mark = (line - 1, column - 1) if line > 0 and column > 0 else None
    return MistakeError(f"is no valid expression: {one_line(_NOISE.sub('', said))}", hint, mark)


def _failure(said: str) -> Unanswered:
    """Why an evaluation failed, in plain words where it is something that happens in good order."""
    if found := _NO_KEY.search(said):
        return Unanswered(f"no such key: {one_line(found[1])}", absent=True)
    if found := _NO_ITEM.search(said):
        return Unanswered(f"no such item: {found[1]} of {found[2]}", absent=True)
    if _NO_MAPPING in said:
        return Unanswered("a key is asked for of what is not a mapping", absent=True)
    if _TOO_MANY_ROUNDS in said:
        return Unanswered("its loops take more than 10000 rounds")
    plain = one_line(_STATUS_CODE.sub("", said)).replace(" : ", ": ") or "it failed"
    return Unanswered(plain[0].lower() + plain[1:])


def _of_another_kind(kind: str, wanted: str) -> Unanswered:
    return Unanswered(f"it gives {_in_words(kind)}, not {_in_words(wanted)}", absent=kind == "NULL")


def _in_words(kind: str) -> str:
    return _KINDS.get(kind.partition("<")[0], f"a value of type {kind.lower()}")
