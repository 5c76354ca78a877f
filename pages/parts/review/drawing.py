"""What is drawn of a cell under review, kept for the session: as it is, as it was, and on which canvas."""

from dataclasses import dataclass, field

import streamlit as st

from pap_core.outlines import Outlines
from pap_core.reviews import drawing as shapes
from pap_core.reviews.drawing import View

_CANVASES = "review_canvases"  # how many there were in this session


@dataclass
class Drawing:
    """The drawing of one cell. Of the outlines in here, the cell's may not hold its nucleus yet."""

    start: Outlines  # what it began with
    model: Outlines  # what was predicted
    now: Outlines
    at: tuple[float, float]  # px of the picture, what a view is about
    given: Outlines = field(default_factory=lambda: Outlines((), ()))  # what the canvas began with
    view: View | None = None  # of the canvas
    canvas: str = ""  # its key, another one for each
    mending: bool = False  # rather than drawing, when it was on the screen last
    drawn: list[dict] | None = None  # what is on the canvas, once it was heard of
    past: list[Outlines] = field(default_factory=list)
    future: list[Outlines] = field(default_factory=list)

    @property
    def outlines(self) -> Outlines:
        """What the drawing comes to; the very same outlines where nothing was changed."""
        same = [one for one in (self.start, self.model) if one == self.now]
        return same[0] if same else shapes.whole(self.now)

    def hear(self) -> None:
        """Take over what was drawn on the canvas since."""
        said = st.session_state.get(self.canvas) if self.canvas else None
        if said and said["drawing"]["raw"]["objects"] != self.drawn:
            self.drawn = said["drawing"]["raw"]["objects"]
            self._change(shapes.read(self.drawn, self.given, self.view))

    def begin_anew(self, outlines: Outlines) -> None:
        """Go on with other outlines, on a new canvas."""
        self._change(outlines)
        self.canvas = ""

    def go(self, back: bool) -> None:
        """Undo or redo; where a polygon was only begun, that is all there is to undo."""
        come_from, leave_to = (self.past, self.future) if back else (self.future, self.past)
        if come_from and not (back and shapes.unfinished(self.drawn or [])):
            leave_to.append(self.now)
            self.now = come_from.pop()
        self.canvas = ""

    def look(self, right: int, down: int) -> None:
        """Move what a view is about by halves of the view."""
        width, height = self.view.width / self.view.scale, self.view.height / self.view.scale
        self.at = (self.view.x0 + width * (1 + right) / 2, self.view.y0 + height * (1 + down) / 2)

    def is_shown(self, view: View, mending: bool) -> bool:
        """Tell whether the canvas on the screen will do, or another one is needed."""
        if not self.canvas or self.canvas not in st.session_state:
            return False  # of those drawn on, none is left once another cell or page was shown
        joined = self.now == self.given or self.mending or not mending  # strokes and outlines, to be mended
        return self.view == view and joined

    def on_new_canvas(self, view: View) -> None:
        """Begin another canvas, with the outlines as they are now and nothing else."""
        # a key used before would bring back what was drawn under it
        number = st.session_state[_CANVASES] = st.session_state.get(_CANVASES, 0) + 1
        self.canvas, self.view, self.given, self.drawn = f"{_CANVASES}_{number}", view, self.now, None

    def _change(self, outlines: Outlines) -> None:
        if outlines != self.now:
            self.past.append(self.now)
            self.future.clear()
            self.now = outlines
