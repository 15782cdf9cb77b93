"""A plain server's nginx in front of a real gateway: TLS, uploads, WebSockets, limits, and who sees what."""

import asyncio
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from yarl import URL

from gateway.cli import MIGRATIONS
from warren import database, topology
from warren.embedded import EmbeddedPostgres, EmbeddedRabbitMQ, free_port
from warren.testing.processes import Programs

pytestmark = pytest.mark.asyncio(loop_scope="module")

NGINX = Path(__file__).parents[2] / "deploy" / "nginx"
# Its workers read files in a folder that is only ours.
MAIN = """
user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include warren.conf;
}}
"""
PASSWORD = "seen"
SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    plain: str
    secure: str


class FakeFlower(BaseHTTPRequestHandler):
    """Tells what it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the signature is http.server's
        pass


@pytest.fixture(scope="module")
def flower() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), FakeFlower)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    rabbitmq: EmbeddedRabbitMQ, postgres: EmbeddedPostgres, flower: int, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The site as the file has it, at other ports, with a certificate of its own."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("needs nginx and openssl: apt-get install nginx-light openssl")
    folder = tmp_path_factory.mktemp("nginx")
    broker_url, database_url = rabbitmq.create_vhost("behind_nginx"), postgres.create_database("behind_nginx")
    topology.declare(broker_url)
    await asyncio.to_thread(database.migrate, database_url, MIGRATIONS)
    settings = {"WARREN_BROKER_URL": broker_url, "WARREN_DATABASE_URL": database_url, "WARREN_HOST": "127.0.0.1"}
    programs = Programs({**settings, "WARREN_BLOBS_URL": (folder / "blobs").as_uri()}, folder)
    try:
        gateway = await programs.gateway(WARREN_REQUESTS_PER_MINUTE="100000")
        http, https = free_port(), free_port()
        _write(folder, http, https, gateway.url, flower)
        secure = f"https://127.0.0.1:{https}"
        nginx = programs.start("nginx", program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"))
        async with _client() as client:
            while (await _status(client, f"{secure}/health/live")) != 200:
                assert nginx.running, nginx.tail()
        yield Site(f"http://127.0.0.1:{http}", secure)
    finally:
        await programs.end()


def _write(folder: Path, http: int, https: int, gateway: str, flower: int) -> None:
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True)
    (folder / "warren.htpasswd").write_text(f"warren:{hashed.stdout}")
    site = (NGINX / "warren.conf").read_text("utf-8")
    for here, there in {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        "/etc/letsencrypt/live/warren.example.org": str(folder),
        "http://127.0.0.1:8000": gateway,
        "http://127.0.0.1:5555": f"http://127.0.0.1:{flower}",
        "set $flower_passwords /etc/nginx": f"set $flower_passwords {folder}",
    }.items():
        assert here in site, here
        site = site.replace(here, there)
    (folder / "warren.conf").write_text(site, "utf-8")
    for part in ("warren-proxy.inc", "warren-locations.inc"):
        shutil.copy(NGINX / part, folder)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(verify=False, trust_env=False, timeout=SECONDS)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _limited(error: Exception) -> Exception | None:
    """While the limit is used up by other tests, connecting is tried again."""
    return None if isinstance(error, InvalidStatus) and error.response.status_code == 429 else error


async def _status(client: httpx2.AsyncClient, url: str) -> int:
    try:
        return (await client.get(url)).status_code
    except httpx2.HTTPError:
        return 0


async def _submit(client: httpx2.AsyncClient, site: Site, table: bytes) -> httpx2.Response:
    """An analysis; while the limit is used up by others, it is tried again."""
    files, data = {"file": ("t.csv", table, "text/csv")}, {"question": "how many rows?"}
    while (answer := await client.post(f"{site.secure}/v1/analyses", files=files, data=data)).status_code == 429:
        pass
    return answer


async def test_everything_goes_over_tls(site: Site) -> None:
    async with _client() as client:
        answer = await client.get(f"{site.plain}/v1/jobs?limit=1")
        assert answer.status_code == 301
        assert answer.headers["Location"] == "https://127.0.0.1/v1/jobs?limit=1"
        page = await client.get(f"{site.secure}/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "<html" in page.text


async def test_a_big_upload_passes_and_a_bigger_one_does_not(site: Site) -> None:
    async with _client() as client:
        answer = await _submit(client, site, b"a,b\n" + b"1,2\n" * 3_000_000)
    assert answer.status_code == 202, answer.text
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(site.secure).port, ssl=_trusting())
    writer.write(b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 110000000\r\n\r\n")
    assert b" 413 " in await asyncio.wait_for(reader.readline(), SECONDS)
    writer.close()


async def test_a_websocket_passes_and_hears_of_a_job(site: Site) -> None:
    async with _client() as client:
        job = (await _submit(client, site, b"a\n1\n")).json()["id"]
    address = site.secure.replace("https", "wss") + "/v1/events"
    async for socket in connect(address, ssl=_trusting(), proxy=None, open_timeout=SECONDS, process_exception=_limited):
        await socket.send(json.dumps({"type": "watch", "job_id": job}))
        heard = json.loads(await asyncio.wait_for(socket.recv(), SECONDS))
        break
    assert heard["job_id"] == job


async def test_who_asks_too_often_is_told_so_but_a_page_loads_at_once(site: Site) -> None:
    async with _client() as client:
        seen: set[int] = set()
        while 429 not in seen:
            calls = (client.get(f"{site.secure}/v1/jobs?limit=1") for _ in range(40))
            seen |= {answer.status_code for answer in await asyncio.gather(*calls)}
        assert seen <= {200, 429}
        page = [(await client.get(f"{site.secure}/console/app.js")).status_code for _ in range(60)]
    assert set(page) == {200}


async def test_flower_wants_a_password_and_metrics_are_nobodys(site: Site) -> None:
    async with _client() as client:
        assert (await client.get(f"{site.secure}/flower/tasks")).status_code == 401
        assert (await client.get(f"{site.secure}/flower/tasks", auth=("warren", "guessed"))).status_code == 401
        answer = await client.get(f"{site.secure}/flower/tasks", auth=("warren", PASSWORD))
        assert (answer.status_code, answer.text) == (200, "/flower/tasks")
        assert (await client.get(f"{site.secure}/metrics")).status_code == 404
