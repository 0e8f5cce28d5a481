"""The Dockerfile, as far as it can be judged without a Docker engine."""

from __future__ import annotations

import re
from pathlib import Path

from iter8_gitops import __version__

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def test_everything_copied_exists_and_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in words.split()[:-1]
    ]
    assert {source.partition("/")[0] for source in copied} == sent
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_only_pinned_packages_are_installed() -> None:
    installs = re.findall(r"pip install (.+)$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 3
    assert all("--require-hashes" in words or "--no-index" in words for words in installs)


def test_it_runs_as_the_user_of_the_manifests() -> None:
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    assert "--uid 65532" in DOCKERFILE


def test_the_label_tells_the_version() -> None:
    assert f'org.opencontainers.image.version="{__version__}"' in DOCKERFILE
