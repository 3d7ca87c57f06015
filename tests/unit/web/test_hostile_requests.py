"""Each route of the published API, asked with what nobody should send: it never fails."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from headrace.web.app import described
from support.hostile_text import hostile_texts
from support.page_server import Answer, Page
from support.web_stages import ClusterPage

WITHOUT_END = "/api/changes"
TEXTS = [
    *(text.encode(errors="replace").decode() for text in hostile_texts(12, seed=7)),
    *("..", "a/b", "\x00", "%00", "-1", "1e999", "a" * 5000, "hello"),
]
VALUES: list[Any] = [*TEXTS[:6], None, True, -1, 10**30, 1.5, [], [[]], {}, {"a": {"b": []}}]
BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"preview":' * 200, b"{}" * 9000]


def operations() -> list[tuple[str, str, Any]]:
    """Return each method and path of the API, with what is written of it."""
    return [
        (method, path, written)
        for path, methods in described()["paths"].items()
        for method, written in methods.items()
        if path != WITHOUT_END
    ]


def addresses(path: str, written: Any) -> Iterator[str]:
    """Yield the path with each hostile text for its names, and for each part of its query."""
    known = written.get("parameters", ())
    queries = [each["name"] for each in known if each["in"] == "query"]
    for text in TEXTS:
        name = quote(text, safe="")
        parts = [f"{{{name}}}" if part.startswith("{") else part for part in path.split("/")]
        filled = "/".join(name if part.startswith("{") else part for part in parts)
        query = "&".join(f"{each}={name[:900]}" for each in queries)
        yield f"{filled}?{query}" if query else filled


def bodies(written: Any) -> Iterator[bytes]:
    """Yield what is no JSON, and objects whose fields have values of any kind."""
    content = written["requestBody"]["content"]["application/json"]["schema"]
    name = content["$ref"].rpartition("/")[2]
    fields = described()["components"]["schemas"][name]["properties"]
    for value in VALUES:
        yield json.dumps({**dict.fromkeys(fields, value), "preview": True}).encode()
        yield json.dumps({"preview": True, "unknown": value}).encode()
    yield from BODIES


def fine(answer: Answer) -> bool:
    """Return whether it is an answer of ours that no browser takes for a page."""
    return answer.status < 500 and "html" not in answer.headers.get("content-type", "")


@pytest.mark.parametrize(
    ("method", "path", "written"),
    [pytest.param(*each, id=" ".join(each[:2])) for each in operations()],
)
def test_no_request_makes_a_laptop_fail(here: Page, method: str, path: str, written: Any) -> None:
    """Whatever stands in its address or its body."""
    failed = []
    for address in addresses(path, written):
        if method == "get":
            answer = here.get(address)
            failed += [] if fine(answer) else [(address, answer.status, answer.text[:200])]
    if method == "post":
        own = {"Cookie": here.cookie, "Origin": here.origin, "Content-Type": "application/json"}
        for body in bodies(written):
            address = path.replace("{", "").replace("}", "")
            answer = here.ask("POST", address, body, own)
            failed += [] if fine(answer) else [(body[:200], answer.status, answer.text[:200])]
    assert [] == failed


async def test_no_request_makes_the_page_over_a_cluster_fail(cluster: ClusterPage) -> None:
    """The API server gets the texts as names, and no other path is asked of it."""
    failed = []
    for method, path, written in operations():
        for address in list(addresses(path, written))[::4] if method == "get" else ():
            answer = await cluster.get(address)
            failed += [] if fine(answer) else [(address, answer.status, answer.text[:200])]
    assert [] == failed
    known = ("/apis/headrace.dev/", "/apis/apps/", "/api/v1/namespaces/shop/")
    assert [] == [each for each in cluster.stage.asked if not each.split()[1].startswith(known)]
