"""From what someone sends to a small square picture, and what is refused."""

import random
import struct
import zlib

import pytest
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from congregation.likeness import MOST_BYTES, MOST_KEPT, SIDE, UnusableError, likeness
from congregation.uploads import MOST
from tests.congregation.pictures import (
    chunk,
    corners,
    jpeg_that_says,
    opened,
    png_that_says,
    quarters,
    saved,
    webp_that_says,
)

pytestmark = pytest.mark.once

UPRIGHT = ["red", "green", "blue", "gold"]
TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def why(data):
    with pytest.raises(UnusableError) as refused:
        likeness(data)
    return refused.value.why


def pixel(data, x=SIDE // 2, y=SIDE // 2):
    return opened(data).convert("RGB").getpixel((x, y))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_kinds_become_one(kind):
    made = likeness(saved(quarters(), kind))
    picture = opened(made)
    assert (picture.format, picture.size, picture.mode) == ("WEBP", (SIDE, SIDE), "RGB")
    assert corners(picture) == UPRIGHT
    assert likeness(saved(quarters(), kind)) == made


def test_the_middle_square_is_kept():
    for size in [(960, 320), (320, 960)]:
        picture = Image.new("RGB", size, "white")
        picture.paste(quarters(), tuple((side - 320) // 2 for side in size))
        assert corners(opened(likeness(saved(picture)))) == UPRIGHT


def test_a_large_photograph_is_decoded_small_and_kept_small():
    noise = Image.effect_noise((1500, 1000), 120).resize((6000, 4000), Image.Resampling.NEAREST)
    assert len(likeness(saved(noise, quality=60))) <= MOST_KEPT
    worst = Image.frombytes("RGB", (256, 256), random.Random(1).randbytes(256 * 256 * 3))
    assert len(likeness(saved(worst, "PNG"))) <= MOST_KEPT


@pytest.mark.parametrize("orientation", TURNED)
def test_it_stands_upright_however_the_camera_was_held(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = quarters()
    if TURNED[orientation] is not None:
        lying = lying.transpose(TURNED[orientation])
    for kind in ["JPEG", "PNG", "WEBP"]:
        assert corners(opened(likeness(saved(lying, kind, exif=exif)))) == UPRIGHT


def test_nothing_but_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010E] = "At grandmother's"
    exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "S", (40.0, 45.0, 12.5)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "At grandmother's")
    files = [
        saved(quarters(), exif=exif, icc_profile=profile, comment=b"At grandmother's"),
        saved(quarters(), "PNG", exif=exif, icc_profile=profile, pnginfo=notes),
        saved(quarters(), "WEBP", exif=exif, icc_profile=profile, xmp=b"<x>grandmother</x>"),
    ]
    assert all(b"grandmother" in data for data in files)
    for data in files:
        made = likeness(data)
        assert made[12:16] == b"VP8 "
        assert 20 + struct.unpack_from("<I", made, 16)[0] in {len(made), len(made) - 1}
        picture = opened(made)
        assert not picture.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(picture.info)


def test_what_lies_behind_a_picture_stays_behind():
    hidden = b"PK\x03\x04<script>alert(1)</script><?php ?>"
    noted = chunk(b"tEXt", b"Title\x00" + hidden)
    png = saved(quarters(), "PNG")
    for data in [saved(quarters()) + hidden, png + hidden, png[:33] + noted + png[33:]]:
        assert b"script" in data
        assert b"script" not in likeness(data)


def test_unusual_modes():
    assert pixel(likeness(saved(Image.new("CMYK", (300, 200), (0, 255, 255, 0)))))[0] > 200
    grey = Image.new("I;16", (300, 200), 32768)
    assert all(abs(level - 128) < 4 for level in pixel(likeness(saved(grey, "PNG"))))
    assert pixel(likeness(saved(Image.new("1", (90, 90), 1), "PNG"))) == (255, 255, 255)
    assert max(pixel(likeness(saved(Image.new("L", (90, 90), 10))))) < 20
    colours = quarters().convert("P", palette=Image.Palette.ADAPTIVE)
    assert corners(opened(likeness(saved(colours, "PNG")))) == UPRIGHT


def test_what_one_can_see_through_stands_on_white():
    clear = Image.new("RGBA", (300, 300), (200, 0, 0, 0))
    assert min(pixel(likeness(saved(clear, "PNG")))) > 250
    assert min(pixel(likeness(saved(clear.convert("LA"), "PNG")))) > 250
    one = Image.new("P", (300, 300), 0)
    assert min(pixel(likeness(saved(one, "PNG", transparency=0)))) > 250


def test_colours_are_those_that_the_profile_means():
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = plain.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    red = Image.new("RGB", (300, 300), "red")
    assert pixel(likeness(saved(red, "PNG", icc_profile=plain)))[0] > 240
    swapped = pixel(likeness(saved(red, "PNG", icc_profile=turned)))
    assert swapped[1] > 240
    assert pixel(likeness(saved(red, "PNG", icc_profile=b"no profile at all")))[0] > 240


def test_a_phones_second_picture_behind_the_first_is_no_fault():
    data = saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (160, 160))])
    assert corners(opened(likeness(data))) == UPRIGHT


def test_what_is_no_picture_of_ours():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    for data in [
        svg,
        b"<?xml version='1.0'?>" + svg,
        b"<!doctype html>" + saved(quarters()),
        b"%PDF-1.7 ",
        b"\x00\x00\x00\x18ftypheic",
        b"x",
        *(saved(quarters(), kind) for kind in ["GIF", "BMP", "TIFF", "ICO", "PPM"]),
    ]:
        assert why(data) == UnusableError.KIND
    assert why(b"") == UnusableError.EMPTY


def test_what_moves():
    more = [Image.new("RGB", (320, 320), "white")]
    for kind in ["PNG", "WEBP"]:
        moving = saved(quarters(), kind, save_all=True, append_images=more)
        assert why(moving) == UnusableError.MOVING


def test_what_didnt_arrive_whole():
    for kind in ["JPEG", "PNG", "WEBP"]:
        whole = saved(quarters(), kind)
        for share in [0.1, 0.5, 0.9]:
            assert why(whole[: int(len(whole) * share)]) == UnusableError.BROKEN
        assert why(whole[:16]) == UnusableError.BROKEN


def test_too_large_is_refused_before_anything_is_decoded(monkeypatch):
    def decoded(picture):
        raise AssertionError("It was decoded.")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    for data in [
        png_that_says(5001, 5000),
        png_that_says(60_000, 60_000),
        png_that_says(2**31 - 1, 2**31 - 1),
        webp_that_says(16_383, 16_383),
        webp_that_says(2**24, 2**24),
        jpeg_that_says(7100, 7100),
        jpeg_that_says(65_500, 65_500),
    ]:
        assert why(data) == UnusableError.LARGE
    monkeypatch.undo()
    assert why(b"\xff\xd8\xff" + bytes(MOST_BYTES)) == UnusableError.HEAVY
    assert MOST_BYTES == MOST


def test_other_bombs():
    words = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(40_000_000)))
    assert why(png_that_says(300, 300, words)) == UnusableError.BROKEN
    assert why(saved(quarters(), progressive=True) + b"\xff\xda" * 101) == UnusableError.BROKEN
    assert likeness(saved(quarters(), progressive=True))


def test_too_small():
    for size in [(63, 400), (400, 63), (1, 1)]:
        assert why(saved(Image.new("RGB", size), "PNG")) == UnusableError.SMALL


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_whatever_comes_is_taken_or_refused(kind):
    chance = random.Random(7)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = saved(quarters(96, 80), kind, exif=exif)
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 20])):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(12, len(data)) :]
        try:
            made = likeness(bytes(data))
        except UnusableError:
            continue
        assert opened(made).size == (SIDE, SIDE)
