// What the register's response to a sent household means for the entry. Pure: the table of status codes, and nothing else.
import { isObject, masked, type Household, type Problem } from '../record/household';

export interface RegisterResponse {
  status: number;
  /** Media type without parameters, lower case. */
  type: string;
  body: unknown;
  retryAfterSeconds: number | null;
  /** Whether the response states that its records show people in full; false if it states nothing. */
  whole: boolean;
}

/** A record of a response as the phone stores it: marked if the register masked it. */
export function recordIn(response: RegisterResponse, record: Household): Household {
  return response.whole ? record : masked(record);
}

export type Outcome =
  | { kind: 'stored'; record: Household; revision: number }
  /** Not decided: the same entry is sent again later under the same id. `everyone`: the way to the register is cut, others need not be tried now. */
  | { kind: 'again'; reason: string; everyone: boolean; afterSeconds: number | null }
  | { kind: 'sign-in' }
  /** The register holds another version; `current` is null when the response did not bring it along. */
  | { kind: 'conflict'; current: Household | null }
  | { kind: 'rejected'; problem: Problem };

export const LOST: Outcome = { kind: 'again', reason: 'lost', everyone: true, afterSeconds: null };

/** Reads the response to PUT /v1/households/{id}. */
export function readResponse(response: RegisterResponse, household: string): Outcome {
  const { status, body } = response;
  if (status >= 200 && status < 300) {
    // A hotel's or carrier's log-in page responds with 200 too: only the register knows our id and a revision.
    if (isObject(body) && body['id'] === household && typeof body['revision'] === 'number') {
      return { kind: 'stored', record: recordIn(response, body), revision: body['revision'] };
    }
    return { kind: 'again', reason: 'not-the-register', everyone: true, afterSeconds: null };
  }
  if (status === 401) return { kind: 'sign-in' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'again', reason: String(status), everyone: status === 429, afterSeconds: response.retryAfterSeconds };
  }
  const problem = readProblem(response);
  if (problem?.code === 'access.password-change-required') return { kind: 'sign-in' };
  if (problem?.code === 'access.request-forged') return { kind: 'again', reason: problem.code, everyone: true, afterSeconds: null };
  if (status === 412 || problem?.code === 'household.id-taken') {
    const current = isObject(body) && isObject(body['current']) ? recordIn(response, body['current']) : null;
    return { kind: 'conflict', current };
  }
  if (problem === null && response.type === 'text/html' && status !== 413) {
    return { kind: 'again', reason: 'not-the-register', everyone: true, afterSeconds: null };
  }
  if (status >= 400 && status < 500) {
    return { kind: 'rejected', problem: problem ?? { status, code: String(status), title: '', detail: '', errors: [] } };
  }
  return { kind: 'again', reason: String(status), everyone: true, afterSeconds: null };
}

/** Whether somebody ended this device's session from elsewhere: the phone may be stolen. Any other 401 only requires a sign-in. */
export function isRevoked(response: RegisterResponse): boolean {
  return response.status === 401 && readProblem(response)?.code === 'session.revoked';
}

/** The problem in a response (RFC 9457), or null when it carries none. */
export function readProblem({ status, body }: RegisterResponse): Problem | null {
  if (!isObject(body) || typeof body['code'] !== 'string') return null;
  const errors = Array.isArray(body['errors']) ? body['errors'].filter(isObject) : [];
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    status,
    code: body['code'],
    title: text(body['title']),
    detail: text(body['detail']),
    errors: errors.map((error) => ({ pointer: text(error['pointer']), code: text(error['code']), message: text(error['message']) })),
  };
}
