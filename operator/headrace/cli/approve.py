"""`headrace approve`: the answer to a question of a run."""

from collections.abc import Sequence
from typing import Final

import click

from headrace.api.v1alpha1.labels import RUN
from headrace.cli.streams import note, tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError, no_such
from headrace.cli.window.finding import found, run_named
from headrace.cli.window.kinds import split
from headrace.cli.window.kubectl import patch_command
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import is_table, output, printing, put_object
from headrace.cli.window.source import Choice, Source
from headrace.cluster.kinds import APPROVALS, WORKFLOW_RUNS
from headrace.engine.text import listed
from headrace.views.objects import Object, ended, entries, name, text
from headrace.views.summaries import USUAL_CHOICES

_USUAL: Final = USUAL_CHOICES[0]
_SHOWN: Final = 20
"""How many items a message names."""


@click.command("approve")
@click.argument("what", metavar="NAME", shell_complete=names_of(WORKFLOW_RUNS))
@click.argument("choice", required=False)
@click.option("--task", metavar="NAME", help="Which task's question, if the run asks several.")
@click.option("--item", type=int, metavar="INDEX", help="Which item's question, with forEach.")
@click.option("--comment", default="", help="Why, for whoever reads it later.")
@output
@printing
@windowed
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    what: str,
    choice: str | None,
    task: str | None,
    item: int | None,
    comment: str,
    form: str,
    show_only: bool,
) -> int:
    """
    Answer the question of a run with CHOICE; if left out, it is approve.

    NAME is the run that asks, or approval/NAME.
    """
    source = window.source()
    question = _question(source, what, task, item)
    chosen = chosen_of(question, choice)
    if show_only:
        answer = {"choice": chosen, **({"comment": comment} if comment else {})}
        patch = {"spec": {"answer": answer}}
        tell([patch_command(window, source, APPROVALS, name(question), patch)])
        return DONE
    answered = source.answer(question, chosen, comment)
    if not is_table(form):
        put_object(answered, APPROVALS, form)
        return DONE
    run, asker = text(question, "spec", "run"), text(question, "spec", "task")
    about = f" for item {text(question, 'spec', 'item')}" if text(question, "spec", "item") else ""
    tell([f"task {asker}{about} of run {run}: {chosen}"])
    remark = source.carried_out(run)
    if remark:
        note(remark)
    return DONE


def _question(source: Source, what: str, task: str | None, item: int | None) -> Object:
    """Return the one open question that is meant."""
    kind, _ = split(what)
    if kind == APPROVALS:
        question = found(source, what)[1]
        if ended(question):
            raise WindowError(f"{what} is closed: {end_of(question)}")
        return question
    run = name(run_named(source, what))
    asked = source.listed(APPROVALS, Choice(labels=f"{RUN}={run}")).items
    open_ = [each for each in asked if not ended(each)]
    names = sorted({text(each, "spec", "task") for each in open_})
    if task is None and len(names) > 1:
        raise WindowError(f"run {run} asks several questions; add --task, of: {', '.join(names)}")
    of_task = [each for each in open_ if task in (None, text(each, "spec", "task"))]
    of_item = [each for each in of_task if item is None or text(each, "spec", "item") == str(item)]
    if len(of_item) > 1 or (of_task and not of_item):
        items = listed([text(each, "spec", "item") for each in of_task], _SHOWN)
        raise WindowError(
            f"task {names[0] if task is None else task} asks about items; add --item, of: {items}"
        )
    return of_item[0] if of_item else _none(run, task, open_, asked)


def _none(run: str, task: str | None, open_: Sequence[Object], asked: Sequence[Object]) -> Object:
    """Say why there is no such question."""
    of_task = [each for each in asked if text(each, "spec", "task") == task]
    if of_task:
        raise WindowError(f"the question of task {task} is closed: {end_of(of_task[-1])}")
    if task is not None and open_:
        names = [text(each, "spec", "task") for each in open_]
        raise no_such("question of task", task, f"run {run}", names)
    raise WindowError(f"run {run} asks nobody now; headrace list approvals shows all questions")


def end_of(question: Object) -> str:
    """Say how a question was closed."""
    choice = text(question, "spec", "answer", "choice")
    by = text(question, "spec", "answer", "by")
    if choice:
        return f"the answer was {choice}{f', by {by}' if by else ''}"
    return "nobody answered in time, or the task ended"


def chosen_of(question: Object, choice: str | None) -> str:
    """
    Return the answer that somebody chooses.

    Raises:
        WindowError: The question has no such answer.

    """
    choices = [str(each) for each in entries(question, "spec", "choices")] or list(USUAL_CHOICES)
    listed = ", ".join(choices)
    if choice is None and _USUAL not in choices:
        raise WindowError(f"say which answer: {listed}")
    chosen = choice or _USUAL
    if chosen not in choices:
        from headrace.api.checks.similar import did_you_mean  # noqa: PLC0415 - only for mistakes

        cure = did_you_mean(chosen, choices) or f"choose one of: {listed}"
        raise WindowError(f"{chosen!r} is none of the choices; {cure}")
    return chosen
