"""Takes pictures of Home Assistant's pages with a headless Chromium; for looking at the demo and for the README.

python -m demo.browser TOKENS_FILE URL OUT.png /path [OUT.png /path ...] [--size 1400x900] [--dark]
"""

import argparse
import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from .home_assistant import Tokens

# A page counts as drawn when its number of elements has not changed for this many looks, and nothing spins.
STILL_LOOKS = 4
LOOK_SECONDS = 0.5
PAGE_SECONDS = 45
BROWSER_SECONDS = 30
CALL_SECONDS = 60
FAR_FUTURE_SECONDS = 315_360_000

COUNT_ELEMENTS = """
(() => {
  const names = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      names.push(element.localName);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  const busy = names.some((name) => /spinner|progress-circular|ha-init-page|launch-screen/.test(name));
  return JSON.stringify({count: names.length, busy});
})()
"""

type Json = dict[str, Any]


class BrowserError(Exception):
    """Chromium is missing, did not start, or refused a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a page is looked at: size in CSS pixels, and colours."""

    width: int = 1400
    height: int = 900
    dark: bool = False
    scale: float = 1


class Page:
    """One tab, driven over the DevTools protocol.

    Attributes:
        errors: what scripts of the page have thrown so far.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use an open DevTools connection."""
        self._socket = socket
        self._number = 0
        self.errors: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Json:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json(message)
        async with asyncio.timeout(CALL_SECONDS):
            while True:
                answer: Json = await self._socket.receive_json()
                if answer.get("method") == "Runtime.exceptionThrown":
                    self._note(answer["params"]["exceptionDetails"])
                if answer.get("id") == self._number:
                    break
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: Json = answer["result"]
        return result

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; a promise is awaited."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True)
        return answer["result"].get("value")

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is drawn, or for as long as one would have patience."""
        await self.call("Page.navigate", url=url)
        last, still = None, 0
        async with asyncio.timeout(PAGE_SECONDS):
            while still < STILL_LOOKS:
                await asyncio.sleep(LOOK_SECONDS)
                seen = await self.evaluate(COUNT_ELEMENTS)
                unchanged = seen == last and not json.loads(seen)["busy"]
                still = still + 1 if unchanged else 0
                last = seen

    async def picture(self, file: Path) -> None:
        """Save what is visible as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        file.write_bytes(b64decode(answer["data"]))

    def _note(self, details: Json) -> None:
        text = details.get("exception", {}).get("description") or details.get("text")
        self.errors.append(str(text))


@asynccontextmanager
async def open_browser(url: str, tokens: Tokens, view: View) -> AsyncIterator[Page]:
    """Start Chromium, signed in to the Home Assistant at this address, and stop it afterwards.

    Raises:
        BrowserError: there is no Chromium, or it did not start.
    """
    command = shutil.which("chromium") or shutil.which("google-chrome")
    if command is None:
        raise BrowserError("Chromium is not installed")
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            command,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await _debugging_port(Path(profile))
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(await _page_address(session, port), max_msg_size=0) as socket,
            ):
                page = Page(socket)
                await _prepare(page, url, tokens, view)
                yield page
        finally:
            process.terminate()
            await process.wait()


async def _debugging_port(profile: Path) -> int:
    file = profile / "DevToolsActivePort"
    try:
        async with asyncio.timeout(BROWSER_SECONDS):
            while not (file.exists() and "\n" in file.read_text(encoding="ascii")):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise BrowserError("Chromium did not start") from None
    return int(file.read_text(encoding="ascii").split()[0])


async def _page_address(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json") as response:
        targets: list[Json] = await response.json()
    return next(
        str(target["webSocketDebuggerUrl"]) for target in targets if target["type"] == "page"
    )


async def _prepare(page: Page, url: str, tokens: Tokens, view: View) -> None:
    """Set size and colours, and put the tokens where the frontend keeps them."""
    await page.call("Page.enable")
    await page.call("Runtime.enable")
    await page.call(
        "Emulation.setDeviceMetricsOverride",
        width=view.width,
        height=view.height,
        deviceScaleFactor=view.scale,
        mobile=False,
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if view.dark else "light"}
    await page.call("Emulation.setEmulatedMedia", features=[scheme])
    stored = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "clientId": tokens.client_id,
        "hassUrl": url,
        "token_type": "Bearer",
        "expires_in": FAR_FUTURE_SECONDS,
        "expires": 4_000_000_000_000,
    }
    text = json.dumps(json.dumps(stored))
    await page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"localStorage.setItem('hassTokens', {text});",
    )


async def _main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of Home Assistant.")
    parser.add_argument("tokens", type=Path)
    parser.add_argument("url")
    parser.add_argument("pictures", nargs="+", help="OUT.png /path ...")
    parser.add_argument("--size", default="1400x900")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    view = View(width=width, height=height, dark=options.dark)
    tokens = Tokens(**json.loads(options.tokens.read_text(encoding="utf-8")))
    async with open_browser(options.url, tokens, view) as page:
        for out, path in zip(options.pictures[::2], options.pictures[1::2], strict=True):
            await page.open(options.url + path)
            await page.picture(Path(out))
            print(out, path, *page.errors)


if __name__ == "__main__":
    asyncio.run(_main())
