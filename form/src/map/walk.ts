// Walking a boundary: which positions of the GPS become points, and how standing still makes a position better.
import { distance, type Ring } from '../geometry/shape';
import type { LonLat } from '../geometry/vn2000';

export interface Fix {
  position: LonLat;
  /** Radius in metres within which the phone says it is (68%). */
  accuracy: number;
  /** Milliseconds since the walk began, by a clock that does not jump. */
  time: number;
}

/** A walk as stored on the phone: it survives a dark screen and a reload. */
export interface Walk {
  state: 'walking' | 'paused';
  points: Ring;
  /** The accuracy of each point. */
  accuracies: number[];
  lastTime: number;
  /** The last position that was believed, of a point or of standing still; none where the walk was interrupted. */
  believed?: Fix | undefined;
  /** Positions in a row that nobody can have walked to. */
  leaps?: readonly Fix[] | undefined;
  /** Positions in a row since the walk was interrupted: where it goes on is not known, so that the first of them may be a leap. */
  resumed?: readonly Fix[] | undefined;
  /** The point that was taken back last: standing there, it is not taken again. */
  undone?: LonLat | undefined;
  /** Milliseconds of the calendar clock at the last fix: the other clock stands still while the phone sleeps. */
  seenAt?: number | undefined;
}

const LEAST_STEP_METRES = 3;
const LEAST_SECONDS = 2;
/** A worse position is not used, neither for a boundary nor for a corner or a home. */
export const WORST_ACCURACY_METRES = 30;
/** Nobody walks along a field faster: what is further away is a leap of the GPS. */
const FASTEST_METRES_A_SECOND = 4;
/** So many positions in a row that agree with each other outweigh the very first one, and show where an interrupted walk goes on. */
const LEAPS_BELIEVED = 3;
const LONGEST_GAP_MILLISECONDS = 60_000;
const FARTHEST_GAP_METRES = 30;

/** Whether nobody can have walked from one fix to the other, even if both are as far off as they may be. */
export function isLeap(from: Fix, to: Fix): boolean {
  const walked = (FASTEST_METRES_A_SECOND * Math.max(to.time - from.time, 0)) / 1000;
  return distance(from.position, to.position) - from.accuracy - to.accuracy > walked;
}

/** The leaps with one more; those that do not agree with it are forgotten. */
export function withLeap(leaps: readonly Fix[], fix: Fix): { leaps: readonly Fix[]; believed: boolean } {
  const last = leaps.at(-1);
  const agreeing = last && !isLeap(last, fix) ? [...leaps, fix] : [fix];
  return { leaps: agreeing, believed: agreeing.length >= LEAPS_BELIEVED };
}

/** The walk with the fix added if it is good enough and far enough from the last point. */
export function step(walk: Walk, fix: Fix): Walk {
  if (walk.state !== 'walking' || fix.accuracy > WORST_ACCURACY_METRES) return walk;
  if (walk.believed && isLeap(walk.believed, fix)) {
    const { leaps, believed } = withLeap(walk.leaps ?? [], fix);
    // Of a walk that has only begun, the beginning may be the leap.
    return believed && walk.points.length < 2 ? startingAt(walk, fix) : { ...walk, leaps };
  }
  if (!walk.believed && walk.points.length > 0) {
    const { leaps: resumed, believed } = withLeap(walk.resumed ?? [], fix);
    if (!believed) return { ...walk, resumed };
    return resumed.reduce(step, { ...walk, believed: resumed[0], resumed: undefined });
  }
  const seen: Walk = { ...walk, believed: fix, leaps: undefined };
  const last = walk.points.at(-1);
  if (last) {
    if (fix.time - walk.lastTime < LEAST_SECONDS * 1000) return seen;
    // Noise grows with the accuracy radius: a step must be longer than half of it to be a step.
    if (distance(last, fix.position) < leastStep(fix)) return seen;
  }
  if (walk.undone && distance(walk.undone, fix.position) < leastStep(fix)) return seen;
  return { ...seen, points: [...walk.points, fix.position], accuracies: [...walk.accuracies, fix.accuracy], lastTime: fix.time, undone: undefined };
}

function startingAt(walk: Walk, fix: Fix): Walk {
  return { ...walk, points: [fix.position], accuracies: [fix.accuracy], lastTime: fix.time, believed: fix, leaps: undefined, undone: undefined };
}

/** How exact all that was walked is: the quadratic mean of its points' accuracies; null without points. */
export function accuracyOf(accuracies: readonly number[]): number | null {
  if (accuracies.length === 0) return null;
  return Math.sqrt(accuracies.reduce((sum, each) => sum + each * each, 0) / accuracies.length);
}

function leastStep({ accuracy }: Fix): number {
  return Math.max(LEAST_STEP_METRES, accuracy / 2);
}

/** The walk without its last point. */
export function takeBack(walk: Walk): Walk {
  return { ...walk, points: walk.points.slice(0, -1), accuracies: walk.accuracies.slice(0, -1), undone: walk.points.at(-1), believed: undefined, leaps: undefined, resumed: undefined };
}

/** Minutes in which the phone saw nothing while the person walked on, e.g. with the screen dark: a part of the boundary is missing. Else 0. */
export function minutesMissed(walk: Walk, fix: Fix, now: number): number {
  const last = walk.points.at(-1);
  if (walk.state !== 'walking' || !last || walk.seenAt === undefined) return 0;
  const gap = now - walk.seenAt;
  return gap > LONGEST_GAP_MILLISECONDS && distance(last, fix.position) > Math.max(FARTHEST_GAP_METRES, fix.accuracy) ? gap / 60_000 : 0;
}

/** The mean of fixes taken at one spot, each weighted by its accuracy. GPS errors within a minute are correlated, so the stated accuracy is never better than half the best fix's. */
export function average(fixes: readonly Fix[]): { position: LonLat; accuracy: number } | null {
  let weight = 0;
  let lon = 0;
  let lat = 0;
  let best = Number.POSITIVE_INFINITY;
  for (const { position, accuracy } of fixes) {
    const sure = Math.max(accuracy, 0.5);
    const each = 1 / (sure * sure);
    weight += each;
    lon += position[0] * each;
    lat += position[1] * each;
    best = Math.min(best, sure);
  }
  if (weight === 0) return null;
  return { position: [lon / weight, lat / weight], accuracy: Math.max(best / 2, 1 / Math.sqrt(weight)) };
}

/** The corners of a walked line: points nearer than `tolerance` metres to the line between their neighbours are left out (Douglas–Peucker). */
export function corners(points: Ring, tolerance: number): Ring {
  if (points.length < 5) return points;
  const [originLon, originLat] = points[0]!;
  const scale = Math.cos((originLat * Math.PI) / 180);
  const flat = points.map(([lon, lat]) => [(lon - originLon) * scale * 111_320, (lat - originLat) * 110_600] as const);
  const retained = new Set([0, points.length - 1]);
  const split = (from: number, to: number): void => {
    const [x1, y1] = flat[from]!;
    const [x2, y2] = flat[to]!;
    const length = Math.hypot(x2 - x1, y2 - y1);
    let farthest = -1;
    let most = tolerance;
    for (let index = from + 1; index < to; index++) {
      const [x, y] = flat[index]!;
      const off = length === 0 ? Math.hypot(x - x1, y - y1) : Math.abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length;
      if (off > most) [most, farthest] = [off, index];
    }
    if (farthest < 0) return;
    retained.add(farthest);
    split(from, farthest);
    split(farthest, to);
  };
  split(0, points.length - 1);
  return points.filter((_, index) => retained.has(index));
}
