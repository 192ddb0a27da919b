"""Text that only a circle may read, sealed in the database.

A sealed value is AES-256-GCM under a key from the keyring, which lies outside the database, and is bound
to its table, column and row: moved to another row it does not open. Layout of the bytes:
1 version, 4 key id, 12 nonce, then the ciphertext with its tag.
"""

import hashlib
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.db import models

VERSION = b"\x01"


class Unsealable(Exception):
    """A sealed value that no key opens, or that belongs to another row."""


def _keyring() -> list[tuple[bytes, AESGCM]]:
    """Return (id, key) pairs, the one that seals first."""
    keys = [hashlib.sha256(word.encode()).digest() for word in settings.KEYRING.split()]
    return [(hashlib.sha256(key).digest()[:4], AESGCM(key)) for key in keys]


def seal(text: str, bound_to: str) -> bytes:
    """Return the sealed bytes of a text, bound to a place such as "table|column|row"."""
    (key_id, key), *_ = _keyring()
    nonce = os.urandom(12)
    return VERSION + key_id + nonce + key.encrypt(nonce, text.encode(), bound_to.encode())


def unseal(box: bytes, bound_to: str) -> str:
    """Return the text; raise Unsealable if the key is missing or the place is another."""
    version, key_id, nonce, rest = box[:1], box[1:5], box[5:17], box[17:]
    for known_id, key in _keyring():
        if version == VERSION and known_id == key_id:
            try:
                return key.decrypt(nonce, rest, bound_to.encode()).decode()
            except InvalidTag as error:
                raise Unsealable("This value was sealed for another place.") from error
    raise Unsealable("No key of the keyring opens this value.")


class Box(bytes):
    """The sealed bytes of a value, as they lie in the database."""


class _Opened:
    """Opens a sealed field when it is read, and only then."""

    def __init__(self, field: "SealedTextField") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model] | None = None) -> Any:
        if row is None:
            return self
        name = self.field.attname
        if name not in row.__dict__:
            row.refresh_from_db(fields=[name])
        value = row.__dict__[name]
        if isinstance(value, Box):
            value = row.__dict__[name] = unseal(value, self.field.place(row))
        return value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """A text field whose column holds only sealed bytes; empty text stays empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def contribute_to_class(
        self, cls: type[models.Model], name: str, *args: Any, **kwargs: Any
    ) -> None:
        super().contribute_to_class(cls, name, *args, **kwargs)
        setattr(cls, self.attname, _Opened(self))

    def place(self, row: models.Model) -> str:
        """Return what a value of this row is bound to."""
        return f"{row._meta.db_table}|{self.column}|{row.pk}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname, "")
        if isinstance(value, Box) or not value:
            return value
        return Box(seal(str(value), self.place(model_instance)))

    def from_db_value(self, value: Any, *args: Any) -> Any:
        return Box(value) if value else ""

    def get_prep_value(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or value == "":
            return connection.Database.Binary(b"")
        if not isinstance(value, Box):
            # An UPDATE or a filter has no row to bind to: sealed fields are saved with their row.
            raise TypeError(f"{self.attname} is sealed: save it with its row.")
        return connection.Database.Binary(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.attname} is sealed and is not serialized.")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"widget": forms.Textarea, **kwargs})
