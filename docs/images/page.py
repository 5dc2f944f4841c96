"""Takes the picture of README: the page of a published board, in the system's Chromium.

    python docs/images/page.py

writes page.webp beside this file. PROCTOR_CHROMIUM names another browser.
"""

import io
import os
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from proctor.harness.cli import main as proctor

HERE = Path(__file__).parent
BOARD = HERE.parents[1] / "leaderboards" / "published" / "gym"
BASE, TITLE = "collapse", "Two bases, two rewards"
CHROMIUM = os.environ.get("PROCTOR_CHROMIUM", "/usr/bin/chromium")
PART = "Differences"
SETTLED = 1500
"""Milliseconds after which the page has drawn itself."""
SIZE = (1180, 700)
PATIENCE = 180_000
"""Milliseconds that a busy machine may take for one thing."""
MOST = 100_000
"""Bytes that the picture may have."""


def take(page: Path) -> bytes:
    """A part of a page, as WebP."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        view.set_default_timeout(PATIENCE)
        view.goto(page.as_uri())
        view.wait_for_selector("table")
        view.get_by_role("link", name=PART).first.click()
        view.wait_for_timeout(SETTLED)
        shot = view.screenshot()
        browser.close()
    found = io.BytesIO()
    with Image.open(io.BytesIO(shot)) as image:
        image.save(found, "WEBP", quality=80, method=6)
    return found.getvalue()


def main() -> None:
    """Make the page of the board, take the picture, and write it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        words = ("show", BOARD, "--compare-to", BASE, "--html", page, "--title", TITLE)
        proctor([str(word) for word in words])
        picture = take(page)
    if len(picture) > MOST:
        raise SystemExit(f"the picture has {len(picture)} bytes, more than {MOST}")
    (HERE / "page.webp").write_bytes(picture)
    print(f"{HERE / 'page.webp'}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
