"""Which admission policies are there: `requested-by.yaml`, `reserve-namespace.yaml`."""

import pytest

from chart.rendering import MUTATING, NAMESPACE, render
from tools.cluster.commands import CommandFailedError

NAME = "headrace-requested-by"
BETA = "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy"


@pytest.mark.parametrize(
    ("api", "version"),
    [
        (MUTATING, "admissionregistration.k8s.io/v1"),
        (BETA, "admissionregistration.k8s.io/v1beta1"),
    ],
)
def test_a_cluster_that_can_stamp_does(api: str, version: str) -> None:
    """With the API the policy is there by itself, in the newest version that the cluster has."""
    rendered = render(apis=[api])
    assert version == rendered.one("MutatingAdmissionPolicy", NAME)["apiVersion"]
    assert version == rendered.one("MutatingAdmissionPolicyBinding", NAME)["apiVersion"]


def test_a_cluster_that_cannot_stamp_still_refuses_a_false_stamp() -> None:
    """Without the API nothing is written, and an annotation that names somebody else is refused."""
    rendered = render(apis=[])
    assert () == rendered.all("MutatingAdmissionPolicy")
    assert rendered.one("ValidatingAdmissionPolicy", NAME)


def test_who_insists_is_told_that_it_cannot_be() -> None:
    """requestedBy.enabled=true without the API fails, and says what is missing and what to do."""
    with pytest.raises(CommandFailedError, match=r"no MutatingAdmissionPolicy.*set it to auto"):
        render({"requestedBy.enabled": True}, apis=[])


def test_it_can_be_switched_off() -> None:
    """Without it no admission policy is installed."""
    rendered = render({"requestedBy.enabled": False, "approvals.guard": False})
    kinds = {each["kind"] for each in rendered.manifests}
    assert not [kind for kind in kinds if "AdmissionPolicy" in kind]


@pytest.mark.parametrize(
    ("enabled", "stamping"), [("auto", "Ignore"), (True, "Fail")], ids=["auto", "insisted on"]
)
def test_a_stamp_may_be_missing_unless_it_is_insisted_on_but_never_false(
    enabled: object, stamping: str
) -> None:
    """What cannot be stamped now is let in or refused, as was said; the check always holds."""
    rendered = render({"requestedBy.enabled": enabled})
    assert stamping == rendered.one("MutatingAdmissionPolicy", NAME)["spec"]["failurePolicy"]
    assert "Fail" == rendered.one("ValidatingAdmissionPolicy", NAME)["spec"]["failurePolicy"]
    assert ["Deny"] == rendered.one("ValidatingAdmissionPolicyBinding", NAME)["spec"][
        "validationActions"
    ]


@pytest.mark.parametrize("kind", ["MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"])
def test_the_controllers_own_account_is_the_one_that_is_left_alone(kind: str) -> None:
    """The name in the policy is that of the service account that the controller runs as."""
    rendered = render({"serviceAccount.name": "runner"})
    (condition,) = rendered.one(kind, NAME)["spec"]["matchConditions"]
    assert "runner" == rendered.controller["spec"]["serviceAccountName"]
    want = f'request.userInfo.username != "system:serviceaccount:{NAMESPACE}:runner"'
    assert want == condition["expression"]


def test_a_controller_of_listed_namespaces_polices_these_only() -> None:
    """The policies of such a release do not touch what another release looks after."""
    rendered = render({"watchNamespaces": ["ingest", "reports"]})
    for kind in ("MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"):
        (expression,) = rendered.one(kind, f"{NAMESPACE}-{NAME}")["spec"]["matchResources"][
            "namespaceSelector"
        ]["matchExpressions"]
        assert "kubernetes.io/metadata.name" == expression["key"]
        assert ["ingest", "reports"] == expression["values"]


def test_the_releases_own_namespace_can_be_kept_free_of_workflows() -> None:
    """With reserveNamespace a policy for that namespace alone refuses all three kinds."""
    without = {"requestedBy.enabled": False, "approvals.guard": False}
    rendered = render({"reserveNamespace": True, **without})
    policy = rendered.one("ValidatingAdmissionPolicy")["spec"]
    (rule,) = policy["matchConstraints"]["resourceRules"]
    assert ["workflows", "workflowruns", "taskruns", "backfills"] == rule["resources"]
    binding = rendered.one("ValidatingAdmissionPolicyBinding")["spec"]
    want = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    assert want == binding["matchResources"]["namespaceSelector"]
