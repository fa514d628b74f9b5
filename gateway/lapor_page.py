"""The public form as HTML: works without JavaScript, asks nothing of any other server."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from gateway.choices import Choices
from gateway.public import Office

_CSS = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.55 system-ui,sans-serif;color:#1b1b1b;background:#fff}
main,header div,footer div{max-width:42rem;margin:0 auto;padding:0 1rem}
header{background:#0b4a7a;color:#fff;padding:.9rem 0}header strong{font-size:1.1rem}
h1{font-size:1.6rem;line-height:1.25;margin:1.4rem 0 .6rem}h2{font-size:1.2rem;margin:0 0 .4rem}
.isian{margin:1.2rem 0}label,legend{font-weight:600;display:block}
legend{padding:0}fieldset{border:0;padding:0;margin:1.6rem 0}
.bantu{color:#4a4a4a;font-weight:400;display:block;margin:.1rem 0 .3rem}
input,select,textarea{font:inherit;width:100%;padding:.55rem;border:2px solid #5a5a5a;
border-radius:4px;background:#fff;color:inherit}
input[type=checkbox]{width:1.5rem;height:1.5rem;flex:none;margin:0}
input[type=file]{border-style:dashed}
.centang{display:flex;gap:.7rem;align-items:flex-start;margin:.8rem 0}
.centang label{font-weight:400}
.dua{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(14rem,100%),1fr))}
.dua .isian{margin:0}
:focus-visible{outline:3px solid #ffb000;outline-offset:2px;box-shadow:0 0 0 5px #1b1b1b}
button{font:inherit;font-weight:700;background:#0b6b3a;color:#fff;border:0;border-radius:4px;
padding:.8rem 1.6rem;cursor:pointer}button:hover{background:#084d2a}
.privasi{border-left:6px solid #0b4a7a;background:#eef4f9;padding:.7rem 1rem;margin:1.6rem 0}
.privasi p{margin:.15rem 0;overflow-wrap:anywhere}
.galat{border:4px solid #b3001b;padding:.8rem 1rem;margin:1.2rem 0}.galat a{color:#b3001b}
.salah{color:#b3001b;font-weight:700;display:block;margin:.1rem 0 .3rem}
.isian.rusak{border-left:5px solid #b3001b;padding-left:.8rem}
.tanda{border:3px solid #0b6b3a;background:#eef8f1;padding:1rem;margin:1rem 0}
.tanda code{font-size:1.05rem;overflow-wrap:anywhere;font-weight:700}
.lewati{position:absolute;left:-999rem}.lewati:focus{position:static;display:block;padding:.6rem}
.jebak{position:absolute;left:-999rem;top:auto;width:1px;height:1px;overflow:hidden}
footer{border-top:1px solid #c8c8c8;margin-top:2rem;padding:.8rem 0 2rem;color:#4a4a4a;
font-size:.95rem;overflow-wrap:anywhere}
a{color:#0b4a7a}
"""
_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
TRAP = "situs_web"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as far as it is filled in: its nonce, its fields, and what is wrong with them."""

    nonce: str
    fields: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what was typed, safe in HTML."""
        return escape(self.fields.get(name, ""))


def form_page(office: Office, choices: Choices, filled: Filled) -> str:
    """Draw the form, with what is wrong on top and beside each field."""
    told = "".join(f"<p>{escape(line)}</p>" for line in office.notice.lines)
    parts = [
        "<h1>Sampaikan aduan</h1>",
        "<p>Keadaan darurat: telepon 112. Yang wajib diisi hanya <strong>isi aduan</strong>.</p>",
        _summary(filled),
        f'<form method="post" action="/lapor/{office.name}" enctype="multipart/form-data" '
        'novalidate accept-charset="utf-8">',
        f'<input type="hidden" name="nonce" value="{escape(filled.nonce)}">',
        _area(filled, "isi", "Isi aduan (wajib)", "Apa yang terjadi, di mana, sejak kapan."),
        _select(filled, "kategori", "Kategori (boleh kosong)", _options(filled, choices.kategori)),
        _place(filled, choices),
        _input(filled, "foto", "Foto (boleh kosong)",
               f"JPEG, PNG, atau WebP, paling besar {office.web.foto_mb:g} MB. Data tersembunyi di "
               "dalam foto, misalnya tempat pengambilan, dibuang.",
               'type="file" accept="image/jpeg,image/png,image/webp"'),
        _contact(filled),
        _flags(filled),
        _trap(),
        f'<div class="privasi" role="note" aria-label="Pemberitahuan privasi">{told}</div>',
        '<button type="submit" id="kirim">Kirim aduan</button></form>',
    ]  # fmt: skip
    title = "Galat: aduan belum terkirim" if filled.wrong else "Sampaikan aduan"
    return page(office, title, "".join(parts))


def receipt_page(office: Office, complaint_id: str, ticket: str, status: str) -> str:
    """Draw what the sender keeps: the receipt's code, and the ticket once there is one."""
    known = (
        f"<p>Nomor tiket: <code>{escape(ticket)}</code></p><p>Status: {escape(status)}</p>"
        if ticket
        else "<p>Nomor tiket belum terbit. Buka lagi halaman ini nanti untuk melihatnya; tiket "
        "laporan rahasia tidak ditampilkan di sini.</p>"
    )
    inner = (
        "<h1>Tanda terima aduan</h1>"
        '<div class="tanda" role="status"><p>Simpan kode ini:</p>'
        f"<p><code>{escape(complaint_id)}</code></p>{known}</div>"
        f'<p><a href="/lapor/{office.name}">Sampaikan aduan lain</a></p>'
    )
    return page(office, "Tanda terima aduan", inner)


def plain_page(office: Office, title: str, sentence: str) -> str:
    """Draw one sentence."""
    return page(office, title, f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p>")


def page(office: Office, title: str, inner: str) -> str:
    """Draw the frame around a page's own part."""
    name = escape(office.tenant.office)
    mark = "<p><strong>PERAGAAN: kiriman dicatat sebagai simulasi.</strong></p>"
    return (
        '<!doctype html><html lang="id"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} - {name}</title><style>{_CSS}</style></head><body>"
        '<a class="lewati" href="#isi-halaman">Langsung ke isi</a>'
        f"<header><div><strong>{name}</strong></div></header>"
        f'<main id="isi-halaman" tabindex="-1">{mark if office.demo else ""}{inner}</main>'
        f"<footer><div>Dasar hukum: {escape(office.web.dasar_hukum)}. Aduan juga dapat disampaikan "
        "lewat SP4N-LAPOR! (lapor.go.id).</div></footer></body></html>"
    )


def _summary(filled: Filled) -> str:
    if not filled.wrong:
        return ""
    links = "".join(
        f'<li><a href="#{escape(name)}">{escape(sentence)}</a></li>' if name else
        f"<li>{escape(sentence)}</li>"
        for name, sentence in filled.wrong.items()
    )  # fmt: skip
    again = "<p>Foto perlu dipilih lagi.</p>" if filled.fields.get("ada_foto") else ""
    return (
        '<div class="galat" role="alert" tabindex="-1" autofocus aria-labelledby="galat">'
        f'<h2 id="galat">Aduan belum terkirim</h2><ul>{links}</ul>{again}</div>'
    )


def _row(filled: Filled, name: str, label: str, helped: str, widget: str) -> str:
    wrong = filled.wrong.get(name)
    hint = f'<span class="bantu" id="{name}-bantu">{escape(helped)}</span>' if helped else ""
    told = f'<span class="salah" id="{name}-salah">Galat: {escape(wrong)}</span>' if wrong else ""
    return (
        f'<div class="isian{" rusak" if wrong else ""}"><label for="{name}">{escape(label)}</label>'
        f"{hint}{told}{widget}</div>"
    )


def _marks(filled: Filled, name: str, helped: str) -> str:
    described = [f"{name}-bantu"] if helped else []
    described += [f"{name}-salah"] if name in filled.wrong else []
    marks = f' id="{name}" name="{name}"'
    marks += f' aria-describedby="{" ".join(described)}"' if described else ""
    return marks + (' aria-invalid="true"' if name in filled.wrong else "")


def _input(filled: Filled, name: str, label: str, helped: str = "", more: str = "") -> str:
    value = "" if "file" in more else f' value="{filled.value(name)}"'
    widget = f"<input{_marks(filled, name, helped)}{value} {more}>"
    return _row(filled, name, label, helped, widget)


def _area(filled: Filled, name: str, label: str, helped: str) -> str:
    marks = _marks(filled, name, helped)
    # A browser swallows the first line break of a textarea.
    inner = f"\n{filled.value(name)}</textarea>"
    widget = f'<textarea{marks} rows="7" maxlength="10000" required>{inner}'
    return _row(filled, name, label, helped, widget)


def _select(filled: Filled, name: str, label: str, options: str) -> str:
    empty = '<option value="">(tidak tahu)</option>'
    widget = f"<select{_marks(filled, name, '')}>{empty}{options}</select>"
    return _row(filled, name, label, "", widget)


def _options(filled: Filled, rows: Sequence[tuple[str, str]], name: str = "kategori") -> str:
    chosen = filled.fields.get(name, "")
    return "".join(
        f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>{escape(label)}'
        "</option>"
        for code, label in rows
    )


def _place(filled: Filled, choices: Choices) -> str:
    groups = "".join(
        f'<optgroup label="{escape(kecamatan)}">{_options(filled, rows, "wilayah")}</optgroup>'
        for kecamatan, rows in choices.areas
    )
    number = 'inputmode="text" maxlength="20" autocomplete="off"'
    return (
        "<fieldset><legend>Lokasi (boleh kosong)</legend>"
        + _select(filled, "wilayah", "Kecamatan dan desa/kelurahan", groups)
        + _input(filled, "lokasi", "Alamat atau patokan", "Misalnya: depan balai desa, RT 02 RW 05",
                 'maxlength="500" autocomplete="off"')
        + '<div class="dua">'
        + _input(filled, "lat", "Lintang", "Misalnya -8.1312", number)
        + _input(filled, "lon", "Bujur", "Misalnya 112.2201", number)
        + "</div></fieldset>"
    )  # fmt: skip


def _contact(filled: Filled) -> str:
    return (
        "<fieldset><legend>Kontak (boleh kosong)</legend>"
        '<p class="bantu">Tanpa kontak petugas tidak dapat bertanya balik atau memberi kabar.</p>'
        + _input(filled, "nama", "Nama", "", 'maxlength="200" autocomplete="name"')
        + '<div class="dua">'
        + _input(filled, "telepon", "Nomor telepon", "",
                 'type="tel" maxlength="50" autocomplete="tel"')
        + _input(filled, "surel", "Surel", "", 'type="email" maxlength="200" autocomplete="email"')
        + "</div></fieldset>"
    )  # fmt: skip


def _flags(filled: Filled) -> str:
    rows = (
        ("anonim", "Anonim: nama saya tidak ditampilkan."),
        ("rahasia", "Rahasia: isi aduan tertutup sampai petugas yang berwenang membukanya."),
    )
    boxes = "".join(
        f'<div class="centang"><input type="checkbox" id="{name}" name="{name}" value="ya"'
        f'{" checked" if filled.fields.get(name) else ""}><label for="{name}">{label}</label></div>'
        for name, label in rows
    )
    return f"<fieldset><legend>Kerahasiaan</legend>{boxes}</fieldset>"


def _trap() -> str:
    """Ask what only a robot sees and answers."""
    return (
        f'<div class="jebak" aria-hidden="true"><label for="{TRAP}">Kosongkan isian ini</label>'
        f'<input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
    )
