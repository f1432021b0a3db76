// What is said on the console.

/** The warnings that `body` gives. */
export async function warnings(body: () => unknown): Promise<string[]> {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (line: string) => lines.push(line);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return lines;
}
