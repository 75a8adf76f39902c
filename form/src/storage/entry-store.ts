// Entries in the database: sealed on the way in, opened on the way out, changed only by read-modify-write.
import { bestKnownTime } from '../clock/clock.svelte';
import type { Database, StoredEntry } from './database';
import { isEditable, type Basis, type Entry, type EntryState } from './entries';
import type { Household } from '../record/household';
import { mintIdentifier } from './identifier';
import { retried, STALE } from './retry';
import { withRoom } from './room';
import type { Vault } from './vault';

/** Another tab changed the entry since this one read it. */
export class EntryChangedElsewhere extends Error {}
/** The entry is on its way or has arrived: a change must follow it as an entry of its own. */
export class EntryNotEditable extends Error {}
/** The entry is not (or no longer) on this phone. */
export class EntryGone extends Error {}

type SealedPart = Pick<Entry, 'basis' | 'base' | 'state' | 'content' | 'changedAt' | 'step'> & { contentVersion: number };
export interface OpenedEntry extends Entry {
  /** Counts changes of the content alone; what an editing screen holds on to. */
  contentVersion: number;
}

const CHANNEL = 'entries';

export class EntryStore {
  readonly #database: Database;
  readonly #vault: Vault;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();
  /** Opened entries by id, each good for one stored version: reading the list again opens only what changed. */
  readonly #opened = new Map<string, OpenedEntry>();

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
    this.#channel.onmessage = () => this.#notifyListeners();
  }

  /** Calls `listener` after every change, in this tab or another. Returns a function that stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#channel.close();
    this.#listeners.clear();
    this.#opened.clear();
  }

  /** All entries in the order they were made. */
  async all(): Promise<OpenedEntry[]> {
    const stored = await this.#database.getAll('entries');
    const entries = await Promise.all(stored.map((row) => this.#open(row)));
    return entries.sort((a, b) => a.sequence - b.sequence);
  }

  async get(id: string): Promise<OpenedEntry> {
    const stored = await this.#database.get('entries', id);
    if (!stored) throw new EntryGone(id);
    return this.#open(stored);
  }

  async ofHousehold(household: string): Promise<OpenedEntry[]> {
    const stored = await this.#database.getAllFromIndex('entries', 'household', household);
    const entries = await Promise.all(stored.map((row) => this.#open(row)));
    return entries.sort((a, b) => a.sequence - b.sequence);
  }

  /** Stores a new draft. Resolves when it is on the disk. Raises PhoneFull. */
  async add(household: string, basis: Basis, content: Household, base: Household | null = null): Promise<OpenedEntry> {
    const entry: OpenedEntry = {
      id: mintIdentifier(), household, sequence: 0, version: 1, contentVersion: 1, basis, base,
      state: { kind: 'draft' }, content, changedAt: bestKnownTime().toISOString(), step: 0,
    };
    const sealed = await this.#vault.seal(sealedPart(entry));
    await withRoom(async () => {
      const transaction = this.#database.transaction('entries', 'readwrite', { durability: 'strict' });
      const last = (await transaction.store.getAll()).reduce((most, row) => Math.max(most, row.sequence), 0);
      entry.sequence = last + 1;
      await Promise.all([transaction.store.add(plainPart(entry, sealed)), transaction.done]);
    });
    this.#changed();
    return entry;
  }

  /** Stores what the officer typed. Raises EntryChangedElsewhere, EntryNotEditable, EntryGone or PhoneFull. */
  async saveContent(id: string, contentVersion: number, content: Household, step: number): Promise<OpenedEntry> {
    return this.change(id, (entry) => {
      if (entry.contentVersion !== contentVersion) throw new EntryChangedElsewhere(id);
      if (!isEditable(entry)) throw new EntryNotEditable(id);
      const state: EntryState = entry.state.kind === 'queued' ? { kind: 'draft' } : entry.state;
      return { ...entry, state, content, step, contentVersion: contentVersion + 1, changedAt: bestKnownTime().toISOString() };
    });
  }

  /** Reads an entry, lets `alter` make the new one, stores it; retries if another tab changed it. */
  async change(id: string, alter: (entry: OpenedEntry) => OpenedEntry): Promise<OpenedEntry> {
    const after = await retried(async () => {
      const before = await this.get(id);
      const altered = { ...alter(before), version: before.version + 1 };
      return (await this.#replace([{ before, after: altered }])) ? altered : STALE;
    });
    this.#changed();
    return after;
  }

  /** The register has stored the entry: it is Sent, and an entry that follows it is now made from that revision. One transaction. */
  async arrived(id: string, record: Household, revision: number): Promise<void> {
    await this.#decided(id, (entry) => ({
      entry: { ...entry, state: { kind: 'sent', at: bestKnownTime().toISOString(), revision }, content: record },
      ofFollower: { basis: { kind: 'revision', revision } },
    }));
  }

  /** The register did not take the entry. A later version of the same household on this phone takes its place, if there is one. */
  async turnedBack(id: string, state: EntryState): Promise<void> {
    await this.#decided(id, (entry) => ({ entry: { ...entry, state }, ofFollower: { basis: entry.basis, base: entry.base }, supersede: true }));
  }

  /** Sends the entry again as `content`, which includes what the register has at `revision`. A later version of the household takes its place: it is merged itself. */
  async merged(id: string, content: Household, base: Household, revision: number): Promise<void> {
    await this.#decided(id, (entry) => ({ entry: mergedEntry(entry, content, base, revision), ofFollower: { basis: entry.basis, base: entry.base }, supersede: true }));
  }

  async remove(id: string): Promise<void> {
    await withRoom(() => this.#database.delete('entries', id));
    this.#opened.delete(id);
    this.#changed();
  }

  async #decided(
    id: string,
    outcome: (entry: OpenedEntry) => { entry: OpenedEntry; ofFollower: Partial<Pick<Entry, 'basis' | 'base'>>; supersede?: boolean },
  ): Promise<void> {
    await retried(async () => {
      const before = await this.get(id);
      const { entry, ofFollower, supersede } = outcome(before);
      const follower = (await this.ofHousehold(before.household)).find(
        ({ basis }) => basis.kind === 'entry' && basis.entry === id,
      );
      const changes: Change[] = [
        { before, after: follower && supersede ? null : { ...entry, version: before.version + 1 } },
      ];
      if (follower) changes.push({ before: follower, after: { ...follower, ...ofFollower, version: follower.version + 1 } });
      return (await this.#replace(changes)) || STALE;
    });
    this.#changed();
  }

  /** Writes all changes in one transaction, or none (false) when one of the entries is no longer the one that was read. */
  async #replace(changes: Change[]): Promise<boolean> {
    // Sealing comes first: a transaction of IndexedDB ends by itself while one waits for anything else.
    const rows = await Promise.all(
      changes.map(async ({ after }) => (after ? plainPart(after, await this.#vault.seal(sealedPart(after))) : null)),
    );
    return withRoom(async () => {
      const transaction = this.#database.transaction('entries', 'readwrite', { durability: 'strict' });
      const current = await Promise.all(changes.map(({ before }) => transaction.store.get(before.id)));
      const same = changes.every(({ before }, index) => current[index]?.version === before.version);
      const writes = changes.map(({ before }, index) => {
        const row = rows[index];
        return same && (row ? transaction.store.put(row) : transaction.store.delete(before.id));
      });
      await Promise.all([...writes, transaction.done]);
      // What was written need not be decrypted to be read again.
      if (same) for (const { after } of changes) if (after) this.#opened.set(after.id, after);
      return same;
    });
  }

  async #open(row: StoredEntry): Promise<OpenedEntry> {
    const known = this.#opened.get(row.id);
    if (known?.version === row.version) return known;
    const part = await this.#vault.open<SealedPart>(row.sealed);
    const { id, household, sequence, version } = row;
    const entry = { id, household, sequence, version, ...part };
    this.#opened.set(id, entry);
    return entry;
  }

  #changed(): void {
    this.#channel.postMessage('changed');
    this.#notifyListeners();
  }

  #notifyListeners(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface Change {
  before: OpenedEntry;
  after: OpenedEntry | null;
}

/** The entry in the queue, made from what the register has now. */
export function mergedEntry(entry: OpenedEntry, content: Household, base: Household, revision: number): OpenedEntry {
  return { ...entry, content, base, basis: { kind: 'revision', revision }, contentVersion: entry.contentVersion + 1, state: { kind: 'queued', attempts: 0, lastFailure: null } };
}

function sealedPart({ basis, base, state, content, changedAt, step, contentVersion }: OpenedEntry): SealedPart {
  return { basis, base, state, content, changedAt, step, contentVersion };
}

function plainPart(entry: OpenedEntry, sealed: StoredEntry['sealed']): StoredEntry {
  const { id, household, sequence, version, state } = entry;
  return { id, household, sequence, version, kind: state.kind, sealed };
}
