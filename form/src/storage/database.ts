// The phone's database: IndexedDB with one typed schema and one upgrade hook.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { EntryKind } from './entries';
import type { Sealed } from './sealed';

/** An entry as stored: what queues and lists need is plain, what is about people is encrypted. */
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
  /** Of the items above but the tries, to tell a damaged vault from a wrong PIN. */
  digest: string;
}

/** A part of a commune taken along: some hundred households sealed together, so that opening 5,000 is a few decryptions. */
export interface StoredPart {
  commune: string;
  part: number;
  sealed: Sealed;
}

/** A photo of a paper without its picture, which lies in a store of its own, so that lists read no pictures. */
export interface StoredPhoto {
  id: string;
  household: string;
  /** Changes with every write: a tab that read an older one must not overwrite a newer one. */
  version: string;
  sealed: Sealed;
}

interface FormDatabase extends DBSchema {
  vault: { key: string; value: StoredVault };
  entries: { key: string; value: StoredEntry; indexes: { household: string } };
  /** Public data, not encrypted: the form definition, settings, the shape of communes. */
  public: { key: string; value: { name: string; value: unknown } };
  /** Sealed things by name: the account, the last values given, traces of walked boundaries. */
  sealed: { key: string; value: { name: string; sealed: Sealed } };
  communes: { key: [string, number]; value: StoredPart };
  photos: { key: string; value: StoredPhoto };
  pictures: { key: string; value: { id: string; sealed: Sealed } };
}

export type Database = IDBPDatabase<FormDatabase>;
const DATABASE_NAME = 'so-nong-ho';
const DATABASE_VERSION = 1;

/** Opens the database, making or upgrading it as needed. `onBlocked` is called when another tab holds an older version open. */
export function openDatabase(onBlocked: () => void = () => undefined): Promise<Database> {
  return openDB<FormDatabase>(DATABASE_NAME, DATABASE_VERSION, {
    // The one place where stores are made; a later version adds its steps below and never drops what holds entries.
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore('vault', { keyPath: 'id' });
        database.createObjectStore('entries', { keyPath: 'id' }).createIndex('household', 'household');
        database.createObjectStore('public', { keyPath: 'name' });
        database.createObjectStore('sealed', { keyPath: 'name' });
        database.createObjectStore('communes', { keyPath: ['commune', 'part'] });
        database.createObjectStore('photos', { keyPath: 'id' });
        database.createObjectStore('pictures', { keyPath: 'id' });
      }
    },
    blocked: onBlocked,
    blocking(_current, _blocked, event) {
      // Another tab runs a newer form: let it upgrade; this tab reopens by reloading.
      (event.target as IDBDatabase).close();
    },
  });
}

/** Stores that hold nothing of people: the form's definition, settings, names and shapes of communes. */
export const PUBLIC_STORE = 'public';
/** Under this name is stored why the phone was erased, until somebody signs in again. */
const ERASED = 'erased';
/** Caches that reveal where the officer works. */
const REVEALING_CACHES = ['tiles'];
let tabs: BroadcastChannel | undefined;

/**
 * Removes everything about people, the key too, in one transaction, and notifies the other tabs, so that they
 * forget what they hold open. With `because` the reason is stored, so that the next start can show it.
 */
export async function wipe(database: Database, because?: 'revoked'): Promise<void> {
  const transaction = database.transaction(database.objectStoreNames, 'readwrite', { durability: 'strict' });
  const names = [...database.objectStoreNames].filter((name) => name !== PUBLIC_STORE);
  const reason = because && transaction.objectStore(PUBLIC_STORE).put({ name: ERASED, value: because });
  await Promise.all([reason, ...names.map((name) => transaction.objectStore(name).clear()), transaction.done]);
  channel().postMessage('erased');
  await Promise.all(REVEALING_CACHES.map((name) => caches.delete(name)));
}

/** Calls `forget` when another tab has erased the phone. */
export function whenErased(forget: () => void): void {
  channel().onmessage = forget;
}

/** Whether the register had this phone erased, and nobody has signed in since. */
export async function wasRevoked(database: Database): Promise<boolean> {
  return (await database.get(PUBLIC_STORE, ERASED)) !== undefined;
}

export async function forgetRevocation(database: Database): Promise<void> {
  await database.delete(PUBLIC_STORE, ERASED);
}

/** One channel for sending and listening: a page does not receive its own messages. */
function channel(): BroadcastChannel {
  tabs ??= new BroadcastChannel('erased');
  return tabs;
}
