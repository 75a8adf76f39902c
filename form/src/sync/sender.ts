// The sender: takes queued entries to the register, one tab at a time, each household in order, until each is decided.
import { sendable, type Entry } from '../storage/entries';
import { EntryGone, type EntryStore } from '../storage/entry-store';
import { isObject, type Household } from '../record/household';
import { LOST, readResponse, recordIn, type RegisterResponse, type Outcome } from './response';
import { waitSeconds } from './backoff';
import { ResponseLost, call, putHousehold } from './register';

const LOCK = 'sender';

export interface SenderView {
  /** Whether this tab is talking to the register now. */
  busy: boolean;
  /** The register wants to know who is there before anything goes on. */
  signInNeeded: boolean;
  /** Why the last pass ended early, null when it did not; 'fault' where the phone itself is to blame. */
  lastFailure: string | null;
}

/** What became of one try: of an entry, or of what goes after the entries. */
export type Tried = Outcome | { kind: 'done' };
/** Sends the next thing that goes after the entries and is not among those tried, saying so as it begins; null when there is none. */
export type SendAfter = (entries: readonly Entry[], tried: Set<string>, begins: () => void) => Promise<Tried | null>;

/** What the entry and the register's version make together, where no person need be asked; else null. */
export type Reconcile = (entry: Entry, theirs: Household) => Promise<{ content: Household; base: Household } | null>;
/** A household that changes again with every try is left to a person. */
const MOST_MERGES = 3;

export class Sender {
  readonly #store: EntryStore;
  readonly #onChange: (view: SenderView) => void;
  readonly #onStored: (record: Household) => void;
  readonly #sendAfter: SendAfter;
  readonly #reconcile: Reconcile;
  #view: SenderView = { busy: false, signInNeeded: false, lastFailure: null };
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = false;
  #stopped = false;

  constructor(store: EntryStore, onChange: (view: SenderView) => void, onStored: (record: Household) => void, reconcile: Reconcile, sendAfter: SendAfter) {
    this.#store = store;
    this.#reconcile = reconcile;
    this.#sendAfter = sendAfter;
    this.#onChange = onChange;
    this.#onStored = onStored;
  }

  /** Watches for every sign that sending may work again, and tries at once. */
  start(): void {
    // `navigator.onLine` is never read: it is wrong both ways. Its events are only an occasion to try.
    addEventListener('online', this.now);
    addEventListener('focus', this.now);
    document.addEventListener('visibilitychange', this.#onVisible);
    navigator.serviceWorker?.addEventListener('message', this.#onMessage);
    this.now();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    removeEventListener('online', this.now);
    removeEventListener('focus', this.now);
    document.removeEventListener('visibilitychange', this.#onVisible);
    navigator.serviceWorker?.removeEventListener('message', this.#onMessage);
  }

  /** Tries now. While another tab sends, waits for it and then looks what is left. */
  readonly now = (): void => {
    if (this.#waiting || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#waiting = true;
    void navigator.locks
      .request(LOCK, async () => {
        this.#waiting = false;
        await this.#pass();
      })
      .catch((error: unknown) => {
        // A fault of the phone, e.g. of its storage: shown on the list, tried again, and the console has its details.
        console.error(error);
        this.#waiting = false;
        this.#later('fault', null);
      });
  };

  /** The officer has signed in: what waited for it goes on. */
  signedIn(): void {
    this.#show({ signInNeeded: false });
    this.now();
  }

  readonly #onVisible = (): void => {
    if (document.visibilityState === 'visible') this.now();
  };

  readonly #onMessage = (event: MessageEvent): void => {
    if (event.data === 'send') this.now();
  };

  async #pass(): Promise<void> {
    if (this.#stopped) return;
    await this.#recover();
    const tried = new Set<string>();
    let requestedSeconds: number | null = null;
    let failure: string | null = null;
    try {
      for (;;) {
        const entries = await this.#store.all();
        const entry = sendable(entries).find(({ id }) => !tried.has(id));
        if (this.#stopped) break;
        const begins = (): void => this.#show({ busy: true });
        let outcome: Tried | null;
        if (entry) {
          tried.add(entry.id);
          begins();
          outcome = await this.#send(entry);
        } else {
          outcome = await this.#sendAfter(entries, tried, begins);
        }
        if (outcome === null) break;
        if (outcome.kind === 'sign-in') {
          this.#show({ signInNeeded: true });
          return;
        }
        if (outcome.kind === 'again') {
          failure = outcome.reason;
          requestedSeconds = outcome.afterSeconds;
          if (outcome.everyone) break;
        } else {
          this.#failures = 0;
          this.#show({ signInNeeded: false });
        }
      }
    } finally {
      this.#show({ busy: false, lastFailure: failure });
    }
    if (failure !== null) this.#later(failure, requestedSeconds);
    else if ((await this.#store.all()).some(({ state }) => state.kind === 'queued')) this.#later(null, null);
  }

  /** Only the holder of the lock sends: what is found in Sending now was cut off by a killed browser, and goes again under the same id. */
  async #recover(): Promise<void> {
    for (const entry of await this.#store.all()) {
      if (entry.state.kind === 'sending') await this.#queueAgain(entry.id, 'lost');
    }
  }

  async #send(queued: Entry, merges = 0): Promise<Outcome> {
    let entry: Entry;
    try {
      entry = await this.#store.change(queued.id, (current) => {
        if (current.state.kind !== 'queued') throw new EntryGone(queued.id);
        return { ...current, state: { kind: 'sending', attempts: current.state.attempts + 1 } };
      });
    } catch (error) {
      // The officer took it back to edit it in the moment between: nothing to show, it is sent when it is queued again.
      if (error instanceof EntryGone) return { kind: 'again', reason: 'taken-back', everyone: false, afterSeconds: null };
      throw error;
    }
    const revision = entry.basis.kind === 'revision' ? entry.basis.revision : null;
    const outcome = await this.#decide(entry, revision);
    switch (outcome.kind) {
      case 'stored':
        await this.#store.arrived(entry.id, outcome.record, outcome.revision);
        this.#onStored(outcome.record);
        break;
      case 'conflict': {
        const theirs = outcome.current as Household;
        const reconciled = merges < MOST_MERGES ? await this.#reconcile(entry, theirs) : null;
        if (reconciled) {
          await this.#store.merged(entry.id, reconciled.content, reconciled.base, Number(theirs['revision']));
          const again = (await this.#store.all()).find(({ id, state }) => id === entry.id && state.kind === 'queued');
          // A later version of the household has taken its place, and is sent in its turn.
          return again ? this.#send(again, merges + 1) : { kind: 'again', reason: 'merged', everyone: false, afterSeconds: null };
        }
        await this.#store.turnedBack(entry.id, { kind: 'conflict', theirs, theirRevision: Number(theirs['revision']) });
        break;
      }
      case 'rejected':
        await this.#store.turnedBack(entry.id, { kind: 'rejected', problem: outcome.problem });
        break;
      case 'sign-in':
        await this.#queueAgain(entry.id, 'sign-in');
        break;
      case 'again':
        await this.#queueAgain(entry.id, outcome.reason);
        break;
    }
    return outcome;
  }

  async #decide(entry: Entry, revision: number | null): Promise<Outcome> {
    const outcome = await outcomeOf(entry.household, () => putHousehold(entry.household, entry.content, revision));
    if (outcome.kind !== 'conflict') return outcome;
    const current = outcome.current ?? (await fetchCurrent(entry.household));
    return current === null ? LOST : { kind: 'conflict', current };
  }

  async #queueAgain(id: string, reason: string): Promise<void> {
    await this.#store.change(id, (entry) =>
      entry.state.kind === 'sending'
        ? { ...entry, state: { kind: 'queued', attempts: entry.state.attempts, lastFailure: reason } }
        : entry,
    );
  }

  #later(failure: string | null, requestedSeconds: number | null): void {
    this.#show({ lastFailure: failure });
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(this.now, waitSeconds(this.#failures, requestedSeconds) * 1000);
    this.#failures += 1;
    void askForBackgroundSync();
  }

  #show(change: Partial<SenderView>): void {
    this.#view = { ...this.#view, ...change };
    this.#onChange(this.#view);
  }
}

async function outcomeOf(household: string, request: () => Promise<RegisterResponse>): Promise<Outcome> {
  try {
    return readResponse(await request(), household);
  } catch (error) {
    if (error instanceof ResponseLost) return LOST;
    throw error;
  }
}

/** The register's version of the household; null without signal, and the entry is sent again later. */
async function fetchCurrent(household: string): Promise<Household | null> {
  try {
    const response = await call(`/v1/households/${encodeURIComponent(household)}`);
    const { status, body } = response;
    return status === 200 && isObject(body) && typeof body['revision'] === 'number' ? recordIn(response, body) : null;
  } catch (error) {
    if (error instanceof ResponseLost) return null;
    throw error;
  }
}

/** Where the browser has Background Sync, it wakes our open pages when the signal is back; where it refuses, the timer does. */
async function askForBackgroundSync(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const sync = (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
  await sync?.register('send').catch(() => undefined);
}
