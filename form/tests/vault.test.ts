// The lock on the phone's store: only a wrong PIN counts as one, whatever else prevents it from opening.
import { beforeEach, expect, it, vi } from 'vitest';
import type { Database, StoredVault } from '../src/storage/database';
import { changePin, makeVault, unlock } from '../src/storage/vault';

const PIN = '482916';
const WRONG = '000001';
/** What the phone holds, by store: copied in and out, as IndexedDB does. */
let held: Map<string, unknown>;
const database = {
  objectStoreNames: ['vault', 'entries'],
  get: async (name: string) => structuredClone(held.get(name)),
  transaction: () => ({ objectStore, store: objectStore('vault'), done: Promise.resolve() }),
} as unknown as Database;

function objectStore(name: string): object {
  const put = async (value: unknown): Promise<void> => void held.set(name, structuredClone(value));
  return { put, add: put, get: async () => structuredClone(held.get(name)), clear: async () => void held.delete(name) };
}

const stored = (): StoredVault => held.get('vault') as StoredVault;
const derive = crypto.subtle.deriveKey.bind(crypto.subtle);

/** Tries the PIN as often as erases the phone when it is wrong, and once more. */
async function tryOften(pin: string): Promise<Set<string>> {
  const kinds = new Set<string>();
  for (let count = 0; count < 11; count += 1) kinds.add((await unlock(database, pin)).kind);
  return kinds;
}

/** With 600,000 rounds each try would take a tenth of a second. */
function deriveCheaply(): void {
  vi.spyOn(crypto.subtle, 'deriveKey').mockImplementation((algorithm, ...rest) => derive({ ...(algorithm as Pbkdf2Params), iterations: 1 }, ...rest));
}

beforeEach(async () => {
  vi.restoreAllMocks();
  vi.stubGlobal('caches', { delete: async () => true });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  deriveCheaply();
  held = new Map();
  await makeVault(database, PIN);
  held.set('entries', 'unsent');
});

it('opens with the right PIN, says how many tries a wrong one leaves, and erases with the tenth', async () => {
  expect(await unlock(database, WRONG)).toEqual({ kind: 'wrong', triesLeft: 9 });
  expect((await unlock(database, PIN)).kind).toBe('open');
  for (let left = 9; left > 0; left -= 1) expect(await unlock(database, WRONG)).toEqual({ kind: 'wrong', triesLeft: left });
  expect(await unlock(database, WRONG)).toEqual({ kind: 'wiped' });
  expect([...held.keys()]).toEqual([]);
});

it.each<[string, (vault: StoredVault) => void]>([
  ['wrapped key', (vault) => (vault.wrappedKey[0]! ^= 1)],
  ['vector', (vault) => (vault.wrapVector[0]! ^= 1)],
  ['salt', (vault) => (vault.salt[0]! ^= 1)],
  ['count of rounds', (vault) => (vault.iterations = 0)],
  ['list of items, one of which is missing', (vault) => delete (vault as Partial<StoredVault>).wrappedKey],
  ['digest, which is missing', (vault) => delete (vault as Partial<StoredVault>).digest],
])('never erases for a damaged %s', async (_, damage) => {
  damage(stored());
  expect(await tryOften(PIN)).toEqual(new Set(['broken']));
  expect([stored().wrongTries, held.get('entries')]).toEqual([0, 'unsent']);
  expect(console.error).toHaveBeenCalled();
});

it.each(['deriveKey', 'unwrapKey'] as const)('counts no try when the browser fails in %s, and opens when it works again', async (step) => {
  const failing = vi.spyOn(crypto.subtle, step).mockRejectedValue(new DOMException('no such algorithm', 'NotSupportedError'));
  expect(await tryOften(PIN)).toEqual(new Set(['broken']));
  expect(await changePin(database, PIN, '593027')).toEqual({ kind: 'broken' });
  expect([stored().wrongTries, held.get('entries')]).toEqual([0, 'unsent']);
  failing.mockRestore();
  deriveCheaply();
  expect((await unlock(database, PIN)).kind).toBe('open');
});

it('takes a count of tries that is no number for none', async () => {
  stored().wrongTries = Number.NaN;
  expect(await unlock(database, WRONG)).toEqual({ kind: 'wrong', triesLeft: 9 });
});

it('opens with another PIN after it was changed', async () => {
  expect((await changePin(database, PIN, '593027')).kind).toBe('open');
  expect((await unlock(database, PIN)).kind).toBe('wrong');
  expect((await unlock(database, '593027')).kind).toBe('open');
});
