"""A page that shows names as all pages do."""

import streamlit as st

from pages.shared.display import plain

NAMES = (
    "https://evil.example/a",
    "HTTP://evil.example",
    "see www.evil.example/a",
    "[x](https://evil.example)",
    "<a href='https://evil.example'>x</a>",
    "![x](https://evil.example/x.png)",
    ":material/login: x",
    "x:tada:",
    ":+1:",
    ":red[x]",
    "$x$",
    "- x",
    "1. x",
    "# x",
)

if __name__ == "__main__":
    for place, name in enumerate(NAMES):
        st.markdown(plain(name))
        st.button(plain(name), key=str(place))
        st.error(f"The file {plain(name)} cannot be read.")
    st.dataframe({"name": NAMES})
