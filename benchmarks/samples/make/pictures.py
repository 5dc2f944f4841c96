"""Plain pictures for the bundled samples: lines, filled shapes and a bitmap font, at most 336 pixels a side."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

BLACK, GREY, WHITE = (0, 0, 0), (150, 150, 150), (255, 255, 255)
RED, GREEN, BLUE, ORANGE = (200, 40, 40), (30, 140, 50), (40, 70, 200), (220, 140, 20)
COLOURS = (RED, GREEN, BLUE, ORANGE)

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Sheet:
    """A white sheet to draw on, in pixels from the top left."""

    image: Image.Image

    @classmethod
    def blank(cls, width: int, height: int) -> Sheet:
        """An empty sheet."""
        return cls(Image.new("RGB", (width, height), WHITE))

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Pillow's drawing interface."""
        return ImageDraw.Draw(self.image)

    def line(self, *points: Point, width: int = 2, colour: Colour = BLACK) -> None:
        """A line through points."""
        self.pen.line([*points], fill=colour, width=width)

    def polygon(self, *points: Point, fill: Colour | None = None) -> None:
        """A closed outline, filled or not."""
        if fill:
            self.pen.polygon([*points], fill=fill)
        self.line(*points, points[0])

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour | None = None) -> None:
        """A rectangle."""
        self.pen.rectangle([left, top, right, bottom], fill=fill, outline=BLACK, width=2)

    def circle(self, x: float, y: float, radius: float, fill: Colour | None = None) -> None:
        """A circle around a point."""
        self.pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill, outline=BLACK, width=2)

    def ngon(self, centre: Point, radius: float, sides: int) -> None:
        """A regular polygon, flat at the bottom; 0 sides is a circle."""
        x, y = centre
        if sides == 0:
            self.circle(x, y, radius)
            return
        turns = [math.pi / 2 + math.pi * (2 * k + 1) / sides for k in range(sides)]
        self.polygon(*((round(x + radius * math.cos(t)), round(y + radius * math.sin(t))) for t in turns))

    def text(self, x: float, y: float, words: str, scale: int = 2, colour: Colour = BLACK) -> None:
        """Words centred on a point, in a bitmap font, so that every machine draws the same."""
        font = ImageFont.load_default_imagefont()
        left, top, right, bottom = (int(v) for v in font.getbbox(words))
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).text((-left, -top), words, fill=255, font=font)
        mask = mask.resize((mask.width * scale, mask.height * scale), Image.Resampling.NEAREST)
        self.image.paste(colour, (int(x - mask.width / 2), int(y - mask.height / 2)), mask)

    def png(self) -> bytes:
        """The sheet as a PNG with a palette."""
        stream = io.BytesIO()
        self.image.quantize(64, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
        return stream.getvalue()


def bars(heights: Sequence[int]) -> Sheet:
    """Three bars of height 1 to 9 in 84 x 84 pixels, red, green, blue from the left."""
    sheet = Sheet.blank(84, 84)
    for place, height in enumerate(heights):
        left = 8 + 28 * place
        sheet.pen.rectangle([left, 79 - 8 * height, left + 12, 79], fill=COLOURS[place])
    sheet.line((0, 79), (84, 79), width=1, colour=(90, 90, 90))
    return sheet


def chart(title: str, values: Mapping[str, float], unit: str = "") -> Sheet:
    """A bar chart with its values written above the bars."""
    sheet = Sheet.blank(60 + 60 * len(values), 220)
    sheet.text(sheet.image.width / 2, 14, title)
    tallest = max(values.values())
    for place, (name, value) in enumerate(values.items()):
        x, top = 60 + 60 * place, 195 - 130 * value / tallest
        sheet.box(x - 18, top, x + 18, 195, fill=COLOURS[place % 4])
        sheet.text(x, top - 10, f"{value:g}{unit}")
        sheet.text(x, 208, name)
    sheet.line((24, 195), (sheet.image.width - 6, 195))
    return sheet


def triangle(corners: str = "ABC", angles: Sequence[str] = ("", "", "")) -> Sheet:
    """A triangle with angles of 40 (left), 75 (right) and 65 (top) degrees, named and marked."""
    sheet = Sheet.blank(240, 190)
    left, right, top = (30.0, 160.0), (210.0, 160.0), (177.0, 37.0)
    sheet.polygon(left, right, top)
    places = ((12, 164), (228, 164), (177, 20))
    inner = ((70, 148), (184, 147), (168, 66))
    for (x, y), name in zip(places, corners, strict=True):
        sheet.text(x, y, name)
    for (x, y), angle in zip(inner, angles, strict=True):
        if angle:
            sheet.text(x, y, angle)
    return sheet


def right_triangle(across: float, up: float, slope: str) -> Sheet:
    """A right triangle to scale, its short sides marked with their lengths and the long one with a text."""
    scale = min(140 / across, 105 / up)
    right, top = 50 + scale * across, 140 - scale * up
    sheet = Sheet.blank(220, 180)
    sheet.polygon((50, 140), (right, 140), (50, top))
    sheet.box(50, 128, 62, 140)
    sheet.text((50 + right) / 2, 158, f"{across:g}")
    sheet.text(28, (140 + top) / 2, f"{up:g}")
    sheet.text((50 + right) / 2 + 18, (140 + top) / 2 - 14, slope)
    return sheet


def disc(radius: str) -> Sheet:
    """A circle with a radius drawn; an empty text leaves the length out."""
    sheet = Sheet.blank(180, 180)
    sheet.circle(90, 90, 75)
    sheet.line((90, 90), (165, 90))
    sheet.circle(90, 90, 2, fill=BLACK)
    sheet.text(80, 102, "O")
    if radius:
        sheet.text(124, 76, radius)
    return sheet


def plane(points: dict[str, tuple[int, int]]) -> Sheet:
    """A coordinate grid from -4 to 4 with named points."""
    sheet = Sheet.blank(220, 220)
    for k in range(-4, 5):
        at = 110 + 24 * k
        heavy = k == 0
        colour = BLACK if heavy else GREY
        sheet.line((at, 10), (at, 210), width=2 if heavy else 1, colour=colour)
        sheet.line((10, at), (210, at), width=2 if heavy else 1, colour=colour)
    for k in (-4, -2, 2, 4):
        sheet.text(110 + 24 * k, 122, str(k), scale=1)
        sheet.text(98, 110 - 24 * k, str(k), scale=1)
    for name, (x, y) in points.items():
        sheet.circle(110 + 24 * x, 110 - 24 * y, 4, fill=RED)
        sheet.text(110 + 24 * x + 12, 110 - 24 * y - 12, name)
    return sheet


def polygons(sides: Sequence[int], names: str = "") -> Sheet:
    """Regular polygons in a row, each over its name; 0 sides is a circle."""
    sheet = Sheet.blank(66 * len(sides), 90 if names else 66)
    for place, count in enumerate(sides):
        sheet.ngon((33 + 66 * place, 33), 26, count)
        if names:
            sheet.text(33 + 66 * place, 76, f"({names[place]})")
    return sheet


def clock(hour: int, minute: int) -> Sheet:
    """A clock face with a short hour hand and a long minute hand."""
    sheet = Sheet.blank(180, 180)
    sheet.circle(90, 90, 84)
    for number in range(1, 13):
        turn = math.radians(30 * number)
        sheet.text(90 + 68 * math.sin(turn), 90 - 68 * math.cos(turn), str(number))
    for turn, length, width in ((30 * hour + minute / 2, 34, 6), (6 * minute, 52, 3)):
        end = (90 + length * math.sin(math.radians(turn)), 90 - length * math.cos(math.radians(turn)))
        sheet.line((90, 90), end, width=width)
    return sheet


def dots(count: int, fill: Colour = BLUE) -> Sheet:
    """Dots in rows of five."""
    sheet = Sheet.blank(140, 28 * max(1, math.ceil(count / 5)))
    for k in range(count):
        sheet.circle(14 + 28 * (k % 5), 14 + 28 * (k // 5), 9, fill=fill)
    return sheet


def written(*lines: str, below: Sheet) -> Sheet:
    """Lines of words above a picture."""
    height = 24 * len(lines) + 8
    sheet = Sheet.blank(max(below.image.width, 12 * max(map(len, lines)) + 16), height + below.image.height)
    for k, line in enumerate(lines):
        sheet.text(sheet.image.width / 2, 16 + 24 * k, line)
    sheet.image.paste(below.image, ((sheet.image.width - below.image.width) // 2, height))
    return sheet


def stacked(*sheets: Sheet) -> Sheet:
    """Pictures below each other."""
    tall = Sheet.blank(max(s.image.width for s in sheets), sum(s.image.height for s in sheets))
    top = 0
    for sheet in sheets:
        tall.image.paste(sheet.image, (0, top))
        top += sheet.image.height
    return tall
