import asyncio
import uuid

import pytest
import redis as redis_client

from chat.throttling.rate_limits import MAX_REJECTED_FRAMES, Bucket, of_people
from mediachat.redis.scripts import RedisScripts
from tests.support.live import Redis


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(bucket: Bucket, tries: int) -> int:
    return sum(bucket.take() for _ in range(tries))


def test_a_burst_is_allowed_and_then_the_rate():
    clock = Clock()
    bucket = Bucket(burst=200, rate=20, clock=clock)
    assert taken(bucket, 500) == 200
    clock.now += 1
    assert taken(bucket, 500) == 20
    clock.now += 0.5
    assert taken(bucket, 500) == 10


def test_after_a_rest_the_whole_burst_is_there_again_and_no_more():
    clock = Clock()
    bucket = Bucket(burst=200, rate=20, clock=clock)
    taken(bucket, 200)
    clock.now += 3600
    assert taken(bucket, 500) == 200


def test_someone_who_keeps_to_the_rate_is_never_refused():
    clock = Clock()
    bucket = Bucket(burst=5, rate=20, clock=clock)
    for _ in range(1000):
        clock.now += 0.05
        assert bucket.take()


@pytest.mark.parametrize(("limits", "expected"), [(True, 200), (False, 5000)])
def test_limits_can_be_switched_off_by_a_setting(settings, limits, expected):
    settings.RATE_LIMITS, settings.RATE_BURST, settings.RATE_PER_SECOND = limits, 200, 0.0
    allowance = of_people(None).of("anna")
    assert sum(allowance.take() for _ in range(5000)) == expected


def test_what_costs_more_is_taken_whole_or_not_at_all():
    clock = Clock()
    bucket = Bucket(burst=10, rate=1, clock=clock)
    assert bucket.spend(7)
    assert not bucket.spend(7)
    assert bucket.spend(3)
    clock.now += 6
    assert not bucket.spend(7)
    clock.now += 1
    assert bucket.spend(7)


def test_what_costs_more_than_everything_can_be_had_by_waiting():
    clock = Clock()
    bucket = Bucket(burst=10, rate=1, clock=clock)
    assert bucket.spend(500)
    assert not bucket.spend()
    clock.now += 10
    assert bucket.spend(500)


def test_what_is_owed_has_to_come_back_first_and_is_bounded():
    clock = Clock()
    bucket = Bucket(burst=10, rate=1, clock=clock)
    bucket.owe(1_000_000)
    clock.now += 10
    assert not bucket.spend()
    clock.now += 1
    assert bucket.spend()


def test_refusals_are_bounded_too(settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 1, 0.001
    allowance = of_people(None).of("anna")
    assert allowance.take()
    assert not any(allowance.refuse() for _ in range(MAX_REJECTED_FRAMES))
    assert any(allowance.refuse() for _ in range(MAX_REJECTED_FRAMES))


# -- Shared between processes ------------------------------------------------------------------


async def allowed(allowance, tries: int) -> int:
    return sum([allowance.take() or await allowance.wait() for _ in range(tries)])


async def test_a_person_has_one_limit_on_all_processes(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 100, 0.1
    user = uuid.uuid4().hex
    processes = [of_people(RedisScripts(redis.url)).of(user) for _ in range(3)]
    done = await asyncio.gather(*(allowed(process, 100) for process in processes))
    assert sum(done) == 100
    other = of_people(RedisScripts(redis.url)).of(uuid.uuid4().hex)
    assert await allowed(other, 150) == 100


async def test_most_frames_ask_nobody(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 200, 20.0
    allowance = of_people(RedisScripts(redis.url)).of(uuid.uuid4().hex)
    assert await allowed(allowance, 200) >= 200
    counted = redis_client.Redis(port=redis.port).info("commandstats")
    asked = sum(counted[name]["calls"] for name in counted if name.startswith("cmdstat_eval"))
    assert 10 <= asked <= 40


async def test_the_rate_comes_back_over_time(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 10, 5.0
    here, there = (of_people(RedisScripts(redis.url)).of("anna") for _ in range(2))
    assert await allowed(here, 30) >= 10
    await asyncio.sleep(2)
    assert 8 <= await allowed(here, 30) + await allowed(there, 30) <= 14


async def test_alone_each_process_has_its_own_limit(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 50, 0.1
    user = uuid.uuid4().hex
    here, there = (of_people(RedisScripts(redis.url)).of(user) for _ in range(2))
    redis.kill()
    assert await allowed(here, 100) == 50
    assert await allowed(there, 100) == 50


async def test_one_who_waits_and_goes_takes_nobody_with_them(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 50, 0.1
    allowance = of_people(RedisScripts(redis.url)).of(uuid.uuid4().hex)
    first, second = (asyncio.create_task(allowance.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second


async def test_what_costs_more_is_taken_from_all_processes_together(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 100, 0.1
    here, there = (of_people(RedisScripts(redis.url)).of("anna") for _ in range(2))
    assert await here.pay(70)
    assert not await there.pay(70)
    # What could not be had whole lies unused where it was asked for, and is not lost there.
    assert await there.pay(20)
    assert not await here.pay(20)


async def test_what_costs_more_than_everything_can_be_had_with_redis(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 100, 100.0
    allowance = of_people(RedisScripts(redis.url)).of("anna")
    assert await allowance.pay(5_000)
    assert not await allowance.pay(5_000)
    await asyncio.sleep(1.1)
    assert await allowance.pay(5_000)


async def test_what_is_owed_is_owed_to_all_processes(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 100, 0.1
    here, there = (of_people(RedisScripts(redis.url)).of("anna") for _ in range(2))
    here.owe(80)
    await asyncio.sleep(0.3)
    assert await allowed(there, 100) <= 20
    assert await allowed(here, 100) <= 20
