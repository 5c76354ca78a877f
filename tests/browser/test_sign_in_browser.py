"""Signing in with a provider that runs beside the app, and what each role then finds."""

import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from tests.helpers.browser.browsing import PATIENCE, profile, serving, settle
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

COOKIE_SECRET = "0123456789abcdef" * 4
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{secret}"
client_id = "pap"
client_secret = "a secret of this test"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[roles]
"Vera@clinic.example" = "viewer"
"rita@clinic.example" = "reviewer"
"tom@clinic.example" = "trainer"
"una@clinic.example" = "trainer"
"""
UNVERIFIED = {"sub": "una", "email": "una@clinic.example", "email_verified": False}
PEOPLE = [
    *({"sub": name, "email": f"{name}@clinic.example"} for name in ("vera", "rita", "tom", "sam")),
    UNVERIFIED,
]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an OpenID Connect provider, a process of its own."""
    if importlib.util.find_spec("oidc_provider_mock") is None:
        pytest.skip("oidc-provider-mock is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    people = [part for one in PEOPLE for part in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *people]
    with open(tmp_path_factory.mktemp("provider") / "log.txt", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/.well-known/openid-configuration")
            yield address
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(url: str) -> None:
    for _ in range(4 * PATIENCE):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"{url} does not answer")


@pytest.fixture(scope="module")
def address(space: Path, provider: str) -> Iterator[str]:
    """The address of the app, which asks people to sign in."""
    write_checkpoint(space.parent / "threshold", threshold_network())
    secrets = space.parent / "secrets.toml"
    secrets.write_text(SECRETS.format(secret=COOKIE_SECRET, provider=provider))
    with serving(space.parent, space.parent / "threshold", options=[f"--secrets.files={secrets}"]) as address:
        yield address


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Callable[[str], "Page"]]:
    """Return `visit(address)`: a page of somebody whom no server knows; all are closed at the end."""
    strangers = []

    def open_page(address: str) -> "Page":
        strangers.append(profile(browser))
        page = strangers[-1].new_page()
        page.goto(address)
        return page

    yield open_page
    for one in strangers:
        one.close()


@pytest.fixture
def sign_in(visit: Callable, address: str) -> Callable[[str], "Page"]:
    """Return `sign_in(person)`: the page of someone who has just signed in."""

    def enter(person: str) -> "Page":
        page = visit(address)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=person, exact=True).click()
        page.wait_for_url(f"{address}/**")
        return page

    return enter


def open_page(page: "Page", name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    settle(page)


def start_button(page: "Page"):
    open_page(page, "Train")
    page.get_by_role("tab", name="New run").click()
    return page.get_by_role("button", name="Start", exact=True)


@pytest.mark.parametrize("path", ["", "train", "results", "dataset"])
def test_nobody_sees_a_page_before_signing_in(visit: Callable, address: str, path: str) -> None:
    page = visit(f"{address}/{path}")
    page.get_by_role("button", name="Sign in").wait_for()
    page.reload()  # whatever the first visit of a fresh server left, the second is no way in
    page.get_by_role("button", name="Sign in").wait_for()
    settle(page)
    assert page.get_by_role("link", name="Segment").count() == 0
    assert page.get_by_role("button", name="Account").count() == 0
    assert page.get_by_role("heading").all_inner_texts() == ["Pap smear segmentation"]


def test_a_viewer_starts_nothing_and_signs_out(sign_in: Callable, address: str) -> None:
    page = sign_in("vera")
    page.get_by_role("button", name="Account: viewer").wait_for()
    start = start_button(page)
    start.wait_for()
    assert start.is_disabled()
    open_page(page, "Data sets")
    assert page.get_by_role("button", name="Delete").is_disabled()
    open_page(page, "Results")
    assert page.get_by_role("button", name="Evaluate on").is_disabled()

    page.get_by_role("button", name="Account: viewer").click()
    page.get_by_text("vera@clinic.example").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # with the provider, which leads back
    page.get_by_role("button", name="Sign in").wait_for()
    page.goto(f"{address}/train")
    page.get_by_role("button", name="Sign in").wait_for()


def test_a_reviewer_evaluates_and_trains_nothing(sign_in: Callable) -> None:
    page = sign_in("rita")
    page.get_by_role("button", name="Account: reviewer").wait_for()
    start = start_button(page)
    start.wait_for()
    assert start.is_disabled()
    open_page(page, "Results")
    assert page.get_by_role("button", name="Evaluate on").is_enabled()


def test_a_trainer_may_start(sign_in: Callable) -> None:
    page = sign_in("tom")
    page.get_by_role("button", name="Account: trainer").wait_for()
    start = start_button(page)
    start.wait_for()
    assert start.is_enabled()


@pytest.mark.parametrize(
    ("person", "why"),
    [("sam", "sam@clinic.example: you are not among those who may enter"), ("una", "has not verified")],
)
def test_the_unlisted_and_the_unverified_are_told_and_see_no_page(
    sign_in: Callable, person: str, why: str
) -> None:
    page = sign_in(person)
    page.get_by_text(why).wait_for()
    settle(page)
    assert page.get_by_role("link", name="Segment").count() == 0
    assert page.get_by_role("button", name="Sign out").is_enabled()


def test_without_sign_in_a_name_is_asked_and_remembered(visit: Callable, space: Path) -> None:
    write_checkpoint(space.parent / "threshold", threshold_network())
    with serving(space.parent, space.parent / "threshold") as address:
        page = visit(f"{address}/train")
        page.get_by_role("button", name="Account").click()
        page.get_by_text("this is for one person, on the machine it runs on").wait_for()
        page.get_by_role("textbox", name="Your name").fill("Dr. Ann Lee")
        page.get_by_role("textbox", name="Your name").press("Enter")
        settle(page)
        page.keyboard.press("Escape")
        settle(page)
        open_page(page, "Data sets")
        page.get_by_role("button", name="Account").click()
        assert page.get_by_role("textbox", name="Your name").input_value() == "Dr. Ann Lee"
        assert page.get_by_role("button", name="Sign out").count() == 0
        page.close()


@pytest.mark.parametrize(("secret", "admitted"), [(COOKIE_SECRET, True), ("guess" * 8, False)])
def test_only_who_knows_the_secret_makes_a_cookie(
    visit: Callable, address: str, secret: str, admitted: bool
) -> None:
    claims = {"is_logged_in": True, "email": "tom@clinic.example", "origin": address, "provider": "default"}
    cookie = create_signed_value(secret, USER_COOKIE_NAME, json.dumps(claims)).decode()
    page = visit(address)
    page.get_by_role("button", name="Sign in").wait_for()
    page.context.add_cookies([{"name": USER_COOKIE_NAME, "value": cookie, "url": address}])
    page.reload()
    page.get_by_role("button", name="Account: trainer" if admitted else "Sign in").wait_for()
    settle(page)
    assert page.get_by_role("link", name="Segment").count() == admitted


def click_on(page: "Page", name: str) -> None:
    """Go to another page, whatever is found there."""
    page.get_by_role("link", name=name, exact=True).first.click()


def damages(path: Path) -> list[Callable[[], object]]:
    """Return what happens to a file of secrets while somebody edits it, or loses it."""
    whole = path.read_text()
    aside = path.with_suffix(".aside")
    return [
        lambda: path.write_text(whole[: whole.index("[roles]") + 20]),
        lambda: path.write_text(""),
        lambda: path.write_text("# without sign-in\n"),
        lambda: path.write_text(whole[whole.index("[roles]") :]),
        lambda: path.rename(aside),
    ]


def test_secrets_torn_emptied_and_moved_let_nobody_in_and_right_again_count(
    visit: Callable, space: Path, provider: str
) -> None:
    """Tom is a trainer; each time the file is damaged he is let in nowhere, then he is what it says anew."""
    write_checkpoint(space.parent / "threshold", threshold_network())
    path = space.parent / "changing.toml"
    whole, trainer = (
        SECRETS.format(secret=COOKIE_SECRET, provider=provider),
        '"tom@clinic.example" = "trainer"',
    )
    path.write_text(whole)
    roles = ["viewer", "reviewer", "trainer", "reviewer", "viewer"]
    options = [f"--secrets.files={path}"]
    with serving(space.parent, space.parent / "threshold", options=options) as address:
        page = visit(address)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="tom", exact=True).click()
        page.get_by_role("button", name="Account: trainer").wait_for()
        for damage, role in zip(damages(path), roles, strict=True):
            settle(page)
            damage()
            click_on(page, "Train")
            page.get_by_text("secrets.toml: ").wait_for()
            stranger = visit(address)
            stranger.get_by_text("secrets.toml: ").wait_for()
            settle(stranger)
            for one in (page, stranger):
                assert one.get_by_role("link", name="Segment").count() == 0
                assert one.get_by_role("button", name="Account").count() == 0
            stranger.close()

            path.write_text(whole.replace(trainer, trainer.replace("trainer", role)))
            page.reload()
            page.get_by_role("button", name=f"Account: {role}").wait_for()
        settle(page)
        path.write_text(whole.replace(trainer, ""))
        click_on(page, "Train")
        page.get_by_text("tom@clinic.example: you are not among those who may enter").wait_for()
        page.close()

        other = visit(address)  # and signing in works as on the first day
        other.get_by_role("button", name="Sign in").click()
        other.get_by_role("button", name="rita", exact=True).click()
        other.get_by_role("button", name="Account: reviewer").wait_for()
        other.close()


def test_what_was_emptied_before_anybody_came_is_no_way_in(
    visit: Callable, space: Path, provider: str
) -> None:
    write_checkpoint(space.parent / "threshold", threshold_network())
    path = space.parent / "emptied.toml"
    path.write_text(SECRETS.format(secret=COOKIE_SECRET, provider=provider))
    options = [f"--secrets.files={path}"]
    with serving(space.parent, space.parent / "threshold", options=options) as address:
        path.write_text("# without sign-in\n")
        page = visit(address)
        page.get_by_text("secrets.toml: ").wait_for()
        settle(page)
        assert page.get_by_role("link", name="Segment").count() == 0
        page.close()
    with serving(space.parent, space.parent / "threshold", options=options) as address:
        page = visit(address)  # a restart says otherwise
        page.get_by_role("link", name="Segment").first.wait_for()
        page.close()
