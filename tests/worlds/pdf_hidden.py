"""What hides text on the pages of the cases of PDF files."""

from pdf_makers import HIDDEN, RESUME, by_hand, canvas_bytes, lines, picture, rewritten, text_at


def white(canvas, text):
    canvas.setFillColorRGB(1, 1, 1)
    lines(canvas, [text], y=500)


def nearly_white(canvas, text):
    canvas.setFillColorRGB(0.985, 0.985, 0.985)
    lines(canvas, [text], y=500)


def white_on_blue(canvas):
    """White letters that are seen, and blue ones on the same blue that are not."""
    canvas.setFillColorRGB(0.1, 0.2, 0.5)
    canvas.rect(0, 640, 612, 152, stroke=0, fill=1)
    lines(canvas, [HIDDEN], y=660)
    canvas.setFillColorRGB(1, 1, 1)
    lines(canvas, RESUME[:2])
    canvas.setFillColorRGB(0, 0, 0)
    lines(canvas, RESUME[2:], y=600)


def white_within_a_line(canvas):
    canvas.setFont("Helvetica", 10)
    text = canvas.beginText(72, 700)
    text.textOut("Built pipelines in Python")
    text.setFillColorRGB(1, 1, 1)
    text.textOut(f" {HIDDEN} ")
    text.setFillColorRGB(0, 0, 0)
    text.textOut("and SQL.")
    canvas.drawText(text)


def white_under_text(canvas):
    """White letters in the place of black ones, and drawn before them."""
    canvas.setFillColorRGB(1, 1, 1)
    lines(canvas, [HIDDEN], y=720)
    canvas.setFillColorRGB(0, 0, 0)
    lines(canvas, ["Anna Miller, data engineer of Springfield", *RESUME[2:]])


def across_a_line(canvas, text):
    """White letters, of which a thin line shows a slice."""
    canvas.rect(72, 503, 400, 0.3, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    lines(canvas, [text], y=500)


def in_a_slit(canvas, text):
    """Black letters under two white shapes, between which they look like a dotted line."""
    lines(canvas, [text], y=500)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(60, 490, 400, 12, stroke=0, fill=1)
    canvas.rect(60, 502.5, 400, 12, stroke=0, fill=1)


def tiny(canvas, text):
    lines(canvas, [text], y=500, size=0.8)


def tiny_by_scale(canvas, text):
    canvas.translate(72, 500)
    canvas.scale(0.05, 0.05)
    lines(canvas, [text], x=0, y=0, size=12)


def outside(canvas, text):
    lines(canvas, [text], x=72, y=-60)


def clipped(canvas, text):
    path = canvas.beginPath()
    path.rect(300, 400, 10, 10)
    canvas.clipPath(path, stroke=0, fill=0)
    lines(canvas, [text], y=500)


def invisible(canvas, text):
    made = canvas.beginText(72, 500)
    made.setTextRenderMode(3)
    made.textLine(text)
    canvas.drawText(made)


def transparent(canvas, text):
    canvas.setFillAlpha(0)
    lines(canvas, [text], y=500)


def under_rectangle(canvas, text):
    lines(canvas, [text], y=500)
    canvas.setFillColorRGB(0.2, 0.6, 0.2)
    canvas.rect(60, 480, 400, 40, stroke=0, fill=1)


def under_picture(canvas, text):
    lines(canvas, [text], y=500)
    canvas.drawImage(picture(noise=True), 60, 480, 400, 40)


def cropped_to_nothing():
    """A crop box beside the page, on the first page of two."""

    def crop(writer):
        writer.pages[0].cropbox.lower_left, writer.pages[0].cropbox.upper_right = (2000, 2000), (2200, 2200)

    def two_pages(canvas):
        lines(canvas, [HIDDEN])
        canvas.showPage()
        lines(canvas, RESUME)

    return rewritten(canvas_bytes(two_pages), crop)


def cropped():
    def crop(writer):
        writer.pages[0].cropbox.lower_left = (0, 400)

    return rewritten(canvas_bytes(lambda canvas: (lines(canvas, RESUME), lines(canvas, [HIDDEN], y=300))), crop)


def layer_off():
    """An optional content group that is switched off."""
    content = b"".join(text_at(72, 720 - 14 * number, text) for number, text in enumerate(RESUME))
    content += b"/OC /MC0 BDC\n" + text_at(72, 500, HIDDEN) + b"EMC\n"
    return by_hand(
        [content],
        resources=b"/Properties << /MC0 5 0 R >>",
        objects=[b"<< /Type /OCG /Name (Layer) >>"],
        catalog=b"/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] /Order [5 0 R] >> >>",
    )


def between_the_lines(canvas):
    """Small letters that reach into a line which is seen, many over each other, under a white strip; the line is drawn last."""
    for place, word in enumerate(HIDDEN.split()):
        lines(canvas, [word * 9], x=72 + 5 * place, y=708, size=3)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(60, 707, 400, 5, stroke=0, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    lines(canvas, RESUME, y=701)


def touching(canvas):
    """Small letters whose feet touch the heads of letters that are seen, under a white strip."""
    lines(canvas, ["Salesforce, CRM"], x=60, y=504.5, size=3)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(55, 503.5, 492, 4, stroke=0, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    lines(canvas, ["- clickable throw-away versions of an idea"], x=60, y=498)
