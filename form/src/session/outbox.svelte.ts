// The outbox: entries and photos on the phone, and the sender that takes them to the register.
import { bestKnownTime } from '../clock/clock.svelte';
import type { Photo } from '../storage/photo';
import type { PhotoStore } from '../storage/photo-store';
import { EntryStore, type OpenedEntry } from '../storage/entry-store';
import type { Entry } from '../storage/entries';
import { contentOf, isMasked, type Household } from '../record/household';
import type { Vault } from '../storage/vault';
import { Sender, type SenderView } from '../sync/sender';
import { account } from './account.svelte';
import { door } from './door.svelte';
import { present } from './present';
import { reference } from './reference.svelte';

const SENT_STAY_DAYS = 7;
const DAY_MILLISECONDS = 86_400_000;

class Outbox {
  entries = $state.raw<OpenedEntry[]>([]);
  /** Photos of papers that are still on this phone, without their pictures. */
  photos = $state.raw<Photo[]>([]);
  sender = $state.raw<SenderView>({ busy: false, signInNeeded: false, lastFailure: null });
  /** Entries whose screen was left before their content could be stored, with the reason. */
  unstored = $state.raw<ReadonlyMap<string, 'full' | 'failed'>>(new Map());
  #store: EntryStore | undefined;
  #photoStore: PhotoStore | undefined;
  #sender: Sender | undefined;

  /** Households whose latest version is on this phone alone. */
  get unsent(): number {
    return this.entries.filter(({ state }) => state.kind !== 'sent').length;
  }

  get store(): EntryStore {
    return present(this.#store);
  }
  get photoStore(): PhotoStore {
    return present(this.#photoStore);
  }

  async unlock(vault: Vault): Promise<void> {
    const store = new EntryStore(door.database, vault);
    this.#store = store;
    store.onChange(() => void this.#readEntries());
    await this.#readEntries();
    await this.#forgetSent();
    const { PhotoStore, sendNextPhoto } = await import('./photo-storing');
    const photoStore = new PhotoStore(door.database, vault);
    this.#photoStore = photoStore;
    photoStore.onChange(() => void this.#readPhotos());
    await this.#readPhotos();
    this.#sender = new Sender(
      store,
      (view) => {
        this.sender = view;
        if (view.signInNeeded) account.signInNeeded = true;
      },
      (record) => void reference.communes.remember(record),
      reconcile,
      (...pass) => sendNextPhoto(photoStore, ...pass),
    );
    this.#sender.start();
  }

  /** Sets the reason why an entry's content is not stored; null if it is, or if a screen shows the entry again. */
  noteUnstored(entry: string, why: 'full' | 'failed' | null): void {
    const { [entry]: _, ...others } = Object.fromEntries(this.unstored);
    this.unstored = new Map(Object.entries(why === null ? others : { ...others, [entry]: why }));
  }

  close(): void {
    this.#sender?.stop();
    this.#store?.close();
    this.#photoStore?.close();
  }

  sendNow(): void {
    this.#sender?.now();
  }

  /** The officer has signed in: what waited for it goes on. */
  signedIn(): void {
    this.#sender?.signedIn();
  }

  async #readEntries(): Promise<void> {
    if (this.#store) this.entries = await this.#store.all();
  }

  async #readPhotos(): Promise<void> {
    if (this.#photoStore) this.photos = await this.#photoStore.all();
  }

  async #forgetSent(): Promise<void> {
    const oldest = bestKnownTime().getTime() - SENT_STAY_DAYS * DAY_MILLISECONDS;
    for (const { id, state } of this.entries) {
      if (state.kind === 'sent' && Date.parse(state.at) < oldest) await this.store.remove(id);
    }
  }
}

/** Merges an entry with what the register has, as far as nobody need be asked. */
async function reconcile({ content: mine, base }: Entry, theirs: Household): Promise<{ content: Household; base: Household } | null> {
  const { definition } = reference;
  // What is hidden from this account must not be written back as if somebody had entered it.
  if (definition === null || base === null || isMasked(theirs)) return null;
  const { merge } = await import('../sync/merging');
  const { content, asked } = merge(definition, { base, mine, theirs });
  return asked.length > 0 ? null : { content, base: contentOf(theirs, definition.registerGiven) };
}

export const outbox = new Outbox();
