"""Which addresses users may have us call: public ones, by http or https."""

import ipaddress
from urllib.parse import urlsplit

from digest.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check(url: str) -> None:
    """What can be seen without asking DNS; who fetches checks every address it connects to. Raises `url.unsafe`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused("url.unsafe", "This is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("url.unsafe", "Only http:// and https:// URLs with a host can be used.")
    if parts.username is not None or parts.password is not None:
        raise Refused("url.unsafe", "A URL with a user name or password cannot be used.")


def is_public(address: Address) -> bool:
    """Whether this is an address of the Internet, and of one host in it."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None:
        address = mapped
    return address.is_global and not address.is_multicast and not address.is_reserved
