"""
The command line: `python -m tools.cluster VERB`, in the root of the checkout.

Knows the verbs and the output. The cluster does the rest.
"""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.cluster.failure import ClusterError
from tools.cluster.instance import DEFAULT_NAME, instance
from tools.cluster.one_node import OneNode
from tools.cluster.provider import Cluster, choose
from tools.cluster.settings import Settings


def _up(cluster: Cluster, words: argparse.Namespace) -> str:
    further = {"controller_manager": tuple(words.controller_manager_flag)}
    further["api_server"] = tuple(words.api_server_flag)
    cluster.up(Settings(audit=words.audit, **further))
    return f'up; for kubectl and helm: eval "$({_again(words)} env)"\n'


def _again(words: argparse.Namespace) -> str:
    name = "" if words.name == DEFAULT_NAME else f" --name {words.name}"
    return f"PYTHONPATH={Path(__file__).parents[2]} {sys.executable} -m {__package__}{name}"


def _down(cluster: Cluster, _: argparse.Namespace) -> str:
    cluster.down()
    return ""


def _env(cluster: Cluster, _: argparse.Namespace) -> str:
    return exports(cluster.variables())


def exports(variables: Mapping[str, str]) -> str:
    """Return lines for a shell; they extend PATH."""
    own = {name: shlex.quote(value) for name, value in variables.items()}
    programs = variables["PATH"].partition(":")[0]
    own["PATH"] = f"{shlex.quote(programs)}:$PATH"
    return "".join(f"export {name}={value}\n" for name, value in own.items())


def _status(cluster: Cluster, _: argparse.Namespace) -> str:
    return cluster.status()


def _build_image(cluster: Cluster, words: argparse.Namespace) -> str:
    dockerfile = words.path / "Dockerfile" if words.path.is_dir() else words.path
    cluster.build_image(dockerfile, words.context or dockerfile.parent, words.tag)
    return ""


def _load_image(cluster: Cluster, words: argparse.Namespace) -> str:
    for tag in words.tags:
        cluster.load_image(tag)
    return ""


def _provide_image(cluster: Cluster, words: argparse.Namespace) -> str:
    for tag in words.tags:
        cluster.provide_image(tag)
    return ""


def _fake_nodes(cluster: Cluster, words: argparse.Namespace) -> str:
    _one_node(cluster).fake_nodes(words.nodes)
    return ""


def _stop(cluster: Cluster, words: argparse.Namespace) -> str:
    _one_node(cluster).stop(words.component)
    return ""


def _one_node(cluster: Cluster) -> OneNode:
    if not isinstance(cluster, OneNode):
        raise ClusterError("this verb is for the one-node cluster; this one is made by kind")
    return cluster


Verb = Callable[[Cluster, argparse.Namespace], str]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tools.cluster", description="A cluster for tests.")
    parser.add_argument("--name", default=DEFAULT_NAME, help="which cluster (default: %(default)s)")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, act: Verb, does: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=does, description=does)
        added.set_defaults(act=act)
        return added

    up = verb("up", _up, "bring the cluster up; harmless where it is up")
    up.add_argument("--audit", action="store_true", help="log who did what, without bodies")
    for component in ("controller-manager", "api-server"):
        flag, example = f"--{component}-flag", f"--{component}-flag=--v=4"
        said = f"a flag for the {component}, e.g. {example}; may be repeated"
        up.add_argument(flag, action="append", default=[], metavar="FLAG", help=said)
    verb("down", _down, "end the cluster and remove all that it made")
    verb("env", _env, "print what a shell needs for kubectl and helm")
    verb("status", _status, "print what runs")
    build = verb("build-image", _build_image, "build a Dockerfile on this machine")
    build.add_argument("path", type=Path, help="a Dockerfile, or a folder that holds one")
    build.add_argument("tag")
    build.add_argument("--context", type=Path, help="default: the Dockerfile's folder")
    verb("load-image", _load_image, "load built images").add_argument("tags", nargs="+")
    provide = verb("provide-image", _provide_image, "let pods use published images")
    provide.add_argument("tags", nargs="+")
    fake = verb("kwok", _fake_nodes, "add fake nodes, on which pods succeed without being run")
    fake.add_argument("--nodes", type=int, default=10, help="default: %(default)s")
    verb("stop", _stop, "stop a component; `up` starts it again").add_argument("component")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 done, 1 failed (a message says why), 2 wrong arguments."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    words = _parser().parse_args(arguments)
    try:
        sys.stdout.write(words.act(choose(instance(words.name, os.environ)), words))
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
