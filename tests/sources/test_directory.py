from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sources import watching
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.spec.tree import SourceFailure, SourceTree
from tests.sources.following import Following, contents, refusals

Follow = Callable[[Source], Following]
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "routemaps"
    folder.mkdir()
    (folder / "a.yaml").write_text("one")
    return folder


def read_once(source: Source) -> SourceTree | SourceFailure:
    stop = threading.Event()
    delivery = next(iter(source.deliveries(stop)))
    stop.set()
    return delivery


def test_an_edit_is_delivered(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder))
    first = following.tree()
    (folder / "a.yaml").write_text("two")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_an_edit_is_noticed_without_waiting_for_the_next_rescan(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder, rescan=3600))
    following.tree()
    second = following.tree()  # The look that follows the set-up of the watch.
    (folder / "a.yaml").write_text("two")
    assert contents(following.tree_after(second)) == {"a.yaml": "two"}


def test_files_in_new_folders_are_delivered_and_removed_files_go(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder))
    first = following.tree()
    (folder / "sub").mkdir()
    (folder / "sub" / "b.yaml").write_text("b")
    (folder / "a.yaml").unlink()
    tree = following.tree_that(lambda tree: contents(tree) == {"sub/b.yaml": "b"})
    assert tree.revision != first.revision


def test_a_file_saved_by_renaming_is_delivered(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder))
    first = following.tree()
    (folder / "a.yaml.tmp").write_text("two")
    (folder / "a.yaml.tmp").rename(folder / "a.yaml")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_look_without_a_change_delivers_the_identical_tree(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder, rescan=0.05))
    first = following.next()
    assert following.next() is first
    assert following.next() is first


def test_the_revision_depends_on_paths_and_contents_only(folder: Path, tmp_path: Path) -> None:
    first = read_once(DirectorySource(folder))
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "a.yaml").write_text("one")
    (copy / "README.md").write_text("not read")
    second = read_once(DirectorySource(copy))
    assert isinstance(first, SourceTree)
    assert isinstance(second, SourceTree)
    assert first.revision == second.revision
    assert first.revision.startswith("sha256:")


def test_an_edit_that_keeps_size_and_time_is_noticed(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder, rescan=0.05))
    first = following.tree()
    status = (folder / "a.yaml").stat()
    with (folder / "a.yaml").open("r+") as file:
        file.write("two")
    os.utime(folder / "a.yaml", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_changes_are_found_where_nothing_can_be_watched(
    folder: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watching, "watch", refuse)
    following = follow(DirectorySource(folder, rescan=0.05))
    first = following.tree()
    (folder / "a.yaml").write_text("two")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}


def test_a_missing_directory_is_a_failure_until_it_appears(tmp_path: Path, follow: Follow) -> None:
    folder = tmp_path / "later"
    following = follow(DirectorySource(folder))
    assert following.failure().message == f"cannot read directory {folder}: no such file or directory"
    folder.mkdir()
    (folder / "a.yaml").write_text("one")
    assert contents(following.tree_that(lambda tree: bool(tree.files))) == {"a.yaml": "one"}


def test_a_directory_that_vanishes_and_returns_ends_the_failure(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder))
    first = following.tree()
    folder.rename(folder.with_name("away"))
    following.failure()
    folder.with_name("away").rename(folder)
    assert following.tree() is first


def test_a_directory_replaced_by_another_is_read_and_watched(folder: Path, follow: Follow) -> None:
    following = follow(DirectorySource(folder))
    first = following.tree()
    other = folder.with_name("other")
    other.mkdir()
    (other / "b.yaml").write_text("b")
    folder.rename(folder.with_name("old"))
    other.rename(folder)
    second = following.tree_after(first)
    assert contents(second) == {"b.yaml": "b"}
    (folder / "b.yaml").write_text("c")
    assert contents(following.tree_after(second)) == {"b.yaml": "c"}


def test_a_link_to_the_current_release_is_followed_when_it_is_switched(tmp_path: Path, follow: Follow) -> None:
    for release in ("r1", "r2"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "a.yaml").write_text(release)
    current = tmp_path / "current"
    current.symlink_to("r1")
    following = follow(DirectorySource(current))
    first = following.tree()
    (tmp_path / "next").symlink_to("r2")
    (tmp_path / "next").rename(current)
    assert contents(following.tree_after(first)) == {"a.yaml": "r2"}


def test_a_config_map_that_kubernetes_updates_is_delivered(tmp_path: Path, follow: Follow) -> None:
    mount = tmp_path / "mount"
    for version in ("..v1", "..v2"):
        (mount / version).mkdir(parents=True)
        (mount / version / "app.yaml").write_text(version)
    (mount / "..data").symlink_to("..v1")
    (mount / "app.yaml").symlink_to("..data/app.yaml")
    following = follow(DirectorySource(mount, rescan=3600))
    following.tree()
    first = following.tree()
    assert contents(first) == {"app.yaml": "..v1"}
    (mount / "..data_tmp").symlink_to("..v2")
    (mount / "..data_tmp").rename(mount / "..data")
    assert contents(following.tree_after(first)) == {"app.yaml": "..v2"}


def test_a_single_file_is_a_tree_of_one_file(folder: Path, follow: Follow) -> None:
    (folder / "other.yaml").write_text("not read")
    source = DirectorySource(folder / "a.yaml")
    following = follow(source)
    first = following.tree()
    assert contents(first) == {"a.yaml": "one"}
    (folder / "a.yaml.tmp").write_text("two")
    (folder / "a.yaml.tmp").rename(folder / "a.yaml")
    assert contents(following.tree_after(first)) == {"a.yaml": "two"}
    assert source.location == f"file {folder / 'a.yaml'}"


def test_fifos_sockets_and_devices_are_refused_and_do_not_block(folder: Path) -> None:
    os.mkfifo(folder / "fifo.yaml")
    (folder / "sub").mkdir()
    (folder / "sub" / "link.yaml").symlink_to("../fifo.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket.yaml"))
        tree = read_once(DirectorySource(folder))
    assert isinstance(tree, SourceTree)
    assert contents(tree) == {"a.yaml": "one"}
    reason = "not a regular file"
    assert refusals(tree) == {"fifo.yaml": reason, "socket.yaml": reason, "sub/link.yaml": reason}


@pytest.mark.parametrize("special", ["fifo", "/dev/null"])
def test_a_single_path_that_is_no_file_is_refused(tmp_path: Path, special: str) -> None:
    path = tmp_path / special
    if special == "fifo":
        os.mkfifo(path)
    tree = read_once(DirectorySource(path))
    assert isinstance(tree, SourceTree)
    assert list(refusals(tree).values()) == ["not a regular file"]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so give up its rights for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_may_not_be_read_is_refused_and_the_rest_delivered() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for file in ("good.yaml", "secret.yaml", "closed/x.yaml"):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(file)
        (folder / "secret.yaml").chmod(0)
        (folder / "closed").chmod(0)
        with as_nobody():
            tree = read_once(DirectorySource(folder))
        (folder / "closed").chmod(0o700)
    assert isinstance(tree, SourceTree)
    assert contents(tree) == {"good.yaml": "good.yaml"}
    assert refusals(tree) == {
        "closed": "the folder cannot be read: permission denied",
        "secret.yaml": "the file cannot be read: permission denied",
    }


def test_a_directory_that_may_not_be_listed_is_a_failure() -> None:
    with tempfile.TemporaryDirectory() as name:
        closed = Path(name) / "closed"
        closed.mkdir(mode=0)
        Path(name).chmod(0o755)
        with as_nobody():
            delivery = read_once(DirectorySource(closed))
    assert isinstance(delivery, SourceFailure)
    assert delivery.message.endswith("the folder cannot be read: permission denied")


def test_an_unchanged_file_is_not_read_again(folder: Path, follow: Follow) -> None:
    long_ago = 1_000_000_000
    os.utime(folder / "a.yaml", (long_ago, long_ago))
    following = follow(DirectorySource(folder))
    first = following.tree()
    (folder / "b.yaml").write_text("b")
    second = following.tree_after(first)
    assert first.files[0] == second.files[0]
    assert list(contents(second)) == ["a.yaml", "b.yaml"]


def test_a_path_with_control_characters_is_a_configuration_error(tmp_path: Path) -> None:
    for bad in ("a\0b", "a\nb"):
        with pytest.raises(ConfigurationError, match="control characters"):
            DirectorySource(tmp_path / bad)


def test_name_and_location_say_what_is_read(folder: Path) -> None:
    assert DirectorySource(folder).location == f"directory {folder}"
    assert DirectorySource(folder, name="cluster").name == "cluster"
    delivery = read_once(DirectorySource(folder, name="cluster"))
    assert delivery.source == "cluster"


def test_a_stopped_source_delivers_nothing(folder: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert list(DirectorySource(folder).deliveries(stop)) == []
