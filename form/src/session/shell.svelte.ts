// What surrounds the form: a sentence for the person, a new version, the browser's offer to install.

/** What `beforeinstallprompt` brings; only Chromium has it. */
interface Installation extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Shell {
  /** A message to the person, announced once, e.g. after something was stored. */
  message = $state('');
  /** A new version of the form that waits to take over. */
  update = $state<ServiceWorker | null>(null);
  /** The browser could not store the form: without signal it will not open. */
  notOffline = $state(false);
  /** The browser did not promise to keep what is stored: short of room, it may clear it. */
  mayBeCleared = $state(false);
  /** The form was opened from among the phone's apps. */
  readonly installed = matchMedia('(display-mode: standalone)').matches;
  /** The browser's offer to put the form among the phone's apps; null where it makes none or it was taken. */
  installation = $state.raw<Installation | null>(null);

  /** Holds the browser's offer until the officer asks for it, instead of a bar at a bad moment. */
  watchForInstallation(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.installation = event as Installation;
    });
    addEventListener('appinstalled', () => {
      this.installation = null;
      void this.askToKeep();
    });
  }

  /** Requests that the browser does not clear the storage by itself. */
  async askToKeep(): Promise<void> {
    try {
      this.mayBeCleared = !(await navigator.storage?.persist?.());
    } catch {
      // Some browsers refuse the request, which counts as no; the notice says what helps.
      this.mayBeCleared = true;
    }
  }

  async install(): Promise<void> {
    const offer = this.installation;
    // An offer can be used once.
    this.installation = null;
    await offer?.prompt();
  }
}

export const shell = new Shell();
