// Curves of a training as text.

/** A curve: its name, its mark, and a number for each epoch. */
export interface Curve {
  readonly name: string;
  readonly mark: string;
  readonly values: readonly number[];
}

const HEIGHT = 10;

/** Three digits. */
const label = (value: number): string => value.toPrecision(3);

/** The number at a place between two epochs, on the line from one to the other. */
function between(values: readonly number[], at: number): number {
  const before = Math.floor(at);
  const share = at - before;
  return share === 0 ? values[before] : (1 - share) * values[before] + share * values[before + 1];
}

/**
 * Curves over epochs in one frame, from the least to the greatest value; the first is in front.
 *
 * @param columns of the curves, without the numbers beside them
 */
export function plot(curves: readonly Curve[], columns: number): string {
  const all = curves.flatMap(({ values }) => values).filter(Number.isFinite);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const epochs = Math.max(...curves.map(({ values }) => values.length));
  const grid = Array.from({ length: HEIGHT }, () => new Array<string>(columns).fill(' '));
  const rowOf = (value: number): number =>
    most > least ? Math.round(((most - value) / (most - least)) * (HEIGHT - 1)) : HEIGHT >> 1;
  for (const { mark, values } of [...curves].reverse()) {
    for (let column = 0; column < columns; column++) {
      const value = between(values, (column / (columns - 1)) * (epochs - 1));
      if (Number.isFinite(value)) grid[rowOf(value)][column] = mark;
    }
  }
  const ticks: Readonly<Record<number, number>> = { 0: most, [HEIGHT - 1]: least };
  const margin = Math.max(label(most).length, label(least).length);
  const lines = grid.map((row, i) => {
    const tick = i in ticks ? label(ticks[i]).padStart(margin) : ' '.repeat(margin);
    return `${tick} ┤${row.join('').trimEnd()}`;
  });
  const legend = curves.map(({ name, mark }) => `${mark} ${name}`).join('   ');
  const axis = `epoch 1${String(epochs).padStart(columns - 7)}`;
  const indent = ' '.repeat(margin + 2);
  return [
    `${indent}${legend}`,
    ...lines,
    `${' '.repeat(margin)} └${'─'.repeat(columns)}`,
    indent + axis,
  ].join('\n');
}
