"""The admission policies that guard the answers of people: `approvals.yaml`."""

from chart.rendering import MUTATING, NAMESPACE, Manifest, Rendered, render
from headrace.cluster.guard import REFUSED

NAME = "headrace-approvals"
KINDS = (
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)


def policy(rendered: Rendered) -> Manifest:
    """Return the spec of the policy that refuses."""
    spec: Manifest = rendered.one("ValidatingAdmissionPolicy", NAME)["spec"]
    return spec


def test_the_words_that_the_controller_looks_for_are_those_of_the_policy() -> None:
    """Else it would take a guarded question for an unguarded one, and never ask."""
    approvers, *others = policy(render())["validations"]
    assert REFUSED in approvers["messageExpression"]
    assert not [each for each in others if REFUSED in str(each)]


def test_the_rule_on_approvers_comes_first() -> None:
    """The API server shows the first refusal only, and the controller's trial needs this one."""
    approvers = policy(render())["validations"][0]
    assert "has(object.spec.approvers)" in approvers["expression"]


def test_what_cannot_be_judged_is_refused() -> None:
    """A policy that fails, fails closed; and its refusals are no warnings."""
    rendered = render()
    assert "Fail" == policy(rendered)["failurePolicy"]
    assert "Fail" == rendered.one("MutatingAdmissionPolicy", NAME)["spec"]["failurePolicy"]
    binding = rendered.one("ValidatingAdmissionPolicyBinding", NAME)["spec"]
    assert ["Deny"] == binding["validationActions"]


def test_only_the_controllers_own_account_asks() -> None:
    """The name in the policy is that of the service account that the controller runs as."""
    rendered = render({"serviceAccount.name": "runner"})
    asks = policy(rendered)["validations"][1]["expression"]
    want = f'variables.me == "system:serviceaccount:{NAMESPACE}:runner"'
    assert f"oldObject != null || {want}" == asks


def test_a_cluster_that_cannot_stamp_still_refuses() -> None:
    """Without mutating policies people write their own name, and the same rules hold."""
    without, with_stamp = render(apis=[]), render(apis=[MUTATING])
    assert () == without.all("MutatingAdmissionPolicy")
    assert policy(without) == policy(with_stamp)


def test_a_controller_of_listed_namespaces_polices_these_only() -> None:
    """What another release looks after is not touched."""
    rendered = render({"watchNamespaces": ["ingest", "reports"]})
    for kind in ("MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"):
        binding = rendered.one(kind, f"{NAMESPACE}-headrace-approvals")["spec"]
        (expression,) = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert ["ingest", "reports"] == expression["values"]


def test_it_can_be_switched_off() -> None:
    """Without the guard there is no policy for Approvals."""
    rendered = render({"approvals.guard": False})
    names = {each["metadata"]["name"] for kind in KINDS for each in rendered.all(kind)}
    assert {"headrace-requested-by"} == names
