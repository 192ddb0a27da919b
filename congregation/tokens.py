"""Tokens of links: whoever holds one is let in by it, and only its hash is kept."""

import hashlib
import secrets


def hashed(token: str) -> str:
    """Return what is stored of a token. Tokens have 192 random bits or more, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(size: int = 32) -> tuple[str, str]:
    """Return a new token of so many random bytes, and its hash."""
    token = secrets.token_urlsafe(size)
    return token, hashed(token)
