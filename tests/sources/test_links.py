"""What holds for files and links wherever a tree is stored: each test runs on a directory and on a commit of it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from iter8_gitops.contracts.source import Source
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.sources.git.source import GitSource
from iter8_gitops.sources.selection import Limits
from iter8_gitops.spec.tree import MAX_FILE_BYTES, SourceTree
from tests.sources.following import Following, contents, refusals
from tests.sources.repositories import Repository

Read = Callable[..., SourceTree]
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.fixture
def folder(repository: Repository) -> Path:
    return repository.path


@pytest.fixture(params=["directory", "git"])
def open_tree(
    request: pytest.FixtureRequest, repository: Repository, git_source: Callable[..., GitSource]
) -> Callable[..., Source]:
    def make(limits: Limits | None = None) -> Source:
        if request.param == "directory":
            return DirectorySource(repository.path, limits=limits)
        repository.commit_all()
        return git_source(repository.path, limits=limits)

    return make


@pytest.fixture
def read(open_tree: Callable[..., Source], follow: Callable[[Source], Following]) -> Read:
    return lambda: follow(open_tree()).tree()


def write(folder: Path, *names: str, content: str | None = None) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name if content is None else content)


def test_yaml_files_are_delivered_in_order_of_their_paths(folder: Path, read: Read) -> None:
    write(folder, "b.yaml", "a/z.yml", "a.json", "a/b/c.yaml", "README.md", ".hidden.yaml", ".x/a.yaml")
    write(folder, "node_modules/a.yaml")
    tree = read()
    assert [file.path for file in tree.files] == ["a.json", "a/b/c.yaml", "a/z.yml", "b.yaml"]
    assert all(file.content.decode() == file.path for file in tree.files)


def test_equal_contents_have_equal_digests(folder: Path, read: Read) -> None:
    write(folder, "a.yaml", "b.yaml", content="same")
    write(folder, "c.yaml", content="other")
    first, second, third = read().files
    assert first.digest == second.digest != third.digest


def test_a_folder_without_yaml_is_an_empty_tree(folder: Path, read: Read) -> None:
    write(folder, "README.md")
    assert read().files == ()


def test_a_link_to_a_file_inside_is_followed(folder: Path, read: Read) -> None:
    write(folder, "templates/base.txt")
    (folder / "app.yaml").symlink_to("templates/base.txt")
    assert contents(read()) == {"app.yaml": "templates/base.txt"}


def test_a_link_to_a_file_that_is_delivered_anyway_adds_nothing(folder: Path, read: Read) -> None:
    write(folder, "v2.yaml")
    (folder / "latest.yaml").symlink_to("v2.yaml")
    assert contents(read()) == {"v2.yaml": "v2.yaml"}


def test_a_link_to_a_folder_inside_is_followed_once(folder: Path, read: Read) -> None:
    write(folder, ".store/a.yaml")
    for name in ("first", "second"):
        (folder / name).symlink_to(".store")
    assert contents(read()) == {"first/a.yaml": ".store/a.yaml"}


def test_links_to_links_are_followed(folder: Path, read: Read) -> None:
    write(folder, ".store/a.txt")
    (folder / "b").mkdir()
    (folder / "b" / "one.yaml").symlink_to("../c")
    (folder / "c").symlink_to("./.store/../.store//a.txt")
    assert contents(read()) == {"b/one.yaml": ".store/a.txt"}


def test_a_config_map_mounted_by_kubernetes_is_read(folder: Path, read: Read) -> None:
    write(folder, "..2026_11_22/app.yaml")
    (folder / "..data").symlink_to("..2026_11_22")
    (folder / "app.yaml").symlink_to("..data/app.yaml")
    assert contents(read()) == {"app.yaml": "..2026_11_22/app.yaml"}


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside.yaml", "sub/../../../outside.yaml"])
def test_a_link_that_leaves_the_tree_is_refused(folder: Path, read: Read, target: str) -> None:
    (folder.parent.parent / "outside.yaml").write_text("secret")
    write(folder, "good.yaml", "sub/x.txt")
    (folder / "bad.yaml").symlink_to(target)
    tree = read()
    assert contents(tree) == {"good.yaml": "good.yaml"}
    assert "leads out of the" in refusals(tree)["bad.yaml"]
    assert all(file.content == b"" for file in tree.files if file.refusal)


def test_a_link_to_a_folder_outside_is_refused(folder: Path, read: Read) -> None:
    (folder / "bad").symlink_to("../..")
    tree = read()
    assert contents(tree) == {}
    assert "leads out of the" in refusals(tree)["bad"]


def test_a_link_to_nothing_is_refused(folder: Path, read: Read) -> None:
    (folder / "gone.yaml").symlink_to("missing.yaml")
    (folder / "gone").symlink_to("missing")
    (folder / "README.md").symlink_to("missing.md")
    assert refusals(read()) == dict.fromkeys(["gone", "gone.yaml"], "the symbolic link leads to nothing")


def test_links_in_a_circle_are_refused(folder: Path, read: Read) -> None:
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("a.yaml")
    (folder / "self.yaml").symlink_to("self.yaml")
    reason = "the symbolic link leads back to itself"
    assert refusals(read()) == dict.fromkeys(["a.yaml", "b.yaml", "self.yaml"], reason)


@pytest.mark.parametrize("target", [".", "..", "../sub"])
def test_a_link_to_a_folder_around_it_is_refused(folder: Path, read: Read, target: str) -> None:
    write(folder, "sub/a.yaml")
    (folder / "sub" / "loop").symlink_to(target)
    tree = read()
    assert contents(tree) == {"sub/a.yaml": "sub/a.yaml"}
    assert refusals(tree) == {"sub/loop": "the symbolic link leads to a folder that contains it"}


def test_links_that_would_multiply_files_do_not(folder: Path, read: Read) -> None:
    for level, name in itertools.product(range(1, 20), ("a", "b")):
        (folder / f"l{level}").mkdir(exist_ok=True)
        (folder / f"l{level}" / name).symlink_to(f"../l{level + 1}")
    write(folder, "l20/x.yaml")
    assert contents(read()) == {"l20/x.yaml": "l20/x.yaml"}


def test_a_file_that_is_too_large_is_refused_and_the_largest_allowed_is_not(folder: Path, read: Read) -> None:
    (folder / "big.yaml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    (folder / "full.yaml").write_bytes(b"#" * MAX_FILE_BYTES)
    tree = read()
    assert list(contents(tree)) == ["full.yaml"]
    assert "4,194,305 bytes" in refusals(tree)["big.yaml"]


def test_a_git_lfs_pointer_is_refused(folder: Path, read: Read) -> None:
    write(folder, "a.yaml", content=LFS)
    assert "Git LFS pointer" in refusals(read())["a.yaml"]


def test_an_odd_name_is_delivered_in_printable_form(folder: Path, read: Read) -> None:
    write(folder, "caf\u00e9 au lait.yaml", "line\nbreak.yaml", content="x")
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.yaml")).write_text("x")
    assert list(contents(read())) == [r"caf\udce9.yaml", "caf\u00e9 au lait.yaml", r"line\nbreak.yaml"]


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(files=2), "more than 2 YAML files"),
        (Limits(folders=1), "more than 1 folders"),
        (Limits(total_bytes=20), "more than 20 bytes"),
    ],
)
def test_a_tree_over_the_limits_is_a_failure(
    folder: Path,
    open_tree: Callable[..., Source],
    follow: Callable[[Source], Following],
    limits: Limits,
    complaint: str,
) -> None:
    write(folder, "a.yaml", "b.yaml", "sub/c.yaml", content="0123456789")
    failure = follow(open_tree(limits)).failure()
    assert complaint in failure.message
    assert "narrower folder" in failure.message
