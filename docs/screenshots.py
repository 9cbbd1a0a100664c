"""Make the README's screenshots from a running demo.

./run demo                                     # in one terminal
.venv/bin/python docs/screenshots.py  # in another; --address for another port
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "screenshots"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
# file: (role button of the demo's bar, address)
SHOTS = {
    "visitor": ("Visitor", "/dlonsc-2020/"),
    "author": ("Author", "/demo/submissions/"),
    "reviewer": ("Reviewer", "/demo/reviews/"),
    "chair": ("Chair", "/demo/chair/submissions/"),
    "proceedings": ("Proceedings chair", "/demo/proceedings/"),
}


def shoot(page: Page, address: str, name: str, role: str, path: str) -> None:
    page.goto(address)
    page.locator(".demo-cast button", has_text=role).first.click()
    page.wait_for_load_state()
    page.goto(address + path)
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://localhost:8000")
    address = parser.parse_args().address.rstrip("/")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        for name, (role, path) in SHOTS.items():
            shoot(page, address, name, role, path)
        browser.close()


if __name__ == "__main__":
    main()
