"""How far training images are bent, each setting in its range."""

from dataclasses import dataclass

from pap_core.settings import bounds

RANGES: dict[str, bounds.Range] = {
    "rotation": (0.0, 180.0),
    "zoom": (0.1, 10.0),
    "shift": (0.0, 1.0),
    "colour": (0.0, 1.0),
    "blur": (0.0, 20.0),
    "noise": (0.0, 255.0),
    "crowding": (0.0, 1.0),
}


@dataclass(frozen=True)
class JitterConfig:
    """How far training images are bent. The first four are the paper's; it gives no figures."""

    rotation: float = 180.0  # degrees either way
    flip: bool = True  # horizontally and vertically, one time in two each
    zoom: tuple[float, float] = (0.8, 1.25)  # least and greatest factor on the size of the cell
    shift: float = 0.08  # share of the side: the random crop
    colour: float = 0.0  # strength of brightness, contrast, saturation, hue and stain changes
    blur: float = 0.0  # largest sigma of a Gaussian blur, px
    noise: float = 0.0  # largest sigma of camera noise, grey levels
    crowding: float = 0.0  # chance of another cell beside a fitted one, then of a second and a third

    def faults(self) -> list[str]:
        """Say of each setting what is wrong with it; nothing where all are in range."""
        return bounds.faults("jitter", self, RANGES, {})
