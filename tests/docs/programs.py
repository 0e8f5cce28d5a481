"""Programs that stand in pages of the documentation, run as they are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"


def program(page: str, language: str, about: str) -> str:
    """The only program of a page in `language` that mentions `about`."""
    text = (_DOCS / page).read_text(encoding="utf-8")
    (found,) = (each for each in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if about in each)
    return str(found)


def run(command: Sequence[str], path: Path, text: str, places: Mapping[str, str]) -> list[str]:
    """What a program prints when it is run in the folder of `path`, where it is written.

    `places` leads from the addresses that pages name to those that are meant here; the program must name each.
    """
    for named, meant in places.items():
        assert named in text
        text = text.replace(named, meant)
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*command, str(path)], cwd=path.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
