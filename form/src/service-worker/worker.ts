// The service worker: stores the built form on the phone, so that it opens without signal, and installs updates in the background.
export {};
declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHED_FILES__: string[];
declare const __SHELL_VERSION__: string;

interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

const SHELL_PREFIX = 'shell-';
const SHELL = SHELL_PREFIX + __SHELL_VERSION__;
/** Filled in by build/precache.ts, as is the version. */
const FILES: ReadonlySet<string> = new Set(__PRECACHED_FILES__);
const TILES = 'tiles';
const PAGES = new Set(['/', '/dashboard']);

self.addEventListener('install', (event) => {
  // `reload` bypasses the HTTP cache: a shell must never mix files of two versions.
  const files = [...FILES].map((file) => new Request(file, { cache: 'reload' }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const shells = (await caches.keys()).filter((name) => name.startsWith(SHELL_PREFIX) && name !== SHELL);
      // The previous version is retained for one more update: a tab that still runs it may yet load its lazy parts.
      await Promise.all(shells.slice(0, -1).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  // Sent by a page once its draft is stored; the page reloads when the new worker has taken over.
  if (event.data === 'take-over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) {
    if (request.destination === 'image') event.respondWith(tile(request));
    return;
  }
  if (request.mode === 'navigate' && PAGES.has(address.pathname)) {
    event.respondWith(fromShell('/', request));
  } else if (FILES.has(address.pathname) || address.pathname.startsWith('/assets/')) {
    event.respondWith(fromShell(address.pathname, request));
  }
});

self.addEventListener('sync', (event) => {
  // The entries are encrypted under the PIN: only an open, unlocked page can send them.
  const sync = event as SyncEvent;
  if (sync.tag === 'send') sync.waitUntil(wakePages());
});

async function wakePages(): Promise<void> {
  for (const client of await self.clients.matchAll({ type: 'window' })) client.postMessage('send');
}

async function fromShell(path: string, request: Request): Promise<Response> {
  const own = await caches.open(SHELL);
  return (await own.match(path)) ?? (path === '/' ? undefined : await caches.match(path)) ?? fetch(request);
}

async function tile(request: Request): Promise<Response> {
  // Stored by the page and requested by the map: the two send different Origin and Accept headers.
  const stored = await (await caches.open(TILES)).match(request.url, { ignoreVary: true });
  return stored ?? fetch(request);
}
