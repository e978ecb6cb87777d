"""Copies the chosen screenshots into docs/images, as small as they can be and still be sharp."""

from PIL import Image

from tests.browser.conftest import SCREENSHOTS
from tests.support.live import ROOT

CHOSEN = {"chat-light": 1600, "chat-dark": 1600, "chat-300": 450}
"""The screenshots that the README shows, with their width there in pixels."""


def main() -> None:
    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    for name, width in CHOSEN.items():
        image = Image.open(SCREENSHOTS / f"{name}.png").convert("RGB")
        height = round(image.height * width / image.width)
        small = image.resize((width, height), Image.Resampling.LANCZOS)
        # A palette fitted to the picture: a third of the size, and no difference to be seen.
        palette = small.quantize(256, kmeans=5, dither=Image.Dither.NONE)
        palette.save(images / f"{name}.png", optimize=True)
        print(f"docs/images/{name}.png: {(images / f'{name}.png').stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
