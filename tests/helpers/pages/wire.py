"""A browser's side of the wire, for tests of what a server does with whoever comes."""

import http.client
import json
import socket
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.server_util import AUTH_COOKIE_NAME
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60  # s; a machine may be busy with a training
FORM = "of-this-test"


def signed_cookie(secret: str, mail: str, address: str, **claims: object) -> dict[str, str]:
    """Return the cookie that a server gives to one who has signed in at an address."""
    told = {"is_logged_in": True, "email": mail, "origin": address, "provider": "default"} | claims
    return {AUTH_COOKIE_NAME: create_signed_value(secret, AUTH_COOKIE_NAME, json.dumps(told)).decode()}


def ask(
    address: str,
    path: str,
    method: str = "GET",
    host: str | None = None,
    cookies: dict[str, str] | None = None,
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, bytes, dict[str, str]]:
    """Ask a server over HTTP, under any name; return status, body and headers in lower case."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or address.removeprefix("http://"))
        if cookies:
            connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


class Visit:
    """A page that somebody has open, over a websocket as Streamlit's own.

    Args:
        address: of the server.
        cookies: of a sign-in.
        host: the name that the page came under, the address unless given.
    """

    def __init__(self, address: str, cookies: dict[str, str] | None = None, host: str | None = None) -> None:
        self._address = address
        _, _, headers = ask(address, "/_stcore/health")
        token = headers["set-cookie"].split(";")[0].partition("=")[2]
        self.cookies = (cookies or {}) | {XSRF_COOKIE_NAME: token}
        self.token = token
        server, port = address.removeprefix("http://").split(":")
        name = host or f"{server}:{port}"
        self._connecting = connect(
            f"ws://{name}/_stcore/stream",
            sock=socket.create_connection((server, int(port)), PATIENCE),
            origin=f"http://{name}",
            additional_headers={"Cookie": "; ".join(f"{one}={value}" for one, value in self.cookies.items())},
            subprotocols=["streamlit", token],
            open_timeout=PATIENCE,
            max_size=None,
        )
        self.session = ""

    def __enter__(self) -> "Visit":
        self._wire: ClientConnection = self._connecting.__enter__()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connecting.__exit__(kind, error, trace)

    def send(self, **message: object) -> None:
        self._wire.send(BackMsg(**message).SerializeToString())

    def draw(self, page: str = "") -> str:
        """Have a page drawn; return all that it consists of, as text."""
        message = BackMsg()
        message.rerun_script.page_name = page
        self._wire.send(message.SerializeToString())
        shown = []
        while True:
            got = self._next()
            if got.HasField("new_session"):
                self.session = got.new_session.initialize.session_id
            if got.HasField("delta"):
                shown.append(str(got.delta))
            if got.HasField("script_finished"):
                return "\n".join(shown)

    def answered(self) -> None:
        """Wait until the server has done with all that was sent before."""
        self.send(app_heartbeat=True)
        while not self._next().HasField("heartbeat_ack"):
            pass

    def upload(self, content: bytes, file: str = "file") -> int:
        """Upload a file as the page does; return the status of the answer."""
        head = 'Content-Disposition: form-data; name="file"; filename="smear.bmp"'
        body = f"--{FORM}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{FORM}--\r\n".encode()
        return ask(
            self._address,
            f"/_stcore/upload_file/{self.session}/{file}",
            "PUT",
            cookies=self.cookies,
            body=body,
            Content_Type=f"multipart/form-data; boundary={FORM}",
            X_Xsrftoken=self.token,
        )[0]

    def _next(self) -> ForwardMsg:
        return ForwardMsg.FromString(self._wire.recv(PATIENCE))
