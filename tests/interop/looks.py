"""Looks of signatures as poppler draws them, against the pictures under testdata/looks.

Run by `tests/interop/run`, after `cargo test --test looks` has made the signed pages.
`--keep` takes what is drawn now for right: look at each picture before it is committed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

GOLDEN = Path("testdata/looks")
DOTS_PER_INCH = 60
# What is drawn as another one is: pages that are turned and moved are seen as if they
# were not, and a picture without soft edges is nearly what it is with them.
AS = {
    "leader-agency-half": "leader-agency",
    "leader-agency-moved": "leader-agency",
    "leader-agency-quarter": "leader-agency",
    "leader-agency-three-quarters": "leader-agency",
    "archived-1": "archived-2",
    "archived-3": "archived-2",
}
# Levels of 255 between two pixels that only smoothing tells apart, after a little blur.
CLOSE = 64
# Of the pixels that are not white, how many may be farther apart.
TOLERANCE = 0.05


def drawn(pdf, folder):
    """The first page as it is seen."""
    out = Path(folder) / pdf.stem
    command = ["pdftoppm", "-cropbox", "-r", str(DOTS_PER_INCH), "-singlefile", "-png"]
    subprocess.run([*command, str(pdf), str(out)], check=True)
    return Image.open(out.with_suffix(".png")).convert("RGB")


def soft(image):
    return image.filter(ImageFilter.GaussianBlur(1))


def count(image, least):
    """Pixels in any of whose channels there is so much."""
    bands = [band.point(lambda it: 255 if it >= least else 0) for band in image.split()]
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return most.histogram()[255]


def apart(one, other):
    """Which share of what is drawn is elsewhere or of another colour."""
    if one.size != other.size:
        return 1.0
    one, other = soft(one), soft(other)
    ink = count(ImageChops.invert(other), CLOSE)
    return count(ImageChops.difference(one, other), CLOSE) / max(ink, 1)


def jpegs(sign, folder):
    """A JPEG goes through as it is: its colour is seen in the middle of the third beside the words."""
    kinds = [("RGB", (200, 120, 30), {}), ("L", 90, {}), ("RGB", (20, 90, 200), {"progressive": True})]
    for n, (mode, colour, options) in enumerate(kinds):
        picture, signed = Path(folder) / f"{n}.jpg", Path(folder) / f"jpeg-{n}.pdf"
        Image.new(mode, (40, 40), colour).save(picture, **options)
        keys = "testdata/keys/rsa2048"
        subprocess.run(
            [sign, "--key", f"{keys}.key.pem", "--cert", f"{keys}.crt.pem",
             "--appearance", "picture", "--image", picture, "--rectangle", "100,100,200,200",
             "testdata/pdf/libreoffice.pdf", signed],
            check=True, stdout=subprocess.DEVNULL,
        )
        page = drawn(signed, folder)
        seen = page.getpixel((150 * DOTS_PER_INCH // 72, page.height - 150 * DOTS_PER_INCH // 72))
        wanted = colour if mode == "RGB" else (colour,) * 3
        if max(abs(a - b) for a, b in zip(seen, wanted)) > 12:
            yield f"a JPEG of {wanted} is seen as {seen}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--looks", type=Path, required=True)
    arguments.add_argument("--examples", type=Path, required=True)
    arguments.add_argument("--keep", action="store_true")
    options = arguments.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        pages = {pdf.stem: drawn(pdf, folder) for pdf in sorted(options.looks.glob("*.pdf"))}
        if options.keep:
            GOLDEN.mkdir(exist_ok=True)
            for name in pages.keys() - AS.keys():
                page = pages[name]
                page.quantize(256).save(GOLDEN / f"{name}.png", optimize=True)
        golden = {png.stem: Image.open(png).convert("RGB") for png in sorted(GOLDEN.glob("*.png"))}
        if pages.keys() != golden.keys() | AS.keys() or not golden:
            missing = pages.keys() ^ (golden.keys() | AS.keys())
            wrong.append(f"without a page or a picture: {sorted(missing)}")
        for name, page in pages.items():
            picture = golden.get(AS.get(name, name))
            if picture and (share := apart(page, picture)) > TOLERANCE:
                wrong.append(f"{name}: {share:.1%} of it is drawn otherwise")
        # What tells nothing apart would prove nothing.
        names = sorted(golden)
        for one, other in zip(names, names[1:]):
            if apart(golden[one], golden[other]) <= TOLERANCE:
                wrong.append(f"{one} and {other} are taken for the same")
        wrong.extend(jpegs(options.examples / "sign", folder))
    for line in wrong:
        print(f"looks: {line}", file=sys.stderr)
    print(f"looks: {len(golden)} pictures, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
