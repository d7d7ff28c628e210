"""Fields of a `user.cfg` line: flags, numbers, lists and escaped text.

Rule: a field is text decoded from UTF-8 with `surrogateescape`; white space is ASCII only, except in lists.
Source: pve-access-control 9.1.1 and pve-common 9.2.1, as observed.
"""

import re

FALSE = ("", "0")
WHITE = " \t\n\x0b\x0c\r"

_ITEM = re.compile(r"[^ \t\n\x0b\x0c\r,;]+")
_BYTE_ITEM = re.compile(rb"[^ \t\n\x0b\x0c\r,;\x85\xa0]+")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(rb"[^ -$&-9;-~]")
_DIGITS = re.compile(r"[0-9]+")
_LARGEST = 2**64 - 1

# What Perl 5.36 takes from bytes in one go; the first alternative that fits wins. `~` is a continuation byte.
_PERL_TEXT = re.compile(
    rb"""
    # Characters Python's text can hold as themselves: Unicode, and surrogates other than U+DC80..U+DCFF.
    (?P<unicode> [\x00-\x7F]+ | [\xC2-\xDF]~ | \xE0[\xA0-\xBF]~ | (?! \xED[\xB2\xB3] )[\xE1-\xEF]~~
      | \xF0[\x90-\xBF]~~ | [\xF1-\xF3]~~~ | \xF4[\x80-\x8F]~~
    )
    # Perl's other characters: U+DC80..U+DCFF and all from U+110000 to 2^63-1, in their shortest form.
    | (?P<beyond> \xED[\xB2\xB3]~ | \xF4[\x90-\xBF]~~ | [\xF5-\xF7]~~~
      | (?: \xF8[\x88-\xBF] | [\xF9-\xFB]~ )~~~ | (?: \xFC[\x84-\xBF] | \xFD~ )~~~~
      | \xFE[\x82-\xBF]~~~~~ | \xFF\x80(?! \x80{5} )[\x80-\x87]~~~~~~~~~~
    )
    # PVE: Perl skips a broken sequence with a table of strict UTF-8, and looks into the wrong column if the
    # sequence's first byte is one that never starts a strict one (ED counts as such). The next byte is then
    # taken for another first byte, the one in the comment, and a whole character of it goes down as well.
    | [\x80-\xC1\xED\xF5-\xFF]
      (?: [\xC0\xC1\xED\xF5-\xFF]~                                  # C2..DF
        | [\xC2-\xDF]~~                                             # E1..EC
        | [\xE1-\xEC\xEE](?! \xB7[\x90-\xAF] | \xBF[\xBE\xBF] )~~   # EF, without noncharacters
        | [\xF1-\xF3][\xA0-\xBF]~                                   # E0
        | (?! .[\x8F\x9F\xAF\xBF]\xBF[\xBE\xBF] )                   # (noncharacters again)
          (?: \xE0[\x90-\xBF] | \xF4~ | \xEF[\x80-\x8F] )~~         # F0, F1..F3, F4
      )
    # Broken, overlong or too large: a first byte and up to as many continuation bytes as it asks for; or a
    # stray continuation byte.
    | [\xC0-\xDF]~? | [\xE0-\xEF]~{0,2} | [\xF0-\xF7]~{0,3} | [\xF8-\xFB]~{0,4} | [\xFC\xFD]~{0,5}
    | \xFE~{0,6} | \xFF~{0,12} | ~
    """.replace(b"~", rb"[\x80-\xBF]"),
    re.VERBOSE | re.DOTALL,
)


def true(field: str) -> bool:
    """Proxmox VE's idea of truth: false is only the empty field and `0` (so `00` and `no` are true)."""
    return field not in FALSE


def digits(field: str) -> bool:
    """Whether the field is a run of ASCII digits."""
    return _DIGITS.fullmatch(field) is not None


def parse_number(field: str) -> float:
    """The number that a run of digits stands for; above 2^64-1 a float, which may be infinite."""
    significant = field.lstrip("0")
    value = int(significant or "0") if len(significant) <= 20 else float(significant)
    return value if value <= _LARGEST else float(value)


def number(value: float) -> str:
    """A number as upstream prints it."""
    # PVE: above 2^64-1 it is a float, whose text no longer reads back (quirk Q3).
    return str(value) if isinstance(value, int) else f"{value:.15g}".replace("inf", "Inf")


def split_list(field: str) -> list[str]:
    """The items of a list, between commas, semicolons and white space, or NUL bytes if there are any."""
    if "\0" in field:
        return field.rstrip("\0").split("\0") if field.strip("\0") else []
    if field.isascii():
        return _ITEM.findall(field)
    # PVE: here, and only here, the bytes 85 and A0 are white space, which tears UTF-8 apart (quirk Q10).
    raw = field.encode("utf-8", "surrogateescape")
    return [item.decode("utf-8", "surrogateescape") for item in _BYTE_ITEM.findall(raw)]


def encode_text(text: str) -> str:
    """Text as a field: every byte outside printable ASCII, `%` and `:` become `%XX`."""
    return _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], _to_bytes(text)).decode("ascii")


def decode_text(field: str) -> str:
    """The text of a field: `%XX` undone, then read as UTF-8 the way Perl does.

    Perl lets through surrogates and numbers above U+10FFFF. What Python's text can't hold, or uses otherwise
    (U+DC80..U+DCFF), stays as the `surrogateescape` characters of its bytes, so that `encode_text` gives it
    back unchanged. What is no UTF-8 at all becomes U+FFFD.
    """
    if field.isascii() and "%" not in field:
        return field
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), field.encode("utf-8", "surrogateescape"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_like_perl(raw)


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(
            bytes([ord(c) - 0xDC00]) if "\udc80" <= c <= "\udcff" else c.encode("utf-8", "surrogatepass")
            for c in text
        )


def _decode_like_perl(raw: bytes) -> str:
    """Lax UTF-8: `_PERL_TEXT` cuts the bytes; what is no character becomes one U+FFFD per piece."""
    return "".join(map(_piece, _PERL_TEXT.finditer(raw)))


def _piece(match: re.Match[bytes]) -> str:
    if match.lastgroup == "unicode":
        return match[0].decode("utf-8", "surrogatepass")
    if match.lastgroup == "beyond":
        return match[0].decode("ascii", "surrogateescape")
    return "\ufffd"
