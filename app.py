"""The dashboard: start it with ``streamlit run app.py``."""

import streamlit as st
from starlette.middleware import Middleware

from pages.shared.door import Door, at_start

if __name__ == "__main__":  # somebody comes to a page
    from pages.shared.front import front  # its caches are made once there is a server

    front()
else:  # the server starts
    app = st.App(__file__, lifespan=at_start, middleware=[Middleware(Door)])
