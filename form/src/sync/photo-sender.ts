// One photo to the register, or one removal: the call, what its response means, and what becomes of the photo on the phone.
import type { Entry } from '../storage/entries';
import { isObject } from '../record/household';
import { LOST, readResponse, type RegisterResponse, type Outcome } from './response';
import { ResponseLost, call } from './register';
import { photoAddress, sendablePhotos, type Photo } from '../storage/photo';
import type { PhotoStore } from '../storage/photo-store';

/** 300 kB over the thinnest signal that carries anything. */
const LIMIT_MILLISECONDS = 180_000;

export type PhotoOutcome = Extract<Outcome, { kind: 'again' | 'sign-in' | 'rejected' }> | { kind: 'done' };

/** Reads the response to PUT or DELETE of a photo. */
export function readPhotoResponse(response: RegisterResponse, photo: Photo): PhotoOutcome {
  const { status, body } = response;
  if (status >= 200 && status < 300) {
    // A log-in page on the way responds with 200 too: only the register names our photo, and says nothing where it removed one.
    const ours = photo.state.kind === 'removing' ? status === 204 : isObject(body) && body['id'] === photo.id && body['household'] === photo.household;
    return ours ? { kind: 'done' } : { kind: 'again', reason: 'not-the-register', everyone: true, afterSeconds: null };
  }
  const outcome = readResponse(response, photo.household);
  if (outcome.kind === 'rejected' && photo.state.kind === 'removing' && [404, 410].includes(status)) return { kind: 'done' };
  if (outcome.kind === 'stored' || outcome.kind === 'conflict') {
    return { kind: 'rejected', problem: { status, code: String(status), title: '', detail: '', errors: [] } };
  }
  return outcome;
}

/** Sends the next photo that may go and is not among `tried`; null when there is none. Runs under the sender's lock. */
export async function sendNextPhoto(store: PhotoStore, entries: readonly Entry[], tried: Set<string>, begins: () => void): Promise<PhotoOutcome | null> {
  const next = sendablePhotos(await store.all(), entries).find(({ id }) => !tried.has(id));
  if (!next) return null;
  tried.add(next.id);
  begins();
  // Counted before it is made: from now on the register may have it, whatever becomes of the response.
  await store.change(next.id, ({ state }) => (state.kind === 'waiting' ? { ...state, attempts: state.attempts + 1 } : null));
  const photo = await store.get(next.id);
  if (photo === null) return { kind: 'done' };
  const outcome = await decide(store, photo);
  switch (outcome.kind) {
    case 'done':
      // The person may have thrown it away meanwhile: then it is removed there too, right after.
      if (!(await store.removeWhenSent(photo))) tried.delete(photo.id);
      break;
    case 'rejected':
      await store.change(photo.id, ({ state }) => (state.kind === photo.state.kind ? { kind: 'rejected', problem: outcome.problem } : null));
      break;
    default: {
      const reason = outcome.kind === 'again' ? outcome.reason : outcome.kind;
      await store.change(photo.id, ({ state }) => (state.kind === 'waiting' ? { ...state, lastFailure: reason } : null));
    }
  }
  return outcome;
}

async function decide(store: PhotoStore, photo: Photo): Promise<PhotoOutcome> {
  const address = photoAddress(photo.household, photo.id);
  try {
    if (photo.state.kind === 'removing') return readPhotoResponse(await call(address, { method: 'DELETE' }), photo);
    const picture = await store.picture(photo.id);
    if (picture === null) return { kind: 'done' };
    const query = new URLSearchParams({ of: photo.of, taken_at: photo.takenAt, ...(photo.parcel === null ? {} : { parcel: photo.parcel }) });
    return readPhotoResponse(await call(`${address}?${query.toString()}`, { method: 'PUT', body: picture, limit: LIMIT_MILLISECONDS }), photo);
  } catch (error) {
    if (error instanceof ResponseLost) return LOST as PhotoOutcome;
    throw error;
  }
}
