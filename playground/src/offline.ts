// The service worker: keeps all files of this build, so that the page works without a network once it was visited. The
// page itself is asked from the network first, so that a visitor who has one gets the newest build; each build's code
// is in a folder of its own, so that two are never mixed.

/** What scripts/playground/build.ts says of the build. */
declare const BUILD: { readonly version: string; readonly files: readonly string[] };

/** An event that lasts until some work is done. */
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

/** A request of the page or of its workers. */
interface Asking extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** The part of a service worker's globals that is used here. */
interface Globals {
  readonly registration: { readonly scope: string; readonly installing: unknown };
  readonly clients: {
    matchAll(which: { includeUncontrolled: boolean }): Promise<readonly unknown[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(event: 'install', hear: (event: Lasting) => void): void;
  addEventListener(event: 'fetch', hear: (event: Asking) => void): void;
}

const worker = globalThis as unknown as Globals;
const PREFIX = 'wasmgrad-playground-build-';
const own = PREFIX + BUILD.version;
const page = worker.registration.scope;

/**
 * Keeps all files of the build, one after another: whatever the page asks for meanwhile goes first. The page is the last
 * one: where it is kept, all is.
 */
async function keepAll(): Promise<void> {
  const cache = await caches.open(own);
  for (const file of BUILD.files) {
    const url = new URL(file, page).href;
    const answer = await fetch(url, { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`${file} could not be kept (${answer.status})`);
    // A newer build may have taken its place since: then that one has a worker of its own.
    if (url === page && !(await answer.clone().text()).includes(BUILD.version))
      throw new Error('the page is of another build');
    await cache.put(url, answer);
  }
}

/** Drops other builds, unless another tab may show one of them, or a newer one is on its way. */
async function dropOthers(): Promise<void> {
  if (worker.registration.installing) return;
  if ((await worker.clients.matchAll({ includeUncontrolled: true })).length > 1) return;
  for (const name of await caches.keys())
    if (name.startsWith(PREFIX) && name !== own) await caches.delete(name);
}

/** What is kept; nothing where the browser's storage does not open, as on a disk that is full. */
const keptOf = (
  request: RequestInfo,
  where?: { readonly cacheName: string },
): Promise<Response | undefined> => caches.match(request, where).catch(() => undefined);

const isolationOf = ({ headers }: Response): string | null =>
  headers.get('Cross-Origin-Embedder-Policy');

/** The page, from the network if there is one. */
async function openPage(event: Asking): Promise<Response> {
  const kept = await keptOf(page, { cacheName: own });
  let answer: Response;
  try {
    answer = await fetch(event.request);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
  event.waitUntil(dropOthers());
  // Workers must come with the same headers as the page: what was kept with others is of no use.
  if (answer.ok && (!kept || isolationOf(answer) !== isolationOf(kept))) {
    await caches.delete(own).catch(() => {});
    event.waitUntil(keepAll());
  }
  return answer;
}

/** A file as it was kept, of this build or of the one that another tab shows; else from the network. */
const openFile = async (request: Request): Promise<Response> =>
  (await keptOf(request, { cacheName: own })) ?? (await keptOf(request)) ?? fetch(request);

// Pages that are open already are not claimed: Firefox would wait for their threads, which sleep in wasm.
worker.addEventListener('install', (event) =>
  event.waitUntil(keepAll().then(() => worker.skipWaiting())),
);
worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const path = url.replace(/[?#].*/, '');
  if (method !== 'GET' || !path.startsWith(page)) return;
  if (mode !== 'navigate') event.respondWith(openFile(event.request));
  else if (path === page || path === `${page}index.html`) event.respondWith(openPage(event));
});
