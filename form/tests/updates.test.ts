// What is reported to the person of the version that the browser stores, or cannot store.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchForUpdates, type StoredVersions } from '../src/sync/updates';

class Worker extends EventTarget {
  state = 'installing';

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class Registration extends EventTarget {
  installing: Worker | null = null;
  waiting: Worker | null = null;
  active: Worker | null = null;

  found(worker: Worker): void {
    this.installing = worker;
    this.dispatchEvent(new Event('updatefound'));
  }
}

/** Watches over a page; `controller` is the worker that serves it. */
async function watched(registration: Registration, controller: Worker | null = null): Promise<StoredVersions> {
  const register = (): Promise<Registration> => Promise.resolve(registration);
  vi.stubEnv('DEV', false);
  vi.stubGlobal('navigator', { serviceWorker: Object.assign(new EventTarget(), { controller, register }) });
  vi.stubGlobal('document', new EventTarget());
  const report: StoredVersions = { update: null, notOffline: false };
  await watchForUpdates(report);
  return report;
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('the first version', () => {
  it.each(['before', 'after'])('whose files do not all come is reported, found %s the page listens', async (when) => {
    const [registration, worker] = [new Registration(), new Worker()];
    if (when === 'before') registration.installing = worker;
    const report = await watched(registration);
    if (when === 'after') registration.found(worker);
    worker.become('redundant');
    expect(report.notOffline).toBe(true);
    const next = new Worker();
    registration.found(next);
    next.become('activated');
    expect(report.notOffline).toBe(false);
  });
});

describe('a later version', () => {
  it('whose files do not all come is no matter: the one that is there goes on', async () => {
    const registration = Object.assign(new Registration(), { active: new Worker() });
    const report = await watched(registration, registration.active);
    const worker = new Worker();
    registration.found(worker);
    worker.become('redundant');
    expect(report).toEqual({ update: null, notOffline: false });
  });

  it('waits for the person', async () => {
    const registration = Object.assign(new Registration(), { active: new Worker() });
    const report = await watched(registration, registration.active);
    const worker = new Worker();
    registration.found(worker);
    registration.waiting = worker;
    worker.become('installed');
    expect(report.update).toBe(worker);
  });
});
