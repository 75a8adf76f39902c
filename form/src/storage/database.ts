// The phone's database: IndexedDB with one typed schema and one upgrade hook.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { EntryKind } from './entries';
import type { Sealed } from './vault';

/** How an entry lies in the database: what queues and lists need is plain, what people said is sealed. */
export interface StoredEntry {
  id: string;
  household: string;
  sequence: number;
  version: number;
  kind: EntryKind;
  sealed: Sealed;
}

export interface StoredVault {
  id: 'vault';
  salt: Uint8Array<ArrayBuffer>;
  iterations: number;
  wrappedKey: Uint8Array<ArrayBuffer>;
  wrapVector: Uint8Array<ArrayBuffer>;
  wrongTries: number;
}

/** A part of a commune taken along: some hundred households sealed together, so that opening 5,000 is a few decryptions. */
export interface StoredPart {
  commune: string;
  part: number;
  sealed: Sealed;
}

interface FormDatabase extends DBSchema {
  vault: { key: string; value: StoredVault };
  entries: { key: string; value: StoredEntry; indexes: { household: string } };
  /** Public things that need no seal: the form definition, settings, the shape of communes. */
  kept: { key: string; value: { name: string; value: unknown } };
  /** Sealed things by name: account, last-used answers, traces of walked boundaries. */
  sealed: { key: string; value: { name: string; sealed: Sealed } };
  communes: { key: [string, number]; value: StoredPart };
}

export type Database = IDBPDatabase<FormDatabase>;
export const DATABASE_NAME = 'so-nong-ho';
const DATABASE_VERSION = 1;

/** Opens the database, making or upgrading it as needed. `onBlocked` is told when another tab holds an older version open. */
export function openDatabase(onBlocked: () => void = () => undefined): Promise<Database> {
  return openDB<FormDatabase>(DATABASE_NAME, DATABASE_VERSION, {
    // The one place where stores are made; a later version adds its steps below and never drops what holds entries.
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('vault', { keyPath: 'id' });
        database.createObjectStore('entries', { keyPath: 'id' }).createIndex('household', 'household');
        database.createObjectStore('kept', { keyPath: 'name' });
        database.createObjectStore('sealed', { keyPath: 'name' });
        database.createObjectStore('communes', { keyPath: ['commune', 'part'] });
      }
    },
    blocked: onBlocked,
    blocking(_current, _blocked, event) {
      // Another tab runs a newer form: let it upgrade; this tab reopens by reloading.
      (event.target as IDBDatabase).close();
    },
  });
}

/** Removes everything that was said by or about people, in one transaction. The form definition stays: it is public. */
export async function wipe(database: Database): Promise<void> {
  const transaction = database.transaction(['vault', 'entries', 'sealed', 'communes'], 'readwrite', { durability: 'strict' });
  await Promise.all([
    transaction.objectStore('vault').clear(),
    transaction.objectStore('entries').clear(),
    transaction.objectStore('sealed').clear(),
    transaction.objectStore('communes').clear(),
    transaction.done,
  ]);
}
