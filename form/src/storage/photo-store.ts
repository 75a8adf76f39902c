// Photos in the phone's database: a photo's content and its picture, both sealed, each in a store of its own.
import type { Database, StoredPhoto } from './database';
import { mintIdentifier } from './identifier';
import { retried, STALE } from './retry';
import type { Vault } from './vault';
import type { Photo, PhotoState } from './photo';
import { withRoom } from './room';

const CHANNEL = 'photos';
export const JPEG = 'image/jpeg';

type PhotoContent = Omit<Photo, 'id' | 'household'>;

export class PhotoStore {
  readonly #database: Database;
  readonly #vault: Vault;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
    this.#channel.onmessage = () => this.#notify();
  }

  /** Calls `listener` after every change, in this tab or another. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#channel.close();
    this.#listeners.clear();
  }

  /** All photos, in the order in which they were taken. */
  async all(): Promise<Photo[]> {
    const rows = await this.#database.getAll('photos');
    return Promise.all(rows.map((row) => this.#open(row)));
  }

  async get(id: string): Promise<Photo | null> {
    const row = await this.#database.get('photos', id);
    return row ? this.#open(row) : null;
  }

  /** The picture of a photo; null when it is not (or no longer) on this phone. */
  async picture(id: string): Promise<Blob | null> {
    const row = await this.#database.get('pictures', id);
    return row ? new Blob([await this.#vault.openBytes(row.sealed)], { type: JPEG }) : null;
  }

  /** Stores a photo with its picture, in one transaction. Resolves when it is on the disk. Raises PhoneFull. */
  async add(content: Omit<Photo, 'id' | 'state' | 'bytes'>, picture: Blob): Promise<void> {
    const photo: Photo = { ...content, id: mintIdentifier(), bytes: picture.size, state: { kind: 'waiting', attempts: 0, lastFailure: null } };
    const [row, sealed] = await Promise.all([this.#seal(photo), picture.arrayBuffer().then((bytes) => this.#vault.sealBytes(bytes))]);
    await this.#write(async () => {
      const transaction = this.#database.transaction(['photos', 'pictures'], 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.objectStore('photos').add(row), transaction.objectStore('pictures').add({ id: photo.id, sealed }), transaction.done]);
    });
  }

  /** Reads a photo, lets `alter` make its new state, stores it. Nothing happens to a photo that is gone, or where `alter` gives null. */
  change(id: string, alter: (photo: Photo) => PhotoState | null): Promise<void> {
    return this.#alter(id, (photo) => {
      const state = alter(photo);
      return state === null ? photo : { ...photo, state };
    });
  }

  /** Queues a refused photo again. */
  tryAgain(id: string): Promise<void> {
    return this.change(id, ({ state }) => (state.kind === 'rejected' ? { kind: 'waiting', attempts: 1, lastFailure: null } : null));
  }

  /** Takes a photo off the phone: the register has stored or deleted it. A photo whose state has changed since stays. Returns whether it was removed. */
  async removeWhenSent({ id, state }: Photo): Promise<boolean> {
    await this.#alter(id, (photo) => (photo.state.kind === state.kind ? null : photo));
    return (await this.get(id)) === null;
  }

  /** Removes a photo: its picture at once, and the photo from the register too if that may have it. */
  remove(id: string): Promise<void> {
    return this.#alter(id, (photo) => (mayBeKnown(photo) ? { ...photo, state: { kind: 'removing' } } : null));
  }

  /** Removes a photo that only the register has: the removal is sent when possible. */
  async removeRegistered(photo: Omit<Photo, 'state'>): Promise<void> {
    const row = await this.#seal({ ...photo, state: { kind: 'removing' } });
    await this.#write(() => this.#database.put('photos', row));
  }

  /** Removes the photos of an entry that the person deleted. */
  async forgetEntry(entry: string): Promise<void> {
    const own = (await this.all()).filter((photo) => photo.entry === entry);
    for (const photo of own) await this.remove(photo.id);
  }

  /**
   * Reads a photo and writes what `alter` makes of it (null: it goes), retried if another tab or the sender changed it meanwhile:
   * counting a try and deleting a photo happen one after the other, never at once. A picture stays until its photo is removed.
   */
  async #alter(id: string, alter: (photo: Photo) => Photo | null): Promise<void> {
    await retried(async () => {
      const before = await this.#database.get('photos', id);
      if (!before) return true;
      const photo = await this.#open(before);
      const after = alter(photo);
      if (after === photo) return true;
      // Sealing comes first: a transaction of IndexedDB ends by itself while one waits for anything else.
      const row = after && (await this.#seal(after));
      const done = await this.#write(async () => {
        const transaction = this.#database.transaction(['photos', 'pictures'], 'readwrite', { durability: 'strict' });
        const photos = transaction.objectStore('photos');
        const same = (await photos.get(id))?.version === before.version;
        const gone = after === null || after.state.kind === 'removing';
        await Promise.all([
          same && (row ? photos.put(row) : photos.delete(id)),
          same && gone && transaction.objectStore('pictures').delete(id),
          transaction.done,
        ]);
        return same;
      });
      return done || STALE;
    });
  }

  async #open(row: StoredPhoto): Promise<Photo> {
    const content = await this.#vault.open<PhotoContent>(row.sealed);
    return { ...content, id: row.id, household: row.household };
  }

  async #seal({ id, household, ...content }: Photo): Promise<StoredPhoto> {
    return { id, household, version: mintIdentifier(), sealed: await this.#vault.seal(content) };
  }

  async #write<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = await withRoom(work);
    this.#channel.postMessage('changed');
    this.#notify();
    return result;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the register may have the photo already: a response can be lost on its way. */
function mayBeKnown({ state }: Photo): boolean {
  return state.kind === 'removing' || (state.kind === 'waiting' && state.attempts > 0);
}
