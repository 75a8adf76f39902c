// What surrounds the form: a sentence for the person, a new version, the browser's offer to install.

/** What `beforeinstallprompt` brings; only Chromium has it. */
interface Installation extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Shell {
  /** A sentence for the person, announced once, e.g. after something was stored. */
  message = $state('');
  /** A new version of the form that waits to take over. */
  update = $state<ServiceWorker | null>(null);
  /** The browser could not store the form: without signal it will not open. */
  notOffline = $state(false);
  /** The browser's offer to put the form among the phone's apps; null where it makes none or it was taken. */
  installation = $state.raw<Installation | null>(null);

  /** Holds the browser's offer until the officer asks for it, instead of a bar at a bad moment. */
  watchForInstallation(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.installation = event as Installation;
    });
    addEventListener('appinstalled', () => (this.installation = null));
  }

  async install(): Promise<void> {
    const offer = this.installation;
    // An offer can be used once.
    this.installation = null;
    await offer?.prompt();
  }
}

export const shell = new Shell();
