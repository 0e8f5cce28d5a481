"""`plugins`: what is loaded, where it comes from, and why something is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from iter8_gitops.cli.options import output_option
from iter8_gitops.cli.output import print_json, print_table

if TYPE_CHECKING:
    from iter8_gitops.hooks import LoadedPlugin, PluginFailure, ResourceKind
    from iter8_gitops.hooks.loading import Candidate

_HEADINGS = ("PLUGIN", "KINDS", "HOOKS")


@click.command(short_help="Show the plugins that are loaded, and why others are not.")
@output_option
def plugins(output: str) -> None:
    """Show the plugins that are installed, by package: the kinds that each adds, and the hooks that it implements.

    A plugin that cannot be loaded is left out, here as everywhere; this command says why, and exits with 1.

    \b
    Examples:
      iter8-gitops plugins
      iter8-gitops plugins -o json
    """
    from iter8_gitops.hooks import HOOKS_VERSION, Plugins
    from iter8_gitops.hooks.loading import installed_candidates

    candidates, unreadable = installed_candidates()
    found = Plugins(candidates, unreadable)
    listed = _listed(found.loaded, candidates)
    if output == "json":
        described = {"plugins": [each.described() for each in listed]}
        failures = {"failures": [_described(failure) for failure in found.failures]}
        print_json({"hooksVersion": HOOKS_VERSION, **described, **failures})
    else:
        if listed:
            print_table(_HEADINGS, list(_rows(listed)))
        else:
            click.echo("no plugins")
        for failure in found.failures:
            click.echo(f"problem: {_sentence(failure)}", err=True)
    if found.failures:
        sys.exit(1)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A loaded plugin and the kinds that it adds."""

    plugin: LoadedPlugin
    kinds: tuple[ResourceKind, ...]

    @property
    def package(self) -> str:
        return f"{self.plugin.distribution} {self.plugin.version}".strip()

    def described(self) -> dict[str, Any]:
        return {
            "name": self.plugin.name,
            "package": self.plugin.distribution,
            "version": self.plugin.version,
            "hooks": list(self.plugin.hooks),
            "kinds": [name for kind in self.kinds for name in kind.short_names or (_full_name(kind),)],
        }

    def row(self) -> tuple[str, ...]:
        # Further short names are the kind in lower case, as a rule: the JSON has them.
        kinds = ", ".join((*kind.short_names, _full_name(kind))[0] for kind in self.kinds)
        return f"  {self.plugin.name}", kinds, ", ".join(self.plugin.hooks)


def _listed(loaded: Sequence[LoadedPlugin], candidates: Sequence[Candidate]) -> list[_Listed]:
    """The plugins by package: other people's first, because they are asked first, then ours."""
    from iter8_gitops.hooks import Plugins
    from iter8_gitops.hooks.loading import FIRST_PARTY

    found = {(each.distribution, each.name): each for each in candidates}
    # Each by itself, because together they do not say which kind is whose.
    alone = [(plugin, Plugins([found[plugin.distribution, plugin.name]])) for plugin in loaded]
    listed = [_Listed(plugin, itself.kinds()) for plugin, itself in alone]
    return sorted(listed, key=lambda each: (each.plugin.distribution == FIRST_PARTY, each.package, each.plugin.name))


def _rows(listed: Sequence[_Listed]) -> Iterator[tuple[str, ...]]:
    for package, plugins_of_it in groupby(listed, key=lambda each: each.package):
        yield package, "", ""
        yield from (each.row() for each in plugins_of_it)


def _described(failure: PluginFailure) -> dict[str, str]:
    return {"name": failure.name, "package": failure.distribution, "message": failure.message}


def _sentence(failure: PluginFailure) -> str:
    whose = f"plugin {failure.name} of {failure.distribution}" if failure.name else failure.distribution
    return f"{whose}: {failure.message}"


def _full_name(kind: ResourceKind) -> str:
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural
