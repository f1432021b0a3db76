// Tables of text: `summary` and `profile` print them.

/**
 * Lines of text under a title, with rules between the head, the rows and the totals.
 *
 * @param lines the head first, the totals last
 * @param left how many of the first columns hold words: they are aligned left, all others right
 */
export function layout(title: string, lines: readonly string[][], left: number): string {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('   ')
      .trimEnd(),
  );
  const rule = '─'.repeat(Math.max(...text.map((line) => line.length)));
  return [title, rule, text[0], rule, ...text.slice(1, -1), rule, text[text.length - 1]].join('\n');
}
