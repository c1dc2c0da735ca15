"""Names that users give, as people and file systems can take them.

Whatever is printed passes :func:`visible`: a name must not move the cursor of a terminal, recolour
it, hide text, or turn a line around.
"""

import hashlib
import re
import unicodedata

#: Categories of Unicode that show nothing of themselves: controls, formats such as marks of
#: direction, what is no character (yet), lone surrogates, and separators of lines and paragraphs.
_UNSEEN = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}
_ELLIPSIS = "…"
#: What spreadsheets read as "this is text", and how a cell begins that needs it.
_AS_TEXT = "'"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", _AS_TEXT)
#: Letters of a name of a file that is made of a text, at most.
_LONGEST_FILE_NAME = 100


def visible(text: str, *, keeps: str = "") -> str:
    r"""Return a text with whatever shows nothing of itself as an escape.

    Args:
        text: Of anybody.
        keeps: Characters to leave as they are, such as the end of a line.

    Example:
        >>> visible("a\x1b[31mb\n")
        'a\\x1b[31mb\\n'
    """
    if text.isprintable():  # nearly always
        return text
    return "".join(
        character
        if character in keeps or unicodedata.category(character) not in _UNSEEN
        else escape(character)
        for character in text
    )


def escape(character: str) -> str:
    r"""Return the escape of one character as Python writes it.

    Example:
        >>> escape("\x07"), escape("語")
        ('\\x07', '\\u8a9e')
    """
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str, *, most: int) -> str:
    """Return a text of so many characters at most, cut in the middle: names differ at both ends.

    Example:
        >>> shortened("raspi4-edgegpu-10mbps (head titan_rtx)", most=20)
        'raspi4-edg…itan_rtx)'
    """
    if len(text) <= most:
        return text
    tail = (most - len(_ELLIPSIS)) // 2
    head = most - len(_ELLIPSIS) - tail
    return text[:head] + _ELLIPSIS + text[len(text) - tail :]


def file_name(text: str) -> str:
    """Return a name of a file or folder that says what a text says, in letters safe anywhere.

    Different texts may give the same one; texts too long do not.

    Example:
        >>> file_name("raspi4-edgegpu-10mbps (memory <= 1.5 MB)"), file_name("../a")
        ('raspi4-edgegpu-10mbps-memory-1.5-MB', 'a')
    """
    name = re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-.") or "unnamed"
    if len(name) <= _LONGEST_FILE_NAME:
        return name
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    half = (_LONGEST_FILE_NAME - len(digest)) // 2 - 1
    return f"{name[:half]}-{digest}-{name[-half:]}"


def to_cell(text: str) -> str:
    """Return a text as a CSV file keeps it: a spreadsheet must not take it for a formula.

    Example:
        >>> to_cell("=1+1"), to_cell("-3 4"), to_cell("-3"), to_cell("nsga2")
        ("'=1+1", "'-3 4", '-3', 'nsga2')
    """
    if not text.startswith(_FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return _AS_TEXT + text
    return text


def from_cell(cell: str) -> str:
    """Return the text that :func:`to_cell` wrote so."""
    return cell.removeprefix(_AS_TEXT)
