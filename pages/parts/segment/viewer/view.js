// The part of a picture that a pane shows: where its centre is and how near it is looked at. No drawing here.
// Places are in pixels of the picture unless they are said to be of the screen.

const LARGEST = 32; // screen px a px of the picture, the closest view

class View {
  constructor() {
    this.zoom = 1; // 1 shows the picture whole
    this.centre = { x: 0, y: 0 };
  }

  /** Take a pane of a size in screen px, and a picture of a size; both are `{ width, height }`. */
  fitInto(screen, whole) {
    this.screen = screen;
    this.whole = whole;
    this.fit = Math.min(screen.width / whole.width, screen.height / whole.height);
    this.move(0, 0, 1);
  }

  get scale() {
    return this.fit * this.zoom;
  }

  /** Where the picture's top left corner is, in screen px from the pane's. */
  get corner() {
    const { scale, centre, screen } = this;
    return { x: screen.width / 2 - centre.x * scale, y: screen.height / 2 - centre.y * scale };
  }

  /** Where a place of the picture is, in screen px from the pane's top left corner. */
  onScreen({ x, y }) {
    return { x: this.corner.x + x * this.scale, y: this.corner.y + y * this.scale };
  }

  reset(whole) {
    this.zoom = 1;
    this.centre = { x: whole.width / 2, y: whole.height / 2 };
  }

  /** Move by screen px, and zoom by a factor around a place given in screen px from the pane's centre. */
  move(right, down, factor, x = 0, y = 0) {
    const before = this.scale;
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), Math.max(LARGEST / this.fit, 4));
    const after = this.scale;
    this.centre.x = this.bound(this.centre.x + (right + x) / before - x / after, "width");
    this.centre.y = this.bound(this.centre.y + (down + y) / before - y / after, "height");
  }

  /** Bring a place of the picture into view; where it is, nothing moves. */
  reveal(place) {
    const { x, y } = this.onScreen(place);
    const { width, height } = this.screen;
    const inside = x > 20 && y > 20 && x < width - 20 && y < height - 20;
    if (!inside) this.move(x - width / 2, y - height / 2, 1);
  }

  bound(value, side) {
    const half = this.screen[side] / 2 / this.scale;
    const whole = this.whole[side];
    return 2 * half >= whole ? whole / 2 : Math.min(Math.max(value, half), whole - half);
  }
}
