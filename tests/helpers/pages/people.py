"""Who is at the pages in the tests of who may do what."""

from streamlit.testing.v1 import AppTest

from pages.shared.access import ROLES
from tests.helpers.pages.visiting import refusals

AUTH = {"client_id": "pap", "cookie_secret": "0123456789abcdef" * 2}
TABLE = {"Vera@clinic.example": "viewer", "rita@clinic.example": "reviewer", "tom@clinic.example": "trainer"}
PEOPLE = dict(zip(ROLES, ("vera@clinic.example", "rita@clinic.example", "tom@clinic.example"), strict=True))


def signed_in(mail: str, **claims: object) -> dict:
    return {"is_logged_in": True, "email": mail} | claims


def demote(app: AppTest, role: str = "viewer") -> None:
    """Take a role away after the page was drawn, its buttons enabled."""
    app.secrets = {"auth": AUTH, "roles": {PEOPLE["trainer"]: role}}


def refused(app: AppTest, role: str = "trainer", own: str = "viewer") -> bool:
    told = f"tom@clinic.example: this takes the role {role}, and yours is {own}; ask the server's"
    return any(one.startswith(told) for one in refusals(app))
