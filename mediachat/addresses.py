"""Determines the client's address, and the network that it shares with others."""

import ipaddress
import re
from typing import Any

from django.conf import settings

_HOP = re.compile(r"(?:\[(?P<bracketed>[^]]*)\]|(?P<plain>[^:]*))(?::\d+)?")
"""``192.0.2.1:80`` or ``[2001:db8::1]:80``, with or without the port. It does not match an IPv6
address without brackets, which cannot have a port."""


def client_address(scope: Any) -> str:
    """Returns the address of an ASGI connection's peer, or the one that trusted proxies report."""
    client = scope.get("client")
    forwarded = b",".join(value for key, value in scope["headers"] if key == b"x-forwarded-for")
    return trusted_address(forwarded.decode("latin-1"), client[0] if client else "")


def trusted_address(forwarded: str, peer: str) -> str:
    """Returns the client's address from X-Forwarded-For, as far as that can be trusted.

    Values that a client invents come before those that the trusted proxies add.
    """
    count = settings.TRUSTED_PROXY_COUNT
    hops = forwarded.split(",")
    if not count or len(hops) < count:
        return peer
    return _address_in(hops[-count].strip()) or peer


def _address_in(hop: str) -> str:
    """Returns the address in one element of X-Forwarded-For, without the port that some proxies
    append. Empty if the element contains no address, such as "unknown" (RFC 7239).
    """
    found = _HOP.fullmatch(hop)
    address = found["bracketed"] or found["plain"] if found else hop
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return ""


def networks(address: str) -> tuple[str, str]:
    """Returns the smallest network that one party holds, and the one that a provider gives to a
    customer.

    For IPv4 the address and its /24; for IPv6 the /64 and the /48, since a party with one address
    has all of its /64, and often a /48. Text that is no address is a network of its own.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address, address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    narrow, wide = (32, 24) if ip.version == 4 else (64, 48)
    return _network(ip, narrow), _network(ip, wide)


def _network(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int) -> str:
    return str(ipaddress.ip_network((ip, prefix), strict=False))
