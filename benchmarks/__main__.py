"""``python -m benchmarks [ONLY …] [--quick]``: measures, and writes README.md and its plots."""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import uvloop

from benchmarks import databases, files, measure, pair, report, scenarios, sign_in

RESULTS = Path(__file__).resolve().parent / "results"
SCENARIOS: dict[str, scenarios.Scenario] = {
    "fanout": scenarios.fanout,
    "members": scenarios.members,
    "rooms": scenarios.rooms,
    "quiet": scenarios.quiet,
    "readers": scenarios.readers,
    "presence": scenarios.presence,
    "processes": scenarios.processes,
    "idle": scenarios.idle,
    "comeback": scenarios.comeback,
    "history": scenarios.history,
    "sync": scenarios.sync,
    "find": databases.find,
    "indexes": databases.indexes,
    "page": files.page,
    "upload": files.upload,
    "signin": sign_in.sign_in,
    "pair": pair.pair,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("only", nargs="*", help=f"of {', '.join(SCENARIOS)}; all without")
    parser.add_argument("--quick", action="store_true", help="small figures, only to try it")
    parser.add_argument("--report", action="store_true", help="write README.md again, no more")
    options = parser.parse_args()
    if unknown := set(options.only) - set(SCENARIOS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    # As Ctrl-C does: servers are stopped and their data is removed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.pop("DEBUG", None)
    RESULTS.mkdir(exist_ok=True)
    failed, done = [], []
    everything = [name for name in SCENARIOS if name != "pair" or "BEFORE" in os.environ]
    for name in () if options.report else options.only or everything:
        print(f"{name}: {(SCENARIOS[name].__doc__ or '').splitlines()[0]}", flush=True)
        began, noise, own = time.time(), measure.Noise(), os.times()
        try:
            result = uvloop.run(
                SCENARIOS[name](scenarios.QUICK if options.quick else scenarios.Scale())
            )
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        now = os.times()
        used = sum(now[:4]) - sum(own[:4])
        result |= {
            "measured_at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)),
            "took_s": round(time.time() - began),
            "others_cores": noise.others(used),
            "quick": options.quick,
            "machine": measure.machine(),
            "versions": measure.versions(),
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        done.append(name)
        print(f"  {result['took_s']} s", flush=True)
    if options.report:
        done = [path.stem for path in RESULTS.glob("*.json")]
    results = {name: json.loads((RESULTS / f"{name}.json").read_text()) for name in done}
    report.write({name: each for name, each in results.items() if not each["quick"]})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
