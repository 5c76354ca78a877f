"""A name is shown as it is, whatever Markdown would make of it."""

import pytest

from pages.shared.display import plain


@pytest.mark.parametrize(
    "name", ["smear 1.png", "a:b", "ann@clinic.example: may not", "10.png", "-5.png", "www", "httpd"]
)
def test_a_name_stays_what_it_is_but_for_escapes(name: str) -> None:
    assert plain(name).replace("\\", "") == name


@pytest.mark.parametrize("name", ["https://evil.example/a", "HTTP://evil.example", "see www.evil.example/a"])
def test_an_address_is_not_joined_to_what_would_make_it_a_link(name: str) -> None:
    assert plain(name).replace("\\", "") != name
    assert plain(name).replace("\\", "").replace("\u2060", "") == name
