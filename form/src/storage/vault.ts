// The lock on the phone's store: a random data key, wrapped under a key that is derived from the officer's PIN.
import type { Sealed } from './sealed';
import { PUBLIC_STORE, wasRevoked, wipe, type Database, type StoredVault } from './database';

/** OWASP's figure for PBKDF2 with SHA-256 (2023). The count is stored, so that it can grow. */
const ITERATIONS = 600_000;
const WRONG_TRIES = 10;
export const SHORTEST_PIN = 6;

export type Unlocking =
  | { kind: 'open'; vault: Vault }
  | { kind: 'wrong'; triesLeft: number }
  | { kind: 'wiped' };

/** An open vault: seals and opens values under the data key, which no script can read out. */
export class Vault {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  seal(value: unknown): Promise<Sealed> {
    return this.sealBytes(new TextEncoder().encode(JSON.stringify(value)));
  }

  async sealBytes(plain: BufferSource): Promise<Sealed> {
    const vector = crypto.getRandomValues(new Uint8Array(12));
    return { vector, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv: vector }, this.#key, plain) };
  }

  /** Decrypts what `seal` encrypted. Raises OperationError when it was tampered with or sealed by another vault. */
  async open<Value>(sealed: Sealed): Promise<Value> {
    return JSON.parse(new TextDecoder().decode(await this.openBytes(sealed))) as Value;
  }

  /** As `open`, for what `sealBytes` made. */
  openBytes({ vector, data }: Sealed): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt({ name: 'AES-GCM', iv: vector }, this.#key, data);
  }
}

async function wrappingKey(pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['wrapKey', 'unwrapKey'],
  );
}

async function wrap(dataKey: CryptoKey, pin: string): Promise<StoredVault> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const wrapVector = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = await crypto.subtle.wrapKey('raw', dataKey, await wrappingKey(pin, salt, ITERATIONS), {
    name: 'AES-GCM',
    iv: wrapVector,
  });
  return { id: 'vault', salt, iterations: ITERATIONS, wrappedKey: new Uint8Array(wrapped), wrapVector, wrongTries: 0 };
}

async function unwrap(stored: StoredVault, pin: string, extractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.unwrapKey(
    'raw',
    stored.wrappedKey,
    await wrappingKey(pin, stored.salt, stored.iterations),
    { name: 'AES-GCM', iv: stored.wrapVector },
    'AES-GCM',
    extractable,
    ['encrypt', 'decrypt'],
  );
}

/** The reason why this PIN may not be chosen, as the last part of a message key; null if it may. */
export function pinProblem(pin: string): 'short' | 'guessable' | null {
  if (!/^\d+$/.test(pin) || pin.length < SHORTEST_PIN) return 'short';
  return isGuessable(pin) ? 'guessable' : null;
}

/** Whether these digits are easily guessed: all the same, or a run up or down. */
function isGuessable(digits: string): boolean {
  const steps = [...digits].slice(1).map((digit, index) => Number(digit) - Number(digits[index]));
  return steps.every((each) => each === steps[0]) && Math.abs(steps[0] ?? 0) <= 1;
}

export async function hasVault(database: Database): Promise<boolean> {
  return (await database.get('vault', 'vault')) !== undefined;
}

/** Erases a phone whose session was ended from elsewhere. Returns false where there is nothing to erase, or nothing of that session any more. */
export async function eraseRevoked(database: Database): Promise<boolean> {
  if (!(await hasVault(database)) || (await wasRevoked(database))) return false;
  await wipe(database, 'revoked');
  return true;
}

/** Makes the phone's vault under a new PIN. Raises ConstraintError when another tab made one first. */
export async function makeVault(database: Database, pin: string): Promise<Vault> {
  const dataKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
  const stored = await wrap(dataKey, pin);
  // Nobody can decrypt what is left of an earlier vault, so it is deleted. If there is a vault, `add` fails and nothing is deleted.
  const transaction = database.transaction(database.objectStoreNames, 'readwrite', { durability: 'strict' });
  const sealed = [...database.objectStoreNames].filter((name) => name !== 'vault' && name !== PUBLIC_STORE);
  await Promise.all([transaction.objectStore('vault').add(stored), ...sealed.map((name) => transaction.objectStore(name).clear()), transaction.done]);
  return new Vault(await unwrap(stored, pin, false));
}

/** Opens the vault with `pin`. The try is counted before it is made, so that a killed browser gives no free ones. */
export async function unlock(database: Database, pin: string): Promise<Unlocking> {
  const stored = await changeTries(database, (tries) => tries + 1);
  if (!stored) return { kind: 'wiped' };
  if (stored.wrongTries > WRONG_TRIES) {
    // The tenth wrong try was counted, but the browser was killed before the wipe.
    await wipe(database);
    return { kind: 'wiped' };
  }
  let key: CryptoKey;
  try {
    key = await unwrap(stored, pin, false);
  } catch {
    // A wrong PIN makes a wrong key, and only that fails here: the door says how many tries are left.
    if (stored.wrongTries < WRONG_TRIES) return { kind: 'wrong', triesLeft: WRONG_TRIES - stored.wrongTries };
    await wipe(database);
    return { kind: 'wiped' };
  }
  await changeTries(database, () => 0);
  return { kind: 'open', vault: new Vault(key) };
}

/** Puts the same data key under a new PIN if `pin` is right; a wrong PIN counts as a try, and the tenth erases everything. */
export async function changePin(database: Database, pin: string, newPin: string): Promise<Unlocking> {
  const unlocking = await unlock(database, pin);
  const stored = await database.get('vault', 'vault');
  if (unlocking.kind !== 'open' || !stored) return unlocking;
  const wrapped = await wrap(await unwrap(stored, pin, true), newPin);
  await database.transaction('vault', 'readwrite', { durability: 'strict' }).store.put(wrapped);
  return unlocking;
}

async function changeTries(database: Database, change: (tries: number) => number): Promise<StoredVault | undefined> {
  const transaction = database.transaction('vault', 'readwrite', { durability: 'strict' });
  const stored = await transaction.store.get('vault');
  if (stored) {
    stored.wrongTries = change(stored.wrongTries);
    await transaction.store.put(stored);
  }
  await transaction.done;
  return stored;
}
