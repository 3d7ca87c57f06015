"""Who may ask the server: `headrace.web.guard`."""

import pytest

from support.page_server import SECRET, Page

PLACE = "/api/place"


def test_the_first_address_becomes_a_cookie(here: Page) -> None:
    """And the token leaves the address, which people copy."""
    first = here.ask("GET", f"/runs/a?tab=gantt&token={SECRET}", headers={"Host": host(here)})
    assert (303, "/runs/a?tab=gantt") == (first.status, first.headers["location"])
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"{here.cookie};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} == {
        each.strip() for each in cookie.split(";")[1:]
    }
    assert 200 == here.ask("GET", PLACE, headers={"Cookie": here.cookie}).status


def test_the_first_address_leads_to_no_other_server(here: Page) -> None:
    """`//evil.example` is an address of another host, which the browser would follow."""
    first = here.ask("GET", f"//evil.example?token={SECRET}", headers={"Host": host(here)})
    assert "/evil.example" == first.headers["location"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Cookie": "headrace-ui-1=the-token-of-a-test"}, 401),
        ({"Cookie": "nonsense; =;;"}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Bearer {SECRET}"}, 200),
        ({"Authorization": f"Bearer {SECRET}", "Host": "evil.example"}, 421),
        ({"Authorization": f"Bearer {SECRET}", "Host": "127.0.0.1"}, 421),
        ({"Authorization": f"Bearer {SECRET}", "Origin": "http://evil.example"}, 403),
        ({"Authorization": f"Bearer {SECRET}", "Origin": "null"}, 403),
    ],
)
def test_strangers_get_nothing(here: Page, headers: dict[str, str], status: int) -> None:
    """Neither without the token, nor under another name, nor from another page."""
    answer = here.ask("GET", PLACE, headers=headers)
    assert status == answer.status
    assert (status == 200) == (b"namespace" in answer.body)


def test_each_route_is_behind_the_guard(here: Page) -> None:
    """Files of the page and the description of the API too."""
    for path in ("/", "/assets/a.js", "/api/openapi.json", "/api/changes", "/api/nothing"):
        assert 401 == here.ask("GET", path).status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Cookie": "own"}, 403),
        ({"Cookie": "own", "Origin": "http://evil.example"}, 403),
        ({"Cookie": "own", "Origin": "own"}, 422),
        ({"Authorization": f"Bearer {SECRET}"}, 422),
    ],
)
def test_a_change_comes_from_our_own_page(here: Page, headers: dict[str, str], status: int) -> None:
    """Or from a program that knows the token. 422: it was let in, and its body is wrong."""
    own = {"Cookie": here.cookie, "Origin": here.origin}
    sent = {name: own[name] if value == "own" else value for name, value in headers.items()}
    sent["Content-Type"] = "application/json"
    assert status == here.ask("POST", "/api/runs/a/rerun", b"[]", sent).status


def test_a_body_is_bounded(here: Page) -> None:
    """Also one that does not say how long it is."""
    headers = {"Cookie": here.cookie, "Origin": here.origin}
    assert 413 == here.ask("POST", "/api/runs/a/rerun", b" " * 70_000, headers).status
    chunked = {**headers, "Transfer-Encoding": "chunked"}
    assert 413 == here.ask("POST", "/api/runs/a/rerun", b"2\r\n{}\r\n0\r\n\r\n", chunked).status


@pytest.mark.parametrize("path", ["/", "/api/place", "/api/nothing", "/runs/a"])
def test_each_answer_keeps_scripts_and_frames_out(here: Page, path: str) -> None:
    """No inline script, no third party, no frame around the page."""
    headers = here.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert "'none'" == policy["default-src"]
    assert "'self'" == policy["script-src"]
    assert "'none'" == policy["frame-ancestors"]
    assert "nosniff" == headers["x-content-type-options"]
    assert "no-referrer" == headers["referrer-policy"]


def host(page: Page) -> str:
    return f"localhost:{page.port}"
