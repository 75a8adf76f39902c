// Who is signed in, as the register says; a register that asks nobody to sign in has no account to tell of.
import { isObject } from '../storage/household';
import { call } from './register';

export interface Account {
  username: string;
  role: string;
  area: string[];
}

/** The account; null where nobody is signed in; 'unknown' where the register does not say. */
export async function readAccount(): Promise<Account | null | 'unknown'> {
  const { status, body } = await call('/v1/session');
  if (status === 401) return null;
  if (status !== 200 || !isObject(body)) return 'unknown';
  const area = body['area'];
  return {
    username: String(body['username'] ?? ''),
    role: String(body['role'] ?? ''),
    area: Array.isArray(area) ? area.map(String) : [],
  };
}

export type SignIn = 'signed-in' | 'wrong' | 'lost' | 'locked';

/** Signs in with a cookie that no script can read. */
export async function signIn(username: string, password: string): Promise<SignIn> {
  try {
    const { status } = await call('/v1/session', { method: 'POST', body: { username, password } });
    if (status >= 200 && status < 300) return 'signed-in';
    return status === 429 ? 'locked' : status >= 500 ? 'lost' : 'wrong';
  } catch {
    return 'lost';
  }
}

export async function signOut(): Promise<void> {
  await call('/v1/session', { method: 'DELETE' });
}
