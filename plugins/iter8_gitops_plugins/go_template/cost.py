"""How much work a template can be, found from its source before it runs.

The library bounds iterations and depth, but a template of twenty lines that call each other twice
runs a million times, and a loop over a long body is long too. So lengths are measured with every
call of a named template written out in its place. As recursion is refused and only `range` repeats,
a run goes through no more than the length of the whole, and for each iteration the length of the
longest loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gotpl.parse.nodes import (
    BlockNode,
    DefinitionNode,
    IfNode,
    ListNode,
    RangeNode,
    TemplateCallNode,
    TemplateNode,
    WithNode,
)
from gotpl.parse.parser import parse_template

from iter8_gitops.hooks import TemplateError

ROOT = "the routing template"
"""The name that the outermost template can be called by, as any named template can."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Characters of the whole template and of its longest `range`, with all calls written out."""

    length: int
    longest_loop: int


def cost(source: str, functions: frozenset[str]) -> Cost:
    """Measure a template.

    `functions` are the names beyond the built-in ones. Raises the library's syntax errors, and
    `TemplateError` for a template that calls itself.
    """
    parsed = parse_template(source, functions=functions)
    lengths = _Lengths(parsed.definitions)
    bodies = (parsed.root, *(definition.body for definition in parsed.definitions))
    loops = [node for body in bodies for node in _nodes(body) if isinstance(node, RangeNode)]
    return Cost(
        length=len(source) + lengths.of_calls(_nodes(parsed.root)),
        longest_loop=max((node.end - node.start + lengths.of_calls(_inside(node)) for node in loops), default=0),
    )


class _Lengths:
    """The lengths of named templates with their own calls written out, each found once."""

    def __init__(self, definitions: Iterable[DefinitionNode]) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._known: dict[str, int] = {}

    def of_calls(self, nodes: Iterator[TemplateNode], calling: tuple[str, ...] = (ROOT,)) -> int:
        """The length of every template that is called, once per call. `calling` are those being measured."""
        called = (node.name for node in nodes if isinstance(node, (TemplateCallNode, BlockNode)))
        return sum(self._of(name, calling) for name in called)

    def _of(self, name: str, calling: tuple[str, ...]) -> int:
        if name in calling:
            message = f"the template {name!r} calls itself, which is not supported"
            raise TemplateError(message)
        definition = self._definitions.get(name)
        if name not in self._known and definition is not None:
            inner = self.of_calls(_nodes(definition.body), (*calling, name))
            self._known[name] = definition.end - definition.start + inner
        return self._known.get(name, 0)


def _nodes(body: ListNode) -> Iterator[TemplateNode]:
    """Every node anywhere in `body`; the body of a block counts where the block is defined."""
    for node in body.nodes:
        yield node
        if isinstance(node, (IfNode, WithNode, RangeNode)):
            yield from _inside(node)


def _inside(node: IfNode | WithNode | RangeNode) -> Iterator[TemplateNode]:
    yield from _nodes(node.body)
    if node.else_body is not None:
        yield from _nodes(node.else_body)
