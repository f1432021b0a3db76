// Finds keys that an object in JSON has twice. JSON.parse takes the last of them and says nothing.

/** The first key that one object of a valid JSON text has twice; undefined if there is none. */
export function duplicateKey(text: string): string | undefined {
  /** The keys of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let [begin, end] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(new Set());
        break;
      case 0x5b: // [
        open.push(undefined);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case 0x22: // "
        begin = at;
        at = end = endOfString(text, at);
        break;
      case 0x3a: {
        // The string before a colon is a key. Escapes are undone: "a" and "\u0061" are one.
        const key = JSON.parse(text.slice(begin, end + 1)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
    }
  }
  return undefined;
}

/** Where the string that begins at `at` has its closing quote. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i;
    if (code === 0x5c) i++; // A quote after a backslash does not end the string.
  }
  return text.length;
}
