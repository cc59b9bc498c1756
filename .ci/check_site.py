"""Every public name has its place in the reference: `python .ci/check_site.py SITE`."""

import importlib
import inspect
import re
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.core.test_surface import SURFACE
from tests.processes import ROOT

data = (Path(sys.argv[1]) / "objects.inv").read_bytes()
listed = {
    line.split()[0] for line in zlib.decompress(data.split(b"\n", 4)[4]).decode().splitlines()
}
wanted = {
    ".".join(filter(None, ("minidl", path, name)))
    for path, names in SURFACE.items()
    for name in names.split()
}
# Methods written in bases of their own.
wanted |= {f"minidl.Model.{name}" for name in ("compile", "fit", "summary", "get_weights")}
wanted |= {"minidl.Layer.add_weight", "minidl.data.Dataset.zip", "minidl.GradientTape.gradient"}
pages = "".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
for path in re.findall(r"^::: (\S+)$", pages, re.M):
    module = importlib.import_module(path)
    wanted |= {
        f"{path}.{name}"
        for name in getattr(module, "__all__", ())
        if not inspect.ismodule(getattr(module, name)) and name != "__version__"
    }
missing = sorted(wanted - listed)
sys.exit(f"not in the reference: {missing}" if missing else 0)
