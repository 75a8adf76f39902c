// Updates of the form: a new version waits until the person takes it, and never interrupts the storing of a draft.

/** What is known of the version that the browser has stored. */
export interface StoredVersions {
  update: ServiceWorker | null;
  notOffline: boolean;
}

/** Registers the service worker and reports a version that waits to take over, or that the browser could store none. */
export async function watchForUpdates(report: StoredVersions): Promise<void> {
  const container = navigator.serviceWorker;
  if (!container || import.meta.env.DEV) return;
  let controlled = container.controller !== null;
  let reloading = false;
  container.addEventListener('controllerchange', () => {
    // The very first worker takes over a page that runs its own version already.
    if (!controlled) {
      controlled = true;
      return;
    }
    if (reloading) return;
    reloading = true;
    location.reload();
  });
  let registration: ServiceWorkerRegistration;
  try {
    registration = await container.register('/service-worker.js');
  } catch (error) {
    console.error(error);
    // Without signal the worker that is there goes on working.
    report.notOffline = (await container.getRegistration()) === undefined;
    return;
  }
  const noteWaiting = (): void => {
    if (registration.waiting && container.controller) report.update = registration.waiting;
  };
  const watch = (worker: ServiceWorker | null): void => {
    worker?.addEventListener('statechange', () => {
      noteWaiting();
      // `register` resolves before the files are stored: a worker that could not store them all is dropped. One that works already goes on working.
      if (worker.state === 'redundant' && !registration.active) report.notOffline = true;
      if (worker.state === 'activated') report.notOffline = false;
    });
  };
  noteWaiting();
  watch(registration.installing);
  registration.addEventListener('updatefound', () => watch(registration.installing));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    // Without signal no newer version can be fetched: the next check tries again.
    registration.update().catch(() => undefined);
  });
}
