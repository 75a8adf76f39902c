// Who is signed in, as the register says; a register that asks nobody to sign in has no account to tell of.
import { isObject, textAt, type JsonObject } from '../storage/household';
import { AnswerLost, call } from './register';

export interface Account {
  username: string;
  role: string;
  /** Codes of the communes within reach; empty for everywhere. */
  communes: string[];
  permissions: string[];
}

/** The account; 'nobody' where the register wants a sign-in first; 'unknown' where it does not say. */
export async function readAccount(): Promise<Account | 'nobody' | 'unknown'> {
  const { status, body } = await call('/v1/session');
  if (status === 401) return 'nobody';
  return status === 200 && isObject(body) && isObject(body['account']) ? accountOf(body['account']) : 'unknown';
}

export type SignIn = { kind: 'signed-in'; account: Account | null } | { kind: 'wrong' | 'lost' | 'locked' };

/** Signs in with cookies that no script can read. */
export async function signIn(username: string, password: string): Promise<SignIn> {
  try {
    const asked = { grant_type: 'password', username, password, cookie: true };
    const { status, body } = await call('/v1/token', { method: 'POST', body: asked });
    if (status >= 200 && status < 300) {
      return { kind: 'signed-in', account: isObject(body) && isObject(body['account']) ? accountOf(body['account']) : null };
    }
    return { kind: status === 429 ? 'locked' : status >= 500 ? 'lost' : 'wrong' };
  } catch (error) {
    if (error instanceof AnswerLost) return { kind: 'lost' };
    throw error;
  }
}

/** Ends the session at the register. Raises AnswerLost. */
export async function signOut(): Promise<void> {
  await call('/v1/session', { method: 'DELETE' });
}

function accountOf(raw: JsonObject): Account {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);
  return { username: textAt(raw, 'username'), role: textAt(raw, 'role'), communes: texts(raw['communes']), permissions: texts(raw['permissions']) };
}
