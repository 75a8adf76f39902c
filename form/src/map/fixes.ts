// Positions of the GPS at one spot, and what the phone reports about its reception.
import { distance } from '../geometry/shape';
import { isLeap, withLeap, WORST_ACCURACY_METRES, type Fix } from './walk';

/** Nothing yet, or nothing any more for a while; positions; none at all, since location is off or this page may not use it. */
export type Reception = 'waiting' | 'here' | 'none';

/** What is heard at this spot. */
export interface Heard {
  /** The positions that count. */
  fixes: readonly Fix[];
  /** Those in a row that nobody can have walked to. */
  leaps: readonly Fix[];
  /** The accuracy of the last position where it is too inexact to count; else 0. */
  weak: number;
  reception: Reception;
}

export const NOTHING_HEARD: Heard = { fixes: [], leaps: [], weak: 0, reception: 'waiting' };

const MOST = 30;
const SPOT_METRES = 10;
/** GeolocationPositionError.TIMEOUT: the GPS is on, but no position came for a while. */
const TIMEOUT = 3;

/** What was heard with one more position. One that is too inexact does not count; those of another spot are dropped. */
export function withFix({ fixes, leaps }: Heard, fix: Fix): Heard {
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

/** Nothing is heard any more: where the person stood before must not be taken for where they stand now. `code` as in GeolocationPositionError. */
export function afterFailure(code: number): Heard {
  return { ...NOTHING_HEARD, reception: code === TIMEOUT ? 'waiting' : 'none' };
}

/** The next corner is measured from the start. */
export const measuredAnew = (heard: Heard): Heard => ({ ...heard, fixes: [], leaps: [] });
