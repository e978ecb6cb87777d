"""What each benchmark found: a section of the report, with its plot beside it."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import databases, markdown, pair, plot

HERE = Path(__file__).resolve().parent

Result = dict[str, Any]
Row = dict[str, Any]


def _load_rows(rows: Sequence[Row], first: Row | None) -> list[list[Any]]:
    table = []
    for row in rows:
        if "missing" in row:
            table.append([row["name"], row.get("stored", ""), row["missing"], *[""] * 7])
            continue
        base = first["cpu_us_per_delivery"] if first else 0
        table.append(
            [
                row["name"],
                row["stored"],
                row["cpu_us_per_delivery"],
                f"{row['cpu_us_per_delivery'] / base:.2f}" if base else "",
                f"{row['delivered_per_s']:,}",
                f"{row['delivered'] / max(row['frames'], 1):.1f}",
                f"{row['delivery']['p50_ms']:.0f} / {row['delivery']['p99_ms']:.0f}",
                row["lost"],
                row["load_share"],
                row["others_cores"],
            ]
        )
    return table


LOAD_HEADS = (
    "server", "stored", "CPU µs a delivery", "to ws", "delivered/s", "joined",
    "p50 / p99 ms", "lost", "load", "others",
)  # fmt: skip


def _fanout(result: Result) -> str:
    parts = ["## Fan-out: one room, 200 members, one writes"]
    ws, memory = "Node ws, a raw pipe", "Media Chat, in memory"
    for window, rows in result["windows"].items():
        pipe = next((row for row in rows if row["name"] == ws and "missing" not in row), None)
        parts.append(f"{window} messages under way at once:")
        parts.append(markdown.table(LOAD_HEADS, _load_rows(rows, pipe)))
        cpu = "cpu_us_per_delivery"
        if window == "20":
            goals = [
                ("to ws, in memory", _ratio(rows, memory, ws, cpu), 0.5),
                ("to ws, over Redis", _ratio(rows, "Media Chat, Redis", ws, cpu), 0.6),
                ("to ejabberd", _ratio(rows, memory, "ejabberd, MUC with archive", cpu), 0.12),
                (
                    "to the Channels tutorial on uvicorn in memory",
                    _ratio(rows, memory, "Channels tutorial, uvicorn, in memory", cpu),
                    0.03,
                ),
                ("p99 in ms", rows[0]["delivery"]["p99_ms"], 40),
            ]
        else:
            goals = [("to ws, in memory", _ratio(rows, memory, ws, cpu), 0.8)]
        parts.append(markdown.goals(goals))
        values = {
            row["name"]: row[cpu] for row in rows if "missing" not in row and row["delivered"]
        }
        file = f"fanout-{window}.svg"
        title = f"CPU a delivery, 200 members, {window} under way"
        (HERE / file).write_text(plot.bars(title, values, "µs"))
        parts.append(f"![{title}]({file})")
    return "\n\n".join(parts)


def _members(result: Result) -> str:
    series: dict[str, list[tuple[int, float]]] = {}
    rows = []
    for count, both in result["sizes"].items():
        for name, row in both.items():
            if "missing" not in row:
                series.setdefault(name, []).append((int(count), row["cpu_us_per_delivery"]))
        rows.append(
            [
                count,
                *(both[name].get("cpu_us_per_delivery", "") for name in ("Media Chat", "Node ws")),
            ]
        )
    (HERE / "members.svg").write_text(
        plot.lines("CPU µs a delivery as a room grows", series, "members, logarithmic")
    )
    ours = [value for _, value in series["Media Chat"]]
    flat = max(b / a for a, b in itertools.pairwise(ours))
    return "\n\n".join(
        [
            "## Fan-out as a room grows",
            markdown.table(("members", "Media Chat, CPU µs a delivery", "Node ws"), rows),
            markdown.goals([("greatest growth from one size to the next", flat, 1.1)]),
            "![CPU a delivery as a room grows](members.svg)",
        ]
    )


def _rooms(result: Result) -> str:
    rows = [row for row in result["rows"] if "missing" not in row]
    table = [
        [
            row["name"],
            row["cpu_us_per_message"],
            f"{1e6 / row['cpu_us_per_message']:,.0f}",
            f"{row['messages_per_s']:,}",
            f"{row['delivery']['p50_ms']} / {row['delivery']['p99_ms']}",
            f"{row['answer']['p50_ms']} / {row['answer']['p99_ms']}"
            if row["answer"]["p50_ms"]
            else "",
            row["load_share"],
            row["others_cores"],
        ]
        for row in rows
    ]
    heads = (
        "server", "CPU µs a message", "messages a CPU second", "messages/s",
        "delivery p50 / p99 ms",
        "answer p50 / p99 ms", "load", "others",
    )  # fmt: skip
    ours = [row for row in rows if row["name"].startswith("Media Chat")]
    goals = [
        *(
            markdown.goal(
                f"acknowledged messages/s, {row['name'][12:]}",
                row["messages_per_s"],
                3_500,
                least=True,
            )
            for row in ours[:2]
        ),
        markdown.goal("answer p99 at half of that, ms", ours[2]["answer"]["p99_ms"], 60),
    ]
    title = "## Many small rooms: 100 of five members, all of whom write"
    return "\n\n".join([title, markdown.table(heads, table), "\n".join(goals)])


def _quiet(result: Result) -> str:
    row = result["rows"][0]
    answer, delivery, screen = row["answer"], row["delivery"], result["screen"]
    table = [
        ["answer", answer["p50_ms"], answer["p99_ms"]],
        ["the other's socket", delivery["p50_ms"], delivery["p99_ms"]],
        ["the other's screen", screen["p50_ms"], screen["p99_ms"]],
    ]
    goals = markdown.goals(
        [
            ("answer p50, ms", answer["p50_ms"], 3),
            ("answer p99, ms", answer["p99_ms"], 8),
            ("the other's screen p50, ms", screen["p50_ms"], 12),
        ]
    )
    return "\n\n".join(
        [
            "## Quiet: two people and a message now and then",
            "Sockets at 20 messages a second; the screen from Enter in one page to the message in "
            "the document of the other, in Chromium, 10 a second.",
            markdown.table(("from sending to", "p50 ms", "p99 ms"), table),
            goals,
        ]
    )


def _readers(result: Result) -> str:
    unread, read = result["rows"]
    cpu = {row["name"]: row["cpu_us_per_message"] for row in (unread, read)}
    table = [
        [row["name"], f"{cpu[row['name']] / 1000:.1f}",
         f"{cpu[row['name']] / cpu[unread['name']]:.2f}", row["answer"]["p50_ms"],
         row["answer"]["p99_ms"], row["load_share"], row["others_cores"]]
        for row in (unread, read)
    ]  # fmt: skip
    mark = (cpu[read["name"]] - cpu[unread["name"]]) / result["people"]
    heads = (
        "a message", "CPU ms", "to one that nobody reads", "answer p50 ms", "p99 ms", "load",
        "others",
    )  # fmt: skip
    return "\n\n".join(
        [
            f"## A room of {result['people']} who read: a message a second",
            "Each client says `room.read` 0.4 s after it was shown a message, as the page does.",
            markdown.table(heads, table),
            markdown.goals(
                [
                    ("CPU ms, a message that all read", cpu[read["name"]] / 1000, 60),
                    ("CPU µs, a mark with its answer and its event", mark, 150),
                ]
            ),
        ]
    )


def _presence(result: Result) -> str:
    rows = result["rows"]
    table = [
        [
            f"{row['people']:,} people in {row['rooms']:,} {row['kind']} room"
            f"{'s' if row['rooms'] > 1 else ''}",
            row["events_each"],
            f"{row['frames']:,}",
            row["cpu_s"],
            row["leaving_cpu_s"],
            f"{row['ready']['p50_ms']:.0f} / {row['ready']['max_ms']:.0f}",
            row["ready_kb"],
        ]
        for row in rows
    ]
    heads = (
        "who comes online", "presence events each", "frames of them", "CPU s", "CPU s, leaving",
        "`ready` p50 / max ms", "`ready` KB",
    )  # fmt: skip
    goals = [
        (f"presence events each, {row['people']} by {row['rooms']}", row["events_most"], most)
        for row, most in zip(rows, (row["people"] * (row["kind"] != "public") for row in rows),
                             strict=True)
    ]  # fmt: skip
    goals += [(f"CPU s, {row['people']} by {row['rooms']}", row["cpu_s"], 5) for row in rows[:2]]
    goals.append(
        ("CPU ms for each who comes to the public room",
         rows[2]["cpu_s"] * 1000 / rows[2]["people"], 5)
    )  # fmt: skip
    return "\n\n".join(
        [
            "## People who come online, twenty at a time",
            "All have written in all of the rooms. `ready` is timed from connecting.",
            markdown.table(heads, table),
            markdown.goals(goals),
        ]
    )


def _processes(result: Result) -> str:
    rows = result["rows"]
    ratio = rows[1]["cpu_us_per_delivery"] / rows[0]["cpu_us_per_delivery"]
    return "\n\n".join(
        [
            "## One and two processes over Redis, 200 members",
            markdown.table(LOAD_HEADS, _load_rows(rows, None)),
            markdown.goals([("CPU a delivery, two to one", ratio, 1.2)]),
        ]
    )


def _idle(result: Result) -> str:
    rows = result["rows"]
    table = [
        [row["name"], row.get("kb_per_connection", row.get("missing")), row.get("connect_s", "")]
        for row in rows
    ]
    return "\n\n".join(
        [
            f"## {result['connections']:,} idle connections",
            markdown.table(("server", "KB a connection", "seconds to connect all"), table),
            markdown.goals([("KB a connection", rows[0].get("kb_per_connection"), 30)]),
        ]
    )


def _comeback(result: Result) -> str:
    return "\n\n".join(
        [
            "## Everyone back after a restart",
            f"The server is killed and answers again after {result['started_s']} s. "
            f"{result['clients']:,} clients in {result['rooms']} rooms come at once, each with "
            f"the position where it stood, and are in step {result['in_step_s']} s later; "
            f"{result['cpu_ms_per_client']} ms of CPU a client, "
            f"{result['log_reads']} queries of the rooms' logs (`mediachat_log_reads_total`).",
            markdown.goals(
                [
                    ("seconds until all are in step", result["in_step_s"], 10),
                    ("queries of the log a room", result["log_reads"] / result["rooms"], 1),
                ]
            ),
        ]
    )


def _history(result: Result) -> str:
    pages = result["pages"]
    table = [[name, page["p50_ms"], page["p95_ms"]] for name, page in pages.items()]
    return "\n\n".join(
        [
            f"## History of a room with {result['messages']:,} messages, pages of 50",
            markdown.table(("pages", "p50 ms", "p95 ms"), table),
            markdown.goals(
                [
                    ("p95 anywhere, ms", pages["anywhere"]["p95_ms"], 5),
                    ("deepest to newest", result["deepest_to_newest"], 1.5),
                ]
            ),
        ]
    )


def _sync(result: Result) -> str:
    table = [
        [name, read["queries"], read["p50_ms"], read["p95_ms"]]
        for name, read in result["reads"].items()
    ]
    commands = result["commands"]
    table += [
        [f"`sync`, {name}", each["queries"], each["p50_ms"], each["p95_ms"]]
        for name, each in commands.items()
    ]
    goals = [
        goal
        for name, each in commands.items()
        for goal in (
            (f"queries, {name}", each["queries"], 1),
            (f"p50 in ms, {name}", each["p50_ms"], 10),
        )
    ]
    return "\n\n".join(
        [
            f"## Someone in {result['rooms']} rooms",
            "Reads by the server's own clock; `sync` from sending it to its reply, at the client. "
            "Behind means that the process, just started, has to read what the client lacks.",
            markdown.table(("what", "queries", "p50 ms", "p95 ms"), table),
            markdown.goals(goals),
        ]
    )


def _page(result: Result) -> str:
    most = max(result["interactive_ms"])
    return "\n\n".join(
        [
            f"## The page, in a room of {result['messages']:,} messages (Chromium)",
            f"Messages shown {', '.join(str(each) for each in result['interactive_ms'])} ms after "
            f"the first byte (three visits). Scrolled back {result['scrolled_back']:,} messages in "
            f"{result['frames']:,} frames: longest {result['longest_frame_ms']} ms, p99 "
            f"{result['p99_frame_ms']} ms.",
            markdown.goals(
                [
                    ("ms until interactive", most, 1_000),
                    ("message elements", result["most_elements"], 400),
                    ("jumps", result["jumps"], 0),
                    ("frames over 50 ms", result["frames_over_50_ms"], 0),
                ]
            ),
        ]
    )


def _upload(result: Result) -> str:
    rows = result["rows"]
    fields = ("mib_per_s", "cpu_ms_per_mib", "memory_mib")
    table = [
        [row["name"], *(row.get(field, row.get("missing")) for field in fields)] for row in rows
    ]
    rate = _ratio(rows, rows[0]["name"], rows[1]["name"], "mib_per_s")
    goals = []
    if "memory_mib" in rows[0]:
        goals.append(markdown.goal("memory, MiB", rows[0]["memory_mib"], 32))
    if rate is not None:
        goals.append(markdown.goal("rate to nginx", rate, 0.5, least=True))
    heads = ("server", "MiB/s", "CPU ms a MiB", "memory + MiB")
    title = f"## Upload of {result['mib']:,} MiB"
    return "\n\n".join([title, markdown.table(heads, table), "\n".join(goals)])


def _sign_in(result: Result) -> str:
    rows = result["rows"]
    table = [
        [
            row["name"],
            row["all_s"],
            f"{row['sign_in']['p50_ms']:.0f} / {row['sign_in']['p99_ms']:.0f}",
            row["refused"],
            row["cpu_ms"],
            row["memory_mib"],
            f"{row['quiet']['p50_ms']} / {row['quiet']['p99_ms']}",
            f"{row['meanwhile']['p50_ms']} / {row['meanwhile']['p99_ms']}",
        ]
        for row in rows
    ]
    heads = (
        f"{result['at_once']} with", "seconds for all",
        "sign-in p50 / p99 ms", "told to come again", "CPU ms a sign-in", "memory + MiB",
        "message p50 / p99 ms, quiet", "and meanwhile",
    )  # fmt: skip
    goals = [
        goal
        for row in rows
        for goal in (
            (
                f"message p99 to quiet, {row['name']}",
                row["meanwhile"]["p99_ms"] / row["quiet"]["p99_ms"],
                3,
            ),
            (f"memory, MiB, {row['name']}", row["memory_mib"], 64),
        )
    ]
    return "\n\n".join(
        [
            f"## A storm of sign-ins: {result['at_once']} at once",
            "Each is told to come again where the line is full, and does. Then the same again and "
            "again, while two others write 50 messages a second.",
            markdown.table(heads, table),
            markdown.goals(goals),
        ]
    )


def _ratio(rows: Sequence[Row], ours: str, theirs: str, field: str) -> float | None:
    found = {row["name"]: row for row in rows if "missing" not in row}
    if ours not in found or theirs not in found or not found[theirs][field]:
        return None
    return found[ours][field] / found[theirs][field]


SECTIONS: dict[str, Callable[[Result], str]] = {
    "fanout": _fanout,
    "members": _members,
    "rooms": _rooms,
    "quiet": _quiet,
    "readers": _readers,
    "presence": _presence,
    "processes": _processes,
    "idle": _idle,
    "comeback": _comeback,
    "history": _history,
    "sync": _sync,
    "find": databases.section_of_find,
    "indexes": databases.section_of_indexes,
    "page": _page,
    "upload": _upload,
    "signin": _sign_in,
    "pair": pair.section,
}
