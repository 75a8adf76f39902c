// Taking a boundary or a position as a state machine: pure, so that every way through it is tested without a map, a GPS or a phone.
import { withoutOverrun } from './cut';
import { fromGeometry, isTangled, type Ring, type Shape } from '../geometry/shape';
import { readSheet } from './sheet';
import { fromGrid, type Grid, type LonLat, type Zone } from '../geometry/vn2000';
import { accuracyOf, corners, minutesMissed, step, takeBack, WORST_ACCURACY_METRES, type Fix, type Walk } from './walk';

/** How a boundary was taken; null for one that was there before, whose recorded method stays. */
export type Method = 'walked' | 'tapped' | 'sheet' | null;

/** How a boundary was taken, and what is known because of it. */
export interface Capture {
  method: Method;
  /** Metres; null where nothing says how exact it is. */
  accuracy: number | null;
  /** The coordinates as they stand on the sheet. */
  sheet: { zone: Zone; corners: Grid[] } | null;
}

/** A mean of positions at one spot. */
export interface Measured {
  position: LonLat;
  accuracy: number;
}

/** What the register's own check reported about a closed boundary. */
export type Check =
  | { kind: 'none' }
  | { kind: 'asking' }
  /** The register could not be reached; it checks on receipt. */
  | { kind: 'unreachable' }
  /** `proposal`: how the register would mend the boundary; empty where it proposes nothing. */
  | { kind: 'checked'; messages: string[]; proposal: Shape };

export type Taking =
  /** A single position, e.g. of the home: by GPS until it is set by a tap. `accuracy` is null for a tapped one, and for one that was there before. */
  | { kind: 'position'; point: LonLat | null; tapped: boolean; accuracy: number | null }
  | { kind: 'choosing' }
  /** `missedMinutes`: the phone saw nothing for so long, and the walk was paused because of it. */
  | { kind: 'walking'; walk: Walk; missedMinutes: number }
  /** `accuracies`: of the corners that somebody stood on; null for those that were tapped. */
  | { kind: 'tapping'; ring: Ring; accuracies: (number | null)[] }
  /** Coordinates typed from a sheet in `zone`. */
  | { kind: 'sheet'; text: string; zone: Zone }
  /** Closed: to be checked and accepted. */
  | { kind: 'ready'; shape: Shape; capture: Capture; check: Check }
  /** Closed, its corners being moved by hand. */
  | { kind: 'editing'; shape: Shape; capture: Capture };

export type TakingEvent =
  | { kind: 'choose'; way: 'walk' | 'tap' }
  | { kind: 'choose'; way: 'sheet'; zone: Zone }
  | { kind: 'back' }
  /** A position of the GPS; `mean` is the mean of those at this spot that count, `now` the calendar clock. */
  | { kind: 'fix'; fix: Fix; mean: Measured | null; now: number }
  | { kind: 'pause' }
  | { kind: 'resume' }
  /** A corner, or the position; `accuracy` where somebody stands on it. */
  | { kind: 'point'; position: LonLat; accuracy?: number }
  | { kind: 'undo' }
  | { kind: 'type'; text: string }
  | { kind: 'zone'; zone: Zone }
  | { kind: 'close' }
  | { kind: 'edit' }
  | { kind: 'move'; shape: Shape }
  | { kind: 'edited' }
  | { kind: 'clear' }
  /** A mended shape is taken in the place of the one that was walked or drawn. */
  | { kind: 'mend'; shape: Shape }
  /** The register's check of `shape`: the check of another shape came too late. */
  | { kind: 'check'; shape: Shape; check: Check };

/** Metres by which a corner of a walk may be off when points on a line are left out. */
const CORNER_TOLERANCE_METRES = 1.5;
/** A walk's clock restarts with the page: the next fix is far enough from the last one. */
const CLOCK_MARGIN_MILLISECONDS = 10_000;
const NOT_CHECKED: Check = { kind: 'none' };
/** A boundary that was there before. */
const AS_IT_WAS: Capture = { method: null, accuracy: null, sheet: null };
/** A boundary whose corners were set by hand. */
const BY_HAND: Capture = { method: 'tapped', accuracy: null, sheet: null };

/** The first state: with the existing geometry, if there is one. */
export function begin(item: 'point' | 'polygon', given: unknown): Taking {
  if (item === 'point') {
    const point = pointOf(given);
    return { kind: 'position', point, tapped: point !== null, accuracy: null };
  }
  const shape = fromGeometry(given);
  return shape.length > 0 ? { kind: 'ready', shape, capture: AS_IT_WAS, check: NOT_CHECKED } : { kind: 'choosing' };
}

/** A stored taking in a page that was loaded again; `time` is that page's clock. */
export function resumed(stored: Taking, time: number): Taking {
  if (stored.kind === 'walking') return { ...stored, walk: { ...unconnected(stored.walk), lastTime: time - CLOCK_MARGIN_MILLISECONDS } };
  return stored.kind === 'ready' ? { ...stored, check: NOT_CHECKED } : stored;
}

/** The state after `event`; the same object where the event changes nothing in this state. */
export function transition(state: Taking, event: TakingEvent): Taking {
  switch (event.kind) {
    case 'choose':
      return state.kind === 'choosing' ? chosen(event) : state;
    case 'back':
      return state.kind === 'sheet' ? { kind: 'choosing' } : state;
    case 'fix':
      return located(state, event.fix, event.mean, event.now);
    case 'pause':
      return state.kind === 'walking' ? { ...state, walk: paused(state.walk) } : state;
    case 'resume':
      return state.kind === 'walking' ? { ...state, missedMinutes: 0, walk: { ...state.walk, state: 'walking', seenAt: undefined } } : state;
    case 'point':
      if (state.kind === 'position') return { ...state, point: event.position, tapped: true, accuracy: null };
      return state.kind === 'tapping' ? { ...state, ring: [...state.ring, event.position], accuracies: [...state.accuracies, event.accuracy ?? null] } : state;
    case 'undo':
      if (state.kind === 'walking') return { ...state, walk: takeBack(state.walk) };
      return state.kind === 'tapping' ? { ...state, ring: state.ring.slice(0, -1), accuracies: state.accuracies.slice(0, -1) } : state;
    case 'type':
      return state.kind === 'sheet' ? { ...state, text: event.text } : state;
    case 'zone':
      return state.kind === 'sheet' ? { ...state, zone: event.zone } : state;
    case 'close':
      return mayClose(state) ? closed(state) : state;
    case 'edit':
      return state.kind === 'ready' ? { kind: 'editing', shape: state.shape, capture: state.capture } : state;
    case 'move':
      // Moved by hand it is no longer as exact, nor as it stands on a sheet.
      return state.kind === 'editing' ? { ...state, shape: event.shape, capture: BY_HAND } : state;
    case 'edited':
      return state.kind === 'editing' ? { kind: 'ready', shape: state.shape, capture: state.capture, check: NOT_CHECKED } : state;
    case 'mend':
      return state.kind === 'ready' ? { kind: 'ready', shape: event.shape, capture: mended(state.capture), check: NOT_CHECKED } : state;
    case 'clear':
      return isClosed(state) ? { kind: 'choosing' } : state;
    case 'check':
      return state.kind === 'ready' && state.shape === event.shape ? { ...state, check: event.check } : state;
  }
}

function chosen(event: Extract<TakingEvent, { kind: 'choose' }>): Taking {
  switch (event.way) {
    case 'walk':
      return { kind: 'walking', walk: { state: 'walking', points: [], accuracies: [], lastTime: -1 }, missedMinutes: 0 };
    case 'tap':
      return { kind: 'tapping', ring: [], accuracies: [] };
    case 'sheet':
      return { kind: 'sheet', text: '', zone: event.zone };
  }
}

/** A walk that stands still: where it goes on is not known, so nothing is too far away. */
function paused(walk: Walk): Walk {
  return { ...unconnected(walk), state: 'paused', seenAt: undefined };
}

function unconnected(walk: Walk): Walk {
  return { ...walk, believed: undefined, leaps: undefined, resumed: undefined };
}

/** What was cut or mended is as exact as before, but it is not what stands on the sheet, and of a boundary that was there before it is another one. */
function mended(capture: Capture): Capture {
  return capture.method === 'walked' ? { ...capture, sheet: null } : BY_HAND;
}

function located(state: Taking, fix: Fix, mean: Measured | null, now: number): Taking {
  if (state.kind === 'position') return state.tapped || mean === null || fix.accuracy > WORST_ACCURACY_METRES ? state : { ...state, point: mean.position, accuracy: mean.accuracy };
  if (state.kind !== 'walking' || state.walk.state !== 'walking') return state;
  const minutes = minutesMissed(state.walk, fix, now);
  // A walk that went on unseen is paused: a straight line over that part would be wrong.
  if (minutes > 0) return { ...state, missedMinutes: Math.round(minutes), walk: paused(state.walk) };
  return { ...state, walk: { ...step(state.walk, fix), seenAt: now } };
}

function closed(state: Taking): Taking {
  switch (state.kind) {
    case 'walking':
      return ready(corners(state.walk.points, CORNER_TOLERANCE_METRES), { method: 'walked', accuracy: accuracyOf(state.walk.accuracies), sheet: null });
    case 'tapping':
      return ready(state.ring, captureOf(state.accuracies));
    case 'sheet': {
      const grid = readSheet(state.text).points;
      return ready(grid.map((corner) => fromGrid(corner, state.zone)), { method: 'sheet', accuracy: null, sheet: { zone: state.zone, corners: grid } });
    }
    default:
      return state;
  }
}

function ready(ring: Ring, capture: Capture): Taking {
  return { kind: 'ready', shape: [[ring]], capture, check: NOT_CHECKED };
}

/** Corners that somebody stood on one after the other were walked, and are as exact as they are. */
function captureOf(accuracies: readonly (number | null)[]): Capture {
  const known = accuracies.filter((each) => each !== null);
  return known.length === accuracies.length ? { method: 'walked', accuracy: accuracyOf(known), sheet: null } : BY_HAND;
}

/** What is left of a walked or drawn boundary that crosses itself when the part walked beyond the beginning is cut off; null where there is nothing to cut. */
export function cutOf(state: Taking): Shape | null {
  const [rings, ...others] = state.kind === 'ready' ? state.shape : [];
  const cut = rings?.length === 1 && others.length === 0 ? withoutOverrun(rings[0]!) : null;
  return cut && [[cut]];
}

/** Whether what was taken so far can be closed. */
export function mayClose(state: Taking): boolean {
  if (state.kind === 'sheet') {
    const { points, wrongLines } = readSheet(state.text);
    return points.length > 2 && wrongLines.length === 0;
  }
  return (state.kind === 'walking' || state.kind === 'tapping') && shapeOf(state)[0]![0]!.length > 2;
}

/** Whether the boundary, or the position, can be accepted as it is. */
export function mayAccept(state: Taking): boolean {
  if (state.kind === 'position') return state.point !== null;
  return isClosed(state) && isWhole(shapeOf(state)) && !isCrossed(state);
}

export function isClosed(state: Taking): boolean {
  return state.kind === 'ready' || state.kind === 'editing';
}

/** Whether every ring of it has corners enough. */
export function isWhole(shape: Shape): boolean {
  return shape.length > 0 && shape.every((rings) => rings.length > 0 && rings.every((ring) => ring.length > 2));
}

export function isCrossed(state: Taking): boolean {
  return isClosed(state) && isTangled(shapeOf(state));
}

/** What to draw: one ring while it grows; nothing in states that have no points. */
export function shapeOf(state: Taking): Shape {
  if (state.kind === 'walking') return [[state.walk.points]];
  if (state.kind === 'tapping') return [[state.ring]];
  return 'shape' in state ? state.shape : NO_LAND;
}
const NO_LAND: Shape = [];

/** Whether the screen is to stay on: a phone that sleeps sees no positions. */
export function needsScreen(state: Taking): boolean {
  return state.kind === 'walking' && state.walk.state === 'walking';
}

/** How often a walk is stored while the person stands still. */
const SEEN_STORED_MILLISECONDS = 15_000;

/** Whether `after` must be stored, given what is stored: every change except the register's check and the clock while somebody stands still. */
export function mustStore(stored: Taking | null, after: Taking): boolean {
  if (stored === after || after.kind === 'position') return false;
  if (stored?.kind === 'ready' && after.kind === 'ready') return stored.shape !== after.shape;
  if (stored?.kind !== 'walking' || after.kind !== 'walking') return true;
  if (stored.walk.points !== after.walk.points || stored.walk.state !== after.walk.state) return true;
  return (after.walk.seenAt ?? 0) - (stored.walk.seenAt ?? 0) > SEEN_STORED_MILLISECONDS;
}

function pointOf(given: unknown): LonLat | null {
  const point = given as { type?: unknown; coordinates?: unknown } | null | undefined;
  return point?.type === 'Point' && Array.isArray(point.coordinates) ? (point.coordinates as LonLat) : null;
}
