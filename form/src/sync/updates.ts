// Updates of the form: a new version waits until the person takes it, and never comes between a draft and the disk.

/** Registers the service worker; `onUpdate` is told of a version that waits to take over. */
export async function watchForUpdates(onUpdate: (waiting: ServiceWorker) => void): Promise<void> {
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
  const registration = await container.register('/service-worker.js').catch(() => undefined);
  if (!registration) return;
  const tell = (): void => {
    if (registration.waiting && container.controller) onUpdate(registration.waiting);
  };
  tell();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', tell);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void registration.update().catch(() => undefined);
  });
}
