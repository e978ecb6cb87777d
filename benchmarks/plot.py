"""Plots as SVG by hand: few marks, readable on light and on dark."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, ROW, LABEL = 760, 30, 280

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.quiet { fill: #59636e } .ours { fill: #0f6a5b } .theirs { fill: #8c959f }
.line { fill: none; stroke-width: 2.5 } .line.ours { stroke: #0f6a5b; fill: none }
.line.theirs { stroke: #8c959f; fill: none } .grid { stroke: #d1d9e0; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 }
  .ours { fill: #48b39c } .theirs { fill: #6e7681 }
  .line.ours { stroke: #48b39c } .line.theirs { stroke: #6e7681 } .grid { stroke: #3d444d }
}
</style>"""


def _svg(height: int, title: str, marks: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{STYLE}\n<text x="8" y="22" font-weight="600">'
        f"{escape(title)}</text>\n" + "\n".join(marks) + "\n</svg>\n"
    )


def bars(title: str, values: Mapping[str, float], unit: str) -> str:
    """One bar a name on a logarithmic scale, since the slowest are a hundred times the fastest."""
    least = min(values.values()) / 2
    span = math.log(max(values.values()) / least)
    marks = []
    for n, (name, value) in enumerate(values.items()):
        y = 40 + n * ROW
        width = max(4.0, math.log(value / least) / span * (WIDTH - LABEL - 110))
        kind = "ours" if name.startswith("Media Chat") else "theirs"
        marks.append(
            f'<text x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{width:.1f}" height="20" rx="3"/>'
            f'<text x="{LABEL + width + 8:.1f}" y="{y + 16}">{value:,.3g} {escape(unit)}</text>'
        )
    height = 40 + len(values) * ROW + 24
    marks.append(f'<text class="quiet" x="{LABEL}" y="{height - 8}">logarithmic</text>')
    return _svg(height, title, marks)


def lines(title: str, series: Mapping[str, Sequence[tuple[int, float]]], unit: str) -> str:
    """One line a name over a logarithmic count; ours first."""
    left, top, width, height = 60, 44, WIDTH - 240, 220
    xs = sorted({x for points in series.values() for x, _ in points})
    most = max(y for points in series.values() for _, y in points) * 1.1

    def place(x: int, y: float) -> tuple[float, float]:
        across = math.log(x / xs[0]) / math.log(xs[-1] / xs[0]) if len(xs) > 1 else 0.5
        return left + across * width, top + height * (1 - y / most)

    marks = []
    for part in (0, 0.5, 1):
        y = top + height * (1 - part)
        marks.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y}" y2="{y}"/>')
        marks.append(
            f'<text class="quiet" x="{left - 8}" y="{y + 4}" text-anchor="end">'
            f"{most * part:.3g}</text>"
        )
    marks += [
        f'<text class="quiet" x="{place(x, 0)[0]:.1f}" y="{top + height + 20}" '
        f'text-anchor="middle">{x:,}</text>'
        for x in xs
    ]
    for n, (name, points) in enumerate(series.items()):
        kind = "theirs" if n else "ours"
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(x, y) for x, y in points))
        end = place(*points[-1])
        marks.append(f'<polyline class="line {kind}" points="{path}"/>')
        marks.append(f'<text x="{end[0] + 10:.1f}" y="{end[1] + 4:.1f}">{escape(name)}</text>')
    marks.append(f'<text class="quiet" x="{left}" y="{top + height + 42}">{escape(unit)}</text>')
    return _svg(top + height + 54, title, marks)
