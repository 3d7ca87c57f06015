"""
What Headrace relies on of an API server, run on the one in memory and on a real one.

The one in memory may be trusted as far as this goes.
"""

import asyncio
import uuid
from datetime import datetime
from typing import Any

import pytest

from headrace.cluster.kinds import TASK_RUNS
from headrace.kube.errors import ApiError, already_exists, conflict, invalid, not_found
from headrace.kube.resources import CONFIG_MAPS, JOBS, LEASES, NAMESPACES, Ref, Resource
from support.api_contract import Api, Object, eventually, refused
from support.virtual_time import VirtualTimeLoop

HELD = ["headrace.dev/contract"]
"""A finalizer that nobody but the test takes away."""

EVENT_LOOPS = {"memory": VirtualTimeLoop, "cluster": asyncio.new_event_loop}


async def test_what_is_created_gets_an_identity(api: Api) -> None:
    """The server adds uid, version, time and generation."""
    meta = (await api.job("a"))["metadata"]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= set(meta)
    assert (1, api.namespace) == (meta["generation"], meta["namespace"])
    assert datetime.fromisoformat(meta["creationTimestamp"]).tzinfo


async def test_a_name_is_taken_once(api: Api) -> None:
    """The second create is refused as `AlreadyExists`, a reason of its own."""
    await api.config_map("a")
    assert already_exists(await refused(api.config_map("a")))


async def test_versions_grow_with_each_write_and_can_be_compared(api: Api) -> None:
    """A later write has a larger resourceVersion, over all objects of a kind."""
    made = [int((await api.config_map(name))["metadata"]["resourceVersion"]) for name in "abc"]
    changed = await api.client.patch(api.ref(CONFIG_MAPS, "a"), {"data": {"a": "2"}}, dict)
    versions = [*made, int(changed["metadata"]["resourceVersion"])]
    assert sorted(set(versions)) == versions


async def test_a_patch_that_changes_nothing_is_no_write(api: Api) -> None:
    """The version stays the same, so no event goes out."""
    made = await api.config_map("a")
    after = await api.client.patch(api.ref(CONFIG_MAPS, "a"), {"data": {"a": "1"}}, dict)
    assert made["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


async def test_nothing_is_made_where_there_is_no_namespace(api: Api) -> None:
    """A create in a namespace that does not exist is `NotFound`."""
    body = {"metadata": {"name": "a", "namespace": "no-such-namespace"}}
    assert not_found(await refused(api.client.create(CONFIG_MAPS, body, dict)))


async def test_a_kind_that_is_not_served_is_not_found(api: Api) -> None:
    """An address that means nothing is a 404 too."""
    odd = Resource("odd.headrace.dev", "v1", "oddities", "Oddity")
    assert not_found(await refused(api.client.get(Ref(odd, api.namespace, "a"), dict)))


@pytest.mark.parametrize(
    ("name", "labels", "field"),
    [
        pytest.param("Upper", {}, "metadata.name", id="a name in capitals"),
        pytest.param("a", {"x": "-"}, "metadata.labels", id="a label that ends with a dash"),
        pytest.param("a", {"x": "y" * 64}, "metadata.labels", id="a label of 64 characters"),
    ],
)
async def test_what_is_wrong_is_told_by_field(
    api: Api, name: str, labels: dict[str, str], field: str
) -> None:
    """An invalid object is a 422 whose causes name the field."""
    error = await refused(api.config_map(name, labels=labels))
    assert invalid(error)
    assert field in [cause.field for cause in error.causes]


async def test_an_unknown_field_is_refused_if_asked_for(api: Api) -> None:
    """Strict creates name the field that is unknown; others lose it in silence."""
    body = {"metadata": {"name": "a", "namespace": api.namespace}, "dat": {}}
    error = await refused(api.client.create(CONFIG_MAPS, dict(body), dict))
    assert invalid(error)
    assert 'unknown field "dat"' in error.message
    made = await api.client.create(CONFIG_MAPS, dict(body), dict, strict=False)
    assert "dat" not in made


async def test_a_write_on_an_old_version_is_a_conflict(api: Api) -> None:
    """With a resourceVersion in it, a patch is a compare-and-swap."""
    made = await api.config_map("a")
    body = {
        "metadata": {"resourceVersion": made["metadata"]["resourceVersion"]},
        "data": {"b": "1"},
    }
    await api.client.patch(api.ref(CONFIG_MAPS, "a"), body, dict)
    body["data"] = {"b": "2"}
    assert conflict(await refused(api.client.patch(api.ref(CONFIG_MAPS, "a"), body, dict)))


async def test_a_write_on_another_uid_is_refused(api: Api) -> None:
    """An object of the same name is not mistaken for the one that was meant."""
    await api.config_map("a")
    body = {"metadata": {"uid": str(uuid.uuid4())}, "data": {"b": "2"}}
    assert invalid(await refused(api.client.patch(api.ref(CONFIG_MAPS, "a"), body, dict)))


async def test_the_status_of_a_custom_resource_is_guarded_by_its_version_alone(api: Api) -> None:
    """A uid in such a write is overlooked, whatever it says; an old resourceVersion is not."""
    made = await api.task_run("a")
    ref = api.ref(TASK_RUNS, "a")
    another = {"uid": str(uuid.uuid4())}
    after = await api.client.patch_status(
        ref, {"metadata": another, "status": {"attemptCount": 1}}, dict
    )
    assert (1, made["metadata"]["uid"]) == (
        after["status"]["attemptCount"],
        after["metadata"]["uid"],
    )
    old = {"resourceVersion": made["metadata"]["resourceVersion"]}
    body = {"metadata": old, "status": {"attemptCount": 2}}
    assert conflict(await refused(api.client.patch_status(ref, body, dict)))


async def test_a_merge_patch_merges(api: Api) -> None:
    """Fields are set, replaced, and removed by null."""
    await api.config_map("a")
    body = {"data": {"a": None, "b": "2"}, "metadata": {"labels": {"x": "y"}}}
    after = await api.client.patch(api.ref(CONFIG_MAPS, "a"), body, dict)
    assert ({"b": "2"}, {"x": "y"}) == (after["data"], after["metadata"]["labels"])


async def test_status_is_a_part_of_its_own(api: Api) -> None:
    """Each of the two addresses writes its part, and only a new spec is a new generation."""
    await api.job("a")
    body = {"spec": {"backoffLimit": 3}, "status": {"active": 1}}
    after = await api.client.patch_status(api.ref(JOBS, "a"), body, dict)
    assert (1, 1) == (after["status"]["active"], after["metadata"]["generation"])
    assert 3 != after["spec"].get("backoffLimit")
    body = {"spec": {"backoffLimit": 4}, "status": {"active": 2}}
    after = await api.client.patch(api.ref(JOBS, "a"), body, dict)
    assert (1, 4) == (after["status"]["active"], after["spec"]["backoffLimit"])
    assert 2 == after["metadata"]["generation"]


async def test_a_status_in_a_create_is_dropped(api: Api) -> None:
    """What is made has no history."""
    made = await api.job("a")
    assert not made.get("status")


async def test_a_lease_is_replaced_on_its_version_only(api: Api) -> None:
    """A PUT without version is invalid, one on an old version a conflict."""
    ref = api.ref(LEASES, "a")
    body: Object = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "a", "namespace": api.namespace},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15},
    }
    made = await api.client.create(LEASES, body, dict)
    assert invalid(await refused(api.client.replace(ref, body, dict)))
    made["spec"]["leaseTransitions"] = 1
    await api.client.replace(ref, made, dict)
    assert conflict(await refused(api.client.replace(ref, made, dict)))


async def test_only_the_object_that_was_meant_is_deleted(api: Api) -> None:
    """A delete with another uid is a conflict; what is gone is not found."""
    uid = (await api.config_map("a"))["metadata"]["uid"]
    ref = api.ref(CONFIG_MAPS, "a")
    assert conflict(await refused(api.client.delete(ref, uid=str(uuid.uuid4()))))
    await api.client.delete(ref, uid=uid)
    assert not_found(await refused(api.client.delete(ref, uid=uid)))


async def test_a_finalizer_holds_an_object_back(api: Api) -> None:
    """It is marked as being deleted, and goes when its last finalizer is taken away."""
    await api.config_map("a", finalizers=HELD)
    ref = api.ref(CONFIG_MAPS, "a")
    await api.client.delete(ref)
    assert "deletionTimestamp" in (await api.client.get(ref, dict))["metadata"]
    await api.client.patch(ref, {"metadata": {"finalizers": None}}, dict)
    assert not await api.exists(CONFIG_MAPS, "a")


def owned_by(owner: Object, **more: Any) -> list[Object]:
    """Return the reference to an owner, as a child carries it."""
    meta = owner["metadata"]
    own = {"apiVersion": "v1", "kind": "ConfigMap", "name": meta["name"], "uid": meta["uid"]}
    return [{**own, **more}]


async def test_what_is_owned_goes_with_its_owner(api: Api) -> None:
    """Children and children's children are collected in the background."""
    parent = await api.config_map("parent")
    child = await api.config_map("child", ownerReferences=owned_by(parent))
    await api.config_map("grandchild", ownerReferences=owned_by(child))
    await api.config_map("stranger")
    await api.client.delete(api.ref(CONFIG_MAPS, "parent"))

    async def alone() -> bool:
        return [["stranger"]] == await api.names(api.scope(CONFIG_MAPS))

    await eventually(alone)


async def is_leaving(api: Api, name: str) -> bool:
    """Tell whether an object is marked as being deleted."""
    return (
        "deletionTimestamp" in (await api.client.get(api.ref(CONFIG_MAPS, name), dict))["metadata"]
    )


async def test_an_owner_that_is_deleted_in_the_foreground_goes_last(api: Api) -> None:
    """It stays, marked as being deleted, until those are gone that block its deletion."""
    parent = await api.config_map("parent")
    owner = owned_by(parent, blockOwnerDeletion=True)
    await api.config_map("child", ownerReferences=owner, finalizers=HELD)
    await api.config_map("free", ownerReferences=owner)
    await api.client.delete(api.ref(CONFIG_MAPS, "parent"), propagation="Foreground")
    assert await is_leaving(api, "parent")

    async def all_leave() -> bool:
        return await is_leaving(api, "child") and not await api.exists(CONFIG_MAPS, "free")

    await eventually(all_leave)
    held = await api.client.get(api.ref(CONFIG_MAPS, "parent"), dict)
    assert ["foregroundDeletion"] == held["metadata"]["finalizers"]
    await api.client.patch(api.ref(CONFIG_MAPS, "child"), {"metadata": {"finalizers": None}}, dict)

    async def nobody() -> bool:
        return [[]] == await api.names(api.scope(CONFIG_MAPS))

    await eventually(nobody)


async def test_who_blocks_nothing_may_outlive_an_owner_deleted_in_the_foreground(api: Api) -> None:
    """It is deleted as well, and nobody waits for it."""
    parent = await api.config_map("parent")
    await api.config_map("child", ownerReferences=owned_by(parent), finalizers=HELD)
    await api.client.delete(api.ref(CONFIG_MAPS, "parent"), propagation="Foreground")

    async def only_the_parent_is_gone() -> bool:
        return not await api.exists(CONFIG_MAPS, "parent") and await is_leaving(api, "child")

    await eventually(only_the_parent_is_gone)
    await api.client.patch(api.ref(CONFIG_MAPS, "child"), {"metadata": {"finalizers": None}}, dict)


async def test_orphans_live_on(api: Api) -> None:
    """With `Orphan` the children stay, without their owner."""
    parent = await api.config_map("parent")
    await api.config_map("child", ownerReferences=owned_by(parent))
    await api.client.delete(api.ref(CONFIG_MAPS, "parent"), propagation="Orphan")

    async def gone_parent() -> bool:
        return not await api.exists(CONFIG_MAPS, "parent")

    await eventually(gone_parent)
    child = await api.client.get(api.ref(CONFIG_MAPS, "child"), dict)
    assert not child["metadata"].get("ownerReferences")


async def test_who_is_made_for_a_dead_owner_is_collected(api: Api) -> None:
    """A child that comes too late does not stay."""
    parent = await api.config_map("parent")
    await api.client.delete(api.ref(CONFIG_MAPS, "parent"))
    await api.config_map("child", ownerReferences=owned_by(parent))

    async def gone_child() -> bool:
        return not await api.exists(CONFIG_MAPS, "child")

    await eventually(gone_child)


async def test_a_namespace_takes_all_that_is_in_it_along(api: Api) -> None:
    """No finalizer of ours holds it back."""
    name = f"{api.namespace}-b"
    await api.client.create(NAMESPACES, {"metadata": {"name": name}}, dict)
    body = {"metadata": {"name": "a", "namespace": name}}
    await api.client.create(CONFIG_MAPS, body, dict)
    await api.client.delete(Ref(NAMESPACES, "", name))

    async def emptied() -> bool:
        try:
            await api.client.get(Ref(CONFIG_MAPS, name, "a"), dict)
        except ApiError as error:
            return not_found(error)
        return False

    await eventually(emptied)
