"""`schema`: JSON Schemas of what people write, so that editors complete, explain and check it."""

from __future__ import annotations

from typing import Any

import click

from iter8_gitops.cli.output import print_json

_FORMS = ("native", "configmap", "spec", "configuration")


@click.command(short_help="Print the JSON Schema of routemaps, for editors.")
@click.option(
    "--form",
    type=click.Choice(_FORMS),
    default="native",
    show_default=True,
    help="Which documents: 'native' is kind: Routemap, 'configmap' Iter8's form, 'spec' the text in its data.strSpec, "
    "'configuration' the file of --config.",
)
def schema(form: str) -> None:
    """Print the JSON Schema (draft 7) of documents that people write.

    An editor that knows it completes keys, explains them, and marks mistakes. It cannot know which kinds and plugins
    there are, or whether names differ: `validate` can.

    \b
    Examples:
      iter8-gitops schema > .iter8.schema.json
      iter8-gitops schema --form configmap
    """
    print_json(_schema_of(form))


def _schema_of(form: str) -> dict[str, Any]:
    from iter8_gitops.spec.json_schema.forms import config_map_schema, document_schema, native_schema, spec_schema

    match form:
        case "native":
            return native_schema()
        case "configmap":
            return config_map_schema()
        case "spec":
            return spec_schema()
    from iter8_gitops.runtime.configuration_schema import ConfigurationDocument

    found = document_schema(
        ConfigurationDocument,
        "configuration",
        "Configuration of iter8-gitops",
        "The file that --config names. Keys that mean nothing here, such as others of Iter8's Helm chart, are ignored.",
    )
    return {**found, "additionalProperties": True}
