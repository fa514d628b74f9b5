"""Takes a citizen's photo for what it shows: drawn anew, smaller, without what its file hides."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

_FORMATS = ("JPEG", "PNG", "WEBP")
_SIDE, _QUALITY = 1600, 80
# A picture of more points than any phone takes is a bomb: small as a file, huge once unpacked.
_PIXELS = 60_000_000


class BadPhoto(ValueError):
    """A file that is no photo we take; its sentence is for the sender."""


def drawn(data: bytes) -> bytes:
    """Return the photo as a JPEG of at most 1600 points a side. Raises BadPhoto."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > _PIXELS:
                raise BadPhoto("gambar terlalu besar (lebih dari 60 megapiksel)")
            image.draft("RGB", (_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((_SIDE, _SIDE))
            written = io.BytesIO()
            upright.save(written, "JPEG", quality=_QUALITY)
    except UnidentifiedImageError as error:
        raise BadPhoto("bukan foto JPEG, PNG, atau WebP") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPhoto("gambar terlalu besar (lebih dari 60 megapiksel)") from error
    # Pillow tells a damaged file in many ways.
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        if isinstance(error, BadPhoto):
            raise
        raise BadPhoto("foto rusak atau terpotong") from error
    return written.getvalue()
