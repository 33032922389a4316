"""Pages in headless Chromium: what stands in the document after its scripts have run, and what axe-core says of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
AXE = Path(os.environ.get("AXE_CORE", Path(sys.prefix) / "node" / "node_modules" / "axe-core" / "axe.min.js"))
"""Where `make setup` puts it."""
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install it")
needs_axe = pytest.mark.skipif(
    not (CHROMIUM and AXE.is_file()), reason="no chromium or no axe-core: `make setup` fetches the latter where npm is"
)
_RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(function (found) {
  var said = document.createElement("pre");
  said.id = "axe-found";
  said.textContent = JSON.stringify(found.violations.map(function (each) {
    var nodes = each.nodes.map(function (node) { return node.html.slice(0, 160); });
    return {id: each.id, impact: each.impact, nodes: nodes};
  }));
  document.body.appendChild(said);
});
"""


def document_after_scripts(page: Path, *flags: str) -> str:
    """The page's document as Chromium has it at last."""
    call = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=20000",
        *flags,
        "--dump-dom",
    ]
    done = subprocess.run([*call, page.as_uri()], capture_output=True, check=True, timeout=120)
    return done.stdout.decode("utf-8")


def serious_findings(html: str, folder: Path, *flags: str) -> list[dict[str, Any]]:
    """What axe-core calls serious or critical, with everything opened that a reader may open.

    The page's policy is taken off, since it would refuse axe as well.
    """
    html = html.replace("<details", "<details open")
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    axe = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    page = folder / "with-axe.html"
    page.write_text(html.replace("</body>", f"<script>{axe}</script><script>{_RUN}</script></body>"), encoding="utf-8")
    said = re.search(r'<pre id="axe-found">(.*?)</pre>', document_after_scripts(page, *flags), re.DOTALL)
    assert said, "axe-core did not come to an end"
    return [each for each in json.loads(unescape(said[1])) if each["impact"] in ("serious", "critical")]
