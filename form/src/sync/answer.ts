// What the register's answer to a sent household means for the entry. Pure: the table of status codes, and nothing else.
import { isObject, type Household, type JsonObject, type Problem } from '../storage/household';

export interface Answer {
  status: number;
  /** Media type without parameters, lower case. */
  type: string;
  body: unknown;
  retryAfterSeconds: number | null;
}

export type Outcome =
  | { kind: 'stored'; record: Household; revision: number }
  /** Not decided: the same entry is sent again later under the same id. `everyone`: the way to the register is cut, others need not be tried now. */
  | { kind: 'again'; reason: string; everyone: boolean; afterSeconds: number | null }
  | { kind: 'sign-in' }
  /** The register holds another version; `current` is null when the answer did not bring it along. */
  | { kind: 'conflict'; current: Household | null }
  | { kind: 'rejected'; problem: Problem };

export const LOST: Outcome = { kind: 'again', reason: 'lost', everyone: true, afterSeconds: null };

/** Reads the answer to PUT /v1/households/{id}. */
export function readAnswer(answer: Answer, household: string): Outcome {
  const { status, body } = answer;
  if (status >= 200 && status < 300) {
    // A hotel's or carrier's log-in page answers 200 too: only the register knows our id and a revision.
    if (isObject(body) && body['id'] === household && typeof body['revision'] === 'number') {
      return { kind: 'stored', record: body, revision: body['revision'] };
    }
    return { kind: 'again', reason: 'not-the-register', everyone: true, afterSeconds: null };
  }
  if (status === 401) return { kind: 'sign-in' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'again', reason: String(status), everyone: status === 429, afterSeconds: answer.retryAfterSeconds };
  }
  const problem = readProblem(answer);
  if (problem?.code === 'access.password-change-required') return { kind: 'sign-in' };
  if (problem?.code === 'access.request-forged') return { kind: 'again', reason: problem.code, everyone: true, afterSeconds: null };
  if (status === 412 || problem?.code === 'household.id-taken') {
    const current = isObject(body) && isObject(body['current']) ? (body['current'] as JsonObject) : null;
    return { kind: 'conflict', current };
  }
  if (problem === null && answer.type === 'text/html' && status !== 413) {
    return { kind: 'again', reason: 'not-the-register', everyone: true, afterSeconds: null };
  }
  if (status >= 400 && status < 500) {
    return { kind: 'rejected', problem: problem ?? { status, code: String(status), title: '', detail: '', errors: [] } };
  }
  return { kind: 'again', reason: String(status), everyone: true, afterSeconds: null };
}

/** Whether somebody ended this device's session from elsewhere: the phone may be in other hands. Any other 401 only asks for a sign-in. */
export function isRevoked(answer: Answer): boolean {
  return answer.status === 401 && readProblem(answer)?.code === 'session.revoked';
}

/** The problem in an answer (RFC 9457), or null when it carries none. */
export function readProblem({ status, body }: Answer): Problem | null {
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
