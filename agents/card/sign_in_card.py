"""The page that prints a card: a code for a scanner, which types the token, and one for a phone, which opens a page.

In the address for a phone the token stands behind the `#`: browsers send that part to no server, so no log has it.
"""

import html
from typing import Final
from urllib.parse import urlsplit

from agents.card.qr_code import qr_code

QUIET: Final = 4
"""Modules of white around a code."""

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>Tallygate card: {name}</title>
<style>
body {{ margin: 10mm; font: 11pt/1.35 system-ui, sans-serif; color: #000; background: #fff; }}
main {{ width: 170mm; border: 0.5mm solid #000; border-radius: 4mm; padding: 6mm; break-inside: avoid; }}
h1 {{ margin: 0 0 1mm; font-size: 18pt; }}
p {{ margin: 0; }}
.codes {{ display: flex; gap: 10mm; margin-top: 4mm; }}
.codes > div {{ width: 76mm; }}
svg {{ display: block; width: 60mm; height: 60mm; }}
.keep {{ margin-top: 4mm; font-weight: bold; }}
@media print {{ .hint {{ display: none; }} }}
</style>
</head>
<body>
<p class="hint">Print this page, then delete the file: what is on it is a key.</p>
<main>
<h1>{name}</h1>
<p>Signs a device in to Tallygate until {expires}. Token {token_id}.</p>
<div class="codes">
<div><svg viewBox="0 0 {scan_side} {scan_side}" role="img" aria-label="Code for a scanner"><path d="{scan_path}"/></svg>
<p><b>Scanner</b>: open the page on its computer, then scan this.</p></div>
{phone}</div>
<p class="keep">Keep this card like a key. Lost? The lead ends it: tallygate token revoke {token_id}</p>
</main>
</body>
</html>
"""
PHONE: Final = """<div>
<svg viewBox="0 0 {side} {side}" role="img" aria-label="Code for a phone"><path d="{path}"/></svg>
<p><b>Phone or handheld</b>: scan this with its camera. It opens {address}</p></div>
"""


class CardError(Exception):
    """There can be no card; the message says why, without the token."""


def sign_in_card(name: str, token_id: str, token: str, expires: str, address: str | None) -> str:
    """Return the page of a card. Raise CardError.

    `address` is that of the gateway; without one the card has no code for a phone.
    """
    side, path = _drawn(token)
    phone = ""
    if address is not None:
        phone_side, phone_path = _drawn(f"{_page_address(address)}#{token}")
        phone = PHONE.format(side=phone_side, path=phone_path, address=html.escape(_page_address(address)))
    return PAGE.format(
        name=html.escape(name), token_id=html.escape(token_id), expires=html.escape(expires),
        scan_side=side, scan_path=path, phone=phone,
    )  # fmt: skip


def _page_address(address: str) -> str:
    parts = urlsplit(address)
    is_local = parts.hostname in {"localhost", "127.0.0.1"}
    if not parts.hostname or parts.fragment or parts.username or not (parts.scheme == "https" or is_local):
        raise CardError("the address of the gateway begins with https://, without a user and without #")
    return address if parts.path else f"{address}/"


def _drawn(text: str) -> tuple[int, str]:
    """Return the side of a code with its white, and the path of its dark modules."""
    try:
        modules = qr_code(text.encode())
    except ValueError:
        raise CardError("the address of the gateway is too long for a code") from None
    path = "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z"
        for row, line in enumerate(modules)
        for column, is_dark in enumerate(line)
        if is_dark
    )
    return len(modules) + 2 * QUIET, path
