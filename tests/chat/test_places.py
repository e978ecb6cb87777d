"""How many sockets share one limit."""

from uuid import uuid4

from chat.throttling.connection_limits import ConnectionLimiter


async def test_addresses_of_one_party_share_a_limit(settings) -> None:
    settings.SOCKETS_PER_ADDRESS = 3
    places = ConnectionLimiter(None)
    people = [uuid4() for _ in range(5)]
    addresses = [f"2001:db8:0:1::{n}" for n in range(5)]
    granted = [await places.acquire(*each) for each in zip(people, addresses, strict=True)]
    assert granted == [True, True, True, False, False]
    assert await places.acquire(people[0], "2001:db8:0:2::1")
    # IPv4 in IPv6's clothes is the same address.
    assert [await places.acquire(person, "192.0.2.1") for person in people[:2]] == [True, True]
    assert await places.acquire(people[2], "::ffff:192.0.2.1")
    assert not await places.acquire(people[3], "192.0.2.1")
    places.release(people[0], addresses[0])
    assert await places.acquire(people[4], addresses[4])
