// Norms as bars of text.

const BARS = '▁▂▃▄▅▆▇█';
/** The most bars of a line: of more norms some are left out. */
const SPARKLINE = 60;

/** 'conv2d    ▅▄▃▂▁  0.21 … 0.034': a line per layer, all on one logarithmic scale. 0 has no bar. */
export function sparklines(norms: Readonly<Record<string, readonly number[]>>): string {
  const logs = Object.values(norms)
    .flat()
    .filter((norm) => norm > 0)
    .map(Math.log);
  const least = logs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = logs.reduce((a, b) => Math.max(a, b), least) - least;
  const bar = (norm: number): string => {
    if (!(norm > 0)) return ' ';
    const share = range > 0 ? (Math.log(norm) - least) / range : 0.5;
    return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
  };
  const width = Math.max(0, ...Object.keys(norms).map((name) => name.length));
  const lines = Object.entries(norms).map(([layer, all]) => {
    const count = Math.min(all.length, SPARKLINE);
    const shown = Array.from(
      { length: count },
      (_, i) => all[Math.floor((i * all.length) / count)],
    );
    const ends = [all[0], all[all.length - 1]].map((norm) => norm.toPrecision(2));
    return `${layer.padEnd(width)}  ${shown.map(bar).join('')}  ${ends.join(' … ')}`;
  });
  return ['gradient norms', ...lines].join('\n');
}
