"""All that is wrong with the files that were given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from iter8_gitops.cli.rules import Rules
from iter8_gitops.cli.validate.given import GivenFile
from iter8_gitops.cli.validate.manifests import catalogue_of, unseen, weight_complaint
from iter8_gitops.cli.validate.places import Places, placed_in_template
from iter8_gitops.cli.validate.templates import TemplateCheck
from iter8_gitops.cluster.catalogue import Catalogue
from iter8_gitops.core.desired import Declared, DecodedTree
from iter8_gitops.core.merging import desired
from iter8_gitops.errors import ConfigurationError
from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.routemap import Origin


@dataclass(frozen=True, slots=True)
class Settings:
    """How to check. `namespace` is that of documents that state none.

    With `skip_foreign`, named files are treated as those found in a folder: one that is no valid YAML and shows no
    sign of being meant for us is no problem. With `resources`, objects that routemaps name must be among the files.
    """

    namespace: str | None = None
    skip_foreign: bool = False
    resources: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Every problem, by place, and how many routemaps could be decoded."""

    problems: tuple[Problem, ...]
    routemaps: int


def check(given: Sequence[GivenFile], rules: Rules, settings: Settings) -> Findings:
    """Check everything. Raises `ConfigurationError` when resources are to be looked for and there is no object."""
    checked = [_CheckedFile(each, decode_file(each.file, rules.kinds, settings.namespace)) for each in given]
    tree = DecodedTree("", "", {each.path: each.contents for each in checked})
    problems = list(desired([tree], {}).problems[""])
    templates = TemplateCheck(rules)
    for each in checked:
        if each.named and not settings.skip_foreign:
            problems += each.contents.unreadable_problems
        problems += each.weight_problems()
        problems += each.template_problems(templates)
    if settings.resources:
        problems += _resource_problems(checked)
    count = sum(len(each.contents.routemaps) for each in checked)
    return Findings(tuple(sorted(set(problems), key=_place)), count)


class _CheckedFile:
    """A file, what it holds, and where that is written."""

    def __init__(self, given: GivenFile, contents: FileContents) -> None:
        self.path = given.file.path
        self.named = given.named
        self.contents = contents
        self._places = Places(given.file)

    def weight_problems(self) -> Iterator[Problem]:
        """Annotations that ask for what is no weight."""
        for each in self.contents.resources:
            complaint = weight_complaint(each)
            if complaint is not None:
                yield complaint.problem(self._places.object(each))

    def template_problems(self, templates: TemplateCheck) -> Iterator[Problem]:
        """Routing templates that cannot be used."""
        for each in self.contents.routemaps:
            declared = Declared(each.routemap, Origin("", self.path, ""), each.line)
            for name, problem in templates.problems(declared):
                yield placed_in_template(problem, self._places.spec(each), name)

    def resource_problems(self, catalogue: Catalogue) -> Iterator[Problem]:
        """Resources that nobody would see."""
        for each in self.contents.routemaps:
            for missing in unseen(each.routemap, catalogue):
                line, column = self._places.spec(each).position(*missing.path)
                application = each.routemap.application
                yield Problem(self.path, line, column, missing.message, missing.hint, application, Code.RESOURCE)


def _resource_problems(checked: Sequence[_CheckedFile]) -> Iterator[Problem]:
    if not any(each.contents.resources for each in checked):
        raise ConfigurationError("no Kubernetes object is there to look for resources; give the manifests, too")
    catalogue = catalogue_of({each.path: each.contents.resources for each in checked})
    yield from (replace(problem, column=1) for problem in catalogue.problems)
    for each in checked:
        yield from each.resource_problems(catalogue)


def _place(problem: Problem) -> tuple[str, int, int, str, str, str]:
    return problem.file, problem.line, problem.column, problem.message, problem.hint, problem.application or ""
