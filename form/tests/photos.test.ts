// Photos: the arithmetic of cutting, when one may go, and what the register's responses mean for it.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/record/household';
import basis from './photo-basis.json';
import { CORNERS, FIRST, moved, SIZES, turned, withCorner, within, type Rectangle } from '../src/photos/crop';
import { readRegistered } from '../src/photos/registered';
import { say } from '../src/language/language.svelte';
import { isCovered, readList, sendablePhotos, type Photo, type PhotoState } from '../src/storage/photo';
import { readPhotoResponse } from '../src/sync/photo-sender';
import type { Basis, Entry, EntryState } from '../src/storage/entries';
import type { RegisterResponse } from '../src/sync/response';

const WAITING: PhotoState = { kind: 'waiting', attempts: 0, lastFailure: null };
const SENT: EntryState = { kind: 'sent', at: '2026-11-23T02:00:00Z', revision: 1 };

function photo(state: PhotoState = WAITING, entry = 'e1'): Photo {
  return { id: 'p1', household: 'h1', entry, of: 'identity_card', parcel: null, name: 'Hoà', takenAt: '2026-11-23T02:00:00Z', bytes: 9, state };
}

function entry(state: EntryState, id = 'e1', household = 'h1', basis: Basis = { kind: 'new' }): Entry {
  return { id, household, sequence: 1, version: 1, basis, base: null, state, content: {}, changedAt: '', step: 0 };
}

const responseOf = (status: number, body: unknown = null, type = 'application/json'): RegisterResponse => ({ status, type, body, retryAfterSeconds: null, whole: true });

describe('the cut', () => {
  it('stays in the picture and keeps its corners apart, wherever they are dragged', () => {
    for (const corner of CORNERS) {
      for (const by of [{ x: 5, y: 5 }, { x: -5, y: -5 }, { x: 5, y: -5 }, { x: -5, y: 5 }]) {
        const { left, top, right, bottom } = withCorner(FIRST, corner, by);
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
        expect(Math.max(right, bottom)).toBeLessThanOrEqual(1);
        expect(Math.min(right - left, bottom - top)).toBeGreaterThan(0.099);
      }
    }
  });

  it('moves as a whole and stops at the edge', () => {
    const { left, right, top, bottom } = moved({ left: 0.2, top: 0.2, right: 0.6, bottom: 0.5 }, { x: 9, y: -9 });
    expect([left, right, top, bottom].map((value) => Math.round(value * 100))).toEqual([60, 100, 0, 30]);
  });

  it('is the same cut after four turns', () => {
    const cut: Rectangle = { left: 0.1, top: 0.2, right: 0.5, bottom: 0.9 };
    const once = turned(cut);
    expect(once.right - once.left).toBeCloseTo(0.7);
    const four = turned(turned(turned(once)));
    for (const side of ['left', 'top', 'right', 'bottom'] as const) expect(four[side]).toBeCloseTo(cut[side]);
  });

  it('is scaled down, never up, and tried smaller and smaller', () => {
    expect(within(4000, 3000, 2000)).toEqual({ width: 2000, height: 1500 });
    expect(within(300, 200, 2000)).toEqual({ width: 300, height: 200 });
    const weights = SIZES.map(({ side, quality }) => side * side * quality);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
  });
});

describe('a photo goes', () => {
  it('after its entry has arrived, not before', () => {
    for (const state of [{ kind: 'draft' }, { kind: 'queued', attempts: 0, lastFailure: null }, { kind: 'sending', attempts: 1 }] as EntryState[]) {
      expect(sendablePhotos([photo()], [entry(state)])).toEqual([]);
    }
    expect(sendablePhotos([photo()], [entry(SENT), entry({ kind: 'draft' }, 'e2')])).toHaveLength(1);
  });

  it('when its entry is no longer there: after whatever took its place', () => {
    expect(sendablePhotos([photo()], [])).toHaveLength(1);
    expect(sendablePhotos([photo()], [entry({ kind: 'draft' }, 'e2')])).toEqual([]);
    expect(sendablePhotos([photo()], [entry({ kind: 'draft' }, 'e3', 'h2'), entry(SENT, 'e2')])).toHaveLength(1);
  });

  it('not again after a refusal of the register, and at once when it is to be removed', () => {
    const problem = { status: 409, code: 'photo.too-many', title: '', detail: '', errors: [] };
    expect(sendablePhotos([photo({ kind: 'rejected', problem })], [])).toEqual([]);
    expect(sendablePhotos([photo({ kind: 'removing' })], [entry({ kind: 'draft' })])).toHaveLength(1);
  });
});

describe('a response', () => {
  it('removes a photo only when the register names it', () => {
    expect(readPhotoResponse(responseOf(201, { id: 'p1', household: 'h1' }), photo()).kind).toBe('done');
    expect(readPhotoResponse(responseOf(200, { id: 'p1', household: 'h1' }), photo()).kind).toBe('done');
    expect(readPhotoResponse(responseOf(200, null, 'text/html'), photo()).kind).toBe('again');
    expect(readPhotoResponse(responseOf(200, { id: 'p2', household: 'h1' }), photo()).kind).toBe('again');
  });

  it('keeps the photo for another try, for a sign-in, or to be looked at', () => {
    for (const status of [408, 425, 429, 500, 502, 503]) expect(readPhotoResponse(responseOf(status), photo()).kind).toBe('again');
    expect(readPhotoResponse(responseOf(401), photo()).kind).toBe('sign-in');
    for (const status of [404, 409, 412, 413, 415, 422]) expect(readPhotoResponse(responseOf(status, { code: 'photo.x', detail: 'x' }), photo()).kind).toBe('rejected');
    expect(readPhotoResponse(responseOf(403, '<html>', 'text/html'), photo()).kind).toBe('again');
  });

  it('to a removal: a photo that is gone already counts as removed', () => {
    const removing = photo({ kind: 'removing' });
    expect(readPhotoResponse(responseOf(204), removing).kind).toBe('done');
    expect(readPhotoResponse(responseOf(404, { code: 'photo.not-found' }), removing).kind).toBe('done');
    expect(readPhotoResponse(responseOf(410, { code: 'household.erased' }), removing).kind).toBe('done');
    expect(readPhotoResponse(responseOf(404, '<html>', 'text/html'), removing).kind).toBe('again');
    expect(readPhotoResponse(responseOf(200, null, 'text/html'), removing).kind).toBe('again');
  });
});

const photoBasis = { legalBases: ['state_function'], consents: ['document_photos'], notCovered: '' };

it.each(basis)('a legal basis covers photos as the register says: $record', ({ record, covered }) => {
  expect(isCovered(photoBasis, record as JsonObject)).toBe(covered);
});

it('the list of the register is read, and nothing else is taken for it', () => {
  const row = { id: 'p1', of: 'land_certificate', parcel: 'l1', bytes: 5, taken_at: '2026-11-20T00:00:00Z', created_at: '2026-11-23T00:00:00Z' };
  expect(readList({ items: [row] })).toEqual([{ id: 'p1', of: 'land_certificate', parcel: 'l1', bytes: 5, at: '2026-11-20T00:00:00Z' }]);
  expect(readList('<html>')).toBeNull();
});

describe('the list of a household’s photos that the register does not give', () => {
  it.each([403, 404, 410])('with %d shows the reason, and no photo that was listed before', (status) => {
    expect(readRegistered(responseOf(status, { code: 'household.x', detail: 'Vì lẽ này.' }))).toEqual({ photos: [], missing: 'Vì lẽ này.' });
  });

  it('for now shows the reason, or that there is no signal, and leaves those listed before', () => {
    expect(readRegistered(responseOf(503, { code: 'store.unavailable', detail: 'Thử lại sau.' }))).toEqual({ photos: null, missing: 'Thử lại sau.' });
    for (const status of [200, 403]) expect(readRegistered(responseOf(status, '<html>', 'text/html'))).toEqual({ photos: null, missing: say('photo.registerLost') });
    expect(readRegistered(responseOf(200, { items: [] }))).toEqual({ photos: [], missing: '' });
  });
});
