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
  /** Whether the PIN is right is unknown: the stored vault is damaged, or the browser failed. No try was counted. */
  | { kind: 'broken' }
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

async function wrappingKey(pin: string, { salt, iterations }: Pick<StoredVault, 'salt' | 'iterations'>): Promise<CryptoKey> {
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
  const derived = { salt: crypto.getRandomValues(new Uint8Array(16)), iterations: ITERATIONS };
  const wrapVector = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = await crypto.subtle.wrapKey('raw', dataKey, await wrappingKey(pin, derived), { name: 'AES-GCM', iv: wrapVector });
  const made = { ...derived, wrapVector, wrappedKey: new Uint8Array(wrapped) };
  return { id: 'vault', ...made, wrongTries: 0, digest: await digestOf(made) };
}

/**
 * The digest of all that a PIN is tried against. A damaged wrapped key fails exactly as a wrong PIN does; by the digest the two are
 * distinguished before a try is made. It is of ciphertext and public parameters: it does not help to guess the PIN.
 */
async function digestOf({ salt, iterations, wrapVector, wrappedKey }: Omit<StoredVault, 'id' | 'wrongTries' | 'digest'>): Promise<string> {
  const written = new TextEncoder().encode([[iterations], salt, wrapVector, wrappedKey].map((numbers) => numbers.join()).join(';'));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', written)).join();
}

function unwrap({ wrappedKey, wrapVector }: StoredVault, wrapping: CryptoKey, extractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.unwrapKey('raw', wrappedKey, wrapping, { name: 'AES-GCM', iv: wrapVector }, 'AES-GCM', extractable, ['encrypt', 'decrypt']);
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
  return new Vault(await unwrap(stored, await wrappingKey(pin, stored), false));
}

/**
 * Opens the vault with `pin`. The try is counted before the key is tried, so that a killed browser gives no free ones, and only a
 * wrong PIN stays counted: a browser that fails, or a damaged vault, must never erase what was not sent.
 */
export async function unlock(database: Database, pin: string): Promise<Unlocking> {
  const stored = await database.get('vault', 'vault');
  if (!stored) return { kind: 'wiped' };
  let wrapping: CryptoKey;
  try {
    if (stored.digest !== (await digestOf(stored))) throw new Error('The stored vault is damaged.');
    wrapping = await wrappingKey(pin, stored);
  } catch (error) {
    return broken(error);
  }
  // A count that is no number begins anew: who can write it could as well write zero.
  const tries = (await changeVault(database, (vault) => (vault.wrongTries = (Number(vault.wrongTries) || 0) + 1)))?.wrongTries;
  if (tries === undefined) return { kind: 'wiped' };
  if (tries > WRONG_TRIES) {
    // The tenth wrong try was counted, but the browser was killed before the wipe.
    await wipe(database);
    return { kind: 'wiped' };
  }
  let key: CryptoKey;
  try {
    key = await unwrap(stored, wrapping, false);
  } catch (error) {
    if (!isOfWrongKey(error)) {
      await changeVault(database, (vault) => (vault.wrongTries -= 1));
      return broken(error);
    }
    if (tries < WRONG_TRIES) return { kind: 'wrong', triesLeft: WRONG_TRIES - tries };
    await wipe(database);
    return { kind: 'wiped' };
  }
  await changeVault(database, (vault) => (vault.wrongTries = 0));
  return { kind: 'open', vault: new Vault(key) };
}

/** What AES-GCM raises, in every browser, when the key does not fit the ciphertext. */
function isOfWrongKey(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'OperationError';
}

/** The screen says that the lock failed and what to do; the console has the reason. */
function broken(reason: unknown): Unlocking {
  console.error(reason);
  return { kind: 'broken' };
}

/** Puts the same data key under a new PIN if `pin` is right; a wrong PIN counts as a try, and the tenth erases everything. */
export async function changePin(database: Database, pin: string, newPin: string): Promise<Unlocking> {
  const unlocking = await unlock(database, pin);
  const stored = await database.get('vault', 'vault');
  if (unlocking.kind !== 'open' || !stored) return unlocking;
  const wrapped = await wrap(await unwrap(stored, await wrappingKey(pin, stored), true), newPin);
  await database.transaction('vault', 'readwrite', { durability: 'strict' }).store.put(wrapped);
  return unlocking;
}

async function changeVault(database: Database, change: (stored: StoredVault) => void): Promise<StoredVault | undefined> {
  const transaction = database.transaction('vault', 'readwrite', { durability: 'strict' });
  const stored = await transaction.store.get('vault');
  if (stored) {
    change(stored);
    await transaction.store.put(stored);
  }
  await transaction.done;
  return stored;
}
