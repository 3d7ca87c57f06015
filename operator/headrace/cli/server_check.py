"""
`headrace validate --server`: what the API server says of manifests, without keeping anything.

Each object is applied as a dry run. So the server's own version of the CRDs judges it, the rules
that look at what exists, and the admission policies. Knows requests; checks nothing itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headrace.cli.manifest import line_about
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import MissingError, NoRightError, NotAllowedError
from headrace.cli.window.kinds import KINDS
from headrace.cli.written import Written
from headrace.kube.resources import Resource
from headrace.views.objects import text


def refusals(source: ClusterSource, objects: Iterable[Written]) -> Iterator[str]:
    """
    Yield a line for each object that the API server would refuse.

    Raises:
        WindowError: No cluster can be asked, or a right is missing.

    """
    for written in objects:
        kind = KINDS[text(written.value, "kind").lower()]
        try:
            _try(source, kind, written.value)
        except NoRightError:
            raise
        except (MissingError, NotAllowedError) as error:
            yield line_about(written.file, written.line, f"the API server refuses it: {error}")


def _try(source: ClusterSource, kind: Resource, value: Mapping[str, Any]) -> None:
    if text(value, "metadata", "name"):
        source.apply_dry(kind, dict(value))
    else:  # it has generateName: only a create makes a name of it
        source.create(kind, dict(value), dry_run=True)
