import asyncio
import uuid

import pytest
import redis as redis_client

from chat.limits import Allowances, Bucket, frames
from mediachat.shared import Shared
from tests.live import Redis


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
    assert taken(frames(), 5000) == expected


# -- Shared between processes ------------------------------------------------------------------


async def allowed(allowance, tries: int) -> int:
    return sum([allowance.take() or await allowance.wait() for _ in range(tries)])


async def test_a_person_has_one_limit_on_all_processes(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 100, 0.1
    user = uuid.uuid4()
    processes = [Allowances(Shared(redis.url)).of(user) for _ in range(3)]
    done = await asyncio.gather(*(allowed(process, 100) for process in processes))
    assert sum(done) == 100
    other = Allowances(Shared(redis.url)).of(uuid.uuid4())
    assert await allowed(other, 150) == 100


async def test_most_frames_ask_nobody(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 200, 20.0
    allowance = Allowances(Shared(redis.url)).of(uuid.uuid4())
    assert await allowed(allowance, 200) >= 200
    counted = redis_client.Redis(port=redis.port).info("commandstats")
    asked = sum(counted[name]["calls"] for name in counted if name.startswith("cmdstat_eval"))
    assert 10 <= asked <= 40


async def test_the_rate_comes_back_over_time(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 10, 5.0
    here, there = (Allowances(Shared(redis.url)).of(uuid.UUID(int=7)) for _ in range(2))
    assert await allowed(here, 30) >= 10
    await asyncio.sleep(2)
    assert 8 <= await allowed(here, 30) + await allowed(there, 30) <= 14


async def test_alone_each_process_has_its_own_limit(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 50, 0.1
    user = uuid.uuid4()
    here, there = (Allowances(Shared(redis.url)).of(user) for _ in range(2))
    redis.kill()
    assert await allowed(here, 100) == 50
    assert await allowed(there, 100) == 50


async def test_one_who_waits_and_goes_takes_nobody_with_them(redis: Redis, settings):
    settings.RATE_BURST, settings.RATE_PER_SECOND = 50, 0.1
    allowance = Allowances(Shared(redis.url)).of(uuid.uuid4())
    first, second = (asyncio.create_task(allowance.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second
