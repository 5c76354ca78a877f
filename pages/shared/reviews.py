"""The reviews' database of this server: what the secrets name, else a file in the workspace."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import Error as StreamlitError
from streamlit.errors import StreamlitSecretNotFoundError

from pages.shared.rules import SECRETS
from pap_core.errors import InputError
from pap_core.workspace import workspace

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

FILE = "reviews.db"
_NAME = "reviews"
_turn = threading.Lock()


@st.cache_resource(show_spinner=False)
def _prepared() -> dict[str, bool]:
    """By address, whether a database's tables are known to be as they should; none before it was asked."""
    return {}


def store() -> "Reviews":
    """Return the reviews' database, its tables made or brought up to date once a server.

    Raises:
        InputError: it cannot be reached or made, or a newer version of the program wrote it.
    """
    from pap_core.reviews.store import Reviews

    reviews = Reviews(_engine())
    address, known = reviews.engine.url.render_as_string(), _prepared()
    with _turn:
        # a file that was taken away is to be brought back: an empty one in its place would hide the loss
        if not known.get(address) and not (address in known and _file_is_gone(reviews)):
            reviews.prepare()
            known[address] = True
    return reviews


def faulty() -> None:
    """Note that the database failed, so that `store` looks at its tables when it is there again."""
    known = _prepared()
    for address in known:
        known[address] = False


def _engine():
    from sqlalchemy.exc import ArgumentError

    try:
        if _configured():
            return st.connection(_NAME, type="sql", pool_pre_ping=True).engine
        file = (workspace() / FILE).absolute()
        return st.connection(_NAME, type="sql", url=f"sqlite:///{file}").engine
    except (ArgumentError, StreamlitError, ImportError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(
            f"{SECRETS}: [connections.{_NAME}] names no database ({reason}), expected a url of SQLite or "
            "PostgreSQL; fix it and load this page anew."
        ) from None


def _configured() -> bool:
    try:
        return _NAME in st.secrets.to_dict().get("connections", {})
    except StreamlitSecretNotFoundError:
        return False


def _file_is_gone(reviews: "Reviews") -> bool:
    url = reviews.engine.url
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()
