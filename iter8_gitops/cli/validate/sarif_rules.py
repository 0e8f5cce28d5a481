"""The rules that problems break, as SARIF describes them. Their identifiers stay the same from release to release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iter8_gitops.spec.problem import Code


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its identifier, what it demands, and how to follow it."""

    id: str
    summary: str
    help: str

    def descriptor(self) -> dict[str, Any]:
        """The rule as SARIF's `reportingDescriptor`."""
        return {
            "id": self.id,
            "shortDescription": {"text": self.summary},
            "fullDescription": {"text": self.summary},
            "help": {"text": self.help},
            "defaultConfiguration": {"level": "error"},
        }


_TEXTS = {
    Code.SYNTAX: (
        "A file must be valid YAML or JSON.",
        "Check indentation, quotes and duplicate keys at the place of the problem. Nothing of a document that is no "
        "valid YAML takes effect: its routemap stays as it last was.",
    ),
    Code.REFUSED_FILE: (
        "A file must be one that can be read.",
        "Files that are too large, Git LFS pointers and symbolic links that leave the tree are not read.",
    ),
    Code.UNKNOWN_KEY: (
        "A routemap holds no unknown keys.",
        "Correct the key; the problem names the one that was probably meant, and all that are valid there.",
    ),
    Code.MISSING_KEY: (
        "A routemap must hold every required key.",
        "Add the key at the place of the problem. A key whose value is null counts as missing.",
    ),
    Code.INVALID_VALUE: (
        "Every value must be one that its key can have.",
        "The problem says what is allowed. Numbers and true or false must not be quoted where a number or a truth "
        "value is wanted, and must be quoted where text is.",
    ),
    Code.UNKNOWN_KIND: (
        "Resources must be of known kinds.",
        "Use a short name that a plugin or the configuration knows, or write apiVersion and kind.",
    ),
    Code.DUPLICATE: (
        "Nothing is declared twice.",
        "Two routemaps must not have one name, nor two versions of a routemap, and no two routing templates may render "
        "one object. Keep one of the two, or give one another name.",
    ),
    Code.SCOPE: (
        "Routemaps and their resources must be within the controller's scope.",
        "Run the controller with --scope cluster, or keep everything in its namespace.",
    ),
    Code.ROUTING_TEMPLATE: (
        "Routing templates must render one Kubernetes object.",
        "Each template is rendered while only the primary takes traffic, and while all versions do. Try it with "
        "`iter8-gitops render`.",
    ),
    Code.RESOURCE: (
        "Resources that a routemap names must be there and carry the watch label.",
        'A version takes no traffic until all its resources exist and carry the label iter8.tools/watch: "true".',
    ),
}

OTHER = Rule("iter8/problem", "Routemaps have no problems.", "The message says what is wrong and what to do.")
_RULES = {code: Rule(f"iter8/{code}", *texts) for code, texts in _TEXTS.items()}

RULES: tuple[Rule, ...] = (*_RULES.values(), OTHER)
"""Every rule, in the order in which results refer to them."""


def rule_of(code: str) -> Rule:
    """The rule that a problem with this code breaks."""
    return _RULES.get(Code(code), OTHER) if code in set(Code) else OTHER
