"""Finding in a tree what a promotion is about, by the rules of the backend `manifests`, or saying why it cannot be.

Every refusal names the file, and what to do by hand.
"""

from __future__ import annotations

import posixpath
import re

from iter8_gitops.cluster.labels import label_complaint
from iter8_gitops.errors import NotFoundError
from iter8_gitops.promotion.kustomizations import Kustomizations
from iter8_gitops.promotion.refusals import PromotionRefusedError
from iter8_gitops.promotion.tree import Found, FoundRoutemap, Tree
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import Routemap
from iter8_gitops.spec.wording import suggestion

_ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)


class Finder:
    """Looks for things in one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.kustomizations = Kustomizations(tree.files)

    def routemap(self, application: str) -> FoundRoutemap:
        """The routemap of an application. Raises `NotFoundError` and `PromotionRefusedError`."""
        places = self._tree.routemaps.get(application, ())
        if len(places) > 1:
            message = f"{application} is declared at {_and(places)}: keep only one, or say which folder counts (--path)"
            raise PromotionRefusedError(message)
        if places:
            return places[0]
        problems = self._tree.problems(application)
        if problems:
            message = f"the routemap of {application} cannot be read: {problems[0]}"
            raise PromotionRefusedError(message)
        known = self._tree.routemaps
        hint = suggestion(application, known, kind="applications") if known else "there is no routemap at all"
        message = f"{application} is not in {self._where()} ({hint})"
        raise NotFoundError("application", message)

    def object(self, wanted: ResourceId) -> Found:
        """The manifest of an object. Raises `NotFoundError` and `PromotionRefusedError`."""
        manifest = self.only_manifest(wanted)
        if manifest is None:
            raise self._missing(wanted, self._places(wanted))
        self._check(manifest, wanted)
        return manifest

    def only_manifest(self, wanted: ResourceId) -> Found | None:
        """The manifest of an object, if there is one. Raises `PromotionRefusedError` when there are several."""
        manifests = [found for found in self._places(wanted) if found.path not in self.kustomizations.patch_files]
        if len(manifests) > 1:
            message = (
                f"{wanted} is in {_and(manifests)}: which one counts cannot be told. Keep only one, or say "
                "which folder counts (--path)"
            )
            raise PromotionRefusedError(message)
        return manifests[0] if manifests else None

    def exists(self, wanted: ResourceId) -> bool:
        """Whether there is any manifest of an object."""
        return bool(self._places(wanted))

    def _places(self, wanted: ResourceId) -> tuple[Found, ...]:
        """The manifests that state the namespace, or else those that state none."""
        found = self._tree.objects.get((wanted.group, wanted.kind, wanted.name), ())
        exact = tuple(each for each in found if each.resource.id.namespace == wanted.namespace)
        return exact or tuple(each for each in found if not each.resource.id.namespace)

    def _check(self, found: Found, wanted: ResourceId) -> None:
        if not found.decoded.watched:
            message = (
                f"{wanted} is in {found.place}, but {label_complaint(found.resource)}: it is no part of anything yet"
            )
            raise PromotionRefusedError(message)
        if self._is_template(found.path):
            message = (
                f"{wanted} is in {found.path}, a template of the Helm chart {self._chart(found.path)}: change the "
                "values of the chart by hand"
            )
            raise PromotionRefusedError(message)

    def check_patches(self, primary: Found, candidate: Found) -> None:
        """Raise `PromotionRefusedError` when Kustomize changes one of the two and not the other."""
        names = [found.resource.id for found in (primary, candidate)]
        ours, theirs = (set(self.kustomizations.patches(name)) for name in names)
        for patch in sorted(ours ^ theirs, key=lambda patch: patch.place):
            which = names[0] if patch in ours else names[1]
            message = (
                f"{which.kind} {which.name} is patched in {patch.place}, so its manifest does not say what is "
                "deployed. Promote it by hand there"
            )
            raise PromotionRefusedError(message)

    def _missing(self, wanted: ResourceId, patches: tuple[Found, ...]) -> Exception:
        if patches:
            path = patches[0].path
            said = (
                f"{wanted} is only in {path}, a patch of {self.kustomizations.patch_files[path]}: its manifest is "
                "elsewhere. Promote it by hand there"
            )
            return PromotionRefusedError(said)
        generator = self.kustomizations.generator(wanted)
        if generator:
            return PromotionRefusedError(f"{wanted} is generated by {generator}: change the generator by hand")
        template = self._template_of(wanted)
        if template:
            said = f"{wanted} seems to come from {template}, a Helm template: change the values of the chart by hand"
            return PromotionRefusedError(said)
        renaming = self.kustomizations.renaming()
        hint = f"; {renaming} gives objects other names than their manifests do" if renaming else ""
        return NotFoundError("resource", f"{wanted} is not in {self._where()}{hint}")

    def _template_of(self, wanted: ResourceId) -> str:
        """A file with Helm's actions that may make such an object."""
        kind = re.compile(rb"^kind: *['\"]?" + re.escape(wanted.kind.encode()) + rb"\b", re.MULTILINE)
        for path, file in sorted(self._tree.files.items()):
            if self._is_template(path) and kind.search(file.content):
                return path
        return ""

    def _is_template(self, path: str) -> bool:
        return bool(self._chart(path)) and _ACTION.search(self._tree.files[path].content) is not None

    def _chart(self, path: str) -> str:
        """The folder of the chart whose template a file is, or ""."""
        folder = path
        while folder := posixpath.dirname(folder):
            above, name = posixpath.split(folder)
            if name == "templates" and posixpath.join(above, "Chart.yaml") in self._tree.files:
                return above or "."
        return ""

    def _where(self) -> str:
        return f"the folder {self._tree.scope} of the repository" if self._tree.scope else "the repository"


def find_version(routemap: Routemap, wanted: str) -> int:
    """The index of a version by its name, or else its index.

    Raises `NotFoundError`, and `PromotionRefusedError` for the primary.
    """
    names = [version.name for version in routemap.versions]
    index = names.index(wanted) if wanted in names else int(wanted) if wanted.isdecimal() and len(wanted) < 5 else -1
    if not 0 <= index < len(names):
        listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names))
        message = f"{routemap.application} has no version {wanted}; it has {listed}"
        raise NotFoundError("version", message)
    if index == 0:
        message = f"{names[0]} is the primary of {routemap.application} already; promote a candidate"
        raise PromotionRefusedError(message)
    return index


def _and(places: tuple[Found, ...] | tuple[FoundRoutemap, ...] | list[Found]) -> str:
    return " and ".join(found.place for found in places)
