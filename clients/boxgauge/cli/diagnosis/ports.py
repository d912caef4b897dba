"""Addresses to listen on: free, and of this machine."""

import errno
import http.client
import socket
import ssl
import urllib.request

from boxgauge.cli.diagnosis.finding import Finding

_TIMEOUT_S = 1.0


def port_findings(host: str, port: int, metrics_host: str, metrics_port: int) -> list[Finding]:
    """Judge both addresses by listening on them for a moment."""
    runs = _is_ours(metrics_host, metrics_port)
    found = [
        _finding("port of gRPC", "PORT", host, port, runs=runs),
        _finding("port of metrics", "METRICS_PORT", metrics_host, metrics_port, runs=runs),
    ]
    if port and port == metrics_port and host == metrics_host:
        words = f"gRPC and metrics are both to listen on {host}:{port}"
        found.append(Finding("ports", words, "set BOXGAUGE_METRICS_PORT to another"))
    return found


def _finding(subject: str, name: str, host: str, port: int, *, runs: bool) -> Finding:
    where = f"{host}:{port}"
    error = _refusal(host, port)
    if error is None:
        return Finding(subject, f"{where} is free" if port else f"a free one of {host}")
    if error.errno == errno.EADDRINUSE:
        if runs:
            return Finding(subject, f"{where} is taken by a BoxGauge that runs", is_note=True)
        return Finding(
            subject,
            f"{where} is taken by another process",
            f"end it (ss -ltnp 'sport = :{port}' names it), or set BOXGAUGE_{name}",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        words = f"{where} may not be listened on: {error.strerror}"
        return Finding(subject, words, f"set BOXGAUGE_{name} to 1024 or above")
    host_name = name.replace("PORT", "HOST")
    return Finding(
        subject,
        f"{host} cannot be listened on: {error.strerror}",
        f"set BOXGAUGE_{host_name} to an address of this machine, 127.0.0.1 or 0.0.0.0",
    )


def _refusal(host: str, port: int) -> OSError | None:
    """Return why nobody can listen there now."""
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as listener:
            # What a service that has just ended leaves behind does not keep the next from starting.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return error
    return None


def _is_ours(host: str, port: int) -> bool:
    """Say whether what answers there is a BoxGauge, by its probes, which ask for no token."""
    if not port:
        return False
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "[::]": "[::1]"}.get(host, host)  # noqa: S104 (a name, not an address to listen on)
    # Whose certificate it is does not matter: nothing is told to it.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unverified)
    opener = urllib.request.build_opener(*handlers)
    for scheme in ("http", "https"):
        try:
            with opener.open(f"{scheme}://{near}:{port}/healthz", timeout=_TIMEOUT_S) as answer:
                return bool(answer.read(16) == b"ok\n")
        except (OSError, http.client.HTTPException, ValueError):
            continue
    return False
