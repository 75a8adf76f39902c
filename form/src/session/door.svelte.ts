// The door: the PIN that unlocks what lies on the phone, the lock after idle time, and the ways to erase everything.
import { forgetRevocation, openDatabase, wasRevoked, whenErased, wipe, type Database } from '../storage/database';
import { SealedValues } from '../storage/sealed-values';
import { eraseRevoked, hasVault, makeVault, unlock, type Unlocking, type Vault } from '../storage/vault';
import { ResponseLost, call, whenRevoked } from '../sync/register';
import { present } from './present';
import { oweSignOut } from './sign-out-owed';

export type DoorState = 'opening' | 'insecure' | 'new' | 'locked' | 'open' | 'broken';

const IDLE_MILLISECONDS = 30 * 60 * 1000;
const IDLE_CHECK_MILLISECONDS = 30_000;

class Door {
  state = $state<DoorState>('opening');
  /** The register had this phone erased; shown at the door until somebody signs in again. */
  revoked = $state(false);

  #database: Database | undefined;
  #sealed: SealedValues | undefined;
  #lastTouch = performance.now();
  #enter: (vault: Vault) => Promise<void> = () => Promise.resolve();
  #leave: () => void = () => undefined;

  get database(): Database {
    return present(this.#database);
  }
  /** Small values, sealed under the PIN. */
  get sealed(): SealedValues {
    return present(this.#sealed);
  }

  /** Called with the vault once it is open, and before it is locked. */
  whenUnlocked(enter: (vault: Vault) => Promise<void>, leave: () => void): void {
    this.#enter = enter;
    this.#leave = leave;
  }

  /** Opens the database and finds out which door this phone has. Returns whether the form can run here. */
  async prepare(): Promise<boolean> {
    if (!isSecureContext || !('locks' in navigator)) {
      this.state = 'insecure';
      return false;
    }
    try {
      this.#database = await openDatabase();
      this.revoked = await wasRevoked(this.#database);
      this.state = (await hasVault(this.#database)) ? 'locked' : 'new';
    } catch (error) {
      // The door says so and what to do; the console has the reason.
      console.error(error);
      this.state = 'broken';
      return false;
    }
    whenErased(() => this.lock());
    whenRevoked(() => this.#eraseRevoked());
    addEventListener('online', () => void this.#askWhetherRevoked());
    void this.#askWhetherRevoked();
    this.#lockWhenIdle();
    return true;
  }

  async setPin(pin: string): Promise<void> {
    await this.#open(await makeVault(this.database, pin));
  }

  async unlock(pin: string): Promise<Unlocking> {
    const unlocking = await unlock(this.database, pin);
    if (unlocking.kind === 'open') await this.#open(unlocking.vault);
    if (unlocking.kind === 'wiped') {
      this.state = 'new';
      await oweSignOut(this.database);
    }
    return unlocking;
  }

  /** Drops the key. Nothing is lost: screens store what is typed at once. */
  lock(): void {
    this.#leave();
    location.hash = '#/';
    location.reload();
  }

  /** Removes everything about people from this phone. */
  async wipe(): Promise<void> {
    await wipe(this.database);
    await oweSignOut(this.database);
    this.lock();
  }

  /** After a sign-in the reason why the phone was erased is no longer shown. */
  async forgetRevocation(): Promise<void> {
    this.revoked = false;
    await forgetRevocation(this.database);
  }

  async #open(vault: Vault): Promise<void> {
    this.#sealed = new SealedValues(this.database, vault);
    await this.#enter(vault);
    this.state = 'open';
  }

  #lockWhenIdle(): void {
    for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => (this.#lastTouch = performance.now()), { passive: true });
    setInterval(() => {
      if (this.state === 'open' && performance.now() - this.#lastTouch > IDLE_MILLISECONDS) this.lock();
    }, IDLE_CHECK_MILLISECONDS);
  }

  /** The register is queried behind a locked door too: a stolen phone is locked. `call` deals with the response. */
  async #askWhetherRevoked(): Promise<void> {
    if (this.state !== 'locked') return;
    try {
      await call('/v1/session');
    } catch (error) {
      // Without signal the request is repeated when the signal is back; behind the door there is nothing to show.
      if (!(error instanceof ResponseLost)) throw error;
    }
  }

  /** Somebody ended this device's session from elsewhere: nothing stays on the phone, and the page is reloaded. */
  async #eraseRevoked(): Promise<void> {
    if (!(await eraseRevoked(this.database))) return;
    await oweSignOut(this.database);
    this.lock();
    // The page is being reloaded: code that awaits the response must not go on.
    await new Promise(() => undefined);
  }
}

export const door = new Door();
