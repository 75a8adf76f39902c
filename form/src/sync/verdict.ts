// A leader's word on a household: verified, or returned with a reason.
import type { Problem } from '../record/household';
import { call, ResponseLost } from './register';
import { readProblem, readResponse } from './response';

export type Verdict = { kind: 'verify' } | { kind: 'return'; reason: string };
/** `stale`: the register has a newer revision. */
export type Decided = { kind: 'done' } | { kind: 'refused'; problem: Problem; stale: boolean };

/** Sends the verdict on the revision that was looked at. Raises ResponseLost, also where something on the way responds instead of the register. */
export async function decideOn(household: string, revision: number, verdict: Verdict): Promise<Decided> {
  const response = await call(`/v1/households/${encodeURIComponent(household)}/${verdict.kind}`, {
    method: 'POST',
    headers: { 'If-Match': `"${revision}"` },
    ...(verdict.kind === 'return' ? { body: { reason: verdict.reason } } : {}),
  });
  if (readResponse(response, household).kind === 'stored') return { kind: 'done' };
  const problem = readProblem(response);
  if (problem === null) throw new ResponseLost(String(response.status));
  return { kind: 'refused', problem, stale: response.status === 412 };
}
