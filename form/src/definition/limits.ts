// The limits that the register holds records to and that the phone applies without signal, as its settings state them.
import { isObject } from '../record/household';

export interface Limits {
  /** Share of the smaller of two parcels that may lie on the other. */
  overlapShare: number;
  /** A strip along the common edge that is nowhere wider than this is tolerated too… */
  overlapWidthMetres: number;
  /** …unless it is more than this share of the smaller parcel. */
  sliverShare: number;
  photoBytes: number;
}

/** The limits of a register whose settings say nothing else, for a phone that has not received any yet. */
export const USUAL_LIMITS: Limits = { overlapShare: 0.05, overlapWidthMetres: 5, sliverShare: 0.5, photoBytes: 300_000 };

export function readLimits(given: unknown): Limits {
  const limits = isObject(given) ? given : {};
  const number = (name: string, usual: number): number => (typeof limits[name] === 'number' ? limits[name] : usual);
  return {
    overlapShare: number('overlap_share', USUAL_LIMITS.overlapShare),
    overlapWidthMetres: number('overlap_width_m', USUAL_LIMITS.overlapWidthMetres),
    sliverShare: number('sliver_share', USUAL_LIMITS.sliverShare),
    photoBytes: number('photo_bytes', USUAL_LIMITS.photoBytes),
  };
}
