"""The examples of docs/configuration.md, loaded as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.configuration_schema import ConfigurationDocument, TypeDocument
from iter8_gitops.runtime.rules.expressions import compile_condition

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
_BEGINNINGS = tuple(f"{key}:" for key in ConfigurationDocument.keys())  # noqa: SIM118 - a method, not a mapping's
CONFIGURATIONS = [each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if each.startswith(_BEGINNINGS)]
_TABLE = PAGE.partition("### Expressions")[2].partition("### ")[0].partition("Expressions cannot take long")[0]
EXPRESSIONS = [each.replace("\\|", "|") for each in re.findall(r"^\| `(.*?)` \|", _TABLE, re.MULTILINE)]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_can_be_loaded(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    assert load_configuration(tmp_path / "config.yaml")


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_expression_compiles(text: str) -> None:
    assert compile_condition(text).variables


def test_nothing_is_left_out() -> None:
    assert len(CONFIGURATIONS) >= 4
    assert len(EXPRESSIONS) >= 5
    for key in (*ConfigurationDocument.keys(), *TypeDocument.keys()):
        assert f"`{key}`" in PAGE
