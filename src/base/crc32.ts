// CRC-32 (ISO 3309), with which PNG, zip and model files check their parts.

/** Bytes that are taken in one turn, each with a table of its own: "slicing by eight". */
const SLICES = 8;

/** The remainder of each byte, followed by 0 to 7 bytes of zeros. */
const tables = new Uint32Array(SLICES * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  tables[byte] = crc;
}
for (let at = 256; at < tables.length; at++) {
  const before = tables[at - 256];
  tables[at] = tables[before & 255] ^ (before >>> 8);
}

/** The sum of the bytes: 32 bits, unsigned. @param before the sum of what comes before them */
export function crc32(bytes: Uint8Array, before = 0): number {
  const { buffer, byteOffset, length } = bytes;
  const view = new DataView(buffer, byteOffset, length);
  const whole = length - (length % SLICES);
  let crc = ~before;
  for (let i = 0; i < whole; i += SLICES) {
    const [low, high] = [crc ^ view.getInt32(i, true), view.getInt32(i + 4, true)];
    crc =
      tables[1792 | (low & 255)] ^
      tables[1536 | ((low >>> 8) & 255)] ^
      tables[1280 | ((low >>> 16) & 255)] ^
      tables[1024 | (low >>> 24)] ^
      tables[768 | (high & 255)] ^
      tables[512 | ((high >>> 8) & 255)] ^
      tables[256 | ((high >>> 16) & 255)] ^
      tables[high >>> 24];
  }
  for (let i = whole; i < length; i++) crc = tables[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
