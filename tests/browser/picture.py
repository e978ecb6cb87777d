"""A picture worth sending, drawn here so that none has to be kept in the repository."""

from io import BytesIO

from PIL import Image, ImageDraw

SKY = [(250, 232, 208), (245, 196, 150), (226, 132, 110), (116, 92, 128)]
HILLS = [(86, 118, 122), (56, 96, 100), (30, 72, 74), (15, 48, 50)]


def landscape(width: int = 960, height: int = 600) -> bytes:
    """Hills before a morning sky, as PNG."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        place = y / height * (len(SKY) - 1)
        low, part = int(place), place % 1
        above, below = SKY[::-1][low], SKY[::-1][min(low + 1, len(SKY) - 1)]
        draw.line(
            [(0, y), (width, y)],
            tuple(round(a + (b - a) * part) for a, b in zip(above, below, strict=True)),
        )
    draw.ellipse((width * 0.62, height * 0.3, width * 0.74, height * 0.492), fill=(255, 244, 220))
    for row, colour in enumerate(HILLS):
        base = height * (0.55 + row * 0.12)
        ridge = [(x, base - _ridge(x / width, row) * height * 0.22) for x in range(0, width + 8, 8)]
        draw.polygon([*ridge, (width, height), (0, height)], fill=colour)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _ridge(x: float, row: int) -> float:
    """Between 0 and 1, another line for each row."""
    wave = (x * (2.3 + row * 0.9) + row * 0.37) % 1
    ripple = (x * (7.1 + row) + row * 0.61) % 1
    return 0.75 * (1 - abs(2 * wave - 1)) ** 1.4 + 0.25 * (1 - abs(2 * ripple - 1))
