"""Results of jobs as a person reads them, and their pictures as files."""

import itertools
from pathlib import Path
from urllib.parse import quote

from warren_cli import terminal
from warren_cli.client import Client, Json, job_path
from warren_cli.errors import CommandError, Exit


def show(job: Json) -> None:
    """What a completed job found out, on standard output."""
    result = job["result"] or {}
    texts = (result.get(name) for name in ("answer", "text", "reply"))
    if text := next((text for text in texts if text and isinstance(text, str)), ""):
        terminal.write(text)
    if "stored" in result:
        rate = f"{result['texts_per_second']:,.0f} texts a second"
        counts = (f"{result[name]:,} {name}" for name in ("stored", "unchanged", "duplicates", "failed"))
        terminal.write(f"{result['texts']:,} texts: {', '.join(counts)}; {result['seconds']:.1f} s, {rate}")
    if result.get("llm_failed"):
        terminal.say(f"Note: of {result['llm_failed']:,} the language model said nothing.")
    for table in result.get("tables") or ():
        terminal.write_table(table["columns"], table["rows"], table.get("title", ""), table["total_rows"])
    for warning in result.get("warnings") or ():
        terminal.say(f"Note: {warning}")


def save_plots(client: Client, job: Json, folder: Path) -> list[Path]:
    """The pictures of an analysis as new files in `folder`; no file is overwritten. Raises `CommandError`s."""
    names = [plot["artifact"] for plot in (job["result"] or {}).get("plots") or ()]
    saved = []
    for name in names:
        data = client.download(f"{job_path(job['id'])}/artifacts/{quote(name, safe='')}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            saved.append(save_new(folder / Path(name).name, data))
        except OSError as error:
            raise CommandError(
                f"{name} cannot be saved in {folder}: {error.strerror}. Give another --out.", Exit.USAGE
            ) from None
    return saved


def save_new(wanted: Path, data: bytes) -> Path:
    """Write a file that was not there: `name.png`, else `name-2.png` and so on. Raises `OSError`s."""
    for n in itertools.count(1):
        path = wanted if n == 1 else wanted.with_stem(f"{wanted.stem}-{n}")
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable: counting never ends")
