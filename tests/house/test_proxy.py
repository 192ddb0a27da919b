"""The real server behind nginx, as deploy/nginx.conf and deploy/nginx-path.conf have it.

Three webs run on one data folder: below a path, and on a host of its own with https and without. One nginx
stands before them, with the examples that operators copy; only names, ports and certificates differ.
"""

import datetime as dt
import http.client
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request

import pytest

from tests.browser.conftest import Installation, free_port

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PASSWORD = "seven tables and a lamp"
EMAIL = "mei@table.example"


class Answer:
    """What came back."""

    def __init__(self, url, raw):
        self.url, self.status, self.headers = url, raw.status, raw.headers
        self.content = raw.read()

    @property
    def text(self):
        return self.content.decode()


class Browser:
    """Sends cookies where their path and their kind allow; follows nothing by itself."""

    def __init__(self, base, trusts=None, source=None):
        self.base, self.trusts, self.source = base, trusts, source
        self.jar = CookieJar()

    def ask(self, url, form=None, headers=()):
        url = urljoin(f"{self.base}/", url)
        parts = urlsplit(url)
        request = Request(url)
        self.jar.add_cookie_header(request)
        more = {"Accept": "text/html", **dict(request.header_items()), **dict(headers)}
        body = None
        if form is not None:
            body = urlencode(form)
            more |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"{parts.scheme}://{parts.netloc}",
                "Referer": url,
            }
        kind = {"timeout": 30, "source_address": (self.source, 0) if self.source else None}
        if parts.scheme == "https":
            line = http.client.HTTPSConnection(parts.netloc, context=self.trusts, **kind)
        else:
            line = http.client.HTTPConnection(parts.netloc, **kind)
        line.request("POST" if form is not None else "GET", url.split(parts.netloc)[1], body, more)
        raw = line.getresponse()
        self.jar.extract_cookies(raw, request)
        answer = Answer(url, raw)
        line.close()
        return answer

    def fill(self, url, to="", **form):
        """Post to an address with the token of the page that the form is on."""
        page = self.ask(url)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        return self.ask(to or url, {"csrfmiddlewaretoken": token, **form})

    def sign_in(self):
        answer = self.fill("accounts/login/", login=EMAIL, password=PASSWORD)
        assert answer.status == 302, answer.text[:2000]
        return answer


def certificate(folder):
    """Make a certificate for localhost, signed by itself; return its file and its key's."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def changed(text, **by):
    """Return an example with what an operator puts in; each is found in it."""
    for old, new in by.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def configuration(folder, ports, webs, cert, key):
    """Return nginx's configuration: the examples, on ports that are free."""
    own = (ROOT / "deploy/nginx.conf").read_text()
    below = (ROOT / "deploy/nginx-path.conf").read_text()
    site = changed(
        own,
        **{
            "listen 80;": f"listen 127.0.0.1:{ports['plain']};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{ports['tls']} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            "table.example.org;": "localhost;",
            "/etc/letsencrypt/live/table.example.org/fullchain.pem": str(cert),
            "/etc/letsencrypt/live/table.example.org/privkey.pem": str(key),
            "127.0.0.1:8000": f"127.0.0.1:{webs['tls']}",
        },
    )
    path = changed(below, **{"127.0.0.1:8000": f"127.0.0.1:{webs['path']}"})
    echo = changed(
        below,
        **{
            "127.0.0.1:8000": f"127.0.0.1:{webs['echo']}",
            "/tableful": "/echo",
            "@tableful": "@echo",
        },
    )
    # On localhost, as on a computer that nobody else reaches: the same host without its certificate.
    root = changed(
        re.sub(
            r"^ +(ssl_|add_header Strict).*\n",
            "",
            "server {" + own.split("server {")[2],
            flags=re.M,
        ),
        **{
            "listen 443 ssl http2;": f"listen 127.0.0.1:{ports['root']};",
            "listen [::]:443 ssl http2;": "",
            "table.example.org;": "localhost;",
            "127.0.0.1:8000": f"127.0.0.1:{webs['root']}",
        },
    )
    return f"""
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  absolute_redirect off;
  {site}
  {root}
  server {{ listen 127.0.0.1:{ports["path"]}; server_name localhost; {path} {echo}
    location / {{ return 200 "the neighbour"; }} }}
}}
"""


def until_it_answers(port, process, log):
    end = time.monotonic() + 240
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(log.read_text()[-3000:])
            time.sleep(0.1)


@pytest.fixture(scope="module")
def nginx():
    """The program; skipped with a sentence where there is none."""
    if not NGINX:
        if os.environ.get("TABLEFUL_REQUIRE_NGINX"):
            pytest.fail("No nginx was found, and this run requires one.")
        pytest.skip("No nginx was found: on Debian and Ubuntu, apt install nginx.")
    return NGINX


@pytest.fixture(scope="module")
def behind(nginx, tmp_path_factory):
    """The sites: addresses through nginx, and of the webs behind it."""
    folder = tmp_path_factory.mktemp("proxy")
    data = folder / "data"
    leave = {"DJANGO_SETTINGS_MODULE", "EMAIL_URL", "DATABASE_URL", "REDIS_URL"}
    env = {key: value for key, value in os.environ.items() if key not in leave}
    ports = {name: free_port() for name in ("path", "tls", "plain", "root")}
    webs = {name: free_port() for name in ("path", "tls", "root", "echo")}
    urls = {
        "root": f"http://localhost:{ports['root']}",
        "path": f"http://localhost:{ports['path']}/tableful",
        "tls": f"https://localhost:{ports['tls']}",
    }
    sites = {
        name: Installation(
            url,
            data,
            env
            | {
                "TABLEFUL_DATA": str(data),
                "TABLEFUL_URL": url,
                "PORT": str(webs[name]),
                "TRUSTED_PROXIES": "1",
            },
        )
        for name, url in urls.items()
    }
    who = ["--host-name", "Mei Ropata", "--host-email", EMAIL, "--zone", "Pacific/Auckland"]
    cert, key = certificate(folder)
    (folder / "nginx.conf").write_text(configuration(folder, ports, webs, cert, key))
    started = []

    def start(command, log, env=None):
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        started.append(process)
        return process, log

    try:
        waits = {
            name: start(
                [sys.executable, "-m", "config.supervise", "--only", "web"],
                folder / f"{name}.log",
                site.env,
            )
            for name, site in sites.items()
        }
        front = start(
            [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")], folder / "nginx.log"
        )
        for name, (process, log) in waits.items():
            until_it_answers(webs[name], process, log)
        sites["path"].manage("found", "Otaki", *who, "--password-stdin", stdin=f"{PASSWORD}\n")
        for port in ports.values():
            until_it_answers(port, *front)
        trusts = ssl.create_default_context(cafile=str(cert))
        yield {"sites": sites, "webs": webs, "ports": ports, "trusts": trusts}
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


@pytest.fixture
def browser_at(behind):
    """A browser at one of the sites: browser_at("path")."""

    def make(name, **kwargs):
        return Browser(behind["sites"][name].url, trusts=behind["trusts"], **kwargs)

    return make


def cookies(answer):
    return {line.split("=")[0]: line for line in answer.headers.get_all("Set-Cookie", [])}


@pytest.mark.parametrize(("name", "prefix"), [("path", "/tableful"), ("tls", ""), ("root", "")])
def test_someone_signs_in_reads_and_writes(behind, browser_at, name, prefix):
    url = behind["sites"][name].url
    browser = browser_at(name)
    asked = browser.ask("c/otaki/")
    assert asked.status == 302
    assert asked.headers["Location"] == (
        f"{prefix}/accounts/login/?next={prefix.replace('/', '%2F')}%2Fc%2Fotaki%2F".replace(
            "%2F", "/"
        )
    )
    inside = browser.sign_in()
    assert inside.headers["Location"] == f"{prefix}/"
    home = browser.ask(inside.headers["Location"])
    assert home.headers["Location"] == f"{prefix}/c/otaki/"
    page = browser.ask(home.headers["Location"], headers={"Accept-Encoding": "identity"})
    assert page.status == 200
    assert "Otaki" in page.text

    # A file of the page: by its hash, compressed, for ever.
    style = re.search(r'href="([^"]+/css/app\.[0-9a-f]{12}\.css)"', page.text)[1]
    assert style.startswith(f"{prefix}/static/")
    for encoding in ("br", "gzip"):
        file = browser.ask(style, headers={"Accept-Encoding": encoding})
        assert file.status == 200
        assert file.headers["Content-Encoding"] == encoding
        assert "immutable" in file.headers["Cache-Control"]
        assert int(re.search(r"max-age=(\d+)", file.headers["Cache-Control"])[1]) >= 31_536_000

    # A page goes compressed as well, and is kept by nobody.
    small = browser.ask(home.headers["Location"], headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.headers["Cache-Control"] == "private, no-store"

    # A form is taken with its token only.
    assert browser.ask("theme", {"theme": "dark"}).status == 403
    themed = browser.fill("c/otaki/", "theme", theme="dark", next=f"{prefix}/c/otaki/people/")
    assert themed.status == 302
    assert themed.headers["Location"] == f"{prefix}/c/otaki/people/"
    assert re.search(rf"; Path={prefix or '/'}(;|$)", cookies(themed)["theme"])

    # An invitation leads back here.
    whom = f"kaia.{name}@table.example"
    made = browser.fill("c/otaki/invitations/new/", name="Kaia", email=whom)
    assert made.status == 302, made.text[:3000]
    assert f"{url}/welcome/" in browser.ask(made.headers["Location"]).text
    if name == "path":
        behind["sites"][name].sweep()
        mail = behind["sites"][name].mail_to(whom, f"{url}/welcome/")
        welcome = re.search(rf"{url}/welcome/\S+", mail)[0]
        assert browser_at(name).ask(welcome).status == 200


def test_below_a_path_the_neighbours_are_left_alone(behind, browser_at):
    port, web = behind["ports"]["path"], behind["webs"]["path"]
    browser = browser_at("path")
    browser.sign_in()
    assert {cookie.path for cookie in browser.jar} == {"/tableful"}
    assert browser.ask(f"http://localhost:{port}/").text == "the neighbour"
    short = browser.ask(f"http://localhost:{port}/tableful")
    assert (short.status, short.headers["Location"]) == (301, "/tableful/")
    # A proxy that takes the path off reaches the same pages; so does whoever asks for its health.
    stripped = browser.ask(f"http://localhost:{web}/c/otaki/")
    assert stripped.headers["Location"] == "/tableful/accounts/login/?next=/tableful/c/otaki/"
    for path in ("/healthz", "/tableful/healthz"):
        assert browser.ask(f"http://localhost:{web}{path}").status == 200


def test_what_is_too_large_is_refused_by_the_proxy_and_before_it_by_us(behind):
    with socket.create_connection(("127.0.0.1", behind["ports"]["path"]), timeout=20) as line:
        line.sendall(
            b"POST /tableful/theme HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntheme="
        )
        said = line.recv(2000)
    assert b" 413 " in said
    assert has_own_headers(said.decode())
    large = Browser(behind["sites"]["path"].url).ask("theme", {"theme": "x" * 2_000_000})
    assert large.status == 413
    assert "Content-Security-Policy" in large.headers


def has_own_headers(said):
    """Whether what nginx itself says lets a browser do nothing, and is kept by nobody."""
    assert "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'" in said
    assert "X-Content-Type-Options: nosniff" in said
    assert "Referrer-Policy: same-origin" in said
    assert "Cache-Control: private, no-store" in said
    return True


@pytest.mark.parametrize("name", ["tls", "root"])
def test_what_nginx_itself_refuses_has_headers_of_its_own(behind, browser_at, name):
    answer = browser_at(name).ask("/?" + "x" * 9000)
    assert answer.status == 414
    assert "could not be read" in answer.text
    assert has_own_headers(str(answer.headers))
    assert ("Strict-Transport-Security" in answer.headers) == (name == "tls")


def test_where_nobody_answers_behind_it_nginx_says_so(behind):
    # Nobody listens there yet.
    answer = Browser(f"http://localhost:{behind['ports']['path']}").ask("/echo/")
    assert answer.status == 502
    assert "can’t answer just now" in answer.text
    assert has_own_headers(str(answer.headers))


class Echo(BaseHTTPRequestHandler):
    """Says what it was told of the caller."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        told = ("Host", "X-Forwarded-For", "X-Forwarded-Proto")
        self.wfile.write("|".join(str(self.headers[name]) for name in told).encode())

    def log_message(self, *args):
        """Keep quiet."""


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux answers at all of 127.0.0.0/8.")
def test_the_last_caller_named_is_the_one_nginx_saw_whatever_they_claim(behind):
    server = HTTPServer(("127.0.0.1", behind["webs"]["echo"]), Echo)
    threading.Thread(target=server.handle_request, daemon=True).start()
    base = f"http://localhost:{behind['ports']['path']}/echo/"
    claims = {"X-Forwarded-For": "203.0.113.77", "X-Forwarded-Proto": "https"}
    told = Browser(base, source="127.0.0.2").ask(base, headers=claims).text
    server.server_close()
    assert told == "localhost|203.0.113.77, 127.0.0.2|http"


def test_with_https_cookies_are_locked_and_http_leads_there(behind, browser_at):
    tls, plain, web = behind["ports"]["tls"], behind["ports"]["plain"], behind["webs"]["tls"]
    browser = browser_at("tls")
    answer = browser.sign_in()
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    said = cookies(answer)
    for name in ("__Host-sessionid", "__Host-csrftoken"):
        assert "; Secure" in said[name]
        assert "; Path=/;" in f"{said[name]};"
        assert "Domain" not in said[name]
    assert "HttpOnly" in said["__Host-sessionid"]
    assert browser.ask("c/otaki/").status == 200

    # By nginx; and, should it pass http on, by us, whatever the caller claims.
    led = Browser(f"http://localhost:{plain}").ask("c/otaki/")
    assert (led.status, led.headers["Location"]) == (301, "https://localhost/c/otaki/")
    ours = Browser(f"http://localhost:{web}").ask("c/otaki/")
    assert (ours.status, ours.headers["Location"]) == (301, f"https://localhost:{web}/c/otaki/")
    assert "Content-Security-Policy" in ours.headers
    assert Browser(f"http://localhost:{web}").ask("healthz").status == 200
    claimed = browser.ask(f"https://localhost:{tls}/healthz", headers={"X-Forwarded-Proto": "http"})
    assert claimed.status == 200
