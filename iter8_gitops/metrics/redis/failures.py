"""What goes wrong with a server, in sentences that say what to do, and whether to try again at once."""

from __future__ import annotations

from redis import exceptions

from iter8_gitops.errors import ConfigurationError, UnavailableError
from iter8_gitops.metrics.redis.options import RedisOptions

FAILURES = (exceptions.RedisError, exceptions.RedisClusterException, OSError, ConfigurationError)
"""What the client raises when a server, or the way to it, fails."""

_LONGEST = 300

_PASSING: tuple[type[Exception], ...] = (
    exceptions.ConnectionError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
    exceptions.ClusterDownError,
    exceptions.SlotNotCoveredError,
)
_LASTING: tuple[type[Exception], ...] = (exceptions.AuthenticationError, exceptions.AuthorizationError)

_REFUSED = "it refuses the user or the password; check both, and that the user is on (ACL LIST)"
_WANTED = "it wants a password; give password_file or password_env"
_BY_TYPE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.AuthenticationError, _REFUSED),
    (exceptions.AuthorizationError, _REFUSED),
    (exceptions.AuthenticationWrongNumberOfArgsError, _REFUSED),
    (exceptions.NoPermissionError, "its user may not do this; docs/metrics-store.md lists the permissions it needs"),
    (exceptions.BusyLoadingError, "it is loading its data after a start; try again"),
    (
        exceptions.ReadOnlyError,
        "it is a replica, which cannot be written; try again after the failover, and check that the address is that "
        "of the primary",
    ),
    (
        exceptions.OutOfMemoryError,
        "it has no memory left; give it more (maxmemory), or delete applications that are gone. What was stored stays",
    ),
    (exceptions.MasterDownError, "it is a replica that has lost its primary; try again after the failover"),
    (exceptions.ClusterDownError, "the cluster does not serve all slots now; try again, and look at CLUSTER INFO"),
    (exceptions.SlotNotCoveredError, "the cluster does not serve all slots now; try again, and look at CLUSTER INFO"),
    (exceptions.TryAgainError, "the cluster is moving these keys; try again"),
    (exceptions.AskError, "it is part of a cluster; write redis+cluster:// or rediss+cluster://"),
    (exceptions.InvalidResponse, "it does not answer as Redis does; check the port"),
    (exceptions.RedisClusterException, "no node of the cluster can be used; check the addresses and that it is one"),
)
_BY_CODE: tuple[tuple[str, str], ...] = (
    ("NOAUTH", _WANTED),
    ("Authentication required", _WANTED),
    ("unauthenticated", _WANTED),
    ("WRONGPASS", _REFUSED),
    ("MISCONF", "it cannot save to its disk, and so takes no writes; look at its log"),
    ("NOREPLICAS", "it has too few replicas to take writes (min-replicas-to-write); see to the replicas"),
    ("BUSY", "a script keeps it busy; try again"),
    ("WRONGTYPE", "keys of this prefix hold something else; choose another one with prefix"),
    ("ITER8FORMAT", "another release wrote these keys, and this one does not know their form; run that release"),
    ("unknown command", "it is too old; it must be Redis 6.2 or newer, or Valkey"),
    ("CROSSSLOT", "it is part of a cluster; write redis+cluster:// or rediss+cluster://"),
    ("Cluster mode is not enabled", "it is not part of a cluster; write redis:// or rediss://"),
    ("cluster support disabled", "it is not part of a cluster; write redis:// or rediss://"),
    ("DB index is out of range", "it has no such database; choose a lower number behind the host"),
    ("SELECT is not allowed in cluster mode", "it is part of a cluster; write redis+cluster:// or rediss+cluster://"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS on this port; check the port, or write redis://"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted; give the authority with ca_file"),
    ("CERTIFICATE_REQUIRED", "it wants a certificate of ours; give cert_file and key_file"),
    ("CERTIFICATE_UNKNOWN", "it does not trust our certificate; check cert_file and key_file"),
)


def is_passing(error: Exception, options: RedisOptions) -> bool:
    """Whether the same may work in a moment. Who waited for an answer in vain has waited enough."""
    if isinstance(error, exceptions.AskError):
        return options.cluster  # The slots are on their way from one node to another.
    return isinstance(error, _PASSING) and not isinstance(error, _LASTING)


def explained(error: Exception, options: RedisOptions) -> UnavailableError:
    """`error` in words."""
    if isinstance(error, ConfigurationError):
        return UnavailableError(str(error))
    said = _hidden(" ".join(str(error).split())[:_LONGEST], options)
    return UnavailableError(f"the metric store {options}: {_advice(error, options)} (it says: {said})")


def _advice(error: Exception, options: RedisOptions) -> str:
    text = str(error)
    for code, advice in _BY_CODE:
        if code in text:
            return advice
    if isinstance(error, exceptions.TimeoutError):
        if "connecting" in text:
            tls = ", and that it speaks TLS on this port" if options.tls else ""
            return f"no connection within {options.connect_timeout:g} s; check that it runs at this address{tls}"
        return f"no answer within {options.timeout:g} s; try again, and see what keeps it busy"
    for kind, advice in _BY_TYPE:
        if isinstance(error, kind):
            return advice
    if isinstance(error, exceptions.ConnectionError | OSError):
        asked = options.tls is not None and options.tls.cert_file is None
        tls = ", and whether it wants a certificate of ours (cert_file)" if asked else ""
        return f"it cannot be reached, or the connection was lost; check that it runs at this address{tls}"
    return "it cannot be used now"


def _hidden(text: str, options: RedisOptions) -> str:
    """No server repeats a password; should one do so, nobody reads it here."""
    try:
        password = options.password.read() if options.password else ""
    except ConfigurationError:
        password = ""
    return text.replace(password, "***") if password else text
