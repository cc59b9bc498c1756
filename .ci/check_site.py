"""Every public name has its place in the reference: `python .ci/check_site.py SITE`."""

import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.core.test_surface import SURFACE

data = (Path(sys.argv[1]) / "objects.inv").read_bytes()
listed = {
    line.split()[0] for line in zlib.decompress(data.split(b"\n", 4)[4]).decode().splitlines()
}
wanted = {
    ".".join(filter(None, ("minidl", path, name)))
    for path, names in SURFACE.items()
    for name in names.split()
}
missing = sorted(wanted - listed)
sys.exit(f"not in the reference: {missing}" if missing else 0)
