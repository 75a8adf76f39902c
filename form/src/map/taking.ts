// Taking a boundary or a position as a state machine: pure, so that every way through it is tested without a map, a GPS or a phone.
import { crossing, fromPolygon, type Ring } from './shape';
import { fromGrid, readSheet, type LonLat, type Zone } from './vn2000';
import { corners, minutesMissed, step, takeBack, type Fix, type Walk } from './walk';

/** How a boundary was taken; null for one that was there before, whose recorded method stays. */
export type Method = 'walked' | 'tapped' | 'sheet' | null;

/** What the register's own check reported about a closed boundary. */
export type Check =
  | { kind: 'none' }
  | { kind: 'asking' }
  /** The register could not be reached; it checks on receipt. */
  | { kind: 'unreachable' }
  | { kind: 'checked'; messages: string[] };

export type Taking =
  /** A single position, e.g. of the home: by GPS until it is set by a tap. */
  | { kind: 'position'; point: LonLat | null; tapped: boolean }
  | { kind: 'choosing' }
  /** `missedMinutes`: the phone saw nothing for so long, and the walk was paused because of it. */
  | { kind: 'walking'; walk: Walk; missedMinutes: number }
  | { kind: 'tapping'; ring: Ring }
  /** Coordinates typed from a sheet in `zone`. */
  | { kind: 'sheet'; text: string; zone: Zone }
  /** Closed: to be checked and accepted. */
  | { kind: 'ready'; ring: Ring; method: Method; check: Check }
  /** Closed, its corners being moved by hand. */
  | { kind: 'editing'; ring: Ring; method: Method };

export type TakingEvent =
  | { kind: 'choose'; way: 'walk' | 'tap' }
  | { kind: 'choose'; way: 'sheet'; zone: Zone }
  | { kind: 'back' }
  /** A position of the GPS; `mean` is the mean of those at this spot, `now` the calendar clock. */
  | { kind: 'fix'; fix: Fix; mean: LonLat; now: number }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'point'; position: LonLat }
  | { kind: 'undo' }
  | { kind: 'type'; text: string }
  | { kind: 'zone'; zone: Zone }
  | { kind: 'close' }
  | { kind: 'edit' }
  | { kind: 'move'; ring: Ring }
  | { kind: 'edited' }
  | { kind: 'clear' }
  /** The register's check of `ring`: news of another ring come too late. */
  | { kind: 'check'; ring: Ring; check: Check };

/** Metres by which a corner of a walk may be off when points on a line are left out. */
const CORNER_TOLERANCE_METRES = 1.5;
/** A walk's clock starts anew with the page: the next fix is far enough from the last one. */
const CLOCK_MARGIN_MILLISECONDS = 10_000;
const NOT_CHECKED: Check = { kind: 'none' };

/** Where taking begins: with the geometry that is there, if there is one. */
export function begin(item: 'point' | 'polygon', given: unknown): Taking {
  if (item === 'point') {
    const point = pointOf(given);
    return { kind: 'position', point, tapped: point !== null };
  }
  const ring = fromPolygon(given);
  return ring.length > 2 ? { kind: 'ready', ring, method: null, check: NOT_CHECKED } : { kind: 'choosing' };
}

/** A stored taking in a page that was loaded again; `time` is that page's clock. */
export function resumed(stored: Taking, time: number): Taking {
  if (stored.kind === 'walking') return { ...stored, walk: { ...stored.walk, lastTime: time - CLOCK_MARGIN_MILLISECONDS } };
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
      return state.kind === 'walking' ? { ...state, walk: { ...state.walk, state: 'paused', seenAt: undefined } } : state;
    case 'resume':
      return state.kind === 'walking' ? { ...state, missedMinutes: 0, walk: { ...state.walk, state: 'walking', seenAt: undefined } } : state;
    case 'point':
      if (state.kind === 'position') return { ...state, point: event.position, tapped: true };
      return state.kind === 'tapping' ? { ...state, ring: [...state.ring, event.position] } : state;
    case 'undo':
      if (state.kind === 'walking') return { ...state, walk: takeBack(state.walk) };
      return state.kind === 'tapping' ? { ...state, ring: state.ring.slice(0, -1) } : state;
    case 'type':
      return state.kind === 'sheet' ? { ...state, text: event.text } : state;
    case 'zone':
      return state.kind === 'sheet' ? { ...state, zone: event.zone } : state;
    case 'close':
      return mayClose(state) ? closed(state) : state;
    case 'edit':
      return state.kind === 'ready' ? { kind: 'editing', ring: state.ring, method: state.method } : state;
    case 'move':
      return state.kind === 'editing' ? { ...state, ring: event.ring } : state;
    case 'edited':
      return state.kind === 'editing' ? { kind: 'ready', ring: state.ring, method: state.method, check: NOT_CHECKED } : state;
    case 'clear':
      return isClosed(state) ? { kind: 'choosing' } : state;
    case 'check':
      return state.kind === 'ready' && state.ring === event.ring ? { ...state, check: event.check } : state;
  }
}

function chosen(event: Extract<TakingEvent, { kind: 'choose' }>): Taking {
  switch (event.way) {
    case 'walk':
      return { kind: 'walking', walk: { state: 'walking', points: [], lastTime: -1 }, missedMinutes: 0 };
    case 'tap':
      return { kind: 'tapping', ring: [] };
    case 'sheet':
      return { kind: 'sheet', text: '', zone: event.zone };
  }
}

function located(state: Taking, fix: Fix, mean: LonLat, now: number): Taking {
  if (state.kind === 'position') return state.tapped ? state : { ...state, point: mean };
  if (state.kind !== 'walking' || state.walk.state !== 'walking') return state;
  const minutes = minutesMissed(state.walk, fix, now);
  // A walk that went on unseen is paused: a straight line over that part would be wrong.
  if (minutes > 0) return { ...state, missedMinutes: Math.round(minutes), walk: { ...state.walk, state: 'paused', seenAt: undefined } };
  return { ...state, walk: { ...step(state.walk, fix), seenAt: now } };
}

function closed(state: Taking): Taking {
  switch (state.kind) {
    case 'walking':
      return { kind: 'ready', ring: corners(state.walk.points, CORNER_TOLERANCE_METRES), method: 'walked', check: NOT_CHECKED };
    case 'tapping':
      return { kind: 'ready', ring: state.ring, method: 'tapped', check: NOT_CHECKED };
    case 'sheet':
      return { kind: 'ready', ring: readSheet(state.text).points.map((corner) => fromGrid(corner, state.zone)), method: 'sheet', check: NOT_CHECKED };
    default:
      return state;
  }
}

/** Whether what was taken so far can be closed. */
export function mayClose(state: Taking): boolean {
  if (state.kind === 'sheet') {
    const { points, wrongLines } = readSheet(state.text);
    return points.length > 2 && wrongLines.length === 0;
  }
  return (state.kind === 'walking' || state.kind === 'tapping') && ringOf(state).length > 2;
}

/** Whether the boundary, or the position, can be accepted as it is. */
export function mayAccept(state: Taking): boolean {
  if (state.kind === 'position') return state.point !== null;
  return isClosed(state) && ringOf(state).length > 2 && !isCrossed(state);
}

export function isClosed(state: Taking): boolean {
  return state.kind === 'ready' || state.kind === 'editing';
}

export function isCrossed(state: Taking): boolean {
  const ring = ringOf(state);
  return isClosed(state) && ring.length > 2 && crossing(ring) !== null;
}

/** The points to draw; none in states that have none. */
export function ringOf(state: Taking): Ring {
  if (state.kind === 'walking') return state.walk.points;
  return 'ring' in state ? state.ring : NO_POINTS;
}
const NO_POINTS: Ring = [];

/** Whether the screen is to stay on: a phone that sleeps sees no positions. */
export function needsScreen(state: Taking): boolean {
  return state.kind === 'walking' && state.walk.state === 'walking';
}

/** How often a walk is stored while the person stands still. */
const SEEN_STORED_MILLISECONDS = 15_000;

/** Whether `after` must be stored, given what is stored: every change but the register's word and the clock of somebody who stands still. */
export function mustStore(stored: Taking | null, after: Taking): boolean {
  if (stored === after || after.kind === 'position') return false;
  if (stored?.kind === 'ready' && after.kind === 'ready') return stored.ring !== after.ring;
  if (stored?.kind !== 'walking' || after.kind !== 'walking') return true;
  if (stored.walk.points !== after.walk.points || stored.walk.state !== after.walk.state) return true;
  return (after.walk.seenAt ?? 0) - (stored.walk.seenAt ?? 0) > SEEN_STORED_MILLISECONDS;
}

function pointOf(given: unknown): LonLat | null {
  const point = given as { type?: unknown; coordinates?: unknown } | null | undefined;
  return point?.type === 'Point' && Array.isArray(point.coordinates) ? (point.coordinates as LonLat) : null;
}
