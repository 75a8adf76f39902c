// Signing in and out, and a leader's verdicts: only what the register itself says counts, and what it refuses is shown in its own words.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { oweSignOut, signOutIfOwed } from '../src/session/sign-out-owed';
import type { Database } from '../src/storage/database';
import { changePassword, readAccount, readDevices, signIn, signOut } from '../src/sync/account';
import { ResponseLost } from '../src/sync/register';
import { decideOn } from '../src/sync/verdict';

const ACCOUNT = { username: 'can-bo', role: 'officer', communes: ['16681'], permissions: [], must_change_password: false };
const HOTSPOT: Parameters<typeof responds> = ['<html>Wi-Fi</html>', 200, 'text/html'];
const OTHER: Parameters<typeof responds> = [{ id: 'other', revision: 4 }, 200];
const problem = (status: number, code: string, detail: string): [unknown, number, string] => [{ code, detail, title: '', errors: [] }, status, 'application/problem+json'];

/** What every request gets from now on, from the register or from something on the way. */
function responds(body: unknown, status: number, type = 'application/json'): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(status === 204 ? null : text, { status, headers: { 'Content-Type': type } })));
}

beforeEach(() => vi.unstubAllGlobals());

describe('signing in', () => {
  it('is done when the register names the account', async () => {
    responds(ACCOUNT, 200);
    expect(await signIn('can-bo', 'x')).toMatchObject({ kind: 'signed-in', account: { username: 'can-bo' } });
    expect(await readAccount()).toMatchObject({ username: 'can-bo' });
  });

  it('is not done by a log-in page on the way', async () => {
    responds(...HOTSPOT);
    expect(await signIn('can-bo', 'x')).toEqual({ kind: 'lost' });
    expect(await readAccount()).toBe('unknown');
  });

  it('calls the password wrong only where the register does', async () => {
    responds(...problem(401, 'access.sign-in-failed', 'Không đúng.'));
    expect(await signIn('can-bo', 'x')).toEqual({ kind: 'wrong' });
    responds(...problem(403, 'access.request-forged', 'Hãy mở lại trang.'));
    expect(await signIn('can-bo', 'x')).toMatchObject({ kind: 'refused', problem: { detail: 'Hãy mở lại trang.' } });
    responds(...problem(429, 'access.too-many-attempts', 'Hãy chờ 40 giây.'));
    expect(await signIn('can-bo', 'x')).toMatchObject({ kind: 'refused', problem: { detail: 'Hãy chờ 40 giây.' } });
    responds('Bad Gateway', 502, 'text/html');
    expect(await signIn('can-bo', 'x')).toEqual({ kind: 'lost' });
  });
});

describe('changing the password', () => {
  it('is done at 204 alone', async () => {
    responds(null, 204);
    expect(await changePassword('a', 'b')).toBe(null);
    responds(...problem(422, 'password.weak', 'Quá ngắn.'));
    expect(await changePassword('a', 'b')).toMatchObject({ detail: 'Quá ngắn.' });
    responds(...HOTSPOT);
    await expect(changePassword('a', 'b')).rejects.toBeInstanceOf(ResponseLost);
  });
});

describe('signing out', () => {
  const owed = new Map<string, unknown>();
  const database = {
    get: (_: string, name: string) => Promise.resolve(owed.get(name)),
    put: (_: string, value: { name: string }) => Promise.resolve(void owed.set(value.name, value)),
    delete: (_: string, name: string) => Promise.resolve(void owed.delete(name)),
  } as unknown as Database;

  it.each([[204], [401]])('is done at %i', async (status) => {
    responds({ code: 'access.sign-in-required' }, status);
    await signOut();
  });

  it.each([[200, 'text/html'], [403, 'application/problem+json'], [500, 'application/problem+json'], [503, 'application/problem+json']])('is not done at %i (%s)', async (status, type) => {
    responds('{}', status, type);
    await expect(signOut()).rejects.toBeInstanceOf(ResponseLost);
  });

  it('of an erased phone stays owed until the register has done it', async () => {
    responds(...problem(503, 'store.unavailable', ''));
    await oweSignOut(database);
    await signOutIfOwed(database);
    expect(owed.size).toBe(1);
    responds(null, 204);
    await signOutIfOwed(database);
    expect(owed.size).toBe(0);
  });
});

describe('the list of devices', () => {
  it('is lost where the register does not say: nobody must read that there is no other device', async () => {
    responds({ items: [{ id: 'a', device: 'Android', used_at: '', current: true }] }, 200);
    expect(await readDevices()).toHaveLength(1);
    responds(...problem(503, 'store.unavailable', ''));
    await expect(readDevices()).rejects.toBeInstanceOf(ResponseLost);
  });
});

describe('a verdict', () => {
  it('has arrived when the register responds with the household', async () => {
    responds({ id: 'h', revision: 4 }, 200);
    expect(await decideOn('h', 3, { kind: 'verify' })).toEqual({ kind: 'done' });
    for (const strange of [HOTSPOT, OTHER]) {
      responds(...strange);
      await expect(decideOn('h', 3, { kind: 'verify' })).rejects.toBeInstanceOf(ResponseLost);
    }
  });

  it('that is refused shows the register’s words, and the newer revision where there is one', async () => {
    responds(...problem(412, 'household.stale', 'Có bản mới.'));
    expect(await decideOn('h', 3, { kind: 'return', reason: 'x' })).toMatchObject({ kind: 'refused', problem: { detail: 'Có bản mới.' }, stale: true });
    responds(...problem(403, 'access.outside-area', 'Ngoài địa bàn.'));
    expect(await decideOn('h', 3, { kind: 'verify' })).toMatchObject({ problem: { detail: 'Ngoài địa bàn.' }, stale: false });
  });
});
