"""What a real server takes and gives before anybody has signed in, and under which names it answers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.helpers.browser.browsing import ROOT, serving
from tests.helpers.pages.wire import Visit, ask, signed_cookie
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

SECRET = "0123456789abcdef" * 2
SECRETS = f"""
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "pap"
client_secret = "a secret of this test"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"

[roles]
"vera@clinic.example" = "viewer"
"tom@clinic.example" = "trainer"
"""
MEGABYTE = 2**20
CACHED = """
import time
import streamlit as st
from starlette.middleware import Middleware
from pages.shared.door import Door

@st.cache_data
def drawn():
    return f"drawn at {time.time_ns()}"

if __name__ == "__main__":
    st.text(drawn())
else:
    app = st.App(__file__, middleware=[Middleware(Door)])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """Where servers find a workspace with the ready set, and a checkpoint."""
    folder = tmp_path_factory.mktemp("served")
    write_checkpoint(folder / "threshold", threshold_network())
    (folder / "workspace" / "datasets").mkdir(parents=True)
    (folder / "workspace" / "datasets" / "phantoms").symlink_to(phantom_dataset)
    (folder / "secrets.toml").write_text(SECRETS)
    return folder


@pytest.fixture(scope="module")
def alone(place: Path) -> Iterator[str]:
    """The address of a server for one person."""
    with serving(place, place / "threshold", options=["--server.maxUploadSize=1"]) as address:
        yield address


@pytest.fixture(scope="module")
def guarded(place: Path) -> Iterator[str]:
    """The address of a server where people sign in."""
    with serving(
        place, place / "threshold", options=[f"--secrets.files={place / 'secrets.toml'}"]
    ) as address:
        yield address


def port(address: str) -> str:
    return address.rpartition(":")[2]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_a_server_answers_to_the_names_of_its_machine(alone: str, name: str) -> None:
    name = f"{name}:{port(alone)}"
    assert ask(alone, "/", host=name)[0] == 200
    with Visit(alone, host=name) as visit:
        assert "Segment" in visit.draw()


@pytest.mark.parametrize(
    "name", ["pap.evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.7", "[::2]"]
)
def test_a_server_answers_to_no_other_name(alone: str, name: str) -> None:
    """A page of another name, which that name's owner lets lead here, is of the same origin to a browser."""
    name = f"{name}:{port(alone)}"
    with pytest.raises(InvalidStatus) as refused, Visit(alone, host=name):
        pass
    assert refused.value.response.status_code == 403
    with Visit(alone) as visit:
        (picture,) = set(re.findall(r"/media/\w+\.jpg", visit.draw())[:1])
        assert ask(alone, picture)[0] == 200
        for path in ("/", picture, "/_stcore/health", "/_stcore/metrics", "/oauth2callback"):
            assert ask(alone, path, host=name)[0] == 403
        assert ask(alone, f"/_stcore/upload_file/{visit.session}/x", "PUT", host=name)[0] == 403


def test_another_name_can_be_added(place: Path) -> None:
    options = ["--server.allowedHosts=pap.clinic.example", "--server.allowedHosts=127.0.0.1"]
    with serving(place, place / "threshold", options=options) as address:
        for name, status in (("pap.clinic.example", 200), ("127.0.0.1", 200), ("evil.example", 403)):
            assert ask(address, "/", host=name)[0] == status


def test_nothing_is_uploaded_before_signing_in(guarded: str) -> None:
    with Visit(guarded) as visit:
        assert "Sign in" in visit.draw()
        assert visit.session
        assert visit.upload(b"x") == 403
        assert visit.upload(bytes(2 * MEGABYTE)) == 403
    assert held(guarded) == 0


def test_an_upload_that_is_refused_is_not_read(guarded: str) -> None:
    """The answer comes before what it is about: nothing of it has to be in memory."""
    with Visit(guarded) as visit:
        visit.draw()
        path = f"/_stcore/upload_file/{visit.session}/x"
        told = {"X_Xsrftoken": visit.token, "Content_Length": str(100 * MEGABYTE)}
        assert ask(guarded, path, "PUT", cookies=visit.cookies, **told)[0] == 403


@pytest.mark.parametrize(
    ("secret", "mail", "claims", "status"),
    [
        (SECRET, "vera@clinic.example", {}, 204),
        (SECRET, "sam@clinic.example", {}, 403),
        (SECRET, "vera@clinic.example", {"email_verified": False}, 403),
        (SECRET, "vera@clinic.example", {"is_logged_in": False}, 403),
        (SECRET, "vera@clinic.example", {"origin": "http://127.0.0.1:1"}, 403),
        ("guess" * 8, "vera@clinic.example", {}, 403),
    ],
)
def test_only_who_may_enter_uploads_and_sees_pictures(
    guarded: str, secret: str, mail: str, claims: dict, status: int
) -> None:
    with Visit(guarded, signed_cookie(SECRET, "tom@clinic.example", guarded)) as other:
        picture = re.search(r"/media/\w+\.jpg", other.draw())[0]
        with Visit(guarded, signed_cookie(secret, mail, guarded, **claims)) as visit:
            visit.draw()
            assert visit.upload(b"x") == status
            for path in (picture, "/_stcore/metrics"):
                assert ask(guarded, path, cookies=visit.cookies)[0] == (200 if status == 204 else 403)
            for open_to_all in ("/", "/_stcore/health", "/_stcore/host-config"):
                assert ask(guarded, open_to_all, cookies=visit.cookies)[0] == 200


def test_a_session_has_room_for_so_many_files(alone: str) -> None:
    largest = bytes(MEGABYTE)
    with Visit(alone) as visit:
        visit.draw()
        assert [visit.upload(largest[:-1000], f"file-{n}") for n in range(14)] == [204] * 13 + [413]
    with Visit(alone) as visit:
        visit.draw()
        assert visit.upload(largest[:-1000]) == 204


def test_no_visitor_clears_what_is_cached_for_all(place: Path, tmp_path: Path) -> None:
    (tmp_path / "cached.py").write_text(CACHED)
    (tmp_path / "workspace").mkdir()
    with (
        serving(tmp_path, place / "threshold", app=tmp_path / "cached.py") as address,
        Visit(address) as visit,
    ):
        first = re.search(r"drawn at \d+", visit.draw())[0]
        visit.send(clear_cache=True)
        visit.answered()
        assert first in visit.draw()


def held(address: str) -> int:
    """Return the bytes of uploads that a server has in memory, as it tells those who are signed in."""
    cookies = signed_cookie(SECRET, "tom@clinic.example", address)
    told = ask(address, "/_stcore/metrics", cookies=cookies)[1].decode()
    return sum(int(found) for found in re.findall(r"UploadedFileManager.*\} (\d+)", told))


def test_the_names_of_its_machine_are_the_only_ones_unless_told() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
