"""The charts: Altair with Indonesian numbers, fixed colours, and a sentence for who cannot see."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import altair as alt

from dashboard import style, words
from dashboard.data import Row

_HOURS = 24
_LOCALE = {
    "number": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["Rp", ""]},
    "time": {
        "dateTime": "%A, %e %B %Y %H.%M.%S", "date": "%d/%m/%Y", "time": "%H.%M.%S",
        "periods": ["AM", "PM"],
        "days": ["Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"],
        "shortDays": ["Min", "Sen", "Sel", "Rab", "Kam", "Jum", "Sab"],
        "months": ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus",
                   "September", "Oktober", "November", "Desember"],
        "shortMonths": ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt",
                        "Nov", "Des"],
    },
}  # fmt: skip


def hours(now_local: datetime) -> list[datetime]:
    """Return the 24 local hours up to this one."""
    last = now_local.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    return [last - timedelta(hours=back) for back in range(_HOURS - 1, -1, -1)]


def per_hour(rows: Sequence[Row], labels: Mapping[str, str], now_local: datetime) -> alt.Chart:
    """Draw the messages of 24 hours, stacked by channel; hours without any stay in place."""
    span, order = hours(now_local), {name: at for at, name in enumerate(labels)}
    values = [
        {
            "jam": f"{r['jam']:%d.%H}",
            "saat": f"{r['jam']:%H}.00-{r['jam']:%H}.59",
            "kanal": labels[r["channel"]],
            "urut": order[r["channel"]],
            "pesan": r["pesan"],
            "laporan": r["laporan"],
        }
        for r in rows
    ]
    names = list(labels.values())
    scale = alt.Scale(domain=names, range=style.colours(labels))
    axis = alt.Axis(labelExpr="split(datum.label, '.')[1]", labelAngle=0, title=None)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values))
        .mark_bar(stroke="#0006", strokeWidth=0.4)
        .encode(
            x=alt.X("jam:O", scale=alt.Scale(domain=[f"{h:%d.%H}" for h in span]), axis=axis),
            y=alt.Y("sum(pesan):Q", title="pesan", axis=alt.Axis(format=",d", tickMinStep=1)),
            color=alt.Color("kanal:N", scale=scale, legend=_legend()),
            order=alt.Order("urut:Q"),
            tooltip=[
                alt.Tooltip("saat:N", title="Jam"),
                alt.Tooltip("kanal:N", title="Kanal"),
                alt.Tooltip("pesan:Q", title="Pesan", format=",d"),
                alt.Tooltip("laporan:Q", title="Laporan", format=",d"),
            ],
        )
        .configure(locale=_LOCALE)
        .configure_view(stroke=None)
    )
    return chart


def sentence(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    """Say in words what the chart shows."""
    by_hour: dict[datetime, int] = defaultdict(int)
    by_channel: dict[str, int] = defaultdict(int)
    for row in rows:
        by_hour[row["jam"]] += row["pesan"]
        by_channel[row["channel"]] += row["pesan"]
    total = sum(by_hour.values())
    if not total:
        return "Tidak ada pesan dalam 24 jam terakhir."
    busiest = max(by_hour, key=lambda hour: by_hour[hour])
    most = max(by_channel, key=lambda name: by_channel[name])
    return (
        f"{words.number(total)} pesan dalam 24 jam terakhir; paling ramai jam {busiest:%H}.00 "
        f"({words.number(by_hour[busiest])} pesan); terbanyak dari {labels.get(most, most)} "
        f"({words.number(by_channel[most])})."
    )


def _legend() -> alt.Legend:
    return alt.Legend(title=None, orient="bottom", columns=alt.ExprRef("width < 500 ? 2 : 5"))
