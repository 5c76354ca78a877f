"""What stands before the pages and all that Streamlit serves: whom the server answers, and with what.

Streamlit asks who somebody is when a page is drawn. What is uploaded, and the pictures and files of
pages drawn for others, it takes and gives without asking; so that is asked here, by the cookie of a sign-in.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import get_instance
from streamlit.url_util import make_url_path
from streamlit.web.server.server_util import AUTH_COOKIE_NAME, get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.shared.access import known
from pages.shared.rules import rules

UPLOADS = "_stcore/upload_file/"
GUARDED = (UPLOADS, "media/", "_stcore/metrics")
HELD = 12  # uploads of the largest size that a session may have in memory, all its files together

# uploads stay in memory: by itself the server takes what is over 1 MB through a temporary file
MultiPartParser.spool_max_size = 0  # no other bound than server.maxUploadSize


@asynccontextmanager
async def at_start(app: st.App) -> AsyncIterator[None]:
    """Learn, before anybody comes, whether this is a server where people sign in."""
    rules()
    yield


class Door:
    """Middleware: refuse other names than the server's, and what only those inside may send or fetch."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        refusal = _refusal(asked)
        if refusal and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        elif refusal:
            await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send)
        elif scope["type"] == "websocket":
            rules()  # whoever comes by a table [auth] that is there for a moment, this has seen it
            await self._app(scope, _without_clearing(receive), send)
        else:
            await self._app(scope, receive, send)


def _refusal(asked: HTTPConnection) -> tuple[int, str] | None:
    """Return status and words with which something is refused, None where it is not."""
    if not is_host_allowed(asked.headers.get("host")):
        return 403, "This server does not answer to that name: see server.allowedHosts."
    path = asked.scope["path"]
    base = st.get_option("server.baseUrlPath") or ""
    if not any(path.startswith(make_url_path(base, guarded)) for guarded in GUARDED):
        return None
    if rules().sign_in and not known(_claims(asked.cookies)).role:
        return 403, "You are not signed in, or no longer."
    uploads = make_url_path(base, UPLOADS)
    if path.startswith(uploads) and asked.scope["method"] == "PUT":
        session = path.removeprefix(uploads).partition("/")[0]
        if _held(session) >= HELD * st.get_option("server.maxUploadSize") * 2**20:
            return 413, "What you uploaded fills the place you have here: load this page anew."
    return None


def _claims(cookies: Mapping[str, str]) -> Mapping[str, object]:
    """Return what the provider said of who sends these cookies, nothing where this server signed none."""
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        return decode_signed_value(secret, name, cookies.get(name, "").encode("latin-1", "replace"))

    try:
        claims = json.loads(get_cookie_with_chunks(signed, AUTH_COOKIE_NAME) or b"{}")
    except ValueError:
        return {}
    return claims if claims.get("origin") == get_origin_from_redirect_uri() else {}


def _held(session: str) -> int:
    """Return the bytes of all files that a session has uploaded."""
    files = get_instance().uploaded_file_mgr.file_storage.get(session, {})
    return sum(len(file.data) for file in list(files.values()))


def _without_clearing(receive: Receive) -> Receive:
    """Pass on what a page sends but the order to clear the caches, which are everybody's."""

    async def passed() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or not _clears(message.get("bytes")):
                return message

    return passed


def _clears(content: bytes | None) -> bool:
    try:
        return bool(content) and BackMsg.FromString(content).WhichOneof("type") == "clear_cache"
    except Exception:  # Streamlit says what is wrong with it
        return False
