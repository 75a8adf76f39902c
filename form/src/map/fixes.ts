// Positions of the GPS at one spot, and what the phone reports about its reception.
import { distance } from './shape';
import type { Fix } from './walk';

export type Reception = 'waiting' | 'here' | 'none';

const MOST = 30;
const SPOT_METRES = 10;

/** The fixes with one more; those of another spot say nothing about this one and are dropped. */
export function withFix(fixes: readonly Fix[], fix: Fix): Fix[] {
  const here = fixes.filter((each) => distance(each.position, fix.position) < Math.max(SPOT_METRES, fix.accuracy));
  return [...here, fix].slice(-MOST);
}
