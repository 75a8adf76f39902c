// Positions of the GPS at one spot, and what the phone reports about its reception.
import { distance } from '../geometry/shape';
import { isLeap, withLeap, WORST_ACCURACY_METRES, type Fix } from './walk';

export type Reception = 'waiting' | 'here' | 'none';

/** What was heard at this spot: the positions that count, and those in a row that nobody can have walked to. */
export interface Heard {
  fixes: readonly Fix[];
  leaps: readonly Fix[];
}

export const NOTHING_HEARD: Heard = { fixes: [], leaps: [] };

const MOST = 30;
const SPOT_METRES = 10;

/** What was heard with one more position. One that is too inexact does not count; those of another spot are dropped. */
export function withFix({ fixes, leaps }: Heard, fix: Fix): Heard {
  if (fix.accuracy > WORST_ACCURACY_METRES) return { fixes, leaps };
  const last = fixes.at(-1);
  if (last && isLeap(last, fix)) {
    const more = withLeap(leaps, fix);
    return more.believed ? { fixes: [fix], leaps: [] } : { fixes, leaps: more.leaps };
  }
  const here = fixes.filter((each) => distance(each.position, fix.position) < Math.max(SPOT_METRES, fix.accuracy));
  return { fixes: [...here, fix].slice(-MOST), leaps: [] };
}
