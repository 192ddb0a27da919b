"""A mail server on this computer that does what a test tells it to: takes mail, refuses it, dawdles, or hangs up."""

import base64
import datetime
import socketserver
import ssl
import threading
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy

HANG_UP = object()
HANG = object()  # takes the call and says nothing any more
DAWDLE = object()  # says a letter now and then, for ever


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        server = self.server
        server.visits += 1
        server.caller.port = self.client_address[1]
        with suppress(OSError):
            if server.private == "ssl":
                self._make_private()
            self._talk(server)

    def _make_private(self):
        self.request = self.server.certificate.wrap_socket(self.request, server_side=True)
        super().setup()

    def _talk(self, server):
        verb, sender, to = "connect", "", []
        while True:
            answer = server.answers.get(verb, _usual(verb))
            if callable(answer):
                answer = answer(*to)
            if answer is HANG_UP:
                return
            if answer is HANG:
                server.over.wait(30)
                return
            if answer is DAWDLE:
                self.wfile.write(b"250-")
                while not server.over.wait(0.05):
                    self.wfile.write(b"x")
                return
            if verb == "ehlo" and server.private == "starttls":
                answer = answer.replace("here", "here\r\n250-STARTTLS", 1)
            self.wfile.write(f"{answer}\r\n".encode())
            if verb == "data" and answer.startswith("354"):
                lines = iter(self.rfile.readline, b".\r\n")
                text = b"".join(line.removeprefix(b".") for line in lines)
                server.taken.append((sender, to, message_from_bytes(text, policy=policy.default)))
                sender, to, verb = "", [], "taken"
                continue
            if verb == "starttls" and answer.startswith("220"):
                self._make_private()
            line = self.rfile.readline().decode().strip()
            if not line or verb == "quit":
                return
            verb, _space, rest = line.partition(" ")
            verb = verb.lower()
            if verb == "auth":
                said = base64.b64decode(rest.split()[-1]).decode().split("\0")
                verb = "welcome" if tuple(said[1:]) == server.sign_in else "stranger"
            elif verb == "mail":
                sender = rest[len("FROM:<") :].partition(">")[0]
            elif verb == "rcpt":
                to.append(rest[len("TO:<") :].partition(">")[0])


def _usual(verb):
    return {
        "connect": "220 here",
        "ehlo": "250-here\r\n250 AUTH PLAIN",
        "welcome": "235 welcome",
        "stranger": "535 no",
        "data": "354 go on",
        "starttls": "220 go on",
        "quit": "221 bye",
    }.get(verb, "250 fine")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50


@contextmanager
def mail_server(*, private="", certificate=None, **answers):
    """Run one. `answers` are what it says to "mail", "rcpt", "data", after "taken" …, or HANG_UP, HANG, DAWDLE.

    With a `certificate` it is private from the first byte ("ssl") or when asked ("starttls").
    It keeps what it took as (from, to, message) in `taken`, and how often somebody came in `visits`.
    """
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.answers, server.taken, server.visits = answers, [], 0
        server.caller = threading.local()  # to an answer that is a function: who is asking
        server.sign_in, server.port = ("tableful", "right"), server.server_address[1]
        server.url = f"smtp+plain://127.0.0.1:{server.port}"
        server.private, server.certificate, server.over = private, certificate, threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


class Authority:
    """Who vouches for certificates in tests, and for nobody else."""

    def __init__(self, folder):
        from cryptography.hazmat.primitives.asymmetric import ec

        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certify("Authority", self.key, self.key, days=9, is_root=True)
        self.trust = ssl.create_default_context()
        self.trust.load_verify_locations(cadata=self._pem(self.root).decode())

    def certificate(self, name="localhost", days=9):
        """Return what a server needs to be called by this name, for so many days."""
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{name}{days}.pem"
        secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        path.write_bytes(secret + self._pem(self._certify(name, key, self.key, days=days)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    @staticmethod
    def _pem(certificate):
        from cryptography.hazmat.primitives import serialization

        return certificate.public_bytes(serialization.Encoding.PEM)

    @staticmethod
    def _certify(name, key, by, *, days, is_root=False):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        def called(words):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)])

        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(called(name))
            .issuer_name(called("Authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * day)
            .not_valid_after(now + days * day)
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        if is_root:
            uses = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                 "key_agreement", "encipher_only", "decipher_only"), False
            )  # fmt: skip
            usage = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **uses)
            made = made.add_extension(usage, critical=True)
            made = made.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        else:
            own = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
            made = made.add_extension(own, critical=False)
        return made.sign(by, hashes.SHA256())
