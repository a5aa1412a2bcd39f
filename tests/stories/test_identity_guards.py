"""Guards with their built-in limits, and overrides: who is kept apart and why. Each story in order, mixed and twice."""

from schemas.ids import person_of
from tests.support.identity.builders import event, linked, unlinked
from tests.support.identity.outcome import Run

KIOSK = '{"device_class":"kiosk"}'


def test_what_is_seen_together_is_one_person_named_after_the_oldest(run: Run) -> None:
    found = run([event(5, "customer:anna", "email:a"), event(1, "device:a"), event(7, "email:a", "device:a")])
    assert found.one("customer:anna", "email:a", "device:a")
    assert found.person("customer:anna") == person_of("device:a")


def test_placeholders_join_nobody(run: Run) -> None:
    found = run([event(1, "customer:anna", "email:blocked"), event(2, "customer:ben", "email:blocked")])
    assert found.apart("customer:anna", "customer:ben")
    assert found.status("customer:anna", "email:blocked") == "blocked_value"


def test_two_customers_on_one_device_stay_two_and_the_first_keeps_it(run: Run) -> None:
    found = run([event(1, "customer:anna", "device:tablet"), event(2, "customer:ben", "device:tablet")])
    assert found.apart("customer:anna", "customer:ben")
    assert found.one("customer:anna", "device:tablet")
    assert found.status("customer:ben", "device:tablet") == "too_many:customer"


def test_a_late_event_gives_the_device_to_the_customer_who_had_it_first(run: Run) -> None:
    found = run(
        [
            event(5, "customer:anna", "device:tablet"),
            event(6, "customer:ben", "device:tablet"),
            event(1, "customer:ben", "device:tablet"),
        ]
    )
    assert found.one("customer:ben", "device:tablet") and found.apart("customer:anna", "customer:ben")
    assert found.status("customer:anna", "device:tablet") == "too_many:customer"


def test_a_household_with_one_phone_stays_apart(run: Run) -> None:
    found = run(
        [
            event(1, "loyalty:anna", "phone:home"),
            event(2, "loyalty:ben", "phone:home"),
            event(3, "loyalty:anna", "device:anna"),
            event(4, "loyalty:ben", "device:ben"),
        ]
    )
    assert found.apart("loyalty:anna", "loyalty:ben")
    assert found.one("loyalty:anna", "phone:home", "device:anna") and found.one("loyalty:ben", "device:ben")


def test_a_hub_leaves_all_that_it_had_joined(run: Run) -> None:
    """The built-in limit of an e-mail address is ten others."""
    devices = [f"device:{number}" for number in range(11)]
    found = run([event(at, "email:office", device) for at, device in enumerate(devices)])
    assert found.apart("email:office", *devices)
    assert {found.status("email:office", device) for device in devices} == {"hub"}
    assert run([event(at, "email:office", device) for at, device in enumerate(devices[:10])]).one(*devices[:10])


def test_a_kiosk_joins_nobody_not_even_those_it_had_joined(run: Run) -> None:
    found = run(
        [
            event(1, "email:anna", "device:kiosk"),
            event(2, "email:ben", "device:kiosk"),
            event(3, "email:cleo", "device:kiosk", properties=KIOSK),
        ]
    )
    assert found.apart("email:anna", "email:ben", "email:cleo", "device:kiosk")
    assert found.status("email:anna", "device:kiosk") == "shared_device"


def test_a_device_that_reports_itself_as_a_kiosk_is_shared_too(run: Run) -> None:
    found = run([event(1, "device:till", "mac:a"), event(2, "device:till", properties=KIOSK)])
    assert found.apart("device:till", "mac:a")


def test_a_person_who_would_be_too_large_is_in_quarantine_until_an_operator_links_it(run: Run) -> None:
    """A person has at most 50 identifiers; one that an operator links takes the place of the last."""
    email, more = [f"email:{number}" for number in range(5)], [f"crm:{number}" for number in range(5)]
    large = [
        *(event(at, "customer:anna", each) for at, each in enumerate((*email, *more))),
        *(
            event(20 + number, email[number // 4], f"device:{number}")
            for number in range(20)  # as many as one person may have
        ),
        *(event(50 + number, more[number // 3], f"payment:{number}") for number in range(10)),
        *(event(70 + number, "customer:anna", f"till{number // 5}:{number}") for number in range(9)),
    ]
    late = event(100, "customer:anna", "phone:anna")
    found = run([*large, late])
    assert found.status("customer:anna", "phone:anna") == "person_size"
    assert found.apart("customer:anna", "phone:anna")
    released = run([*large, late, linked(200, "customer:anna", "phone:anna")])
    assert released.one("customer:anna", "phone:anna", "till1:7")
    assert released.status("customer:anna", "till1:8") == "person_size"


def test_an_operator_unlinks_and_no_evidence_joins_them_again(run: Run) -> None:
    found = run(
        [
            event(1, "customer:anna", "device:a"),
            unlinked(5, "customer:anna", "device:a"),
            event(9, "customer:anna", "device:a", name="again"),
        ]
    )
    assert found.apart("customer:anna", "device:a")
    assert found.status("customer:anna", "device:a") == "unlinked"


def test_of_several_overrides_the_latest_counts(run: Run) -> None:
    overrides = [unlinked(5, "customer:anna", "device:a"), linked(6, "customer:anna", "device:a")]
    assert run([event(1, "customer:anna", "device:a"), *overrides]).one("customer:anna", "device:a")
    assert run(overrides).one("customer:anna", "device:a")
    later = run([*overrides, unlinked(7, "customer:anna", "device:a")])
    assert later.status("customer:anna", "device:a") == "unlinked"


def test_an_operator_may_link_two_customers_and_what_they_get_later_is_theirs(run: Run) -> None:
    found = run(
        [
            linked(1, "customer:anna", "customer:anne"),
            event(2, "customer:anna", "device:a"),
            event(3, "customer:anne", "device:b"),
            event(4, "customer:ben", "device:b"),
        ]
    )
    assert found.one("customer:anna", "customer:anne", "device:a", "device:b")
    assert found.apart("customer:ben", "customer:anna")
