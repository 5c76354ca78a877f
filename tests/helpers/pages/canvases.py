"""Draws on the canvas of a page under test: sends what a browser sends."""

import json
from collections.abc import Callable

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

Shapes = list[dict]


def canvas_of(app: AppTest) -> dict:
    """Return what the canvas was given."""
    return json.loads(_proto(app, "drawable").json)


def on_canvas(app: AppTest) -> Shapes:
    """Return the shapes that a canvas just mounted shows."""
    return canvas_of(app)["initialDrawing"]["objects"]


def draw(app: AppTest, change: Callable[[Shapes], Shapes], shapes: Shapes | None = None) -> AppTest:
    """Change what is on the canvas.

    Args:
        app: with a canvas on its page.
        change: is given shapes and returns those that are there afterwards.
        shapes: what is on the canvas, where anything was drawn on it since it was mounted.
    """
    drawn = change(json.loads(json.dumps(on_canvas(app) if shapes is None else shapes)))
    value = {"drawing": {"raw": {"objects": drawn}, "data": None}, "backgroundFit": None}
    return _send(app, _proto(app, "drawable").id, json_value=json.dumps(value))


def press(app: AppTest, what: str) -> AppTest:
    """Press keys that ask to "undo", to "redo", or a key of its own, as "B"."""
    events = f"$$STREAMLIT_INTERNAL_KEY_{_proto(app, 'review_keys').id}__events"
    return _send(app, events, json_trigger_value=json.dumps([{"event": "asked", "value": what}]))


def give_room(app: AppTest, width: int, height: int) -> AppTest:
    """Tell how many px are free for the canvas, as a browser does."""
    return _send(app, _proto(app, "review_keys").id, json_value=json.dumps({"room": [width, height]}))


def moved(part: int, right: float, down: float) -> Callable[[Shapes], Shapes]:
    """Return a change that moves a shape by pixels of the canvas."""

    def change(shapes: Shapes) -> Shapes:
        shapes[part] |= {"left": shapes[part]["left"] + right, "top": shapes[part]["top"] + down}
        return shapes

    return change


def _proto(app: AppTest, name: str):
    (proto,) = [one.proto for one in app.get("bidi_component") if name in one.proto.component_name]
    return proto


def _send(app: AppTest, identifier: str, **value: str) -> AppTest:
    states = app._tree.get_widget_states()
    states.widgets.append(WidgetState(id=identifier, **value))
    app._run(states)
    assert not app.exception
    return app
