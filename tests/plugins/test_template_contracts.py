"""Both template engines keep the contract that those of other people's plugins are held to."""

from __future__ import annotations

from typing import ClassVar

from iter8_gitops_plugins import go_template, jinja2_template

from iter8_gitops.testing import TemplateContract
from tests.plugins.test_go_template import HOSTILE
from tests.plugins.test_jinja2_template_hostile import ENDLESS, REFUSED, TOO_MUCH_MEMORY


class TestGo(TemplateContract):
    plugin = go_template
    engine = "go"
    renders: ClassVar = {
        "{{ .Name }}": "backend",
        "{{ range .Versions }}{{ .Name }}={{ .Weight }} {{ end }}": "v0=70 v1=30 ",
        "": "",
    }
    broken: ClassVar = {"\n\n{{ .Nmae }}": "line 3", "{{ if }}": "line 1", "{{ range .Versions }}": "line 1"}
    hostile = tuple(HOSTILE.values())[::4]


class TestJinja2(TemplateContract):
    plugin = jinja2_template
    engine = "jinja2"
    renders: ClassVar = {
        "{{ Name }}": "backend",
        "{% for v in Versions %}{{ v.Name }}={{ v.Weight }} {% endfor %}": "v0=70 v1=30 ",
        "": "",
    }
    broken: ClassVar = {"\n\n{{ Nmae }}": "line 3", "{% if %}": "line 1", "{% for v in Versions %}": "line 1"}
    hostile = (*list(ENDLESS.values())[:1], *list(TOO_MUCH_MEMORY.values())[:2], *list(REFUSED.values())[::8])
