// Positions of the GPS at one spot, and what the phone reports about its reception.
import { distance } from '../geometry/shape';
import { isLeap, withLeap, WORST_ACCURACY_METRES, type Fix } from './walk';

/** Nothing yet, or nothing any more for a while; positions; none at all, since location is off or this page may not use it. */
export type Reception = 'waiting' | 'here' | 'none';

/** What the device measured at this spot. */
export interface Positions {
  /** The positions that count. */
  fixes: readonly Fix[];
  /** Those in a row that nobody can have walked to. */
  leaps: readonly Fix[];
  /** The accuracy of the last position where it is too inexact to count; else 0. */
  weak: number;
  reception: Reception;
}

export const NO_POSITIONS: Positions = { fixes: [], leaps: [], weak: 0, reception: 'waiting' };

const MOST = 30;
const SPOT_METRES = 10;
/** GeolocationPositionError.TIMEOUT: the GPS is on, but no position came for a while. */
const TIMEOUT = 3;

/** What was measured, with one more position. One that is too inexact does not count; those of another spot are dropped. */
export function withFix({ fixes, leaps }: Positions, fix: Fix): Positions {
  const reception = 'here';
  if (fix.accuracy > WORST_ACCURACY_METRES) return { fixes, leaps, weak: fix.accuracy, reception };
  const last = fixes.at(-1);
  if (last && isLeap(last, fix)) {
    const more = withLeap(leaps, fix);
    return { ...(more.believed ? { fixes: [fix], leaps: [] } : { fixes, leaps: more.leaps }), weak: 0, reception };
  }
  const here = fixes.filter((each) => distance(each.position, fix.position) < Math.max(SPOT_METRES, fix.accuracy));
  return { fixes: [...here, fix].slice(-MOST), leaps: [], weak: 0, reception };
}

/** No position is received any more: where the person stood before must not be taken for where they stand now. `code` as in GeolocationPositionError. */
export function afterFailure(code: number): Positions {
  return { ...NO_POSITIONS, reception: code === TIMEOUT ? 'waiting' : 'none' };
}

/** The next corner is measured from the start. */
export const measuredAnew = (measured: Positions): Positions => ({ ...measured, fixes: [], leaps: [] });
