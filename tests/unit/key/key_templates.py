"""Templates and time formats of keys, from their specification (lib/key/README.md), for check_vectors.py."""

import datetime
import re

CYCLE_YEARS, CYCLE_MS = 400, 146097 * 86400000
"""The Gregorian calendar repeats itself, weekdays included, after this time."""

TOKEN = re.compile(r"\\(.)|([{|}])|([^\\{|}]+)", re.DOTALL)
"""An escaped character, a special one, or text."""


def lex(template):
    """(special character or None, text) of each token."""
    at = 0
    while at < len(template):
        match = TOKEN.match(template, at)
        at = match.end()
        escaped, special, text = match.groups()
        yield (special, special) if special else (None, escaped or text)


def pieces(template):
    """Texts, and (part, default or None) of placeholders. The template is valid."""
    literal, fields = "", None
    for special, text in lex(template):
        if fields is None and special == "{":
            if literal:
                yield literal
            literal, fields = "", [""]
        elif fields is None:
            literal += text
        elif special == "|":
            fields.append("")
        elif special == "}":
            yield (fields[0], fields[1] if len(fields) == 2 else None)
            fields = None
        else:
            fields[-1] += text
    if literal:
        yield literal


def format_time(text, timestamp_ms):
    """The timestamp, of any year, in UTC."""
    cycles, within = divmod(timestamp_ms, CYCLE_MS)
    time = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=within)
    week_year, week, weekday = time.isocalendar()
    values = {
        "Y": f"{time.year + cycles * CYCLE_YEARS:04}",
        "m": f"{time.month:02}",
        "d": f"{time.day:02}",
        "j": f"{time.timetuple().tm_yday:03}",
        "H": f"{time.hour:02}",
        "M": f"{time.minute:02}",
        "S": f"{time.second:02}",
        "G": f"{week_year + cycles * CYCLE_YEARS:04}",
        "V": f"{week:02}",
        "u": str(weekday),
        "%": "%",
    }
    values["F"] = "{Y}-{m}-{d}".format(**values)
    values["T"] = "{H}:{M}:{S}".format(**values)
    return re.sub("%(.)", lambda match: values[match.group(1)], text)
