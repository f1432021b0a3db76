// A quadtree of points in the plane: the forces of far away points are found together (Barnes & Hut, Nature 324, 1986).

/** Numbers of a cell: its centre of mass, its mass, and the square of its side. */
const FIELDS = 4;
/** Cells are cut so often: points that are nearer than this lie in one cell. */
const DEEPEST = 40;

/** Forces between all points, by cells. The arrays are kept from one step to the next. */
export class Quadtree {
  /** [cells × 4]: sums of x and y, then their means; how many points; side². */
  #cells = new Float64Array(0);
  /** [cells × 4]: the cells in each quarter, 0 for none. */
  #children = new Int32Array(0);
  /** The point in a cell that has one, else −1. */
  #points = new Int32Array(0);
  #count = 0;
  readonly #stack = new Int32Array(4 * DEEPEST);

  /** Puts all points [n, 2] into cells. */
  build(points: Float64Array): void {
    const room = points.length * 2 + 64;
    if (this.#points.length < room) this.#grow(room);
    let [left, right, top, bottom] = [points[0], points[0], points[1], points[1]];
    for (let i = 0; i < points.length; i += 2) {
      left = Math.min(left, points[i]);
      right = Math.max(right, points[i]);
      top = Math.min(top, points[i + 1]);
      bottom = Math.max(bottom, points[i + 1]);
    }
    const side = Math.max(right - left, bottom - top) * 1.0001 + 1e-12;
    this.#count = 0;
    this.#add(side);
    const middle = [(left + right) / 2, (top + bottom) / 2];
    for (let i = 0; i < points.length / 2; i++) this.#insert(points, i, middle[0], middle[1], side);
    for (let cell = 0; cell < this.#count; cell++) {
      const at = cell * FIELDS;
      this.#cells[at] /= this.#cells[at + 2];
      this.#cells[at + 1] /= this.#cells[at + 2];
    }
  }

  #grow(room: number): void {
    const [cells, children, points] = [this.#cells, this.#children, this.#points];
    this.#cells = new Float64Array(room * FIELDS);
    this.#children = new Int32Array(room * 4);
    this.#points = new Int32Array(room);
    this.#cells.set(cells);
    this.#children.set(children);
    this.#points.set(points);
  }

  #add(side: number): number {
    if (this.#count === this.#points.length) this.#grow(2 * this.#count);
    const cell = this.#count++;
    this.#cells.fill(0, cell * FIELDS, cell * FIELDS + 3);
    this.#cells[cell * FIELDS + 3] = side * side;
    this.#children.fill(0, cell * 4, cell * 4 + 4);
    this.#points[cell] = -1;
    return cell;
  }

  #insert(points: Float64Array, point: number, x: number, y: number, side: number): void {
    let cell = 0;
    let [cx, cy, length] = [x, y, side];
    let moved = -1;
    const [px, py] = [points[2 * point], points[2 * point + 1]];
    for (let depth = 0; ; depth++) {
      const at = cell * FIELDS;
      this.#cells[at] += px;
      this.#cells[at + 1] += py;
      const mass = ++this.#cells[at + 2];
      if (mass === 1) {
        this.#points[cell] = point;
        return;
      }
      if (depth === DEEPEST) return;
      // A second point: the first one moves down, into a quarter of its own.
      moved = this.#points[cell];
      if (moved >= 0) {
        this.#points[cell] = -1;
        const [mx, my] = [points[2 * moved], points[2 * moved + 1]];
        const child = this.#add(length / 2);
        this.#children[cell * 4 + quarterOf(mx, my, cx, cy)] = child;
        this.#cells.set([mx, my, 1], child * FIELDS);
        this.#points[child] = moved;
      }
      const quarter = quarterOf(px, py, cx, cy);
      let next = this.#children[cell * 4 + quarter];
      if (next === 0) {
        next = this.#add(length / 2);
        this.#children[cell * 4 + quarter] = next;
      }
      length /= 2;
      cx += (quarter & 1 ? length : -length) / 2;
      cy += (quarter & 2 ? length : -length) / 2;
      cell = next;
    }
  }

  /**
   * Adds to `forces` the repulsion of a point by all others, Σ (1 + d²)⁻²·(p − q); returns Σ (1 + d²)⁻¹. A cell whose
   * side is less than `theta` times its distance counts as one point.
   */
  repel(points: Float64Array, point: number, theta: number, forces: Float64Array): number {
    const [cells, children, stack] = [this.#cells, this.#children, this.#stack];
    const [x, y] = [points[2 * point], points[2 * point + 1]];
    const limit = theta * theta;
    let [sum, fx, fy] = [0, 0, 0];
    let top = 1;
    stack[0] = 0;
    while (top > 0) {
      const cell = stack[--top];
      if (this.#points[cell] === point) continue;
      const at = cell * FIELDS;
      const dx = x - cells[at];
      const dy = y - cells[at + 1];
      const square = dx * dx + dy * dy;
      const isLeaf = !(
        children[cell * 4] ||
        children[cell * 4 + 1] ||
        children[cell * 4 + 2] ||
        children[cell * 4 + 3]
      );
      if (isLeaf || cells[at + 3] < limit * square) {
        const near = 1 / (1 + square);
        // Points that lie on each other share a cell, with the point itself.
        const mass = cells[at + 2];
        sum += mass * near;
        const force = mass * near * near;
        fx += force * dx;
        fy += force * dy;
        continue;
      }
      for (let quarter = 0; quarter < 4; quarter++) {
        const child = children[cell * 4 + quarter];
        if (child) stack[top++] = child;
      }
    }
    forces[2 * point] += fx;
    forces[2 * point + 1] += fy;
    return sum;
  }
}

/** Which quarter of a cell a place is in: 1 right, 2 below. */
const quarterOf = (x: number, y: number, cx: number, cy: number): number =>
  (x > cx ? 1 : 0) + (y > cy ? 2 : 0);
