"""The sign-in before the pages, and the account above them."""

import ipaddress
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitAuthError

from pages.shared.access import Person, person, reviewer_name
from pages.shared.display import plain
from pages.shared.rules import SECRETS, rules

PURPOSE = (
    "This server is for people it knows. Sign in with the account that its administrator has entered for you."
)
MAY = {
    "viewer": "You may look at everything, segment pictures, and download.",
    "reviewer": "You may look at everything, segment, download, review cells, and evaluate checkpoints.",
    "trainer": "You may do everything: also build and delete data sets, and start, stop and delete runs.",
}
ALONE = (
    "No sign-in is set up: this is for one person, on the machine it runs on, who may do everything. "
    "docs/serving.md says how several people sign in."
)
EXPOSED = (
    "Others may be able to reach this server, and nobody has to sign in: **whoever reaches it may do "
    "everything**, and sees every data set, run and review. Start it with `--server.address=localhost`, or "
    f"set up sign-in in `{SECRETS}` and HTTPS, as docs/serving.md says."
)


def gate() -> None:
    """Let only those past who may at least look; others are shown the sign-in, and the run ends here."""
    who = person()
    if not who.role:
        _entrance(who)
        st.stop()


def notices() -> None:
    """Say what is not in order with the person's role, or with the way the server is reached."""
    who = person()
    if who.trouble:
        st.warning(plain(who.trouble))
    if not who.signed_in and _exposed():
        st.warning(EXPOSED, icon=":material/lock_open:")


def account() -> None:
    """Show who is at the page and what they may do; a click opens it, with the way out."""
    who = person()
    words = f"Account: {who.role}" if who.signed_in else "Account"
    with st.popover(words, icon=":material/account_circle:", help="Who you are here, and what you may do"):
        if who.signed_in:
            name = who.name.replace("`", "'")  # which would end the code
            st.markdown(f"Signed in as `{name}`, role **{who.role}**.")
            st.caption(MAY[who.role])
            st.button(
                "Sign out", icon=":material/logout:", on_click=st.logout, help="Of this browser, all its tabs"
            )
        else:
            st.caption(ALONE)
            reviewer_name("account_name")


def _entrance(who: Person) -> None:
    st.title("Pap smear segmentation", anchor=False)
    st.caption("Research use only, not a medical device.")
    if who.signed_in:
        st.error(plain(who.trouble))
        st.button(
            "Sign out", icon=":material/logout:", on_click=st.logout, help="To sign in with another account"
        )
        return
    if who.trouble:
        st.error(plain(who.trouble))
        return
    st.markdown(PURPOSE)
    for provider in rules().providers:
        name = "" if provider == "default" else provider
        if st.button(
            f"Sign in with {plain(name)}" if name else "Sign in",
            key=f"sign_in_{provider}",
            type="primary",
            icon=":material/login:",
            help="Leads to where you enter your account, and back",
        ):
            _sign_in(name)


def _sign_in(provider: str) -> None:
    try:
        st.login(provider or None)
    except StreamlitAuthError as error:
        st.error(plain(f"{SECRETS}: {' '.join(str(error).split())}"))


def _exposed() -> bool:
    """Whether others than those at this machine may reach the server, as far as can be told."""
    address = st.get_option("server.address") or ""
    visited = urlsplit(st.context.url or "").hostname
    return not _own(address) or (visited is not None and not _own(visited))


def _own(host: str) -> bool:
    if host == "localhost" or host.startswith("unix://"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
