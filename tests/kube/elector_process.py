"""A replica in a process of its own: prints one line whenever `leads` changes, with a clock that processes share."""

from __future__ import annotations

import sys
import time

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.lease import LeaseElector, steady_clock


def main(kubeconfig: str, namespace: str, name: str, identity: str, duration: str) -> None:
    client = KubeClient.connect(kubeconfig=kubeconfig)
    elector = LeaseElector(client, namespace, name, identity, duration=float(duration), on_change=lambda _leads: None)
    elector.start()
    told = False
    while True:
        # `leads` is asked here, like by somebody about to write: the elector's thread may not have run yet.
        leads = elector.leads()
        if leads != told:
            sys.stdout.write(f"{'leads' if leads else 'follows'} {steady_clock()}\n")
            sys.stdout.flush()
            told = leads
        time.sleep(0.005)


main(*sys.argv[1:])
