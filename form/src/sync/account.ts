// Who is signed in, as the register says; a register without sign-in has no account to report.
import { isObject, listAt, textAt, type JsonObject } from '../record/household';
import { readProblem } from './response';
import { ResponseLost, call } from './register';

export interface Account {
  username: string;
  role: string;
  /** Codes of the communes within reach; empty for everywhere. */
  communes: string[];
  permissions: string[];
  /** The password is one that somebody else made: nothing goes on before it is changed. */
  mustChangePassword: boolean;
}

/** The account; 'nobody' where the register wants a sign-in first; 'unknown' where it does not say. */
export async function readAccount(): Promise<Account | 'nobody' | 'unknown'> {
  const { status, body } = await call('/v1/session');
  if (status === 401) return 'nobody';
  return status === 200 && isObject(body) ? accountOf(body) : 'unknown';
}

export type SignIn = { kind: 'signed-in'; account: Account | null } | { kind: 'wrong' | 'lost' | 'locked' };

/** Signs in with cookies that no script can read. */
export async function signIn(username: string, password: string): Promise<SignIn> {
  try {
    const { status, body } = await call('/v1/session', { method: 'POST', body: { username, password } });
    if (status >= 200 && status < 300) {
      return { kind: 'signed-in', account: isObject(body) ? accountOf(body) : null };
    }
    return { kind: status === 429 ? 'locked' : status >= 500 ? 'lost' : 'wrong' };
  } catch (error) {
    if (error instanceof ResponseLost) return { kind: 'lost' };
    throw error;
  }
}

/** Changes the password. Returns null when it is done, else the register's own words on why not. Raises ResponseLost. */
export async function changePassword(old: string, password: string): Promise<string | null> {
  const response = await call('/v1/session/password', { method: 'PUT', body: { old_password: old, password } });
  if (response.status >= 200 && response.status < 300) return null;
  const problem = readProblem(response);
  return problem?.errors[0]?.message || problem?.detail || problem?.title || String(response.status);
}

/** Ends the session at the register. Raises ResponseLost. */
export async function signOut(): Promise<void> {
  await call('/v1/session', { method: 'DELETE' });
}

/** One place where the account is signed in. */
export interface Device {
  id: string;
  name: string;
  usedAt: string;
  current: boolean;
}

/** Where the account is signed in, the last used first; none where the register does not say. Raises ResponseLost. */
export async function readDevices(): Promise<Device[]> {
  const { status, body } = await call('/v1/sessions');
  if (status !== 200 || !isObject(body)) return [];
  return listAt(body, 'items').map((each) => ({ id: textAt(each, 'id'), name: textAt(each, 'device'), usedAt: textAt(each, 'used_at'), current: each['current'] === true }));
}

/** Signs another device out. Returns whether the register did it. Raises ResponseLost. */
export async function endDevice(id: string): Promise<boolean> {
  const { status } = await call(`/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
  return status === 204;
}

function accountOf(raw: JsonObject): Account {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);
  return { username: textAt(raw, 'username'), role: textAt(raw, 'role'), communes: texts(raw['communes']), permissions: texts(raw['permissions']), mustChangePassword: raw['must_change_password'] === true };
}
