"""Contract suites for plugins: pytest classes that an author subclasses in a test module of their own.

    from iter8_gitops.testing import ObjectContract

    class TestCertificates(ObjectContract):
        plugin = iter8_certificates
        samples = "samples"
        expected = {"issued": ("ready", True)}

There is one suite for each kind of plugin, and the first-party ones run them too. Needs pytest, and nothing else
that iter8-gitops itself does not need.
"""

from importlib.util import find_spec

if find_spec("pytest") is None:
    raise ImportError("iter8_gitops.testing needs pytest: pip install 'iter8-gitops[testing]'")

from iter8_gitops.testing.clusters import ClusterContract, ClusterHarness
from iter8_gitops.testing.edits import GONE, Edit
from iter8_gitops.testing.following import Following
from iter8_gitops.testing.http_receiver import HttpReceiver
from iter8_gitops.testing.metric_stores import MetricStoreContract
from iter8_gitops.testing.notifiers import NotifierContract, Receiver
from iter8_gitops.testing.objects import ObjectContract
from iter8_gitops.testing.plugin import PluginContract
from iter8_gitops.testing.samples import as_resource, read_samples
from iter8_gitops.testing.sources import SourceContract, SourcePlace
from iter8_gitops.testing.templates import TEMPLATE_DATA, TemplateContract
from iter8_gitops.testing.waiting import eventually

__all__ = [
    "GONE",
    "TEMPLATE_DATA",
    "ClusterContract",
    "ClusterHarness",
    "Edit",
    "Following",
    "HttpReceiver",
    "MetricStoreContract",
    "NotifierContract",
    "ObjectContract",
    "PluginContract",
    "Receiver",
    "SourceContract",
    "SourcePlace",
    "TemplateContract",
    "as_resource",
    "eventually",
    "read_samples",
]
