"""From a tree to what a promotion changes in it. Pure, but for what plugins say of contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.promotion.checks import check_result
from iter8_gitops.promotion.differences import differences
from iter8_gitops.promotion.finding import Finder, find_version
from iter8_gitops.promotion.identity import pinned_keys
from iter8_gitops.promotion.merging import Merged, merged
from iter8_gitops.promotion.notes import notes_on
from iter8_gitops.promotion.pairing import Pair, other_users, pairs
from iter8_gitops.promotion.plan import Change, Plan
from iter8_gitops.promotion.references import Names, renamed
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.rewriting import Rewriting
from iter8_gitops.promotion.salts import next_salt
from iter8_gitops.promotion.signatures import Signatures
from iter8_gitops.promotion.tree import Found, FoundRoutemap, Tree
from iter8_gitops.spec.resource import Resource


@dataclass(frozen=True, slots=True)
class _Step:
    """A pair with both manifests, and what the primary's is to say."""

    pair: Pair
    primary: Found
    candidate: Found
    renamed: Mapping[str, Any]
    merged: Merged


def plan_promotion(tree: Tree, plugins: Plugins, application: str, version: str) -> Plan:
    """What promoting `version` (a name or an index) of `application` changes in `tree`.

    Raises `NotFoundError` for what is not there, and `PromotionRefusedError`.
    """
    finder = Finder(tree)
    found = finder.routemap(application)
    index = find_version(found.routemap, version)
    name = found.routemap.versions[index].name
    paired = pairs(found.routemap, index)
    if not paired:
        message = f"{name} consists of the same objects as the primary of {application}; there is nothing to promote"
        raise PromotionRefusedError(message)
    _check_users(tree, found, index, paired)
    located = [(pair, finder.object(pair.primary), finder.object(pair.candidate)) for pair in paired]
    for _, primary, candidate in located:
        finder.check_patches(primary, candidate)
    signatures = Signatures(plugins, tree)
    signature = signatures.of_version(found.routemap.versions[index].resources)
    names: Names = {(pair.candidate.kind, pair.candidate.name): pair.primary.name for pair in paired}
    steps = [_step(*each, names, tree, signatures) for each in located]
    salt = next_salt(application, found.routemap.assignment.salt, signature)
    files = _rewritten(tree, finder, found, steps, salt)
    after = tree.with_files(files)
    check_result(tree, after, files)
    return Plan(
        application=application,
        version=name,
        changes=tuple(_change(step) for step in steps),
        routemap_path=found.path,
        files=files,
        signature=signature,
        primary_signature=Signatures(plugins, after).of_version(found.routemap.versions[0].resources),
        notes=tuple(notes_on([(step.primary, step.merged.manifest) for step in steps], names, after)),
    )


def _step(pair: Pair, primary: Found, candidate: Found, names: Names, tree: Tree, signatures: Signatures) -> _Step:
    content = {
        key: value if key in ("apiVersion", "kind", "metadata") else renamed(value, names)
        for key, value in candidate.resource.manifest.items()
    }
    others = [each.resource for each in tree.all_objects()]
    pinned = pinned_keys(primary.resource, others) | pinned_keys(candidate.resource, others)
    wanted = merged(
        primary.resource,
        Resource(candidate.resource.id, content),
        pinned,
        lambda one, other: signatures.differ(pair.primary, one, other),
    )
    return _Step(pair, primary, candidate, content, wanted)


def _rewritten(
    tree: Tree, finder: Finder, routemap: FoundRoutemap, steps: list[_Step], salt: str
) -> dict[str, bytes | None]:
    rewriting = Rewriting(tree)
    for step in steps:
        rewriting.replace(step.primary, step.merged.manifest, step.candidate, step.renamed)
        rewriting.remove(step.candidate)
    rewriting.renew_salt(routemap, salt)
    return rewriting.files(finder.kustomizations)


def _check_users(tree: Tree, found: FoundRoutemap, index: int, paired: tuple[Pair, ...]) -> None:
    routemaps = [place.routemap for places in tree.routemaps.values() for place in places]
    for pair in paired:
        users = other_users(found.routemap, index, pair.candidate, routemaps)
        if users:
            message = (
                f"{pair.candidate} cannot go, because it is also part of {', '.join(users)}. Promote it by hand, or "
                "take it out there first"
            )
            raise PromotionRefusedError(message)


def _change(step: _Step) -> Change:
    return Change(
        primary=step.pair.primary,
        candidate=step.pair.candidate,
        path=step.primary.path,
        candidate_path=step.candidate.path,
        changed=tuple(differences(step.primary.resource.manifest, step.merged.manifest)),
        kept=step.merged.kept,
    )
