import time
from tests.cli.test_uninstall import *
def test_speed(run, client, control_plane, namespace):
    for n in range(400):
        m = config_map(namespace, f"m-{n}", instance=INSTANCE, created=True)
        m["metadata"]["finalizers"] = [FINALIZER]
        client.create(f"/api/v1/namespaces/{namespace}/configmaps", m)
    Ledger(client, namespace, INSTANCE).add([("", "ConfigMap")])
    t = time.monotonic()
    r = run("--yes")
    print("SPEED", time.monotonic() - t, r.stdout, r.stderr)
