// The open form: the one place that holds the database, the vault, the entries and the sender, for screens to read.
import { readDefinition } from './definition/read';
import type { Definition } from './definition/definition';
import { eraseRevoked, hasVault, makeVault, unlock, type Unlocking, type Vault } from './storage/vault';
import { forgetRevocation, openDatabase, wasRevoked, whenErased, wipe, type Database } from './storage/database';
import { EntryStore, type KeptEntry } from './storage/entry-store';
import { Kept } from './storage/kept';
import { Communes } from './storage/communes';
import { fetchUnits, type Unit } from './sync/units';
import { Sender, type SenderView } from './sync/sender';
import type { Photo } from './photos/photo';
import type { PhotoStore } from './photos/photo-store';
import { AnswerLost, call, whenRevoked } from './sync/register';
import { isObject, NOTHING_GIVEN } from './storage/household';
import { readAccount, signOut, type Account } from './sync/account';

export type Door = 'opening' | 'insecure' | 'new' | 'locked' | 'open' | 'broken';
const SIGN_OUT_OWED = 'sign-out-owed';
const SENT_STAY_DAYS = 7;
const IDLE_MILLISECONDS = 30 * 60 * 1000;
const UNITS_STAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What `beforeinstallprompt` brings; only Chromium has it. */
interface Installation extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Session {
  door = $state<Door>('opening');
  /** The register had this phone erased; told at the door until somebody signs in again. */
  revoked = $state(false);
  entries = $state.raw<KeptEntry[]>([]);
  /** Photos of papers that are still on this phone, without their pictures. */
  photos = $state.raw<Photo[]>([]);
  definition = $state.raw<Definition | null>(null);
  units = $state.raw<{ now: Unit[]; former: Unit[] }>({ now: [], former: [] });
  sender = $state.raw<SenderView>({ busy: false, signInNeeded: false, lastFailure: null });
  /** The register wants to know who is there: nothing is lost, but nothing goes on either. */
  signInNeeded = $state(false);
  account = $state.raw<Account | null>(null);
  /** A sentence for the person, announced once, e.g. after something was stored. */
  message = $state('');
  update = $state<ServiceWorker | null>(null);
  /** The browser's offer to put the form among the phone's apps; null where it makes none or it was taken. */
  installation = $state.raw<Installation | null>(null);
  settings = $state.raw<{ tileUrl: string | null; tileAttribution: string }>({ tileUrl: null, tileAttribution: '' });

  #database: Database | undefined;
  #store: EntryStore | undefined;
  #photoStore: PhotoStore | undefined;
  #sender: Sender | undefined;
  #kept: Kept | undefined;
  #communes: Communes | undefined;
  #lastTouch = performance.now();

  /** A leader or supervisor reads and decides, but fills in nothing. Who is not known yet may: the register decides in the end. */
  get mayWrite(): boolean {
    return this.account === null || this.account.permissions.includes('households.write');
  }
  /** Without the names of the communes no household can be begun. */
  get hasUnits(): boolean {
    return this.units.now.length > 0 && this.units.former.length > 0;
  }
  get mayVerify(): boolean {
    return this.account === null || this.account.permissions.includes('households.verify');
  }
  get store(): EntryStore {
    return present(this.#store);
  }
  get photoStore(): PhotoStore {
    return present(this.#photoStore);
  }
  get kept(): Kept {
    return present(this.#kept);
  }
  get communes(): Communes {
    return present(this.#communes);
  }
  get database(): Database {
    return present(this.#database);
  }

  /** Keeps the browser's offer to install the form until the officer asks for it, instead of a bar at a bad moment. */
  watchForInstallation(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.installation = event as Installation;
    });
    addEventListener('appinstalled', () => (this.installation = null));
  }

  async install(): Promise<void> {
    const offer = this.installation;
    // An offer can be used once.
    this.installation = null;
    await offer?.prompt();
  }

  async start(): Promise<void> {
    this.watchForInstallation();
    if (!isSecureContext || !('locks' in navigator)) {
      this.door = 'insecure';
      return;
    }
    try {
      this.#database = await openDatabase();
      this.revoked = await wasRevoked(this.#database);
      this.door = (await hasVault(this.#database)) ? 'locked' : 'new';
    } catch {
      this.door = 'broken';
      return;
    }
    whenErased(() => this.lock());
    whenRevoked(() => this.#eraseRevoked());
    if (this.door === 'locked') void this.#askWhetherRevoked();
    this.definition = readDefinition(await this.#keptPlain('form.json'));
    this.units = (await this.#keptPlain<typeof this.units>('units')) ?? this.units;
    this.settings = (await this.#keptPlain<typeof this.settings>('settings')) ?? this.settings;
    void this.refreshDefinition();
    addEventListener('online', () => {
      void this.refreshDefinition();
      if (this.door === 'locked') void this.#askWhetherRevoked();
    });
    for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => (this.#lastTouch = performance.now()), { passive: true });
    setInterval(() => {
      if (this.door === 'open' && performance.now() - this.#lastTouch > IDLE_MILLISECONDS) this.lock();
    }, 30_000);
  }

  async setPin(pin: string): Promise<void> {
    await this.#open(await makeVault(this.database, pin));
  }

  async unlock(pin: string): Promise<Unlocking> {
    const unlocking = await unlock(this.database, pin);
    if (unlocking.kind === 'open') await this.#open(unlocking.vault);
    if (unlocking.kind === 'wiped') {
      this.door = 'new';
      await this.#oweSignOut();
    }
    return unlocking;
  }

  /** Forgets the key. What was typed is stored already: screens save on every pause. */
  lock(): void {
    this.#sender?.stop();
    this.#store?.close();
    this.#photoStore?.close();
    location.hash = '#/';
    location.reload();
  }

  /** Removes everything that people said from this phone. */
  async wipe(): Promise<void> {
    await wipe(this.database);
    await this.#oweSignOut();
    this.lock();
  }

  /** Also behind a locked door the register is asked: a phone in wrong hands has no PIN. What it answers is dealt with in `call`. */
  async #askWhetherRevoked(): Promise<void> {
    try {
      await call('/v1/session');
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
    }
  }

  /** Somebody ended this device's session from elsewhere: nothing stays on the phone, and the page begins anew. */
  async #eraseRevoked(): Promise<void> {
    if (!(await eraseRevoked(this.database))) return;
    await this.#oweSignOut();
    this.lock();
    // The page is on its way out: whoever waits for the answer waits for ever.
    await new Promise(() => undefined);
  }

  /** Whoever erased this phone, by wrong PINs too, must not go on in the session of the one before. */
  async #oweSignOut(): Promise<void> {
    await this.database.put('kept', { name: SIGN_OUT_OWED, value: true });
    await this.#settleSignOut();
  }

  /** Ends the session if that is owed; without signal it stays owed. */
  async #settleSignOut(): Promise<void> {
    if (!(await this.#keptPlain(SIGN_OUT_OWED))) return;
    try {
      await signOut();
      await this.database.delete('kept', SIGN_OUT_OWED);
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
    }
  }

  sendNow(): void {
    this.#sender?.now();
  }

  /** The officer has signed in: what waited for it goes on. */
  async signedIn(account: Account | null): Promise<void> {
    this.signInNeeded = false;
    this.revoked = false;
    await forgetRevocation(this.database);
    this.account = account;
    await this.kept.put('account', account ?? undefined);
    this.#sender?.signedIn();
    await this.refreshDefinition();
  }

  /** Ends the session; what lies on the phone stays, locked by the PIN. */
  async signOut(): Promise<void> {
    await signOut();
    this.account = null;
    await this.kept.put('account', undefined);
    this.signInNeeded = true;
  }

  async refreshAccount(): Promise<void> {
    try {
      await this.#settleSignOut();
      const account = await readAccount();
      if (account === 'nobody') this.signInNeeded = true;
      if (account === 'nobody' || account === 'unknown') return;
      if (account.mustChangePassword) this.signInNeeded = true;
      this.account = account;
      await this.kept.put('account', account);
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
    }
  }

  /** Fetches the form definition, units and settings; what lies on the phone stays in use where the register does not answer. */
  async refreshDefinition(): Promise<void> {
    await Promise.all([
      this.#refresh('/v1/schema/form.json', async (body) => {
        const definition = readDefinition(body);
        if (definition === null) return;
        // Screens are made anew only when something changed.
        if (JSON.stringify(await this.#keptPlain('form.json')) === JSON.stringify(body)) return;
        this.definition = definition;
        await this.database.put('kept', { name: 'form.json', value: body });
      }),
      this.#refresh('/form-settings.json', async (body) => {
        if (!isObject(body)) return;
        const { tile_url: url, tile_attribution: attribution } = body;
        this.settings = { tileUrl: typeof url === 'string' && url ? url : null, tileAttribution: typeof attribution === 'string' ? attribution : '' };
        await this.database.put('kept', { name: 'settings', value: { ...this.settings } });
      }),
      (async () => {
        const age = Date.now() - ((await this.#keptPlain<number>('units-at')) ?? 0);
        // A clock that was set back must not keep an old list for years.
        if (this.hasUnits && age >= 0 && age < UNITS_STAY_MILLISECONDS) return;
        const units = await fetchUnits();
        if (units === null) return;
        await this.database.put('kept', { name: 'units', value: units });
        await this.database.put('kept', { name: 'units-at', value: Date.now() });
        this.units = units;
      })(),
    ]);
  }

  async #open(vault: Vault): Promise<void> {
    this.#kept = new Kept(this.database, vault);
    this.#communes = new Communes(this.database, vault);
    const store = new EntryStore(this.database, vault);
    this.#store = store;
    store.onChange(() => void this.#readEntries());
    await this.#readEntries();
    await this.#forgetSent();
    const { PhotoStore, sendNextPhoto } = await import('./photos/keeping');
    const photoStore = new PhotoStore(this.database, vault);
    this.#photoStore = photoStore;
    photoStore.onChange(() => void this.#readPhotos());
    await this.#readPhotos();
    this.account = (await this.kept.get<Account>('account')) ?? null;
    this.#sender = new Sender(store, (view) => {
      this.sender = view;
      if (view.signInNeeded) this.signInNeeded = true;
    }, (record) => void this.communes.remember(record), (...pass) => sendNextPhoto(photoStore, ...pass), () => this.definition?.registerGiven ?? NOTHING_GIVEN);
    this.#sender.start();
    void this.refreshAccount();
    void navigator.storage?.persist?.();
    this.door = 'open';
  }

  async #readEntries(): Promise<void> {
    if (this.#store) this.entries = await this.#store.all();
  }

  async #readPhotos(): Promise<void> {
    if (this.#photoStore) this.photos = await this.#photoStore.all();
  }

  async #forgetSent(): Promise<void> {
    const oldest = Date.now() - SENT_STAY_DAYS * 86_400_000;
    for (const { id, state } of this.entries) {
      if (state.kind === 'sent' && Date.parse(state.at) < oldest) await this.store.remove(id);
    }
  }

  async #refresh(path: string, take: (body: unknown) => Promise<void>): Promise<void> {
    try {
      const answer = await call(path);
      if (answer.status === 200) await take(answer.body);
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw error;
    }
  }

  async #keptPlain<Value>(name: string): Promise<Value | undefined> {
    return (await this.database.get('kept', name))?.value as Value | undefined;
  }
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the form is locked');
  return value;
}

export const session = new Session();
