// Who is signed in at the register, and what that account may do here.
import { readAccount, signOut, type Account } from '../sync/account';
import { ResponseLost } from '../sync/register';
import { door } from './door.svelte';
import { signOutIfOwed } from './sign-out-owed';

class SignedIn {
  current = $state.raw<Account | null>(null);
  /** A sign-in is required: nothing is lost, but nothing is sent until then. */
  signInNeeded = $state(false);
  #goOn: () => Promise<void> = () => Promise.resolve();

  /** A leader or supervisor reads and decides, but fills in nothing. An account that is not known yet may: the register decides. */
  get mayWrite(): boolean {
    return this.may('households.write');
  }
  get mayVerify(): boolean {
    return this.may('households.verify');
  }

  /** Called after somebody has signed in. */
  whenSignedIn(goOn: () => Promise<void>): void {
    this.#goOn = goOn;
  }

  /** The account that was signed in when the phone was locked. */
  async restore(): Promise<void> {
    this.current = (await door.sealed.get<Account>('account')) ?? null;
  }

  async signedIn(account: Account): Promise<void> {
    this.signInNeeded = false;
    await door.forgetRevocation();
    await this.#remember(account);
    await this.#goOn();
  }

  /** Ends the session; what lies on the phone stays, locked by the PIN. */
  async signOut(): Promise<void> {
    await signOut();
    await this.#remember(null);
    this.signInNeeded = true;
  }

  /** Asks the register who is signed in. */
  async refresh(): Promise<void> {
    try {
      await signOutIfOwed(door.database);
      const account = await readAccount();
      if (account === 'nobody') this.signInNeeded = true;
      if (account === 'nobody' || account === 'unknown') return;
      if (account.mustChangePassword) this.signInNeeded = true;
      await this.#remember(account);
    } catch (error) {
      // Without signal the account of the last time stays; the list says what waits for signal.
      if (!(error instanceof ResponseLost)) throw error;
    }
  }

  async #remember(account: Account | null): Promise<void> {
    this.current = account;
    await door.sealed.put('account', account ?? undefined);
  }

  /** Whether this account has the permission; true while nobody is signed in. */
  may(permission: string): boolean {
    return this.current === null || this.current.permissions.includes(permission);
  }
}

export const account = new SignedIn();
