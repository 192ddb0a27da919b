"""A device that keeps passkeys, in software: answers what a server asks as a browser with one would."""

import hashlib
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAGS = AuthenticatorData.FLAG


class Device:
    """A phone with a lock, or without one."""

    def __init__(self, host="testserver", origin="", is_locked=True):
        self.host, self.origin = host, origin or f"https://{host}"
        self.flags = FLAGS.UP | (FLAGS.UV if is_locked else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.handle = b""
        self.count = 0

    def make(self, options):
        """Answer `creation_options`; return what goes into the field `credential`."""
        options = options["publicKey"]
        self.handle = websafe_decode(options["user"]["id"])
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AuthenticatorData.create(
            hashlib.sha256(self.host.encode()).digest(),
            self.flags | FLAGS.AT,
            self.count,
            AttestedCredentialData.create(Aaguid.NONE, self.id, public),
        )
        said = {"attestationObject": bytes(AttestationObject.create("none", data, {}))}
        return self._answer("webauthn.create", options, said, {"credProps": {"rk": True}})

    def use(self, options):
        """Answer `request_options`; return what goes into the field `credential`."""
        options = options["publicKey"]
        self.count += 1
        data = AuthenticatorData.create(
            hashlib.sha256(self.host.encode()).digest(), self.flags, self.count
        )
        client = self._client("webauthn.get", options)
        signed = bytes(data) + hashlib.sha256(bytes(client)).digest()
        said = {
            "authenticatorData": bytes(data),
            "signature": self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            "userHandle": self.handle,
        }
        return self._answer("webauthn.get", options, said, {})

    def _client(self, kind, options):
        challenge = websafe_decode(options["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin)

    def _answer(self, kind, options, said, extensions):
        said["clientDataJSON"] = bytes(self._client(kind, options))
        return json.dumps(
            {
                "type": "public-key",
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "clientExtensionResults": extensions,
                "response": {name: websafe_encode(part) for name, part in said.items()},
            }
        )
