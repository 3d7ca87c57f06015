"""Who connects to the port for deliveries, and sends too much, too slowly, or nothing."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import aiohttp
import pytest

from headrace.door.door import Limits
from headrace.receiver.gate import HEADS, MOST, Patience
from support.deliveries import Told, as_github, body_of, send
from support.real_loops import EVENT_LOOPS
from support.receiver_rig import PUSH, ReceiverRig, receiving

__all__ = ["EVENT_LOOPS"]

FEW = Patience(
    body_seconds=0.5,
    linger_seconds=0.1,
    connections=Limits(seconds=2.0, connections=10, heads=HEADS),
)
GIGABYTE = 10**9


def head(rig: ReceiverRig, *lines: str) -> bytes:
    """Return the head of a delivery."""
    own = ("POST /webhooks/default/w HTTP/1.1", f"Host: 127.0.0.1:{rig.runtime.door.port}")
    return "\r\n".join((*own, *lines, "", "")).encode()


async def connected(rig: ReceiverRig) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", rig.runtime.door.port)


async def flood(writer: asyncio.StreamWriter, chunk: bytes) -> int:
    """Send until the other side takes nothing more; return how many bytes went out."""
    sent = 0
    with suppress(ConnectionError, TimeoutError):
        while sent < GIGABYTE:
            writer.write(chunk)
            async with asyncio.timeout(1):
                await writer.drain()
            sent += len(chunk)
    return sent


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
async def test_a_body_of_a_gigabyte_costs_nothing(chunked: bool) -> None:  # noqa: FBT001 - a case
    """It is refused while it is read: a few hundred kilobytes are received, and no more."""
    async with receiving(FEW) as rig:
        reader, writer = await connected(rig)
        line = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIGABYTE}"
        data = b"x" * 65_536
        before, began = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        writer.write(head(rig, line))
        sending = asyncio.create_task(
            flood(writer, b"10000\r\n" + data + b"\r\n" if chunked else data)
        )
        async with asyncio.timeout(5):
            assert b" 413 " in await reader.readline()
        sent = await sending
        # What is in the buffers of the kernel on both sides was not read by anybody.
        assert sent < 16 * 2**20
        assert time.process_time() - before < 1.0
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began < 32 * 1024
        assert [] == rig.runs
        assert 201 == (await rig.push()).status


async def test_a_sender_that_asks_first_need_not_send_what_is_too_large() -> None:
    """As curl does with large bodies (`Expect: 100-continue`)."""
    async with receiving(FEW) as rig:
        reader, writer = await connected(rig)
        writer.write(head(rig, f"Content-Length: {GIGABYTE}", "Expect: 100-continue"))
        async with asyncio.timeout(5):
            assert b" 413 " in await reader.readline()


async def test_a_sender_that_asks_first_is_told_to_go_on() -> None:
    """If the body is small."""
    async with receiving(FEW) as rig:
        reader, writer = await connected(rig)
        body = body_of(PUSH)
        lines = [f"{name}: {value}" for name, value in as_github(body).items()]
        length = (f"Content-Length: {len(body)}", "Expect: 100-continue")
        writer.write(head(rig, *length, *lines))
        async with asyncio.timeout(5):
            assert b" 100 " in await reader.readline()
            writer.write(body)
            await reader.readline()
            assert b" 201 " in await reader.readline()


@pytest.mark.parametrize("size", [MOST, MOST + 1])
async def test_the_largest_body_has_256_kibibytes(size: int) -> None:
    """In chunks too, where nobody says its length."""
    async with receiving(FEW) as rig:
        body = b'"' + b"x" * (size - 2) + b'"'

        async def in_chunks() -> AsyncIterator[bytes]:
            for start in range(0, size, 10_000):
                yield body[start : start + 10_000]

        for data in (body, in_chunks()):
            async with (
                aiohttp.ClientSession() as session,
                session.post(rig.url(), data=data, headers=as_github(body)) as answer,
            ):
                assert (answer.status in {200, 201}) is (size == MOST)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        pytest.param(0, 2.0, id="nothing after the head's first line"),
        pytest.param(1, 0.5, id="the body a byte at a time"),
    ],
)
async def test_a_slow_sender_loses_its_place(sent: int, seconds: float) -> None:
    """However it goes on: the time is that of the whole, and not of a pause."""
    async with receiving(FEW) as rig:
        reader, writer = await connected(rig)
        writer.write(head(rig, "Content-Length: 1000") if sent else b"POST / HTTP/1.1\r\nX: ")
        end = asyncio.ensure_future(reader.read())
        began = asyncio.get_running_loop().time()
        while not end.done():
            assert asyncio.get_running_loop().time() - began < seconds + 3
            writer.write(b"x")
            await asyncio.wait([end], timeout=0.05)
        with suppress(ConnectionError):
            assert (b" 408 " in await end) is bool(sent)


async def test_a_crowd_of_slow_senders_leaves_room_for_deliveries() -> None:
    """The oldest that have sent no whole delivery go."""
    async with receiving(FEW) as rig:
        crowd = [await connected(rig) for _ in range(100)]
        for _, writer in crowd:
            writer.write(head(rig, "Content-Length: 1000"))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            assert 201 == (await rig.push()).status
        for _, writer in crowd:
            writer.close()


async def test_all_bodies_together_are_bounded() -> None:
    """What comes beyond that is told to come later, and the rest is answered."""
    little = replace(FEW, body_seconds=2.0, held_bytes=150_000)
    async with receiving(little) as rig:
        _, writer = await connected(rig)
        writer.write(head(rig, "Content-Length: 200000") + b"x" * 100_000)
        await asyncio.sleep(0.1)
        body = b'"' + b"x" * 100_000 + b'"'
        told = await send(rig.url(), body, as_github(body))
        assert (503, "TryLater") == (told.status, told.reason)
        assert 201 == (await rig.push()).status
        writer.close()
        await asyncio.sleep(0.1)
        assert 201 == (await send(rig.url(), body, as_github(body, "d-2"))).status


async def test_of_too_many_deliveries_at_once_some_have_to_come_again() -> None:
    """They have no answer, and soon. Whatever became of them, repeated each has one run."""
    async with receiving(FEW) as rig:
        rig.transport.faults.latency = 0.3
        began = asyncio.get_running_loop().time()
        names = [f"d-{number}" for number in range(30)]
        told = await asyncio.gather(*map(rig.push, names), return_exceptions=True)
        assert asyncio.get_running_loop().time() - began < FEW.connections.seconds
        accepted = {each.run for each in told if isinstance(each, Told)}
        assert accepted <= {run["metadata"]["name"] for run in rig.runs}
        assert accepted
        rig.transport.faults.latency = 0.0
        again = [(await rig.push(name)).run for name in names]
        assert accepted <= set(again)
        assert len(names) == len(set(again)) == len(rig.runs)
        assert {1} == set(rig.made.values())


async def test_with_more_than_it_can_do_a_receiver_still_does_what_it_can() -> None:
    """Deliveries have their turn one after the other: no work is spent on those that give up."""
    busy = replace(
        FEW, at_once=1, turn_seconds=1.0, connections=replace(FEW.connections, connections=50)
    )
    async with receiving(busy) as rig:
        await rig.push("first")  # The Secret is known from now on.
        rig.transport.faults.latency = 0.1
        told = await asyncio.gather(*(rig.push(f"d-{number}") for number in range(30)))
        accepted = [each.run for each in told if each.status == 201]
        assert {201, 503} == {each.status for each in told}
        assert len(accepted) >= 3
        assert len(accepted) + 1 == len(rig.runs)


async def test_a_crowd_takes_no_place_from_a_delivery_at_work() -> None:
    """Once its body is here, a delivery is answered, whoever comes after it."""
    async with receiving(FEW) as rig:
        rig.transport.faults.latency = 0.4
        pushing = asyncio.create_task(rig.push())
        await asyncio.sleep(0.2)
        crowd = [await connected(rig) for _ in range(100)]
        for _, writer in crowd:
            writer.write(head(rig, "Content-Length: 1000"))
        assert 201 == (await pushing).status
        for _, writer in crowd:
            writer.close()


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        pytest.param("GET", "/webhooks/default/w", 405, id="a browser"),
        pytest.param("POST", "/", 404, id="another page"),
        pytest.param("GET", "/metrics", 404, id="the metrics, which have a port of their own"),
        pytest.param("POST", "/webhooks/../../secrets/w", 404, id="a way out"),
        pytest.param("POST", "/webhooks/default/" + "w" * 3000, 400, id="a long name"),
    ],
)
async def test_nothing_else_is_served(verb: str, path: str, status: int) -> None:
    """Nor does the port of deliveries serve what the one of probes serves."""
    async with receiving(FEW) as rig:
        reader, writer = await connected(rig)
        writer.write(f"{verb} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert f" {status} ".encode() in await reader.readline()


async def test_probes_and_numbers_have_a_port_of_their_own() -> None:
    """The Ingress need not show it."""
    async with receiving(FEW) as rig:
        await rig.push()
        texts = []
        for page in ("readyz", "livez", "metrics"):
            url = f"http://127.0.0.1:{rig.runtime.probes.port}/{page}"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                assert 200 == answer.status
                texts.append(await answer.text())
        assert 'headrace_receiver_deliveries_total{reason="Started"} 1.0' in texts[2]
        assert 1 == rig.count("Started")
