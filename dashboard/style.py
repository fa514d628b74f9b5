"""How the screen looks: fixed colours, small pieces of escaped HTML, and the page's own script."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Literal
from zlib import crc32

Tone = Literal["ok", "info", "warn", "bad", "mute", "plain"]

# Okabe-Ito first, then shades of it. A channel keeps its colour whatever is filtered away.
_CHANNEL = {
    "sms": "#0072B2",
    "whatsapp": "#009E73",
    "call112": "#D55E00",
    "radio": "#E69F00",
    "telegram": "#56B4E9",
    "instagram": "#CC79A7",
    "twitter": "#000000",
    "google_reviews": "#F0E442",
    "facebook": "#003F66",
    "youtube": "#8A3D00",
    "tiktok": "#7A4563",
    "email": "#00634A",
    "web": "#9AD2F3",
    "desk": "#8F6300",
    "sp4n": "#8C8C8C",
}
_OTHERS = ("#B5AA00", "#5F5F5F", "#A7DCCB", "#E9B8D2", "#F2A97B", "#2F6690")


def channel_colour(name: str) -> str:
    """Return a channel's colour; a channel this table does not know gets a lasting one too."""
    return _CHANNEL.get(name) or _OTHERS[crc32(name.encode()) % len(_OTHERS)]


def colours(channels: Iterable[str]) -> list[str]:
    """Return the colours of channels, in their order."""
    return [channel_colour(name) for name in channels]


def badge(text: str, tone: Tone = "plain") -> str:
    """Draw a word with the shape and colour of its tone: colour alone is not seen by everyone."""
    return f'<span class="tanda {tone}">{escape(text)}</span>'


def swatch(channel: str, label: str) -> str:
    """Draw a channel's name beside its colour."""
    colour = channel_colour(channel)
    return f'<span class="kanal"><i style="background:{colour}"></i>{escape(label)}</span>'


def said(text: str) -> str:
    """Draw what a citizen wrote, letter by letter: nothing in it is markup, nothing is fetched."""
    return f'<div class="isi">{escape(text)}</div>'


def line(text: str, kind: str = "kecil") -> str:
    """Draw a line of plain text."""
    return f'<div class="{kind}">{escape(text)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Draw a table of cells that are HTML already; it scrolls by itself on a narrow screen."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="tabel" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )


def pairs(rows: Mapping[str, str]) -> str:
    """Draw names with their values (HTML already)."""
    body = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in rows.items())
    return f"<dl>{body}</dl>"


def logo(product: str) -> str:
    """Draw the office's product name as the page's logo."""
    width = 34 + 11 * len(product)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="32" '
        f'viewBox="0 0 {width} 32"><rect width="26" height="26" y="3" rx="6" fill="#0B5FA5"/>'
        '<path d="M5 9h16v10h-9l-4 4v-4H5z" fill="#fff"/>'
        '<text x="34" y="22" font-family="sans-serif" font-size="16" font-weight="700" '
        f'fill="#12324D">{escape(product)}</text></svg>'
    )


HEAD = r"""<style>
.tanda{display:inline-flex;align-items:center;gap:.3em;padding:.05em .55em;border-radius:.8em;
 font-size:.85em;font-weight:600;line-height:1.6;white-space:nowrap}
.tanda::before{font-weight:900}
.tanda.ok::before{content:"\2713" / ""}.tanda.info::before{content:"\25CF" / ""}
.tanda.warn::before{content:"\25B2" / ""}.tanda.bad::before{content:"\2715" / ""}
.tanda.mute::before{content:"\2013" / ""}
.tanda.ok{color:#00573F;background:#DFF3EB}.tanda.info{color:#0B4F8A;background:#E3EFFA}
.tanda.warn{color:#6B4200;background:#FFEFD0}.tanda.bad{color:#9B1C00;background:#FDE5DE}
.tanda.mute,.tanda.plain{color:#4A5560;background:#ECEFF2}
.deret{display:flex;flex-wrap:wrap;gap:.35em;align-items:center;margin:.1em 0}
.kanal{white-space:nowrap}
.kanal i{display:inline-block;width:.75em;height:.75em;border-radius:.2em;margin-right:.4em;
 border:1px solid #0004}
.isi{white-space:pre-wrap;overflow-wrap:anywhere;background:#F5F8FB;border-left:4px solid #0B5FA5;
 border-radius:.3em;padding:.6em .9em;margin:.2em 0;max-width:70ch}
.kecil{font-size:.88em;color:#4A5560;overflow-wrap:anywhere}
.besar{font-size:1.35em;font-weight:700;color:#12324D}
.serupa{border-left:3px solid #D5DDE5;padding-left:.7em;font-size:.92em}
.angka{display:flex;flex-wrap:wrap;gap:.6em}
.angka>div{flex:1 1 8em;border:1px solid #D5DDE5;border-radius:.5em;padding:.5em .8em}
.angka b{display:block;font-size:1.7em;line-height:1.2;color:#12324D}
.tabel{overflow-x:auto}
.tabel table{border-collapse:collapse;width:100%;font-size:.9em}
.tabel caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.tabel th{text-align:left;font-weight:600;color:#4A5560;border-bottom:2px solid #D5DDE5;
 padding:.3em .7em .3em 0;white-space:nowrap}
.tabel td{border-bottom:1px solid #E6EBF0;padding:.35em .7em .35em 0;vertical-align:top}
.tabel td:last-child{min-width:9em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25em .9em;margin:.3em 0!important;
 padding:0!important;font-size:.92em}
dt,dd{margin:0!important;padding:0!important}dt{color:#4A5560}dd{overflow-wrap:anywhere}
.simulasi{background:#B3261E;color:#fff;font-weight:700;text-align:center;padding:.4em 1em;
 border-radius:.4em}
.denyut{display:flex;flex-wrap:wrap;gap:.2em .8em;align-items:center;min-height:2.4em}
[data-testid=InputInstructions]{display:none}
.kaki{border-top:1px solid #D5DDE5;margin-top:1.2em;padding-top:.4em;font-size:.85em;color:#4A5560}
#putus{display:none;position:fixed;inset:auto 0 0 0;z-index:999999;background:#9B1C00;color:#fff;
 padding:.7em 1em;text-align:center;font-weight:700}
html.putus #putus{display:block}html.putus .denyut{opacity:.35}
[data-testid=stMainBlockContainer]{padding:3.4rem 2.2rem 2rem!important}
h1{font-size:1.75rem!important;padding:.2rem 0 .4rem!important}
h2,h3{font-size:1.2rem!important;padding:.6rem 0 .2rem!important}
@media (max-width:640px){[data-testid=stMainBlockContainer]{padding:3.4rem 1rem 2rem!important}
.st-key-rincian{overflow:visible!important}
[data-testid=stLayoutWrapper]:has(>.st-key-rincian){flex:none!important;height:auto!important}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4em}}
@media print{[data-testid=stSidebar],[data-testid=stHeader],button{display:none!important}}
</style>
<div id="putus" role="alert">Sambungan ke dasbor terputus. Layar ini tidak lagi diperbarui;
periksa jaringan, lalu muat ulang halaman.</div>"""

# The server cannot say that it is gone: the browser counts the heartbeats itself.
SCRIPT = """<script>
(() => {
  document.documentElement.lang = "id";
  const watch = window.dasbor || (window.dasbor = { beat: "", at: Date.now() });
  if (watch.timer) return;
  watch.timer = setInterval(() => {
    const mark = document.querySelector("[data-beat]");
    const now = Date.now();
    if (!mark || mark.dataset.beat !== watch.beat) {
      watch.beat = mark ? mark.dataset.beat : "";
      watch.at = now;
    }
    const late = mark && now - watch.at > 1000 * mark.dataset.patience;
    document.documentElement.classList.toggle("putus", Boolean(late));
  }, 1000);
})();
</script>"""
