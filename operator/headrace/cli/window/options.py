"""
The options that all commands over running things have, and the source that they choose.

Where to look: `--local` or `--state` mean runs of this machine. `--context` or `--kubeconfig` mean
a cluster. Without any of them it is the cluster of the kubeconfig; only where no kubeconfig names
one, and there is a folder of state here, it is this folder. Knows the options; asks nothing.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from headrace.access.connection import Connection
from headrace.access.failures import AccessError, NotConfiguredError, RefusedError
from headrace.access.kubeconfig import in_namespace, place
from headrace.access.login import login
from headrace.cli.streams import note
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import EPILOG, NotAllowedError, NotThereError, WindowError
from headrace.cli.window.source import Source
from headrace.local.folder import DEFAULT_STATE

if TYPE_CHECKING:
    from headrace.cli.window.laptop import LaptopSource

F = TypeVar("F", bound=Callable[..., Any])

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as of a shell: what was followed goes on without us."""

_OPTIONS: Final = (
    click.option("--context", metavar="NAME", help="The context of the kubeconfig."),
    click.option("-n", "--namespace", metavar="NAME", help="The namespace to look in."),
    click.option("--kubeconfig", metavar="FILE", help="The kubeconfig to use."),
    click.option("--local", is_flag=True, help="Runs of this machine, in the folder .headrace."),
    click.option(
        "--state",
        metavar="DIRECTORY",
        type=click.Path(file_okay=False, path_type=Path),
        help="Runs of this machine, in another folder.",
    ),
)


class Window:
    """Where to look, as the command line says. Options as kubectl has them."""

    def __init__(
        self,
        *,
        context: str | None = None,
        namespace: str | None = None,
        kubeconfig: str | None = None,
        local: bool = False,
        state: Path | None = None,
    ) -> None:
        self.context = context
        self.namespace = namespace
        self.kubeconfig = kubeconfig
        self.state = state or DEFAULT_STATE
        self.archive_url: str | None = None
        """The database of the archive, where a command looks there too."""
        self.wants_local = local or state is not None
        self._names_a_cluster = bool(context or kubeconfig)

    def source(self) -> Source:
        """
        Return the source of objects.

        Raises:
            WindowError: There is none.

        """
        if self.wants_local:
            return self.laptop()
        try:
            return self.cluster()
        except NotThereError as error:
            unnamed = isinstance(error.__cause__, NotConfiguredError)
            if unnamed and not self._names_a_cluster and (self.state / "state.db").exists():
                return self.laptop()
            raise

    def cluster(self) -> ClusterSource:
        """
        Return the source of objects in a cluster.

        Raises:
            WindowError: There is none.

        """
        if self.wants_local:
            raise WindowError("this needs a cluster; leave out --local and --state")
        try:
            where = place(os.environ, Path.home(), self.kubeconfig, self.context)
            where = in_namespace(where, self.namespace)
            return ClusterSource(Connection(where, login(where, os.environ)))
        except AccessError as error:
            raise NotThereError(str(error)) from error

    @property
    def where(self) -> str:
        """The namespace to look in, also where no cluster can be asked."""
        try:
            return self.cluster().namespace
        except NotThereError:
            return self.namespace or "default"

    @property
    def kubectl(self) -> list[str]:
        """The words of a kubectl command that looks at the same place."""
        options = {"--context": self.context, "--kubeconfig": self.kubeconfig}
        named = [f"{option}={value}" for option, value in options.items() if value]
        return ["kubectl", *named]

    def laptop(self) -> "LaptopSource":
        """
        Return the source of objects in the folder of state.

        Raises:
            WindowError: There is none.

        """
        from headrace.cli.window.laptop import laptop  # noqa: PLC0415 - only for runs here

        if self._names_a_cluster or self.namespace:
            raise WindowError(
                "--local and --state mean this machine; leave them out, or --context, --namespace"
                " and --kubeconfig"
            )
        return laptop(self.state)


def windowed(command: F) -> F:
    """Give a command the options of the window, its errors their exit codes, its help the codes."""

    @wraps(command)
    def run(**options: Any) -> None:
        names = ("context", "namespace", "kubeconfig", "local", "state")
        window = Window(**{name: options.pop(name) for name in names})
        try:
            sys.exit(command(window=window, **options))
        except WindowError as error:
            note(str(error))
            sys.exit(error.code)
        except AccessError as error:
            note(str(error))
            refused = isinstance(error, RefusedError)
            sys.exit(NotAllowedError.code if refused else NotThereError.code)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    run.__doc__ = f"{(command.__doc__ or '').rstrip()}\n\n    {EPILOG}\n    "
    decorated: Any = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return] # click's decorators keep the function
