"""QR codes as tiny pictures: zxing-cpp draws the modules, one bit each, and whoever prints scales them up."""

import struct
import zlib

import zxingcpp

_TO_BITS = bytes([ord("0")]) + bytes([ord("1")]) * 255


def qr_png(payload: str, /, *, error_correction: str = "M") -> bytes:
    """Return a PNG of one pixel a module, without the quiet zone: the page leaves white around it.

    Written by hand, as an imaging library would take longer over these 600 bytes than the code itself takes.
    """
    # Told nothing, zxing-cpp writes Cyrillic as Windows-1251, whatever the payload itself says of its encoding.
    barcode = zxingcpp.create_barcode(
        payload, zxingcpp.BarcodeFormat.QRCode, ec_level=error_correction, eci="UTF8"
    )
    picture = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))
    height, width = picture.shape
    modules = picture.tobytes().translate(_TO_BITS)
    row_bytes = (width + 7) // 8
    rows = (int(modules[at : at + width], 2) << (-width % 8) for at in range(0, height * width, width))
    pixels = b"".join(b"\0" + row.to_bytes(row_bytes, "big") for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(pixels))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
