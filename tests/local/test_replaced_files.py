"""`headrace run` with tasks that put something else in the place of their own files."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from support.local_run import Bench, sh

OUTPUTS = 'rm -f "$HEADRACE_OUTPUTS"; '
EXIT = 'f="${HEADRACE_OUTPUTS%outputs}exit"; '


@pytest.mark.parametrize(
    ("script", "want"),
    [
        pytest.param('mkfifo "$HEADRACE_OUTPUTS"', "a named pipe", id="a named pipe"),
        pytest.param('ln -s /dev/zero "$HEADRACE_OUTPUTS"', "a symbolic link", id="a device"),
        pytest.param('ln -s /etc/shadow "$HEADRACE_OUTPUTS"', "a symbolic link", id="a secret"),
        pytest.param('mkdir "$HEADRACE_OUTPUTS"', "a folder", id="a folder"),
    ],
)
def test_outputs_that_are_no_file_fail_the_attempt(bench: Bench, script: str, want: str) -> None:
    """The runner neither waits for them nor follows them, and the next task is not started."""
    bench.write(sh("a", OUTPUTS + script), sh("b", dependsOn=["a"]))

    result = bench.run()

    assert 1 == result.code
    log = bench.log_of("a")
    assert Reason.INVALID_OUTPUTS is log.reason
    assert f"is no longer a file: {want}; write the outputs into the file" in log.message
    assert [] == bench.ran("b")


def test_a_failure_keeps_its_exit_code_whatever_became_of_the_outputs(bench: Bench) -> None:
    """What the program says of itself comes first."""
    bench.write(sh("a", f'{OUTPUTS}mkfifo "$HEADRACE_OUTPUTS"; exit 3'))

    assert 1 == bench.run().code
    assert (Reason.NON_ZERO_EXIT, "ended with exit code 3; retry.limit is 0") == (
        bench.log_of("a").reason,
        bench.log_of("a").message,
    )


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(r'rm "$f"; printf "\377\376\n" > "$f"; ', id="bytes that are no text"),
        pytest.param(
            'rm "$f"; (head -c 6000 /dev/zero | tr "\\0" 9; echo) > "$f"; ', id="a long number"
        ),
        pytest.param('rm "$f"; mkfifo "$f"; ', id="a named pipe"),
    ],
)
@pytest.mark.parametrize("end", ["kill -9 $PPID", "exit 0"])
def test_an_exit_code_that_cannot_be_read_is_an_interruption(
    bench: Bench, script: str, end: str
) -> None:
    """Nobody knows how it ended: so it says, and the runner goes on."""
    once = {"infrastructureLimit": 0}
    bench.write(sh("a", EXIT + script + end, allowFailure=True, retry=once), sh("b"))

    assert 0 == bench.run().code
    assert Reason.INTERRUPTED is bench.log_of("a").reason
    assert [1] == bench.ran("b")
