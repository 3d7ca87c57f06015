"""`headrace ui`: the page in a browser of this machine, with the rights of whoever starts it."""

import secrets
import socket
import webbrowser
from typing import Final
from urllib.parse import quote

import click

from headrace.cli.streams import tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.finding import run_named
from headrace.cli.window.options import Window, windowed
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.views.objects import name

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 7420


@click.command("ui")
@click.argument("what", metavar="[RUN]", required=False, shell_complete=names_of(WORKFLOW_RUNS))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"The port to listen on; 0: any free one. Default: {PORT}, or any if it is taken.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@windowed
def command(*, window: Window, what: str | None, port: int | None, opens: bool) -> int:
    """
    Show runs in the browser, and steer them there: those of a cluster, or of this machine.

    Prints the address of the page, on RUN if it is given, and serves it until Ctrl-C. Only this
    machine can reach it, and only with the token in the address.
    """
    try:
        from headrace.web.serving import address_of, serve  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise WindowError(
            f"the page needs {error.name}, which is not installed; pip install 'headrace[ui]'"
        ) from error
    source = window.source()
    path = "/" if what is None else f"/runs/{quote(name(run_named(source, what)), safe='')}"
    listener = _listener(port)
    secret = secrets.token_urlsafe(24)
    address = address_of(listener, path, secret)
    tell([address])
    if opens:
        webbrowser.open(address)
    serve(window, source, listener, secret)
    return DONE


def _listener(port: int | None) -> socket.socket:
    """
    Listen on a port of this machine.

    Raises:
        WindowError: The port is taken.

    """
    wanted = [PORT, 0] if port is None else [port]
    for each in wanted:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, each))
        except OSError as error:
            listener.close()
            why = error.strerror
            continue
        return listener
    raise WindowError(f"--port {port}: {why}; choose another one, or leave it out")
