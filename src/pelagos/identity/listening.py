"""Where a hub may listen."""

from __future__ import annotations

import ipaddress

from pelagos.domain import errors


def refuse_beyond_loopback(listen_ip: str, *, configured: bool) -> None:
    """Raise InvalidInput for an address that others can reach, unless an identity provider is configured."""
    if configured or _is_loopback(listen_ip):
        return
    fault = f"'{listen_ip}' can be reached from other machines; expected a loopback address, such as 127.0.0.1"
    hint = "Reach the hub from elsewhere by a tunnel (ssh -L 8800:127.0.0.1:8800 HOST), or configure who may log in."
    raise errors.InvalidInput({"listen_ip": [fault]}, hint=hint)


def _is_loopback(listen_ip: str) -> bool:
    try:
        return ipaddress.ip_address(listen_ip).is_loopback
    except ValueError:
        return listen_ip == "localhost"
