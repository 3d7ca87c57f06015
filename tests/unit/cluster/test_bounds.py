"""What is remembered has a bound: `headrace.cluster.bounds`."""

from headrace.cluster.bounds import Kept, forget_oldest


def test_what_was_remembered_first_is_forgotten_first() -> None:
    """The rest stays, in its order."""
    remembered = dict.fromkeys("dacb")
    forget_oldest(remembered, 2)
    assert ["c", "b"] == list(remembered)
    forget_oldest(remembered, 2)
    assert ["c", "b"] == list(remembered)


def test_the_amount_that_is_kept_has_a_bound() -> None:
    """Those that nobody asked for longest go; the newest stays, however large it is."""
    kept: Kept[str, str] = Kept(100)
    for name in ("a", "b", "c"):
        kept.put(name, name, 40)
        kept.get("a")
    assert [True, False, True] == [kept.get(name) is not None for name in ("a", "b", "c")]
    kept.put("huge", "x", 1000)
    assert [False, False, True] == [kept.get(name) is not None for name in ("a", "c", "huge")]
    kept.put("huge", "x", 50)
    kept.put("d", "x", 50)
    assert None not in (kept.get("huge"), kept.get("d")), "what was replaced does not count"
    kept.drop("huge")
    kept.put("e", "x", 50)
    assert None not in (kept.get("d"), kept.get("e")), "nor does what was dropped"
