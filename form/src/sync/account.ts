// Who is signed in, as the register says; a register without sign-in has no account to report.
import { isObject, listAt, textAt, type JsonObject, type Problem } from '../record/household';
import { readProblem, type RegisterResponse } from './response';
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
  return (status === 200 && readBody(body)) || 'unknown';
}

/** 'refused' has the register's reason; 'lost' also means that a captive portal responded, with whatever status. */
export type SignIn = { kind: 'signed-in'; account: Account } | { kind: 'refused'; problem: Problem } | { kind: 'wrong' | 'lost' };

/** Signs in with cookies that no script can read. */
export async function signIn(username: string, password: string): Promise<SignIn> {
  let response: RegisterResponse;
  try {
    response = await call('/v1/session', { method: 'POST', body: { username, password } });
  } catch (error) {
    if (error instanceof ResponseLost) return { kind: 'lost' };
    throw error;
  }
  const account = response.status === 200 ? readBody(response.body) : null;
  if (account) return { kind: 'signed-in', account };
  const problem = readProblem(response);
  if (problem === null) return { kind: 'lost' };
  return response.status === 401 ? { kind: 'wrong' } : { kind: 'refused', problem };
}

/** Changes the password. Returns null on success, else the register's reason. Raises ResponseLost. */
export async function changePassword(old: string, password: string): Promise<Problem | null> {
  const response = await call('/v1/session/password', { method: 'PUT', body: { old_password: old, password } });
  if (response.status === 204) return null;
  const problem = readProblem(response);
  if (problem === null) throw new ResponseLost(String(response.status));
  return problem;
}

/** Ends the session at the register, which may have ended it before. Raises ResponseLost where it did not: the session goes on. */
export async function signOut(): Promise<void> {
  const { status } = await call('/v1/session', { method: 'DELETE' });
  if (status !== 204 && status !== 401) throw new ResponseLost(String(status));
}

/** One place where the account is signed in. */
export interface Device {
  id: string;
  name: string;
  usedAt: string;
  current: boolean;
}

/** Where the account is signed in, the last used first. Raises ResponseLost where the register does not say: no list is not an empty one. */
export async function readDevices(): Promise<Device[]> {
  const { status, body } = await call('/v1/sessions');
  if (status !== 200 || !isObject(body)) throw new ResponseLost(String(status));
  return listAt(body, 'items').map((each) => ({ id: textAt(each, 'id'), name: textAt(each, 'device'), usedAt: textAt(each, 'used_at'), current: each['current'] === true }));
}

/** Signs another device out. Returns whether the register did it. Raises ResponseLost. */
export async function endDevice(id: string): Promise<boolean> {
  const { status } = await call(`/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
  return status === 204;
}

/** The account in a body of the register; null in anything else. */
function readBody(body: unknown): Account | null {
  return isObject(body) && typeof body['username'] === 'string' ? accountOf(body) : null;
}

function accountOf(raw: JsonObject): Account {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);
  return { username: textAt(raw, 'username'), role: textAt(raw, 'role'), communes: texts(raw['communes']), permissions: texts(raw['permissions']), mustChangePassword: raw['must_change_password'] === true };
}
