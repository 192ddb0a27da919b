"""Calling out to an address that somebody gave us: only to the public internet, and no further than asked.

The host is resolved here, once; every address it has must be public; and the connection goes to one of the very
addresses that were looked at, so that a name which says something else a moment later is of no use. Only https,
with the certificate of that name; no redirect is followed; of the answer a little is read, within a span of time.
"""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT: Final = 6.0
# However slowly an answer drips, after so many seconds it is over.
DEADLINE: Final = 15.0
MOST_BYTES: Final = 4096
MOST_ADDRESSES: Final = 2

_V6: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# A public address that hosts of one provider reach their own keys by.
_INSIDE: Final = frozenset({ipaddress.ip_address("168.63.129.16")})

# What `socket.getaddrinfo` returns of each address: family, kind, protocol, name, and where to connect.
Found = tuple[Any, Any, int, str, Any]
Resolve = Callable[..., list[Any]]


class Refused(Exception):
    """An address that we don't call; nothing was sent."""


class Unreached(Exception):
    """Nobody answered there, or not as the one they should be; nothing was sent."""


class Unsure(Exception):
    """It broke off after we began to speak: nobody can know whether it was taken."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and no disguise of another."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _V6 or ip.sixtofour is not None or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _INSIDE


def parts_of(url: str) -> tuple[str, int, str]:
    """Return host, port and path of an address that may be called; raise Refused for any other."""
    try:
        if any(not "!" <= sign <= "~" for sign in url):
            raise Refused("signs")
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or 443
    except (UnicodeError, ValueError) as error:
        raise Refused("address") from error
    if parts.scheme != "https" or not host or parts.username is not None or "@" in parts.netloc:
        raise Refused("scheme")
    if port != 443 and port < 1024:
        raise Refused("port")
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Line(HTTPSConnection):
    """A connection to an address that was looked at, whatever the name says by now."""

    def __init__(self, host: str, port: int, found: list[Found], context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=TIMEOUT, context=context)
        self.found, self.trusted = found, context

    def connect(self) -> None:
        for number, (family, kind, protocol, _name, where) in enumerate(self.found, 1):
            line = socket.socket(family, kind, protocol)
            line.settimeout(TIMEOUT)
            # Kept from the first, so that `cut` reaches it.
            self.sock = line
            try:
                line.connect(where)
                self.sock = self.trusted.wrap_socket(line, server_hostname=self.host)
                return
            except OSError:
                line.close()
                if number == len(self.found):
                    raise

    def cut(self) -> None:
        """Break it off, whoever waits on it."""
        with suppress(Exception):
            self.sock.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Caller:
    """Who calls out. Tests give it a resolver, what is allowed and whom to trust; nothing else does."""

    resolve: Resolve = socket.getaddrinfo
    is_allowed: Callable[[str], bool] = is_public
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def look_up(self, host: str, port: int) -> list[Found]:
        """Return the addresses of a host, all of which may be called; raise Refused or Unreached."""
        try:
            found: list[Found] = self.resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreached(type(error).__name__) from error
        if not found:
            raise Unreached("no address")
        for _family, _kind, _protocol, _name, where in found:
            if not self.is_allowed(str(where[0])):
                raise Refused("private")
        return found[:MOST_ADDRESSES]

    def post(self, url: str, content: Mapping[str, Any]) -> int:
        """Send JSON to an address and return the status of the answer; raise Refused, Unreached or Unsure."""
        host, port, path = parts_of(url)
        line = _Line(host, port, self.look_up(host, port), self.context)
        over = threading.Timer(DEADLINE, line.cut)
        over.daemon = True
        over.start()
        try:
            try:
                line.connect()
            except OSError as error:
                raise Unreached(type(error).__name__) from error
            try:
                line.request(
                    "POST",
                    path,
                    json.dumps(content),
                    {"Content-Type": "application/json", "Connection": "close"},
                )
                answer = line.getresponse()
                with suppress(OSError, HTTPException):
                    answer.read(MOST_BYTES)
            except (OSError, HTTPException, ValueError) as error:
                raise Unsure(type(error).__name__) from error
            return answer.status
        finally:
            over.cancel()
            line.close()
