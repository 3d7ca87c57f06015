"""
The program of the template `files`: copies, moves, lists, deletes, unpacks and awaits files.

Knows which action does what. Places are `local`, `objects`, `sftp` and `web`.
"""

import json
import re
from collections.abc import Callable
from posixpath import normpath

from order import Order, Side, source_of, target_of
from task_contract import WrongInput, info, run, values_for, warning, write_outputs
from transfer import Done, Found, again, delete, found_in, transfer, wait
from unpack import unpack

LARGEST_LIST = 3_000
"""So many bytes of names are kept as outputs, of 4,096 for all."""


def main() -> None:
    """Do what the parameters say."""
    order = values_for(Order)
    if order.sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", order.sha256):
        raise WrongInput("sha256 is not 64 hexadecimal digits; correct it")
    positive = ("everySeconds", "timeoutSeconds", "tries", "maxFiles", "maxBytes")
    for name in positive:
        if getattr(order, name) < 1:
            raise WrongInput(f"{name} is {getattr(order, name)}; it must be 1 or more")
    action = ACTIONS.get(order.action)
    if action is None:
        raise WrongInput(f"action {order.action[:80]!r} is none of {', '.join(ACTIONS)}")
    done = action(order)
    _tell(order, done)


def _copy(order: Order) -> Done:
    return transfer(order, source_of(order), target_of(order))


def _unpack(order: Order) -> Done:
    return unpack(order, source_of(order), target_of(order))


def _delete(order: Order) -> Done:
    whole = normpath(source_of(order).address.path or ".").strip("/").removesuffix("..").rstrip("/")
    if not order.pattern and whole in {"", "."}:
        raise WrongInput("delete: source is all there is; name a folder, or give a pattern")
    return delete(order, source_of(order))


def _list(order: Order) -> Done:
    source = source_of(order)
    found = again(order, lambda: list(found_in(order, source)))
    return _listed(order, source, found)


def _wait(order: Order) -> Done:
    source = source_of(order)
    return _listed(order, source, wait(order, source))


def _listed(order: Order, source: Side, found: list[Found]) -> Done:
    """Return what was found; a target gets a line of JSON for each file."""
    if order.target:
        target = target_of(order)
        lines = "".join(
            f"{json.dumps(_about(source, each), ensure_ascii=False)}\n" for each in found
        ).encode(errors="replace")
        again(order, lambda: target.store.write(target.address.path, iter([lines]), len(lines)))
    shown = [source.address.shown(each.entry.path) for each in found]
    if order.action == "list" and not order.target and len(_kept(shown)) < len(shown):
        raise WrongInput(
            f"{len(found):,} files are too many for the outputs; give a target for the list, or a"
            " narrower pattern"
        )
    return Done(shown, sum(each.entry.size for each in found), "")


def _about(source: Side, each: Found) -> dict[str, object]:
    entry = each.entry
    return {
        "path": source.address.shown(entry.path),
        "name": each.below,
        "bytes": entry.size,
        "modified": entry.modified,
    }


def _kept(files: list[str]) -> list[str]:
    """Return the names that the outputs have room for."""
    kept, size = list[str](), 0
    for each in files:
        size += len(json.dumps(each).encode()) + 2
        if size > LARGEST_LIST:
            break
        kept.append(each)
    return kept


def _tell(order: Order, done: Done) -> None:
    kept = _kept(done.files)
    if len(kept) < len(done.files):
        warning(f"the outputs have the names of {len(kept):,} of {len(done.files):,} files")
    write_outputs(files=kept, count=len(done.files), bytes=done.bytes, sha256=done.sha256)
    info(f"{order.action}: {len(done.files):,} files, {done.bytes:,} bytes")


ACTIONS: dict[str, Callable[[Order], Done]] = {
    "copy": _copy,
    "move": _copy,
    "list": _list,
    "delete": _delete,
    "unpack": _unpack,
    "wait": _wait,
}


if __name__ == "__main__":
    run(main)
