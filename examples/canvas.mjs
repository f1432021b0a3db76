// Pictures beside each other, for PNG files.

/** A picture with every pixel as a square of `zoom` pixels. */
export function enlarged({ width, height, data }, zoom) {
  const large = blank(width * zoom, height * zoom);
  for (let y = 0; y < large.height; y++)
    for (let x = 0; x < large.width; x++) {
      const from = 4 * (Math.floor(y / zoom) * width + Math.floor(x / zoom));
      large.data.set(data.subarray(from, from + 4), 4 * (y * large.width + x));
    }
  return large;
}

/** White. */
function blank(width, height) {
  return { width, height, data: new Uint8ClampedArray(4 * width * height).fill(255) };
}

/** Copies a picture into a larger one. */
function paste(onto, { width, height, data }, left, top) {
  for (let y = 0; y < height; y++)
    onto.data.set(
      data.subarray(4 * y * width, 4 * (y + 1) * width),
      4 * ((top + y) * onto.width + left),
    );
}

/** Rows of pictures as one, with gaps of so many pixels; columns are as wide as their widest picture. */
export function table(rows, gap = 6) {
  const heights = rows.map((row) => Math.max(...row.map(({ height }) => height)));
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.width ?? 0)),
  );
  const total = (sides) => sides.reduce((sum, side) => sum + side + gap, gap);
  const whole = blank(total(widths), total(heights));
  let top = gap;
  rows.forEach((row, i) => {
    let left = gap;
    row.forEach((picture, j) => {
      paste(whole, picture, left, top);
      left += widths[j] + gap;
    });
    top += heights[i] + gap;
  });
  return whole;
}

/** Small pictures at places of a plane, each [x, y]; where two meet, the first one stays. */
export function scattered(pictures, places, side) {
  const whole = blank(side, side);
  const taken = new Set();
  const cell = pictures[0].width;
  const [xs, ys] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const spread = (values) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return values.map((value) =>
      Math.floor(((value - least) / (most - least)) * (side / cell - 1)),
    );
  };
  const [columns, rows] = [spread(xs), spread(ys)];
  pictures.forEach((picture, i) => {
    const key = `${columns[i]} ${rows[i]}`;
    if (taken.has(key)) return;
    taken.add(key);
    paste(whole, picture, columns[i] * cell, rows[i] * cell);
  });
  return whole;
}
