"""
A cluster of somebody else, which this program may only use.

Knows a kubeconfig and the programs on PATH.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.settings import Settings


@dataclass(frozen=True, slots=True)
class Given:
    """The cluster of a kubeconfig. Its images are its owner's affair."""

    kubeconfig: Path

    def up(self, _: Settings) -> None:
        """Do nothing: it is up."""

    def down(self) -> None:
        """Do nothing: it is not ours."""

    def build_image(self, dockerfile: Path, context: Path, tag: str) -> None:
        """Do nothing: its owner has loaded the images."""

    def load_image(self, tag: str) -> None:
        """Do nothing, as for `build_image`."""

    def provide_image(self, tag: str) -> None:
        """Do nothing: it pulls published images by itself."""

    def variables(self) -> Mapping[str, str]:
        return {"KUBECONFIG": str(self.kubeconfig), "PATH": os.environ.get("PATH", "")}

    def status(self) -> str:
        return f"the cluster of {self.kubeconfig}\n"
