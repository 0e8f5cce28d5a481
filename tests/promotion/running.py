"""Runs `promote` and `rollback` as people do."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from iter8_gitops.cli import main
from tests.promotion.shops import APPLICATION, Shop


def run(command: str, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [command, APPLICATION, *map(str, arguments)])


def promote(shop: Shop, *arguments: str | Path, version: str = "1") -> Result:
    return run("promote", "--repo", shop.mine.path, "--version", version, *arguments)


def rollback(shop: Shop, *arguments: str | Path) -> Result:
    return run("rollback", "--repo", shop.mine.path, *arguments)


def status(shop: Shop) -> str:
    return shop.mine.git("status", "--porcelain")


def file(shop: Shop, path: str) -> str:
    return (shop.mine.path / path).read_text()
