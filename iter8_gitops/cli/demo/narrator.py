"""Tells the story as it happens: steps, what was seen, and what was expected but not seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

_Seen = TypeVar("_Seen")


class ExpectationError(Exception):
    """Something that the story promises was not observed."""


class Narrator:
    """Prints the story, and waits for what it promises."""

    def __init__(self, patience_seconds: float) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._patience = patience_seconds
        self._began_at = time.monotonic()
        self._step = 0

    def say(self, text: str) -> None:
        """A line of the story."""
        self._console.print(text, markup=False)

    def step(self, title: str) -> None:
        """The next chapter."""
        self._step += 1
        self._console.print(f"\n[bold]{self._step}. {title}[/bold]")

    def did(self, text: str) -> None:
        """Something the team, or KServe, did."""
        self._console.print(f"   [cyan]·[/cyan] {self._clock()}  ", end="")
        self._console.print(text, markup=False)

    def saw(self, text: str) -> None:
        """Evidence that a promise holds."""
        self._console.print(f"   [green]✓[/green] {self._clock()}  ", end="")
        self._console.print(text, markup=False)

    def missed(self, text: str) -> None:
        """A promise that was not kept."""
        self._console.print(f"   [red]✗[/red] {self._clock()}  ", end="")
        self._console.print(text, markup=False)

    def await_sight(self, what: str, look: Callable[[], _Seen | None]) -> _Seen:
        """Look until there is something to see. Raises `ExpectationError` when patience runs out."""
        deadline = time.monotonic() + self._patience
        while True:
            seen = look()
            if seen is not None:
                return seen
            if time.monotonic() > deadline:
                message = f"{what}: not seen within {self._patience:g} s"
                raise ExpectationError(message)
            time.sleep(0.1)

    def expect(self, holds: bool, what: str) -> None:
        """Evidence `what` if it holds, else the end of the story."""
        if not holds:
            raise ExpectationError(what)
        self.saw(what)

    def _clock(self) -> str:
        return f"{time.monotonic() - self._began_at:5.1f} s"
