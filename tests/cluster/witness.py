"""
An independent eye on the Jobs of a namespace: every event, in the order in which they happened.

Knows `kubectl get --watch`. Looks at no cache of the controller, so it also sees what was made
and soon deleted.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

END_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Happened:
    """One event about a Job."""

    kind: str
    """ADDED, MODIFIED or DELETED."""
    job: Mapping[str, Any]

    @property
    def run(self) -> str:
        """The run that the Job is of."""
        return str(self.job["metadata"].get("labels", {}).get("headrace.dev/run", ""))

    @property
    def task(self) -> str:
        """The task that the Job is an attempt of."""
        return str(self.job["metadata"].get("labels", {}).get("headrace.dev/task", ""))

    @property
    def complete(self) -> bool:
        """Whether the Job controller says by now that the Job succeeded."""
        conditions = self.job.get("status", {}).get("conditions", ())
        return any(each["type"] == "Complete" for each in conditions)


class Witness:
    """Watches from its first moment to its last. Use it as a context."""

    def __init__(self, namespace: str, environ: Mapping[str, str], record: Path) -> None:
        """Prepare to watch a namespace, and to write what happens to a file."""
        self._environ = dict(environ)
        self._record = record
        words = ("--watch", "--output-watch-events", "--output=json", "--namespace", namespace)
        self._command = ["kubectl", "get", "jobs", *words]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._record.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - kubectl of the test's cluster
                self._command, env=self._environ, stdout=out
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(END_SECONDS)

    def happened(self, run: str) -> Iterator[Happened]:
        """Return all events so far about a run's Jobs, oldest first."""
        return (event for event in self._all() if event.run == run)

    def uids(self, run: str) -> dict[tuple[str, str], set[str]]:
        """Return the uids of all Jobs of a run that ever were, by task and attempt."""
        found: dict[tuple[str, str], set[str]] = {}
        for event in self.happened(run):
            meta = event.job["metadata"]
            attempt = meta["labels"]["headrace.dev/attempt"]
            found.setdefault((event.task, attempt), set()).add(meta["uid"])
        return found

    def _all(self) -> Iterator[Happened]:
        text = self._record.read_text()
        decoder, at = json.JSONDecoder(), 0
        while at < len(text):
            try:
                event, end = decoder.raw_decode(text, at)
            except json.JSONDecodeError:
                return  # The last one is still being written.
            yield Happened(event["type"], event["object"])
            at = end + len(text[end:]) - len(text[end:].lstrip())
