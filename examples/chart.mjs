// Curves and bars as text, for terminals.

/** '▁▂▅█': one bar per number, from `least` to `most` on a logarithmic scale; 0 has no bar. */
export function bars(numbers, least, most) {
  const levels = '▁▂▃▄▅▆▇█';
  const share = (value) => Math.log(value / least) / Math.log(most / least);
  const level = (value) => Math.min(levels.length - 1, Math.floor(share(value) * levels.length));
  return numbers.map((value) => (value > 0 ? levels[level(value)] : ' ')).join('');
}

/**
 * Curves in one frame, the first in front, on one scale from 0 to their greatest value.
 *
 * @param curves of { mark, values }: a character, and numbers at equal distances
 * @param label of the axis below, and `length` where it ends
 */
export function chart(curves, { width = 64, height = 16, length, label }) {
  const most = Math.max(...curves.flatMap(({ values }) => values));
  const longest = Math.max(...curves.map(({ values }) => values.length));
  const grid = Array.from({ length: height }, () => new Array(width).fill(' '));
  for (const { mark, values } of [...curves].reverse()) {
    for (let column = 0; column < width; column++) {
      const value = values[Math.floor((column * longest) / width)];
      if (value === undefined) break;
      grid[Math.round((1 - value / most) * (height - 1))][column] = mark;
    }
  }
  const lines = grid.map((row, i) => {
    const tick = i % 5 === 0 ? (most * (1 - i / (height - 1))).toFixed(1) : '';
    return `${tick.padStart(5)} ${tick ? '┤' : '│'}${row.join('')}`;
  });
  const end = String(length);
  const axis = label + end.padStart(width - label.length);
  return [...lines, `      └${'─'.repeat(width)}`, `       ${axis}`].join('\n');
}
