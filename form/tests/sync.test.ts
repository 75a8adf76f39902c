// What each response of the register means for an entry, and how long the sender waits.
import { describe, expect, it } from 'vitest';
import { isMasked } from '../src/record/household';
import { readResponse, type RegisterResponse } from '../src/sync/response';
import { waitSeconds } from '../src/sync/backoff';

const responseOf = (status: number, body: unknown = null, type = 'application/problem+json'): RegisterResponse => ({
  status, body, type, retryAfterSeconds: null, whole: true,
});

describe('a response', () => {
  it.each([200, 201])('%i with our record means stored', (status) => {
    expect(readResponse(responseOf(status, { id: 'h', revision: 2 }), 'h')).toMatchObject({ kind: 'stored', revision: 2 });
  });

  it('200 from a log-in page on the way means nothing: try again', () => {
    expect(readResponse(responseOf(200, null, 'text/html'), 'h')).toMatchObject({ kind: 'again' });
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('%i means try again', (status) => {
    expect(readResponse(responseOf(status), 'h').kind).toBe('again');
  });

  it('401 means sign in', () => {
    expect(readResponse(responseOf(401, { code: 'sign-in' }), 'h').kind).toBe('sign-in');
  });

  it('403 for a password that must be changed asks to sign in, for another commune it is a refusal', () => {
    expect(readResponse(responseOf(403, { code: 'access.password-change-required' }), 'h').kind).toBe('sign-in');
    expect(readResponse(responseOf(403, { code: 'access.outside-area' }), 'h').kind).toBe('rejected');
  });

  it('412 brings the record as it is', () => {
    expect(readResponse(responseOf(412, { code: 'household.stale', current: { id: 'h', revision: 5 } }), 'h')).toEqual({
      kind: 'conflict', current: { id: 'h', revision: 5 },
    });
    const inPart = readResponse({ ...responseOf(412, { code: 'household.stale', current: { id: 'h' } }), whole: false }, 'h');
    expect(inPart.kind === 'conflict' && isMasked(inPart.current!)).toBe(true);
  });

  it('409 for a taken id is a conflict, for a taken personal number a refusal', () => {
    expect(readResponse(responseOf(409, { code: 'household.id-taken' }), 'h')).toEqual({ kind: 'conflict', current: null });
    expect(readResponse(responseOf(409, { code: 'national-id.taken' }), 'h').kind).toBe('rejected');
  });

  it('422 brings its errors to their places', () => {
    const errors = [{ pointer: '/head/sex', code: 'item.required', message: 'Thiếu' }];
    expect(readResponse(responseOf(422, { code: 'record.invalid', errors }), 'h')).toMatchObject({ kind: 'rejected', problem: { errors } });
  });

  it('403 from a log-in page is not a refusal by the register', () => {
    expect(readResponse(responseOf(403, null, 'text/html'), 'h').kind).toBe('again');
  });
});

describe('waiting', () => {
  it('doubles up to five minutes', () => {
    expect([0, 1, 2, 30].map((failures) => waitSeconds(failures, null, () => 0))).toEqual([2, 4, 8, 300]);
  });

  it('waits as long as the register asks, within reason', () => {
    expect(waitSeconds(0, 60, () => 0)).toBe(60);
    expect(waitSeconds(0, 86_400, () => 0)).toBe(300);
  });
});
