"""What tests on a cluster are told and named: `cluster.fixtures` and the command line."""

import pytest

from cluster.fixtures import NO_CLUSTER, left_out, namespace_name
from tools.cluster.__main__ import exports


def account(reason: str) -> tuple[str, int, str]:
    return ("/tests/file.py", 1, f"Skipped: {reason}")


def test_the_last_lines_say_what_was_left_out_and_why() -> None:
    """Tests that were left out for other reasons are not counted."""
    skipped = [
        ("tests/b.py::one", account(f"{NO_CLUSTER}it is raining")),
        ("tests/a.py::two[x::y]", account(f"{NO_CLUSTER}it is raining")),
        ("tests/b.py::three", account(f"{NO_CLUSTER}it is raining")),
        ("tests/b.py::four", account("needs a moon")),
        ("tests/b.py::five", None),
    ]
    assert left_out(iter(skipped)) == (
        "LEFT OUT: 3 tests, for no cluster can be made here: it is raining",
        "  1 of tests/a.py",
        "  2 of tests/b.py",
    )


def test_nothing_is_said_where_nothing_was_left_out() -> None:
    """A full run ends with pytest's own line."""
    assert left_out(iter([("tests/b.py::four", account("needs a moon"))])) == ()


@pytest.mark.parametrize(
    ("test", "want"),
    [
        pytest.param("test_a_job_runs", "a-job-runs-0f", id="the words of the test"),
        pytest.param("test_x[Größe & Co]", "x-gr-e-co-0f", id="what a name cannot hold"),
        pytest.param("test_" + "long" * 30, "long" * 10 + "-0f", id="a long one is cut"),
        pytest.param("test_", "0f", id="no words at all"),
    ],
)
def test_a_namespace_tells_which_test_made_it(test: str, want: str) -> None:
    """The name is a valid label and has room for what Kubernetes adds."""
    assert want == namespace_name(test, "0f")


def test_a_shell_keeps_its_own_path() -> None:
    """The programs are put before what PATH holds in that shell."""
    variables = {"KUBECONFIG": "/a b/config", "PATH": "/state/bin:/usr/bin"}
    want = "export KUBECONFIG='/a b/config'\nexport PATH=/state/bin:$PATH\n"
    assert want == exports(variables)
