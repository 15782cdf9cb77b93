"""Writes small files and reads them, so that a test is one call and what it expects of the answer."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analyzer.frames import ReadReport
from analyzer.reading import UnreadableFile, read_table

Read = Callable[..., tuple[pd.DataFrame, ReadReport]]
Refuse = Callable[..., UnreadableFile]

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/></Types>"""
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(content, encoding=…, name=…, sheet=…)`: the frame and the report."""

    def read_content(
        content: str | bytes, *, encoding: str = "utf-8", name: str = "table.csv", sheet: str | None = None
    ) -> tuple[pd.DataFrame, ReadReport]:
        path = tmp_path / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_table(path, name=name, sheet=sheet)

    return read_content


@pytest.fixture
def refuse(read: Read) -> Refuse:
    """Like `read`, for a file that must be refused: the reason."""

    def refuse_content(content: str | bytes, **options: str) -> UnreadableFile:
        with pytest.raises(UnreadableFile) as caught:
            read(content, **options)
        return caught.value

    return refuse_content


@pytest.fixture
def xlsx() -> Callable[..., bytes]:
    """`xlsx(sheet=rows_xml, …)`: a workbook with these sheets, each the inside of its `sheetData`."""

    def build(**sheets: str) -> bytes:
        numbered = list(enumerate(sheets.items(), start=1))
        entries = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered)
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        root = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        parts = {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}">{root}</Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>',
        }
        for n, (_, rows) in numbered:
            data = f"<sheetData>{rows}</sheetData>"
            parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_MAIN}">{data}</worksheet>'
        return zipped(parts)

    return build


def zipped(parts: dict[str, str]) -> bytes:
    """A zip file with these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
def ods() -> Callable[[str], bytes]:
    """`ods(rows_xml)`: an OpenDocument spreadsheet with one sheet."""
    names = {"office": "office", "table": "table", "text": "text"}
    spaces = " ".join(
        f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{value}:1.0"' for key, value in names.items()
    )
    media = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"

    def build(rows: str) -> bytes:
        return zipped(
            {
                "mimetype": media,
                "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}"/>',
                "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>"
                f'<table:table table:name="Data">{rows}</table:table>'
                "</office:spreadsheet></office:body></office:document-content>",
            }
        )

    return build
