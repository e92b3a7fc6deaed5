"""Runs one client once, in a process of its own, and prints one JSON line.

Started by bench.py; the arguments are one JSON object. Nothing is imported here that
the client might not need, since import time and memory are among what is measured.
"""

import sys
import time


def hwm_kb():
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])


def main():
    import json

    job = json.loads(sys.argv[1])
    sys.path.insert(0, job["clients"])
    import common

    auth = common.Auth(job["auth"])
    auth.ca = job.get("ca")
    if job["mode"] == "cold":
        done = cold(job, auth)
        print(json.dumps({"n": 1, "done_ns": done, "vmhwm_kb": hwm_kb()}))
        return
    client = load(job)
    if job["mode"] == "bulk":
        out = run_bulk(client, job, auth)
    elif job["mode"] == "kept":
        out = run_kept(client, job, auth)
    elif job["mode"] == "conc" and not hasattr(client, "create"):
        out = run_async(client, job, auth, job["inflight"])
    elif job["mode"] == "conc":
        out = run_threads(client, job, auth)
    elif hasattr(client, "create"):
        out = run_sync(client, job, auth)
    else:
        out = run_async(client, job, auth, 1)
    out["n"] = job["n"]
    out["vmhwm_kb"] = hwm_kb()
    print(json.dumps(out))
    sys.stdout.flush()
    import os

    os._exit(0)  # a slow interpreter shutdown is nobody's figure


def load(job):
    return __import__(job["module"])


def cold(job, auth):
    client = load(job)
    import common

    if hasattr(client, "create") and hasattr(client, "setup"):
        client.setup(job["base"], auth)
        common.check(0, client.create(0))
        return time.monotonic_ns()
    import asyncio

    async def once():
        await client.asetup(job["base"], auth)
        common.check(0, await client.acreate(0))
        done = time.monotonic_ns()
        if hasattr(client, "aclose"):
            await client.aclose()
        return done

    return asyncio.run(once())


class Window:
    """Wall and CPU time of this process between start() and stop()."""

    def start(self):
        import resource

        self.usage = resource.getrusage
        self.who = resource.RUSAGE_SELF
        self.before = self.usage(self.who)
        self.at = time.perf_counter()

    def stop(self):
        elapsed = time.perf_counter() - self.at
        after = self.usage(self.who)
        return {
            "elapsed_s": elapsed,
            "user_s": after.ru_utime - self.before.ru_utime,
            "sys_s": after.ru_stime - self.before.ru_stime,
        }


def run_sync(client, job, auth):
    from common import check

    client.setup(job["base"], auth)
    create = client.create
    for i in range(job["warmup"]):
        check(i, create(i))
    w = Window()
    w.start()
    for i in range(job["n"]):
        create(i)
    out = w.stop()
    check(i, create(i))
    return out


def run_bulk(client, job, auth):
    """Each answer is checked as it comes and dropped, as in all modes but the next."""
    from common import check

    client.setup(job["base"], auth)
    for i, g in client.creates(2 * job["inflight"], job["inflight"]):
        check(i, g)
    w = Window()
    w.start()
    for i, g in client.creates(job["n"], job["inflight"]):
        check(i, g)
    return w.stop()


def run_kept(client, job, auth):
    """All answers are kept, and checked at the end."""
    from common import check

    client.setup(job["base"], auth)
    client.create_many(2 * job["inflight"], job["inflight"])
    w = Window()
    w.start()
    got = client.create_many(job["n"], job["inflight"])
    out = w.stop()
    for i, g in enumerate(got):
        check(i, g)
    return out


def run_threads(client, job, auth):
    import itertools
    import threading

    from common import check

    client.setup(job["base"], auth)
    create, n, k = client.create, job["n"], job["inflight"]
    numbers = itertools.count()  # next() on it is atomic under the GIL
    failed = []
    ready, go = threading.Barrier(k + 1), threading.Barrier(k + 1)

    def work():
        try:
            for i in range(2):
                check(i, create(i))
        except Exception as e:
            failed.append(repr(e))
        ready.wait()
        go.wait()
        try:
            while True:
                i = next(numbers)
                if i >= n or failed:
                    return
                check(i, create(i))
        except Exception as e:
            failed.append(repr(e))

    threading.stack_size(512 * 1024)
    threads = [threading.Thread(target=work) for _ in range(k)]
    for t in threads:
        t.start()
    ready.wait()
    w = Window()
    w.start()
    go.wait()
    for t in threads:
        t.join()
    out = w.stop()
    if failed:
        raise SystemExit(f"{len(failed)} failed: {failed[0]}")
    return out


def run_async(client, job, auth, k):
    import asyncio

    from common import check

    async def main():
        if hasattr(client, "asetup"):
            await client.asetup(job["base"], auth)
        else:
            client.setup(job["base"], auth)
        acreate = client.acreate

        async def some(n):
            numbers = iter(range(n))

            async def work():
                for i in numbers:
                    check(i, await acreate(i))

            if k == 1:
                await work()
            else:
                await asyncio.gather(*[work() for _ in range(k)])

        await some(job["warmup"] + (2 * k if k > 1 else 0))
        w = Window()
        w.start()
        await some(job["n"])
        return w.stop()

    if job.get("uvloop"):
        import uvloop

        return uvloop.run(main())
    return asyncio.run(main())


main()
