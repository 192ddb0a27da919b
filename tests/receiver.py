"""A chat's server on loopback, with a certificate of its own: what it was sent, and how it answers."""

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from congregation.calling import Caller

NAMES = [
    "hooks.slack.com",
    "discord.com",
    "api.telegram.org",
    "matrix.example.org",
    "chat.example.org",
]


def certificate(folder):
    """Write a certificate for the names above, and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [*map(x509.DNSName, NAMES), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


class Receiver:
    """What was sent, and the answer that is given."""

    def __init__(self):
        self.taken, self.status, self.headers, self.visits = [], 200, {}, 0
        # Called in place of an answer, with the handler.
        self.instead = None

    def caller(self, **kwargs):
        """Who calls: names lead here, and nothing but loopback is allowed."""
        kwargs.setdefault("resolve", self.resolve)
        kwargs.setdefault("is_allowed", lambda address: address == "127.0.0.1")
        return Caller(context=self.context, **kwargs)

    def resolve(self, host, port, **kwargs):
        """Every name is here."""
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", self.port))]


@contextmanager
def receiver(folder):
    """Run a receiver for a while."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            here.visits += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.taken.append((self.headers["Host"], self.path, json.loads(body)))
            if here.instead:
                here.instead(self)
                return
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args):
            pass

    cert, key = certificate(folder)
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    here.port = server.server_address[1]
    here.context = ssl.create_default_context(cafile=str(cert))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
