"""How much a file may hold, and why not more. Reading has about 1.5 GB of memory and a few dozen seconds."""

from typing import Final

MAX_COLUMNS: Final = 10_000
"""Twice what the widest real surveys have; beyond it every column costs time and nobody can ask about them."""

MAX_CELLS: Final = 60_000_000
"""The 100 MB that may be uploaded hold at most 50 million cells as CSV; only packed formats can hold more."""

MAX_WORKBOOK_CELLS: Final = 20_000_000
"""The parser of workbooks takes up to 60 bytes for a cell, also for an empty one."""

MAX_LINE_CHARACTERS: Final = 4 * 1024 * 1024
"""A line with 10,000 columns of 400 characters. What is longer is no line of a table, and is never held in memory."""

MAX_UNPACKED_BYTES: Final = 600 * 1000 * 1000
"""Of a zipped workbook. A worksheet with a million rows and ten columns is about 400 MB of XML."""

MAX_ZIP_ENTRIES: Final = 10_000
"""A workbook has a few entries per worksheet and picture."""

MAX_JSON_BYTES: Final = 200 * 1000 * 1000
"""One JSON document is held in memory as a whole, at up to four bytes for each of its characters."""

MAX_JSON_DEPTH: Final = 4
"""Objects inside objects become columns like `address.city`; what is nested deeper stays JSON text."""

MAX_NAME_CHARACTERS: Final = 200
"""Of a column. A longer header is a sentence: it is cut."""

SAMPLE_LINES: Final = 500
"""What delimiter, header and layout are judged by."""

SAMPLE_CHARACTERS: Final = 1024 * 1024
"""Where the sample ends if its lines are long."""

SAMPLE_VALUES: Final = 64
"""Of one column, spread over its length: enough to rule a kind out before the whole column is tried."""
