"""Tables as people send them, read into typed frames; and what is in a frame.

    frame, report = read_table(path, name="sales.csv")
    profile = profile_frame(frame)

Nothing here starts a thread, opens a socket or writes a file, and all modules are imported with the package: it runs
in a child process that may do none of that.
"""

from analyzer.reading.cells import to_cell, to_table
from analyzer.reading.errors import UnreadableFile
from analyzer.reading.profile import profile_frame
from analyzer.reading.table import read_table

__all__ = ["UnreadableFile", "profile_frame", "read_table", "to_cell", "to_table"]
