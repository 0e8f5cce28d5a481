"""Boards in files: followed when they change, and kept so that there is always a whole one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import encode_news
from iter8_gitops.sdk import Client
from iter8_gitops.sdk.files import load_snapshot, save_snapshot
from iter8_gitops.sdk.keeping import Keeper
from tests.sdk.conftest import Scripted, board, eventually


def written(path: Path, sequence: int, **weights: tuple[int, ...]) -> Path:
    path.write_bytes(encode_news(news_since(board(sequence, "b1", **weights))))
    return path


def test_a_file_is_followed_however_it_is_changed(tmp_path: Path, connect: Callable[..., Client]) -> None:
    path = written(tmp_path / "board of ours.json", 1, web=(1, 0))
    client = connect(f"file:{str(path).replace(' ', '%20')}")
    found = client.lookup("shop/web", "u")
    assert (found.version_number, found.stale) == (0, False)
    assert (client.status.connection, client.status.reason) == ("file", "")

    written(path, 2, web=(0, 1))
    eventually(lambda: client.lookup("shop/web", "u").version_number == 1)

    written(tmp_path / "beside", 3, web=(1, 0)).replace(path)
    eventually(lambda: client.lookup("shop/web", "u").version_number == 0)


def test_an_old_file_is_not_stale_but_one_that_says_that_a_source_fails_is(
    tmp_path: Path, connect: Callable[..., Client]
) -> None:
    path = written(tmp_path / "old.json", 1)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert not connect(f"file:{path}").lookup("shop/web", "u").stale

    snapshot = board(1)
    failing = replace(snapshot, sources=tuple(replace(each, failing_since=5.0) for each in snapshot.sources))
    save_snapshot(path, failing)
    assert connect(f"file:{path}").lookup("shop/web", "u").stale


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"<html>", b"[" * 100_000, encode_news(replace(news_since(board(1)), complete=False)), None],
    ids=["empty", "cut", "html", "deep", "partial", "gone"],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(
    tmp_path: Path, connect: Callable[..., Client], content: bytes | None
) -> None:
    path = written(tmp_path / "board.json", 1, web=(0, 1))
    client = connect(f"file:{path}")
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    eventually(lambda: client.status.reason)

    assert str(path) in client.status.reason
    assert client.lookup("shop/web", "u").version_number == 1

    written(path, 2, web=(1, 0))
    eventually(lambda: client.lookup("shop/web", "u").version_number == 0)
    eventually(lambda: not client.status.reason)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    snapshot = board(7, web=(60, 40), cart=(1, 0))
    save_snapshot(tmp_path / "slim.json", snapshot)
    save_snapshot(tmp_path / "full.json", snapshot, full=True)

    slim = load_snapshot(tmp_path / "slim.json")
    assert {name: state.weights for name, state in slim.routemaps.items()} == {
        "shop/web": (60, 40),
        "shop/cart": (1, 0),
    }
    assert (slim.board, slim.log) == (snapshot.board, snapshot.log)
    assert load_snapshot(tmp_path / "full.json", snapshot.controller_at) == snapshot


def test_a_folder_that_cannot_be_written_costs_only_the_cache(
    tmp_path: Path, scripted: Scripted, connect: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(scripted.url, cache=tmp_path / "missing" / "cache.json")
    client.wait_until_ready()
    client.close()

    assert client.lookup("shop/web", "u")
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("content", [b"", b"garbage", b'{"board": 5}'])
def test_a_damaged_cache_is_as_good_as_none_and_is_replaced(
    tmp_path: Path, scripted: Scripted, connect: Callable[..., Client], content: bytes
) -> None:
    cache = tmp_path / "cache.json"
    cache.write_bytes(content)
    client = connect(scripted.url, cache=cache)
    client.wait_until_ready()
    client.close()

    assert load_snapshot(cache).routemaps.keys() == {"shop/web"}


def test_an_interrupted_write_leaves_the_former_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cache.json"
    save_snapshot(path, board(1))

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_snapshot(path, board(2))

    assert load_snapshot(path).sequence == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_cache_is_written_only_when_there_is_something_new_and_not_all_the_time(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    keeper = Keeper(path)
    keeper.keep(board(1))
    keeper.keep(board(2))
    assert load_snapshot(path).sequence == 1
    keeper.keep(board(2), at_once=True)
    assert load_snapshot(path).sequence == 2
    path.unlink()
    keeper.keep(board(2), at_once=True)
    assert not path.exists()
