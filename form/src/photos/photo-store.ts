// Photos in the phone's database: what is said of one and its picture, both sealed, each in a store of its own.
import type { Database, StoredPhoto } from '../storage/database';
import { PhoneFull } from '../storage/entry-store';
import { mintIdentifier } from '../storage/identifier';
import type { Vault } from '../storage/vault';
import type { Photo, PhotoState } from './photo';

const CHANNEL = 'photos';
export const JPEG = 'image/jpeg';

type Said = Omit<Photo, 'id' | 'household'>;

export class PhotoStore {
  readonly #database: Database;
  readonly #vault: Vault;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
    this.#channel.onmessage = () => this.#tell();
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

  /** Keeps a photo with its picture, and lets go of the one that it replaces, in one transaction. Resolves when it is on the disk. Raises PhoneFull. */
  async add(said: Omit<Photo, 'id' | 'state' | 'bytes'>, picture: Blob, replaces: string | null = null): Promise<Photo> {
    const photo: Photo = { ...said, id: mintIdentifier(), bytes: picture.size, state: { kind: 'waiting', attempts: 0, lastFailure: null } };
    const before = replaces === null ? null : await this.get(replaces);
    const [row, removing, sealed] = await Promise.all([
      this.#seal(photo),
      before && this.#seal({ ...before, state: { kind: 'removing' } }),
      picture.arrayBuffer().then((bytes) => this.#vault.sealBytes(bytes)),
    ]);
    await this.#write(async () => {
      const transaction = this.#database.transaction(['photos', 'pictures'], 'readwrite', { durability: 'strict' });
      const photos = transaction.objectStore('photos');
      void photos.add(row);
      void transaction.objectStore('pictures').add({ id: photo.id, sealed });
      if (before && removing) {
        void transaction.objectStore('pictures').delete(before.id);
        void (mayBeKnown(before) ? photos.put(removing) : photos.delete(before.id));
      }
      await transaction.done;
    });
    return photo;
  }

  /** Reads a photo, lets `alter` make its new state, stores it. Nothing happens to a photo that is gone, or where `alter` gives null. */
  async change(id: string, alter: (photo: Photo) => PhotoState | null): Promise<void> {
    for (;;) {
      const before = await this.#database.get('photos', id);
      if (!before) return;
      const photo = await this.#open(before);
      const state = alter(photo);
      if (state === null) return;
      const row = await this.#seal({ ...photo, state });
      const done = await this.#write(async () => {
        const transaction = this.#database.transaction('photos', 'readwrite', { durability: 'strict' });
        // Another tab may have come between.
        const same = (await transaction.store.get(id))?.version === before.version;
        if (same) void transaction.store.put(row);
        await transaction.done;
        return same;
      });
      if (done) return;
    }
  }

  /** Takes a photo off the phone: the register has it, or is rid of it. */
  async forget(...ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#write(async () => {
      const transaction = this.#database.transaction(['photos', 'pictures'], 'readwrite', { durability: 'strict' });
      for (const id of ids) {
        void transaction.objectStore('photos').delete(id);
        void transaction.objectStore('pictures').delete(id);
      }
      await transaction.done;
    });
  }

  /** The person wants a photo no more: it goes at once, and from the register too if that may have it. */
  async remove(photo: Photo): Promise<void> {
    const now = await this.get(photo.id);
    if (now === null) return;
    if (!mayBeKnown(now)) return this.forget(now.id);
    await this.change(now.id, () => ({ kind: 'removing' }));
    await this.#write(() => this.#database.delete('pictures', now.id));
  }

  /** The person wants a photo no more that only the register has; it is told when it can be. */
  async removeRegistered(photo: Omit<Photo, 'state'>): Promise<void> {
    const row = await this.#seal({ ...photo, state: { kind: 'removing' } });
    await this.#write(() => this.#database.put('photos', row));
  }

  /** Takes along what was photographed in an entry that the person threw away. */
  async forgetEntry(entry: string): Promise<void> {
    const own = (await this.all()).filter((photo) => photo.entry === entry);
    for (const photo of own) await this.remove(photo);
  }

  async #open(row: StoredPhoto): Promise<Photo> {
    const said = await this.#vault.open<Said>(row.sealed);
    return { ...said, id: row.id, household: row.household };
  }

  async #seal({ id, household, ...said }: Photo): Promise<StoredPhoto> {
    return { id, household, version: mintIdentifier(), sealed: await this.#vault.seal(said) };
  }

  async #write<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      this.#channel.postMessage('changed');
      this.#tell();
      return result;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new PhoneFull(error.message);
      throw error;
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the register may have the photo already: an answer can be lost on its way. */
function mayBeKnown({ state }: Photo): boolean {
  return state.kind === 'removing' || (state.kind === 'waiting' && state.attempts > 0);
}
