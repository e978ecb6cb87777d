"""Files that people upload, made here: honest ones, and ones that only look like it."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

GPS = 0x8825
SECRET = b"48.8584 N 2.2945 E"


def picture(
    format: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any
) -> bytes:
    """Left half red, right half blue."""
    image = Image.new(mode, size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def with_metadata(format: str, orientation: int = 1, **options: Any) -> bytes:
    """A picture that says where it was taken, in every way that its format has."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[29] = SECRET.decode()
    if format == "JPEG":
        options |= {"comment": SECRET, "xmp": b"<x>" + SECRET + b"</x>"}
    if format == "WEBP":
        options |= {"xmp": b"<x>" + SECRET + b"</x>"}
    data = picture(format, exif=exif, **options)
    if format == "PNG":
        data = data[:33] + chunk(b"tEXt", b"Comment\0" + SECRET) + data[33:]
    return data


def animation(format: str, frames: int = 3) -> bytes:
    images = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")[:frames]]
    out = BytesIO()
    images[0].save(out, format, save_all=True, append_images=images[1:], duration=100, loop=0)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def huge_png(width: int, height: int, rows: int) -> bytes:
    """Small as a file and immense as a picture; it has fewer rows than it says."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    pixels = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def flat_png(side: int) -> bytes:
    """One colour: of 25 megapixels the file has 84 KB."""
    out = BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, "PNG", compress_level=9)
    return out.getvalue()


def jpeg_of_many_scans(scans: int, side: int = 5_000) -> bytes:
    """A valid JPEG that has its last scan, which changes nothing, again and again."""
    out = BytesIO()
    Image.new("L", (side, side), "red").save(out, "JPEG", progressive=True, quality=50)
    data = out.getvalue()
    last = data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda"))  # with its own table
    return data[:-2] + data[last:-2] * scans + data[-2:]


def webp_to_be_turned(side: int) -> bytes:
    """Noise that a camera held sideways: of 25 megapixels it is the dearest that is allowed."""
    exif = Image.Exif()
    exif[0x0112] = 6
    noise = Image.effect_noise((side, side), 90).convert("RGB")
    out = BytesIO()
    noise.save(out, "WEBP", quality=50, method=0, exif=exif)
    return out.getvalue()


def gif_in_pieces(size: int) -> bytes:
    """A small picture that claims to be quick, and has a comment in pieces of one byte each."""
    data = picture("GIF")
    at = 13 + (3 << ((data[10] & 7) + 1))  # behind the colours
    return data[:at] + b"\x21\xfe" + b"\x01x" * (size // 2) + b"\0" + data[at:]


def jpeg_of_two_pictures(orientation: int) -> bytes:
    """An MPO, as cameras with two lenses write: a JPEG with a second one behind it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    first = Image.open(BytesIO(picture("JPEG", quality=100)))
    out = BytesIO()
    second = Image.new("RGB", first.size, "green")
    first.save(out, "MPO", save_all=True, append_images=[second], exif=exif)
    return out.getvalue()


def gif_of_many_comments(size: int) -> bytes:
    """One picture, and this many bytes of one comment, which is joined piece by piece."""
    data = picture("GIF")
    at = 13 + (3 << ((data[10] & 7) + 1))  # behind the colours
    comment = b"\x21\xfe" + (b"\xff" + b"x" * 255) * (size // 256) + b"\0"
    return data[:at] + comment + data[at:]


def gif_of_many_frames(frames: int, side: int) -> bytes:
    """So many frames of one pixel each on a canvas of ``side`` by ``side``."""
    canvas = struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + canvas + frame * frames + b";"


def png_with(extra: bytes) -> bytes:
    """A small PNG with these chunks behind its header."""
    data = picture("PNG")
    return data[:33] + extra + data[33:]


def boxes(brand: bytes, *others: bytes) -> bytes:
    """How a file of boxes begins that is compatible with these brands."""
    brands = brand + bytes(4) + brand + b"".join(others)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands


def heic() -> bytes:
    """What a telephone writes, without a picture that could be decoded: three items, of which two
    are notes, one in pieces and one in the box that describes them."""
    entries = [(1, b"hvc1", b""), (2, b"Exif", b""), (3, b"mime", b"application/rdf+xml\0")]
    infos = b"".join(
        _box(b"infe", b"\2\0\0\0" + struct.pack(">HH", item, 0) + kind + b"\0" + rest)
        for item, kind, rest in entries
    )
    iinf = _box(b"iinf", bytes(4) + struct.pack(">H", len(entries)) + infos)
    idat = _box(b"idat", b"<x>" + SECRET + b"</x>")
    mdat = b"pixels" * 10 + bytes(4) + b"MM\0*" + SECRET

    def file(start: int) -> bytes:
        places = [
            (1, 0, [(start, 60)]),
            (2, 0, [(start + 60, 20), (start + 80, len(mdat) - 80)]),
            (3, 1, [(0, len(idat) - 8)]),
        ]
        iloc = b"\1\0\0\0\x44\0" + struct.pack(">H", len(places))
        for item, method, pieces in places:
            iloc += struct.pack(">HHHH", item, method, 0, len(pieces))
            iloc += b"".join(struct.pack(">II", *piece) for piece in pieces)
        meta = _box(b"meta", bytes(4) + iinf + _box(b"iloc", iloc) + idat)
        return boxes(b"heic", b"mif1") + meta + _box(b"mdat", mdat)

    return file(len(file(0)) - len(mdat))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 100
M4A = b"\0\0\0\x20ftypM4A \0\0\2\0M4A mp42isom" + b"\0" * 100
FRAGMENTED_MP4 = b"\0\0\0\x1cftypiso5\0\0\2\0iso5dash" + b"\0" * 100
WEBM = (
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
    + bytes(99)
)
OGG = b"OggS\0\2" + b"\0" * 20 + b"\1\x1e\1vorbis" + b"\0" * 100
MP3 = b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + b"\0" * 400
MP3_WITHOUT_TAG = b"\xff\xf3\x90\x64" + b"\0" * 400
WAV = (
    b"RIFF\x24\3\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data" + b"\0" * 804
)
FLAC = b"fLaC\0\0\0\x22" + b"\0" * 100
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
PROGRAM = b"MZ\x90\0" + b"\0" * 200
