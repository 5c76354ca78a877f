"""The dashboard: start it with ``streamlit run app.py``."""

from pages.shared.front import front

front()
