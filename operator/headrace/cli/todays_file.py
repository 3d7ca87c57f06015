"""
The files that hold a workflow today, beside the one from which a run began.

Knows files and names. Reads no definition.
"""

from collections import Counter
from pathlib import Path

from headrace.cli.input import MANIFESTS, InputError
from headrace.cli.workflow_file import FileObject, workflows_of
from headrace.local.records import RunRecord


def files_beside(run: RunRecord) -> list[Path]:
    """
    Return the file of the workflow of a run, then the other files that hold workflows.

    Raises:
        InputError: No file has the workflow, or several files have it or one that it may call.

    """
    folder = Path(run.folder)
    found = {path: _workflows(path, run) for path in _manifests(folder)}
    own = [path for path, names in found.items() if run.workflow in names]
    if len(own) != 1:
        has = f"{len(own)} files have" if own else "no file has"
        raise InputError(
            f"--latest: {has} the workflow {run.workflow} in {folder}; name its file with --file"
        )
    counted = Counter(name for names in found.values() for name in names)
    twice = sorted(name for name in run.called if counted[name] > 1)
    if twice:
        raise InputError(
            f"--latest: several files have the workflow {twice[0]} in {folder}; name the files with"
            " --file"
        )
    return [*own, *(path for path, names in found.items() if names and path not in own)]


def _manifests(folder: Path) -> list[Path]:
    """Return the files that may hold manifests; none if somebody has removed the folder."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in paths if path.suffix in MANIFESTS)


def _workflows(path: Path, run: RunRecord) -> list[str]:
    """Return the names of the workflows of a file; a file that cannot be read has none."""
    try:
        objects: list[FileObject] = workflows_of(path)
    except InputError:
        return []
    return [item.name for item in objects if item.namespace == run.key.namespace]
