"""`Guard`: who may ask the board for what. Everything else is refused before it reaches a route.

The board listens on this machine only, but every page in the user's browser can reach it there. So a request has to
name this address as its host (a name that was pointed here from outside is refused), may not come from another site,
may only read, and has to bring the token: in the address once, in a cookie from then on.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netsitter.board.serve import LOOPBACK, is_everywhere, is_loopback

METHODS = ("GET", "HEAD")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every answer. Plotly sets styles by attribute, which cannot run anything; its style sheets are left out."""

MOST_HEAD = 16_384
"""Bytes of a request's address and headers together."""

ENTRY = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>netsitter</title>
<script src="/page/enter.js"></script><noscript><a href="/">Go on</a></noscript></html>
"""

NO_TOKEN = "This page opens with the address that `netsitter board` printed, token and all.\n"


@dataclass(frozen=True)
class Guard:
    """The middleware around all routes.

    host, port: that the server is bound to. token: what the address holds.
    """

    app: ASGIApp
    host: str
    port: int
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Web sockets are not served at all; the life of the server is its own affair.
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        told = [scope["raw_path"], scope["query_string"], *(part for pair in scope["headers"] for part in pair)]
        if sum(map(len, told)) > MOST_HEAD:
            return Response(status_code=431)
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return Response(status_code=403)
        if scope["method"] not in METHODS:
            return PlainTextResponse("This page only reads.\n", 405, {"Allow": ", ".join(METHODS)})
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{hosts[0]}":
            return Response(status_code=403)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if scope["path"] == "/" and len(asked) == 1 and self._fits(asked[0]):
            return self._welcome()
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Response(status_code=403)
        if not self._fits(_cookie(headers.get("cookie", ""), self.cookie)):
            return PlainTextResponse(NO_TOKEN, 403)
        return None

    @property
    def cookie(self) -> str:
        """Cookies do not know of ports: two boards of one machine need two names."""
        return f"netsitter-{self.port}"

    def _welcome(self) -> Response:
        """Leads to the page itself, whose address no longer holds the token.

        Not by a redirect: after one from another place, as a link in a chat, browsers keep a strict cookie back.
        """
        answer = HTMLResponse(ENTRY)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer

    def _fits(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token.encode())

    def _is_ours(self, told: str) -> bool:
        """Whether the header names this server; one that is open to other machines goes by any number, and its name."""
        name, _, port = told.rpartition(":") if not told.endswith("]") else (told, "", "80")
        if port != str(self.port):
            return False
        name = name[1:-1] if name.startswith("[") and name.endswith("]") else name.lower()
        if is_loopback(self.host):
            return name in (*LOOPBACK, self.host)
        ours = name in (*LOOPBACK, self.host, socket.gethostname().lower()) or _is_number(name)
        return ours and not is_everywhere(name)


def _is_number(name: str) -> bool:
    """Whether it is an IP address. Those cannot be pointed elsewhere, as names can."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
