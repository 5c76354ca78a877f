"""Who is at the page, and what that person may do.

Where the secrets have ``[auth]``, people sign in with an OpenID Connect provider, and ``[roles]`` says by
e-mail what each may do. Without it the program serves one person on the machine it runs on, who may do all.
A page disables what a person may not do; what does it asks `require` again, on the server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from pages.shared.rules import SECRETS, lower, rules
from pap_core.errors import InputError

ROLES = ("viewer", "reviewer", "trainer")  # each may do what the one before it may
NAME = "reviewer_name"  # key of what a person who is not signed in wants to be called
NAME_HELP = "Your reviews are kept under it: there is no sign-in to tell it. Remembered until you leave."
_DEFAULT = "default"  # in the table of roles: of everyone who signs in and is not listed


@dataclass(frozen=True)
class Person:
    """Who is at the page."""

    name: str  # the e-mail; of one who is not signed in, what they call themselves, perhaps nothing
    role: str  # one of ROLES, "" for one who may not even look
    signed_in: bool
    trouble: str = ""  # a sentence: why they may not, or may less than they might expect


def person() -> Person:
    """Return who is at the page of this session."""
    if not rules().sign_in:
        return Person(st.session_state.get(NAME, ""), ROLES[-1], signed_in=False)
    return known(st.user)


def known(claims: Mapping[str, object]) -> Person:
    """Return who somebody is by what the provider of their sign-in says, on a server where people sign in."""
    found = rules()
    if found.trouble or not claims.get("is_logged_in"):
        return Person("", "", signed_in=False, trouble=found.trouble)
    mail = lower(str(claims.get("email") or "").strip())
    if not mail:
        trouble = "Your sign-in came without an e-mail, by which people are known here"
    elif str(claims.get("email_verified", True)).lower() == "false":
        trouble = f"{mail}: the provider of your sign-in has not verified this e-mail"
    else:
        return Person(mail, *_role(mail, found.roles))
    return Person(mail, "", True, f"{trouble}; ask the server's administrator.")


def _role(mail: str, roles: Mapping[str, object]) -> tuple[str, bool, str]:
    """Return role, True and trouble of one who is signed in.

    A word that is no role makes a listed person a viewer; as the default it lets nobody in, for it may be
    meant to.
    """
    word = roles.get(mail, roles.get(_DEFAULT))
    if word is None:
        return (
            "",
            True,
            f"{mail}: you are not among those who may enter; ask the server's administrator.",
        )
    if word in ROLES:
        return str(word), True, ""
    whose, role = (mail, "viewer") if mail in roles else (_DEFAULT, "")
    meanwhile = "only" if role else "not even"
    expected = f"expected one of {', '.join(ROLES)}; until then you may {meanwhile} look."
    return role, True, f"{SECRETS}: {whose} has the role {word!r}, {expected}"


def may(role: str) -> bool:
    """Whether the person at the page may do what a role may."""
    own = person().role
    return own in ROLES and ROLES.index(own) >= ROLES.index(role)


def require(role: str) -> None:
    """See that the person at the page may do what a role may; to be called where it is done.

    Raises:
        InputError: they may not.
    """
    if may(role):
        return
    who = person()
    if not who.role:
        raise InputError(who.trouble or "You are not signed in, or no longer; load this page anew.")
    raise InputError(f"{who.name}: {_refusal(role, who.role)}")


def act(role: str, do: Callable[..., object], *arguments: object) -> None:
    """Do what a button asks for, if the person may; raises as `require` and as what is done."""
    require(role)
    do(*arguments)


def hint(role: str, explained: str) -> str:
    """Return the help of a control: what it does, or why it is disabled for the person at the page."""
    return explained if may(role) else _refusal(role, person().role).capitalize()


def reviewer_name(key: str = "reviewer_name_asked") -> str:
    """Ask a person who is not signed in what to call them.

    Args:
        key: of the input; one page may ask in two places.

    Returns:
        The name, "" while none is given; `person` has it, too.
    """

    def take() -> None:
        st.session_state[NAME] = st.session_state[key].strip()

    st.session_state[key] = st.session_state.get(NAME, "")
    st.text_input("Your name", key=key, on_change=take, max_chars=80, width=320, help=NAME_HELP)
    return st.session_state[key]


def _refusal(role: str, own: str) -> str:
    return f"this takes the role {role}, and yours is {own}; ask the server's administrator to change it."
