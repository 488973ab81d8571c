"""Throughput of arq at its fastest settings: no results, polling every 10 ms, 50 jobs at once.

Prints lines `NAME RATE`, as queue_throughput.rs does: `python queue_arq.py HOST PORT`.
"""

import asyncio
import sys
import time

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

JOBS = 10_000
ran = 0


async def nothing(ctx, number):
    global ran
    ran += 1


async def main():
    settings = RedisSettings(host=sys.argv[1], port=int(sys.argv[2]))
    pool = await create_pool(settings)
    begun = time.perf_counter()
    for first in range(0, JOBS, 50):
        jobs = (pool.enqueue_job("nothing", number) for number in range(first, first + 50))
        await asyncio.gather(*jobs)
    print(f"enqueue_one_by_one {JOBS / (time.perf_counter() - begun):.0f}")
    worker = Worker(
        functions=[nothing],
        redis_pool=pool,
        burst=True,
        poll_delay=0.01,
        max_jobs=50,
        keep_result=0,
        max_burst_jobs=-1,
        handle_signals=False,
    )
    begun = time.perf_counter()
    await worker.main()
    spent = time.perf_counter() - begun
    assert ran == JOBS, ran
    print(f"work {JOBS / spent:.0f}")


asyncio.run(main())
