"""Makes the examples of the dashboard, and what the default checkpoint finds in them: a demo opens at once.

python checkpoints/examples.py

To be run again after another checkpoint became the default; a test tells. Pictures that are there stay.
"""

import json
import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from pages.shared.examples import (
    FOLDER,
    RESULTS,
    SEEDS,
    Found,
    Results,
    colours_file,
    label_file,
    picture_file,
)
from pap_core.data.phantom.smear import smear
from pap_core.files import write_whole
from pap_core.images import png_bytes, read_picture
from pap_core.inference.scale import choose
from pap_core.inference.segmenter import Segmenter
from pap_core.model.catalogue import SHIPPED, default, digest_of
from pap_core.model.checkpoint import read

FIELD = (1024, 768)  # px, width and height
QUALITY = 92  # of the JPEG files


def main() -> None:
    """Paint what is missing, segment all, write."""
    folder = default()
    if folder.parent != SHIPPED:
        sys.exit(f"{folder}: not a shipped checkpoint; leave PAP_CHECKPOINT out.")
    segmenter, found = Segmenter(read(folder), "cpu"), {}
    FOLDER.mkdir(exist_ok=True)
    for category, seed in SEEDS.items():
        path = picture_file(category)
        if not path.exists():
            painted = Image.fromarray(smear(category, seed, FIELD).image)
            painted.save(path, quality=QUALITY, subsampling=0)
        pixels = read_picture(path).pixels
        result = segmenter.segment(pixels, *choose(segmenter, pixels))
        write_whole(label_file(category), png_bytes(result.label))
        write_whole(colours_file(category), png_bytes(result.colours))
        found[category] = Found(digest_of(path), result.kind, result.scale)
        print(f"{path.name}: {result.kind}, scale {result.scale:.3f}", flush=True)
    results = Results(segmenter.digest, found)
    write_whole(RESULTS, json.dumps(results, indent=1, default=vars).encode())


if __name__ == "__main__":
    main()
