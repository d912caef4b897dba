"""A real browser without a window, told what to do over a pipe (Chrome DevTools Protocol)."""

import base64
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Json = Any  # whatever JSON holds
TIMEOUT_MS = 30_000

# Resolves once the expression holds, looked at with every frame that is drawn.
_WAIT = """
new Promise((resolve, reject) => {
  const end = performance.now() + %d;
  const look = () => {
    let found;
    try { found = (%s); } catch { found = false; }
    if (found) resolve(true);
    else if (performance.now() > end) reject(new Error("it never came true"));
    else setTimeout(look, 16);
  };
  look();
})
"""


class Browser:
    """Chromium, which can reach this machine alone.

    Args:
        command: Path of Chromium.
        folder: Where it keeps its profile and its net log, which is whole once it has ended.

    Attributes:
        complaints: What the console and the network said, errors and warnings alone.
        requests: URLs that pages asked for.
    """

    def __init__(self, command: str, folder: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._number = 0
        self._rest = b""
        self._log = folder / "net.json"
        flags = (
            "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "force-color-profile=srgb",
            "font-render-hinting=none", "hide-scrollbars", f"user-data-dir={folder / 'profile'}",
            f"log-net-log={self._log}", "remote-debugging-pipe",
        )  # fmt: skip
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()
        # Chromium reads what it is told from descriptor 3 and answers on 4.
        shell = f'exec "$@" 3<&{read_there} 4>&{write_there}'
        self._process = subprocess.Popen(
            ("bash", "-c", shell, "bash", command, *(f"--{flag}" for flag in flags)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(read_there, write_there),
        )
        os.close(read_there)
        os.close(write_there)
        self._read, self._write = read_here, write_here
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = None
        try:
            self._call("Browser.close")
        except EOFError:
            pass  # it has ended already
        finally:
            os.close(self._write)
            os.close(self._read)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def look_like(
        self, *, width: int, height: int, dark: bool = False, still: bool = False
    ) -> None:
        """Have pages shown at this size, in the light or dark scheme, with or without motion."""
        phone = width < 600
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self._call("Emulation.setEmulatedMedia", features=features)

    def prepare(self, script: str) -> None:
        """Run a script in every page from now on, before its own."""
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        """Go to an address."""
        self._call("Page.navigate", url=url)

    def wait_for(self, expression: str) -> None:
        """Wait until an expression of JavaScript holds."""
        found = self._call(
            "Runtime.evaluate", expression=_WAIT % (TIMEOUT_MS, expression), awaitPromise=True
        )
        if "exceptionDetails" in found:
            text = self.value("document.body.innerText")
            raise AssertionError(f"{expression} never came true; the page says:\n{text}")

    def value(self, expression: str) -> Json:
        """Return the value of an expression of JavaScript."""
        found = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"]["exception"]["description"])
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key, such as ``Tab``, ``Enter`` or ``ArrowLeft``."""
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def picture(self, file: Path, *, height: int | None = None) -> None:
        """Write what is shown as a PNG: the whole page, or its top of this height."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        box = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"]}
        found = self._call(
            "Page.captureScreenshot", clip=box | {"scale": 1}, captureBeyondViewport=True
        )
        file.write_bytes(base64.b64decode(found["data"]))

    def logged_requests(self) -> list[str]:
        """Return the URLs that pages asked for by the net log, once the browser has ended."""
        events = [each.get("params", {}) for each in json.loads(self._log.read_text())["events"]]
        # The browser asks for things on its own account, too: those have no origin.
        return [
            each["url"]
            for each in events
            if each.get("initiator", "not an origin") != "not an origin"
            and str(each.get("url")).startswith("http")
        ]

    def _call(self, method: str, **parameters: Json) -> Json:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") != self._number:
                self._heard(answer.get("method", ""), answer.get("params", {}))
            elif "error" in answer:
                raise AssertionError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def _message(self) -> Json:
        while b"\0" not in self._rest:
            found = os.read(self._read, 1 << 20)
            if not found:
                raise EOFError("the browser has ended")
            self._rest += found
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def _heard(self, event: str, of: dict[str, Json]) -> None:
        if event == "Network.requestWillBeSent" and not of["request"]["url"].startswith("data:"):
            self.requests.append(of["request"]["url"])
        elif event == "Runtime.consoleAPICalled" and of["type"] in ("error", "warning", "assert"):
            said = [str(each.get("value", each.get("description", ""))) for each in of["args"]]
            self.complaints.append(" ".join(said))
        elif event == "Runtime.exceptionThrown":
            details = of["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Log.entryAdded" and of["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{of['entry']['text']} {of['entry'].get('url', '')}".strip())
