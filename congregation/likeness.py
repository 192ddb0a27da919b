"""From a picture that someone chose to a small square one, or why it can't be used.

Bytes in, bytes out. What comes out holds pixels and nothing else: it is encoded anew, so whatever else lay in
the file (where it was taken, comments, another file behind it) stays behind. What goes in is looked at before it
is decoded: its kind by its content, never by its name; its size; how often a decoder would have to go over it.
"""

import struct
import zlib
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms, ImageFile

SIDE: Final = 256
LEAST_SIDE: Final = 64
MOST_BYTES: Final = 8 * 1024 * 1024
# What is kept: the pictures of two hundred people are 6 MB at most.
MOST_KEPT: Final = 30 * 1024
# A JPEG is decoded at a fraction of its size; the others are in memory whole.
MOST_PIXELS: Final = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
# Each scan of a progressive JPEG goes over the whole of it; cameras and tools write ten or so.
MOST_SCANS: Final = 100
MOST_PROFILE: Final = 2 * 1024 * 1024
SCAN: Final = b"\xff\xda"
QUALITIES: Final = (84, 72, 58, 44, 30, 15, 5)

# How the eight orientations that a camera notes are brought upright.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION: Final = 0x0112
# What decoders raise at files that are broken, in part by chance.
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, MemoryError,
    AttributeError, RuntimeError, struct.error, zlib.error, ImageCms.PyCMSError,
)  # fmt: skip


class UnusableError(ValueError):
    """A file that no picture is made of; `why` is one of the words below."""

    EMPTY = "empty"
    HEAVY = "heavy"
    KIND = "kind"
    LARGE = "large"
    SMALL = "small"
    MOVING = "moving"
    BROKEN = "broken"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def likeness(data: bytes) -> bytes:
    """Return the middle of a JPEG, PNG or WebP picture, upright, as a WebP of 256 × 256 pixels of sRGB.

    At most 30 kB. Raises UnusableError; nothing else, whatever the bytes are.
    """
    if not data:
        raise UnusableError(UnusableError.EMPTY)
    if len(data) > MOST_BYTES:
        raise UnusableError(UnusableError.HEAVY)
    kind = kind_of(data)
    if data.count(SCAN) > MOST_SCANS and kind == "JPEG":
        raise UnusableError(UnusableError.BROKEN)
    try:
        if kind == "WEBP":
            # The decoder makes room for the whole canvas as soon as it is opened.
            _check(kind, *_canvas(data))
        with Image.open(BytesIO(data), formats=[kind]) as picture:
            _check(kind, *picture.size)
            # A JPEG with more pictures behind the first (a phone's depth map, say) doesn't move.
            if kind != "JPEG" and getattr(picture, "n_frames", 1) > 1:
                raise UnusableError(UnusableError.MOVING)
            return _encoded(_upright(picture))
    except UnusableError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnusableError(UnusableError.LARGE) from None
    except _BROKEN:
        raise UnusableError(UnusableError.BROKEN) from None


def kind_of(data: bytes) -> str:
    """Return what a file is by its first bytes; raise UnusableError for all but three kinds."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise UnusableError(UnusableError.KIND)


def _check(kind: str, width: int, height: int) -> None:
    if width * height > MOST_PIXELS[kind]:
        raise UnusableError(UnusableError.LARGE)
    if min(width, height) < LEAST_SIDE:
        raise UnusableError(UnusableError.SMALL)


def _canvas(data: bytes) -> tuple[int, int]:
    """Return width and height as a WebP file has them in its first chunk (RFC 9649)."""
    chunk = data[12:16]
    if chunk == b"VP8X" and len(data) >= 30:
        if data[20] & 0x02:
            raise UnusableError(UnusableError.MOVING)
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise UnusableError(UnusableError.BROKEN)


def _upright(picture: ImageFile.ImageFile) -> Image.Image:
    """Return the middle square, small, upright, in sRGB; the whole is decoded once."""
    picture.draft("RGB", (2 * SIDE, 2 * SIDE))
    picture.load()
    orientation, profile = _orientation(picture), picture.info.get("icc_profile")
    whole = _eight_bits(picture)
    left, top = ((length - min(whole.size)) / 2 for length in whole.size)
    box = (left, top, left + min(whole.size), top + min(whole.size))
    small = whole.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    if orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[orientation])
    return _flat(_in_srgb(small, profile))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1  # notes of a camera that can't be read make no picture unusable


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture in a mode that can be made smaller: palettes resolved, 16 bits of grey brought to 8."""
    if picture.mode.startswith("I"):
        # Grey of 16 bits; cut off at 255 it would be white nearly everywhere.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"RGB", "L", "CMYK"} and "transparency" not in picture.info:
        return picture
    return picture.convert("RGBA")


def _in_srgb(small: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a small picture with the colours that its profile means; one that can't be read is passed over."""
    alpha = small.getchannel("A") if small.mode == "RGBA" else None
    plain = small.convert("RGB") if alpha else small
    if profile and len(profile) <= MOST_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            plain = converted or plain
        except _BROKEN:
            pass
    plain = plain.convert("RGB")
    if alpha:
        plain.putalpha(alpha)
    return plain


def _flat(small: Image.Image) -> Image.Image:
    """Return the pixels alone, on white where one could see through."""
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small if small.mode == "RGBA" else None)
    return ground


def _encoded(small: Image.Image) -> bytes:
    for quality in QUALITIES:
        out = BytesIO()
        small.save(out, "WEBP", quality=quality, method=4)
        if out.tell() <= MOST_KEPT:
            return out.getvalue()
    raise UnusableError(UnusableError.BROKEN)
