"""Files of pictures, good and bad, for the tests."""

import struct
import zlib
from io import BytesIO

from PIL import Image

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 60),
    "blue": (30, 60, 200),
    "gold": (230, 190, 30),
}


def quarters(width=320, height=320):
    """A picture of four colours: red and green above, blue and gold below."""
    picture = Image.new("RGB", (width, height))
    for number, colour in enumerate(COLOURS.values()):
        left, top = number % 2 * width // 2, number // 2 * height // 2
        picture.paste(colour, (left, top, left + width // 2, top + height // 2))
    return picture


def saved(picture, kind="JPEG", **how):
    """The bytes of a picture."""
    out = BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def opened(data):
    """The picture in some bytes, decoded."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def corners(picture):
    """What colours the quarters of a picture have, by name, row by row."""
    width, height = picture.size
    found = []
    for y in (height // 4, 3 * height // 4):
        for x in (width // 4, 3 * width // 4):
            seen = picture.convert("RGB").getpixel((x, y))
            found.append(
                min(
                    COLOURS,
                    key=lambda name: sum(
                        (a - b) ** 2 for a, b in zip(COLOURS[name], seen, strict=True)
                    ),
                )
            )
    return found


def chunk(kind, data):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width, height, *more):
    """A PNG file that says it is this large, with hardly anything in it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + body + chunk(b"IEND", b"")


def webp_that_says(width, height):
    """A WebP file that says its canvas is this large."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inside = saved(quarters(64, 64), "WEBP", lossless=True)[12:]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides + inside
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_that_says(width, height):
    """A JPEG file that says it is this large."""
    data = bytearray(saved(quarters()))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)
