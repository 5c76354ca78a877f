"""Who has to sign in, and who may do what: what the secrets say of access, as of this moment.

Streamlit reads its secrets once, and the thread that watches the file ends with the first fault it meets. So
the file itself is read here, at every question: it is small, and what was parsed is kept as long as it is the
same. What was learnt once about this server stays true until it ends: one on which people sign in never
becomes one for whoever comes, whatever happens to the file.
"""

import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.runtime.secrets import secrets_singleton

SECRETS = ".streamlit/secrets.toml"
_DEFAULT_PROVIDER = "default"
_SHORTEST = 32  # signs of a cookie secret; with a guessed one anybody could sign in as anybody
_OWN = ("client_kwargs",)  # tables under [auth] that are no provider
_USED = ("auth", "connections")  # tables that Streamlit reads for itself
_UNREADABLE = "cannot be read, expected TOML; fix it, then load this page anew."


@dataclass(frozen=True)
class Rules:
    """What the secrets say of access."""

    sign_in: bool  # people have to
    providers: tuple[str, ...] = ()  # to sign in with; "default" is the one without a name
    roles: Mapping[str, object] = field(default_factory=dict)  # words, by e-mail in lower case
    trouble: str = ""  # a sentence: why nobody can sign in


class Unreadable(Exception):
    """Secrets that say nothing; the text is the sentence after the file's name."""


class Standing:
    """What a server knows of its sign-in; one for each process, from its start to its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._sign_in = False  # never taken back
        self._auth: object = None  # the first table seen; people sign in by it alone
        self._foreign = False  # another was seen: who signed in by that one may be anybody

    def rules(self) -> Rules:
        """Return what holds now; to be asked once before anybody comes."""
        with self._lock:
            first, self._asked = not self._asked, True
            try:
                found = _read()
            except Unreadable as fault:
                self._sign_in |= first  # whatever it says, it may be that people sign in
                return _closed(str(fault))
            self._sign_in |= "auth" in found or "roles" in found
            if not self._sign_in:
                return Rules(sign_in=False)
            if "auth" not in found and "roles" not in found:
                return _closed(
                    "gone, or without the tables [auth] and [roles] of this server; put them back, or start "
                    "it again to have it without sign-in."
                )
            return self._by_another(found) or judged(found)

    def _by_another(self, found: Mapping[str, object]) -> Rules | None:
        """See that people sign in by the table that this server began with; None where they do."""
        auth, by = found.get("auth", {}), _streamlit().get("auth", {})
        if self._auth is None:
            if "auth" not in found:
                return None
            self._auth = auth
        self._foreign |= not (_part(auth, self._auth) and _part(by, self._auth))
        if self._foreign:
            return _closed(
                "the table [auth] is, or was for a time, another than this server began with; start it again."
            )
        if auth != self._auth:
            return _closed(
                "the table [auth] lacks a part of what it had; put it back, or start the server again."
            )
        if by != self._auth:  # Streamlit missed that it was put back
            st.secrets.merge_programmatic_secrets({name: found[name] for name in _USED if name in found})
        return None


_standing = Standing()


def rules() -> Rules:
    """Return what the secrets say of access now; where they say nothing, nobody gets in."""
    if st.secrets is secrets_singleton:
        return _standing.rules()
    try:  # a page that is run by itself, by AppTest, with secrets of its own
        found = st.secrets.to_dict()
    except (StreamlitSecretNotFoundError, OSError, UnicodeError):
        return _closed(_UNREADABLE)
    return judged(found) if "auth" in found or "roles" in found else Rules(sign_in=False)


def judged(secrets: Mapping[str, object]) -> Rules:
    """Return the rules in secrets that have a table of them; with a trouble where it does not suffice."""
    auth, roles = secrets.get("auth"), secrets.get("roles", {})
    if not isinstance(auth, Mapping) or not isinstance(roles, Mapping):
        return _closed(
            "no tables [auth] and [roles], expected both where people sign in; add what is missing, or take "
            "both out and start the server again."
        )
    if len(str(auth.get("cookie_secret", ""))) < _SHORTEST:
        return _closed(
            f"the cookie_secret has fewer than {_SHORTEST} characters and could be guessed, expected a long "
            "random one; write another."
        )
    named = tuple(name for name, one in auth.items() if isinstance(one, Mapping) and name not in _OWN)
    own = (_DEFAULT_PROVIDER,) if "client_id" in auth and _DEFAULT_PROVIDER not in named else ()
    if not own + named:
        return _closed("no provider to sign in with, expected its client_id under [auth]; add it.")
    return Rules(True, own + named, {lower(str(mail)): word for mail, word in roles.items()})


def lower(mail: str) -> str:
    """Return an e-mail in lower case, the letters of ASCII only.

    Two different addresses must not become one, as with the Kelvin sign and k.
    """
    return mail.encode(errors="surrogatepass").lower().decode(errors="surrogatepass")


def _read() -> dict[str, object]:
    """Read all files of secrets, the later over the earlier; nothing where there is none."""
    secrets: dict[str, object] = {}
    for path in st.get_option("secrets.files"):
        try:
            with open(path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            raise Unreadable(_UNREADABLE) from None
        if not content.strip():
            raise Unreadable("empty, as while it is being written; fill it, or remove it.")
        try:
            secrets |= _parsed(content)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            raise Unreadable(_UNREADABLE) from None
    return secrets


@lru_cache(maxsize=8)
def _parsed(content: bytes) -> dict[str, object]:
    return tomllib.loads(content.decode())


def _streamlit() -> Mapping[str, object]:
    """Return the secrets as Streamlit has them; they may be older than the file."""
    try:
        return st.secrets.to_dict()
    except (StreamlitSecretNotFoundError, OSError, UnicodeError):
        return {}


def _part(table: object, whole: object) -> bool:
    """Whether a table says nothing but what the whole one says."""
    if not (isinstance(table, Mapping) and isinstance(whole, Mapping)):
        return table == whole
    return all(name in whole and _part(table[name], whole[name]) for name in table)


def _closed(why: str) -> Rules:
    return Rules(sign_in=True, trouble=f"{SECRETS}: {why}")
