"""The examples of docs/configuration.md, loaded as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iter8_gitops.runtime.configuration import load_configuration
from iter8_gitops.runtime.configuration_schema import ConfigurationDocument, TypeDocument
from iter8_gitops.runtime.rules.expressions import compile_condition

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
CONFIGURATIONS = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if block.startswith(tuple(f"{key}:" for key in ConfigurationDocument.keys()))
]
EXPRESSIONS = PAGE.partition("over `metadata`")[2].partition("```\n")[2].partition("```")[0].splitlines()


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_can_be_loaded(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    assert load_configuration(tmp_path / "config.yaml")


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_expression_compiles(text: str) -> None:
    assert compile_condition(text).variables


def test_nothing_is_left_out() -> None:
    assert len(CONFIGURATIONS) >= 3
    assert len(EXPRESSIONS) == 4
    for key in (*ConfigurationDocument.keys(), *TypeDocument.keys()):
        assert f"`{key}`" in PAGE
