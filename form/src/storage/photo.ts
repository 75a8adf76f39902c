// A photo of a paper on its way to the register: what it is, in which state, and when it may go. Pure.
import type { PhotoBasis } from '../definition/definition';
import type { Entry } from './entries';
import { isObject, listAt, textAt, type JsonObject, type Problem } from '../record/household';

/** What a photo shows, in the register's words. */
export type PhotoOf = 'identity_card' | 'land_certificate';

export type PhotoState =
  /** Sent once its household has arrived; `attempts` counts tries. */
  | { kind: 'waiting'; attempts: number; lastFailure: string | null }
  | { kind: 'rejected'; problem: Problem }
  /** The register has it, or may have it, and is to remove it. Its picture is no longer on the phone. */
  | { kind: 'removing' };

/** A photo as the phone lists it; its picture is read separately. */
export interface Photo {
  id: string;
  household: string;
  /** The entry in which it was taken: it goes after that one. */
  entry: string;
  of: PhotoOf;
  /** The parcel that a certificate is for. */
  parcel: string | null;
  /** The head of the household that it belongs to, for lists. */
  name: string;
  takenAt: string;
  bytes: number;
  state: PhotoState;
}

/** A photo as the register lists it. */
export interface RegisteredPhoto {
  id: string;
  of: PhotoOf;
  parcel: string | null;
  bytes: number;
  at: string;
}

/** Whether the household's legal basis covers photos of papers, by the register's definition. */
export function isCovered({ legalBases, consents }: PhotoBasis, content: JsonObject): boolean {
  if (legalBases.includes(textAt(content, 'legal_basis'))) return true;
  return listAt(content, 'consents').some((consent) => consents.includes(textAt(consent, 'purpose')) && !textAt(consent, 'withdrawn_at'));
}

/** The photos that may go to the register now: those whose entry has arrived. */
export function sendablePhotos(photos: readonly Photo[], entries: readonly Entry[]): Photo[] {
  return photos.filter((photo) => {
    if (photo.state.kind === 'rejected') return false;
    if (photo.state.kind === 'removing') return true;
    const own = entries.find(({ id }) => id === photo.entry);
    if (own) return own.state.kind === 'sent';
    // Its entry was replaced by a later one, or forgotten after it had arrived.
    return entries.every(({ household, state }) => household !== photo.household || state.kind === 'sent');
  });
}

/** The photos in the register's list; null when it is none. */
export function readList(body: unknown): RegisteredPhoto[] | null {
  const rows = isObject(body) ? body['items'] : null;
  if (!Array.isArray(rows)) return null;
  return rows.filter(isObject).map((row) => ({
    id: textAt(row, 'id'),
    of: row['of'] === 'land_certificate' ? 'land_certificate' : 'identity_card',
    parcel: textAt(row, 'parcel') || null,
    bytes: Number(row['bytes'] ?? 0),
    at: textAt(row, 'taken_at') || textAt(row, 'created_at'),
  }));
}

/** The register's address of a photo. */
export function photoAddress(household: string, photo: string): string {
  return `/v1/households/${encodeURIComponent(household)}/photos/${encodeURIComponent(photo)}`;
}
