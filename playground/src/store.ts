// What the browser keeps: bytes, and a text about them.

/** Opens a store. @throws an error named SecurityError where the browser keeps nothing */
export async function openStore(name: string): Promise<Cache> {
  if ('caches' in globalThis) return caches.open(name);
  throw new DOMException('pages have storage from https:// or localhost only', 'SecurityError');
}

/** Puts bytes in the place of those before. */
export async function putLast(
  store: Cache,
  bytes: Uint8Array<ArrayBuffer>,
  about = '',
): Promise<void> {
  // Under a name of its own, as WebKitGTK loses what is put in the place of another; those before go last.
  const before = await store.keys();
  const headers = { About: encodeURIComponent(about) };
  await store.put(`kept?${Date.now()}`, new Response(bytes, { headers }));
  for (const old of before) await store.delete(old);
}

/** The bytes that were put last, if any were. */
export async function readLast(
  store: Cache,
): Promise<{ bytes: ArrayBuffer; about: string } | undefined> {
  const last = (await store.keys()).at(-1);
  const response = last && (await store.match(last));
  if (!response) return undefined;
  const about = decodeURIComponent(response.headers.get('About') ?? '');
  return { bytes: await response.arrayBuffer(), about };
}
