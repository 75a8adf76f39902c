// Walking a boundary: which positions of the GPS become points, and how standing still makes a position better.
import { distance, type Ring } from './shape';
import type { LonLat } from './vn2000';

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
  lastTime: number;
  /** The point that was taken back last: standing there, it is not taken again. */
  undone?: LonLat | undefined;
  /** Milliseconds of the calendar clock at the last fix: the other clock stands still while the phone sleeps. */
  seenAt?: number | undefined;
}

const LEAST_STEP_METRES = 3;
const LEAST_SECONDS = 2;
/** A position that is worse says nothing about a boundary. */
export const WORST_ACCURACY_METRES = 30;
const LONGEST_GAP_MILLISECONDS = 60_000;
const FARTHEST_GAP_METRES = 30;

/** The walk with the fix added if it is good enough and far enough from the last point; the same walk if not. */
export function step(walk: Walk, fix: Fix): Walk {
  if (walk.state !== 'walking' || fix.accuracy > WORST_ACCURACY_METRES) return walk;
  const last = walk.points.at(-1);
  if (last) {
    if (fix.time - walk.lastTime < LEAST_SECONDS * 1000) return walk;
    // Noise grows with the accuracy radius: a step must be longer than half of it to be a step.
    if (distance(last, fix.position) < leastStep(fix)) return walk;
  }
  if (walk.undone && distance(walk.undone, fix.position) < leastStep(fix)) return walk;
  return { ...walk, points: [...walk.points, fix.position], lastTime: fix.time, undone: undefined };
}

function leastStep({ accuracy }: Fix): number {
  return Math.max(LEAST_STEP_METRES, accuracy / 2);
}

/** The walk without its last point. */
export function takeBack(walk: Walk): Walk {
  return { ...walk, points: walk.points.slice(0, -1), undone: walk.points.at(-1) };
}

/** Minutes in which the phone saw nothing while the person walked on, e.g. with the screen dark: a part of the boundary is missing. Else 0. */
export function minutesMissed(walk: Walk, fix: Fix, now: number): number {
  const last = walk.points.at(-1);
  if (walk.state !== 'walking' || !last || walk.seenAt === undefined) return 0;
  const gap = now - walk.seenAt;
  return gap > LONGEST_GAP_MILLISECONDS && distance(last, fix.position) > Math.max(FARTHEST_GAP_METRES, fix.accuracy) ? gap / 60_000 : 0;
}

/** The mean of fixes taken at one spot, each weighted by its accuracy. GPS errors of one minute hang together, so the claim is never better than half the best fix. */
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
