// Keeping the screen on during a walk: a phone that sleeps sees no positions.

interface Lock {
  release(): Promise<void>;
}

export class ScreenLock {
  #lock: Lock | undefined;
  #wanted = false;

  /** Requests a wake lock, repeatedly too: the phone releases it whenever the page is hidden. Returns whether it is held. */
  async hold(): Promise<boolean> {
    this.#wanted = true;
    const { wakeLock } = navigator as { wakeLock?: { request(kind: 'screen'): Promise<Lock> } };
    if (!wakeLock) return false;
    let lock: Lock;
    try {
      lock = await wakeLock.request('screen');
    } catch {
      // Refused, e.g. to save the battery: the walk goes on, and the panel says that the screen may go dark.
      return false;
    }
    // Released in the meantime.
    if (this.#wanted) this.#lock = lock;
    else await lock.release();
    return true;
  }

  async release(): Promise<void> {
    this.#wanted = false;
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }
}
