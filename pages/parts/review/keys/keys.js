// Speaks for a person to the canvas beside it: keeps its editing on or off as the tool asks, deletes, passes on
// the keys, tells how much room there is, and has the canvas send what was drawn before anything else can happen.
// The canvas offers none of this to a page; its own tool bar, which is hidden, has the buttons for it.

const SENT_AFTER = 400; // ms after a stroke in which the canvas may not have sent it yet
const STEPS = { ArrowLeft: "review_Previous", ArrowRight: "review_Next" }; // keys of the buttons of the page
const TYPED = "input:not([type=radio], [type=checkbox], [type=range]), textarea, select, [role=textbox]";
const NARROW = "(max-width: 1023.98px)"; // there the decisions stand below the canvas
const BELOW = { wide: 84, narrow: 330 }; // px that are left free below it
const LEAST = 280; // px of a canvas
const FELT = 6; // px; less is no other size
const keepers = new WeakMap();

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".keys");
  if (!keepers.has(root)) keepers.set(root, new Keeper(root));
  const keeper = keepers.get(root);
  keeper.ask = (what) => setTriggerValue("asked", what);
  keeper.tell = (room) => setStateValue("room", room);
  keeper.show(data);
  return () => {
    keeper.close();
    keepers.delete(root);
  };
}

class Keeper {
  constructor(root) {
    this.button = root.querySelector("button");
    this.button.addEventListener("click", () => this.press("Delete selected"));
    this.changes = new MutationObserver(() => this.keep());
    this.stroke = -Infinity; // when the last one ended
    this.listening = new AbortController();
    const always = { capture: true, signal: this.listening.signal };
    window.addEventListener("keydown", (event) => this.key(event), always);
    window.addEventListener("pointerdown", (event) => this.onCanvas(event) || this.send(), always);
    window.addEventListener("pointerup", () => (this.stroke = performance.now()), always);
    this.looking = setInterval(() => this.attach() || this.measure(), 50);
  }

  close() {
    clearInterval(this.looking);
    this.changes.disconnect();
    this.listening.abort();
  }

  show(data) {
    this.data = data;
    this.button.hidden = !data.mend;
    this.attach();
    this.keep();
  }

  // The canvas is another element: it may come after this one, and is a new one for each new drawing.
  attach() {
    const host = document.querySelector(`.st-key-${this.data.canvas}`);
    const canvas = host && inside(host, ".dc-root");
    if (!canvas || canvas === this.canvas) return;
    this.canvas = canvas;
    const bar = canvas.querySelector(".dc-toolbar");
    const hidden = document.createElement("style");
    hidden.textContent = ".dc-toolbar { display: none !important }";
    canvas.append(hidden);
    const picture = canvas.querySelector(".dc-container");
    picture.setAttribute("role", "img");
    this.changes.disconnect();
    this.changes.observe(bar, { attributes: true, subtree: true, attributeFilter: ["aria-pressed", "disabled"] });
    this.keep();
  }

  // Told once it has not changed for a moment, as it does while a window is dragged larger.
  measure() {
    const place = document.querySelector(`.st-key-${this.data.place}`);
    if (!place) return;
    const narrow = window.matchMedia(NARROW).matches;
    const scrolled = place.closest('[data-testid="stMain"]')?.scrollTop ?? 0;
    const height = window.innerHeight - place.getBoundingClientRect().top - scrolled;
    const room = [place.clientWidth, height - (narrow ? BELOW.narrow : BELOW.wide)].map((one) =>
      Math.max(LEAST, Math.floor(one)),
    );
    const same = (other) => other && room.every((one, axis) => Math.abs(one - other[axis]) < FELT);
    if (!same(this.data.room) && same(this.measured) && !same(this.told)) {
      this.told = room;
      this.tell(room);
    }
    this.measured = room;
  }

  keep() {
    if (!this.canvas?.isConnected) return;
    this.canvas.querySelector(".dc-container").setAttribute("aria-label", this.data.alt);
    const edit = this.tool("Edit");
    if (edit && (edit.getAttribute("aria-pressed") === "true") !== this.data.mend) edit.click();
    this.button.disabled = this.tool("Delete selected")?.disabled ?? true;
  }

  tool(name) {
    return this.canvas?.isConnected ? this.canvas.querySelector(`.dc-toolbar [aria-label="${name}"]`) : null;
  }

  press(name) {
    const button = this.tool(name);
    if (button && !button.disabled) button.click();
  }

  // A polygon not closed is never sent by itself; what is left of it is told by the shapes sent now.
  send() {
    if (this.data.polygon || performance.now() - this.stroke < SENT_AFTER) this.press("Update the app with this drawing");
    this.stroke = -Infinity;
  }

  onCanvas(event) {
    return event.composedPath().includes(this.canvas);
  }

  wish(event) {
    const key = event.key.toLowerCase();
    if (!held(event)) {
      if (this.data.mend && (key === "delete" || key === "backspace")) return "delete";
      return this.data.pressed.includes(key.toUpperCase()) ? key.toUpperCase() : null;
    }
    if (event.altKey) return null;
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }

  key(event) {
    const [target] = event.composedPath();
    if (target.isContentEditable || target.matches?.(TYPED)) return;
    const step = !held(event) && !ofControl(target) && STEPS[event.key];
    const what = step ? "step" : this.wish(event);
    if (what === "delete") {
      this.press("Delete selected");
    } else if (step) {
      this.send();
      document.querySelector(`.st-key-${step} button`)?.click();
    } else {
      this.send();
      if (what) this.ask(what);
    }
    if (what) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }
}

// Whether arrows are for what has the focus: a slider, or what was reached by keyboard to be chosen with them.
function ofControl(target) {
  const control = target.closest?.("[role=slider], [role=radio], [role=option], [role=tab], [role=grid], input, canvas");
  return control && (control.matches("[role=slider], [type=range]") || control.matches(":focus-visible"));
}

function held(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

function inside(element, selector) {
  for (const one of [element, ...element.querySelectorAll("*")]) {
    const found = one.shadowRoot?.querySelector(selector) ?? (one.matches(selector) ? one : null);
    if (found) return found;
  }
  return null;
}
