// A picture with its cells' edges as lines over it, and another picture beside it; both share one view.
// Lengths and places are in pixels of the picture. `View` is in view.js, which stands before this file.

const BLOCKS_FROM = 6; // screen px a px of the picture, from where on single pixels are shown as they are
const STEP = 1.4; // of the zoom, for a key or a button
const NUDGE = 60; // screen px, for an arrow key
const CLICK = 4; // screen px the pointer may move and it is still a click
const SVG = "http://www.w3.org/2000/svg";

const chosen = { nucleus: true, cell: true, numbers: true, width: 2, opacity: 1, colours: {} };
const viewers = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  const viewer = viewers.get(root);
  viewer.tell = (cell) => setTriggerValue("selected", { view: viewer.data.view, cell });
  viewer.show(data);
  return () => viewer.close();
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.panes = [...root.querySelectorAll(".pane")];
    this.tip = root.querySelector(".tip");
    this.pointers = new Map();
    this.near = this.selected = 0;
    this.view = new View();
    this.connectBar();
    this.panes.forEach((pane) => this.connectPane(pane));
    this.resizes = new ResizeObserver(() => this.lay());
    this.resizes.observe(root);
  }

  close() {
    this.resizes.disconnect();
  }

  // Showing

  show(data) {
    const another = this.data?.view !== data.view;
    this.data = data;
    const [picture, beside] = this.root.querySelectorAll("figure");
    fill(picture, data.picture, data);
    beside.hidden = !data.beside;
    if (data.beside) fill(beside, data.beside, data);
    if (another) {
      this.cells = new Map(data.cells.map((cell) => [cell.number, cell]));
      this.panes.forEach((pane, place) => drawCells(pane.querySelector("svg"), data.cells, place === 0));
      this.near = this.selected = 0;
      this.hideTip();
      this.view.reset(data);
    }
    this.applyChosen();
    this.lay();
    this.mark(data.selected ?? 0, true);
  }

  lay() {
    if (!this.data) return;
    const width = this.panes[0].clientWidth;
    if (!width) return;
    const full = this.root.matches(":fullscreen");
    const below = this.root.querySelector(".bar").offsetHeight + 98; // and the words around it
    const most = full ? window.innerHeight - below : Math.max(360, 0.72 * window.innerHeight);
    const height = full ? most : clamp((width * this.data.height) / this.data.width, 260, most);
    this.root.style.setProperty("--pane-height", `${Math.round(height)}px`);
    this.view.fitInto({ width, height: Math.round(height) - 2 }, this.data);
    this.draw();
  }

  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      const { scale, corner, zoom } = this.view;
      for (const pane of this.panes) {
        pane.querySelector("img").style.transform = `translate(${corner.x}px, ${corner.y}px) scale(${scale})`;
        const world = pane.querySelector(".world");
        world.setAttribute("transform", `translate(${corner.x} ${corner.y}) scale(${scale})`);
        world.style.setProperty("--scale", scale);
      }
      this.root.classList.toggle("blocks", scale >= BLOCKS_FROM);
      this.root.classList.toggle("zoomed", zoom > 1);
      this.root.querySelector("output").value = `${Math.round(scale * 100)} %`;
    });
  }

  move(right, down, factor, x, y) {
    if (!this.view.fit) return;
    this.view.move(right, down, factor, x, y);
    this.draw();
  }

  reset() {
    this.view.reset(this.data);
    this.draw();
  }

  reveal(cell) {
    if (!this.view.fit) return;
    this.view.reveal(cell);
    this.draw();
  }

  // Cells

  mark(number, reveal) {
    if (!this.cells.has(number)) number = 0;
    if (number !== this.selected && number && reveal) this.reveal(this.cells.get(number));
    this.selected = number;
    for (const path of this.root.querySelectorAll(".marks path")) {
      path.setAttribute("d", number ? this.cells.get(number).edge : "");
    }
  }

  select(number) {
    if (number === this.selected) return;
    this.mark(number, false);
    this.say(number ? `${this.describe(number)}, opened` : "No cell opened");
    this.tell(number);
  }

  approach(number) {
    if (number === this.near) return;
    this.near = number;
    for (const path of this.root.querySelectorAll(".places path")) {
      path.classList.toggle("near", Number(path.dataset.cell) === number);
    }
  }

  step(pane, by) {
    const numbers = [...this.cells.keys()];
    if (!numbers.length) return;
    const place = numbers.indexOf(this.near || this.selected);
    const next = place < 0 ? (by > 0 ? 0 : numbers.length - 1) : (place + by + numbers.length) % numbers.length;
    this.approach(numbers[next]);
    const cell = this.cells.get(numbers[next]);
    this.reveal(cell);
    const at = this.view.onScreen(cell);
    this.showTip(pane, at.x, at.y);
    this.say(this.describe(cell.number));
  }

  describe(number) {
    return `Cell ${number}: ${this.cells.get(number).said.replace("\n", ", ")}`;
  }

  say(words) {
    this.root.querySelector(".said").textContent = words;
  }

  showTip(pane, x, y) {
    const cell = this.cells.get(this.near);
    if (!cell) return this.hideTip();
    this.tip.querySelector("strong").textContent = `Cell ${cell.number}`;
    this.tip.querySelector("span").textContent = cell.said;
    this.tip.hidden = false;
    const panes = this.root.querySelector(".panes").getBoundingClientRect();
    const box = pane.getBoundingClientRect();
    const left = box.left - panes.left + x + 16;
    const most = panes.width - this.tip.offsetWidth;
    this.tip.style.left = `${left <= most ? left : Math.max(0, left - this.tip.offsetWidth - 32)}px`;
    this.tip.style.top = `${Math.max(0, box.top - panes.top + y + 16)}px`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.approach(0);
  }

  // What a person does

  connectPane(pane) {
    pane.addEventListener("wheel", (event) => this.onWheel(event, pane), { passive: false });
    pane.addEventListener("pointerdown", (event) => this.onDown(event, pane));
    pane.addEventListener("pointermove", (event) => this.onMove(event, pane));
    pane.addEventListener("pointerup", (event) => this.onUp(event, true));
    pane.addEventListener("pointercancel", (event) => this.onUp(event, false));
    pane.addEventListener("pointerleave", () => this.hideTip());
    pane.addEventListener("blur", () => this.hideTip());
    pane.addEventListener("dblclick", () => this.reset());
    pane.addEventListener("keydown", (event) => this.onKey(event, pane));
  }

  onWheel(event, pane) {
    if (event.deltaY > 0 && this.view.zoom === 1 && !event.ctrlKey) return; // the page scrolls past
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const at = fromCentre(event, pane);
    this.move(0, 0, Math.exp(clamp(-event.deltaY * lines, -240, 240) * 0.002), at.x, at.y);
  }

  onDown(event, pane) {
    if (event.button !== 0) return;
    pane.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const one = this.pointers.size === 1;
    this.press = one ? { x: event.clientX, y: event.clientY, cell: cellOf(event) } : null;
  }

  onMove(event, pane) {
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      const at = pane.getBoundingClientRect();
      this.approach(cellOf(event));
      return this.showTip(pane, event.clientX - at.left, event.clientY - at.top);
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const now = { x: event.clientX, y: event.clientY };
    if (others.length) {
      const factor = distance(now, others[0]) / Math.max(1, distance(last, others[0]));
      const middle = { clientX: (now.x + others[0].x) / 2, clientY: (now.y + others[0].y) / 2 };
      const at = fromCentre(middle, pane);
      this.move((last.x - now.x) / 2, (last.y - now.y) / 2, factor, at.x, at.y);
    } else if (!this.press || distance(now, this.press) > CLICK || this.press.moved) {
      if (this.press) this.press.moved = true;
      this.root.classList.add("dragging");
      this.hideTip();
      this.move(last.x - now.x, last.y - now.y, 1);
    } else {
      return; // not yet a drag
    }
    this.pointers.set(event.pointerId, now);
  }

  onUp(event, meant) {
    this.pointers.delete(event.pointerId);
    this.root.classList.remove("dragging");
    if (meant && this.press && !this.press.moved) this.select(this.press.cell);
    this.press = null;
  }

  onKey(event, pane) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (arrow && this.view.zoom > 1) this.move(arrow[0] * NUDGE, arrow[1] * NUDGE, 1);
    else if (event.key === "+" || event.key === "=") this.move(0, 0, STEP);
    else if (event.key === "-" || event.key === "_") this.move(0, 0, 1 / STEP);
    else if (event.key === "0") this.reset();
    else if (event.key === "n" || event.key === "N") this.step(pane, 1);
    else if (event.key === "p" || event.key === "P") this.step(pane, -1);
    else if (event.key === "Enter" && this.near) this.select(this.near);
    else if (event.key === "Escape" && this.selected) this.select(0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  connectBar() {
    const doings = {
      in: () => this.move(0, 0, STEP),
      out: () => this.move(0, 0, 1 / STEP),
      fit: () => this.reset(),
      full: () => (this.root.matches(":fullscreen") ? document.exitFullscreen() : this.root.requestFullscreen()),
    };
    for (const button of this.root.querySelectorAll("[data-do]")) button.onclick = doings[button.dataset.do];
    for (const input of this.root.querySelectorAll("input")) {
      input.oninput = () => {
        const { layer, colour, amount } = input.dataset;
        if (layer) chosen[layer] = input.checked;
        if (colour) chosen.colours[colour] = input.value;
        if (amount) chosen[amount] = input.valueAsNumber;
        this.applyChosen();
      };
    }
  }

  applyChosen() {
    const colours = { ...this.data.colours, ...chosen.colours };
    for (const input of this.root.querySelectorAll("input")) {
      const { layer, colour, amount } = input.dataset;
      if (layer) input.checked = chosen[layer];
      if (colour) input.value = colours[colour];
      if (amount) input.value = chosen[amount];
    }
    for (const layer of ["nucleus", "cell", "numbers"]) this.root.classList.toggle(`no-${layer}`, !chosen[layer]);
    for (const edge of ["nucleus", "cell"]) this.root.style.setProperty(`--${edge}`, colours[edge]);
    for (const amount of ["width", "opacity"]) this.root.style.setProperty(`--${amount}`, chosen[amount]);
  }
}

function fill(figure, shown, size) {
  const picture = figure.querySelector("img");
  if (picture.getAttribute("src") !== shown.url) picture.src = shown.url;
  picture.alt = shown.alt;
  picture.style.width = `${size.width}px`;
  picture.style.height = `${size.height}px`;
  figure.querySelector(".pane").setAttribute("aria-label", shown.alt);
  figure.querySelector("figcaption").textContent = shown.caption;
}

function drawCells(svg, cells, withEdges) {
  const world = node("g", { class: "world" });
  const edges = (layer, part) => {
    const group = node("g", { class: layer, transform: "translate(0.5 0.5)" });
    group.append(...cells.map((cell) => node("path", { d: cell[part], "data-cell": cell.number })));
    return group;
  };
  const marks = node("g", { class: "marks", transform: "translate(0.5 0.5)" });
  marks.append(node("path", { d: "" }), node("path", { d: "" }));
  if (withEdges) world.append(edges("cell", "edge"), edges("nucleus", "nucleus"));
  world.append(edges("places", "edge"), marks);
  if (withEdges) {
    const numbers = node("g", { class: "numbers" });
    for (const cell of cells) {
      const text = node("text", { x: cell.x + cell.beside, y: cell.y - cell.beside });
      text.textContent = cell.number;
      numbers.append(text);
    }
    world.append(numbers);
  }
  svg.replaceChildren(world);
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function cellOf(event) {
  return Number(event.target.dataset?.cell ?? 0);
}

function fromCentre(event, pane) {
  const box = pane.getBoundingClientRect();
  return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
