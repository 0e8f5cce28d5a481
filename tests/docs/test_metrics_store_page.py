"""docs/metrics-store.md: its URLs, options and rights are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.metrics.redis.urls import parse

PAGE = (Path(__file__).parents[2] / "docs" / "metrics-store.md").read_text(encoding="utf-8")
URLS = re.findall(r"rediss?(?:\+cluster)?://[^\s`',|)]+(?:,HOST:PORT)?", PAGE)


def test_the_options_are_those_that_are_accepted() -> None:
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    documented = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    with pytest.raises(ConfigurationError) as refused:
        parse("redis://h?no_such_option=1")
    accepted = set(str(refused.value).partition("the options are ")[2].rstrip(")").split(", "))
    assert documented == accepted


@pytest.mark.parametrize("url", URLS)
def test_urls_are_accepted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: True)
    parse(url.replace("PORT", "6379").replace("/DATABASE", "/1").replace("...", "/file"))


def test_there_are_urls() -> None:
    assert len(URLS) > 8
