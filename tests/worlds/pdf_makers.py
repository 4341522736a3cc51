"""PDF files by reportlab, and by hand where it cannot write what a case needs."""

import io
import zlib
from collections.abc import Callable, Sequence

WIDTH, HEIGHT = 612, 792  # points, a letter page
LEADING = 14


def canvas_bytes(draw: Callable, **options) -> bytes:
    """A file in which `draw(canvas)` draws; it says `showPage` between pages, not after the last."""
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), invariant=True, **options)
    draw(canvas)
    canvas.save()
    return stream.getvalue()


def lines(canvas, texts: Sequence[str], x: float = 72, y: float = 720, size: float = 10, leading: float = LEADING) -> None:
    """Texts below each other."""
    for number, text in enumerate(texts):
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y - number * leading, text)


RESUME = ("Anna Miller", "Data engineer", "2019 - 2022 Acme, Springfield", "Built pipelines in Python and SQL.")
HIDDEN = "Kubernetes Terraform Snowflake"


def with_hidden(draw: Callable, **options) -> Callable[[], bytes]:
    """A maker of a resume on which `draw(canvas, HIDDEN)` draws what nobody sees."""

    def on(canvas):
        lines(canvas, RESUME)
        canvas.saveState()
        draw(canvas, HIDDEN)
        canvas.restoreState()
        lines(canvas, ["References on request"], y=300)

    return lambda: canvas_bytes(on, **options)


def picture(width: int = 40, height: int = 40, colour: tuple[int, int, int] = (250, 250, 250), noise: bool = False):
    """A picture for `drawImage`."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    image = Image.new("RGB", (width, height), colour)
    if noise:
        image.putdata([((x * 7 + y * 13) % 200,) * 3 for y in range(height) for x in range(width)])
    return ImageReader(image)


def striped():
    """A picture with stripes of white and of dark blue, a little more of white; for `drawImage`."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    image = Image.new("RGB", (612, 40), (255, 255, 255))
    image.putdata([(20, 40, 90) if x % 9 < 4 else (255, 255, 255) for _ in range(40) for x in range(612)])
    return ImageReader(image)


def rewritten(content: bytes, change: Callable) -> bytes:
    """A file after `change(writer)` of pypdf."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    change(writer)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def by_hand(
    streams: Sequence[bytes], fonts: bytes = b"", resources: bytes = b"", objects: Sequence[bytes] = (), catalog: bytes = b""
) -> bytes:
    """A file of pages with these content streams.

    Args:
        fonts: beside /F1. resources: further ones of every page.
        objects: further ones, numbered from 5 on. catalog: further entries of it.
    """
    first = 5 + len(objects)
    pages = [first + 2 * number for number in range(len(streams))]
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    bodies = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % len(pages),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: b"<< /Font << /F1 3 0 R " + fonts + b" >> " + resources + b" >>",
        **dict(enumerate(objects, 5)),
    }
    for number, stream in zip(pages, streams):
        bodies[number] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources 4 0 R /Contents %d 0 R >>" % (number + 1)
        packed = zlib.compress(stream)
        bodies[number + 1] = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    made, places = bytearray(b"%PDF-1.7\n"), {}
    for number in sorted(bodies):
        places[number] = len(made)
        made += b"%d 0 obj\n" % number + bodies[number] + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    made += b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(bodies))
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(made)


def text_at(x: float, y: float, text: str, size: float = 10) -> bytes:
    """Operators that draw a text."""
    return f"BT /F1 {size:g} Tf {x:g} {y:g} Td ({text}) Tj ET\n".encode("cp1252")
