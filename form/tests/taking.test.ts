// Taking a boundary: every way through the state machine, without a map, a GPS or a phone.
import { describe, expect, it } from 'vitest';
import { afterFailure, measuredAnew, NO_POSITIONS, withFix, type Positions } from '../src/map/fixes';
import { withNeighbours } from '../src/map/neighbours';
import { areaOf, toGeometry, type Ring, type Shape } from '../src/geometry/shape';
import { begin, isCrossed, mayAccept, mayClose, mustStore, needsScreen, resumed, shapeOf, cutOf, transition, type Capture, type Taking, type TakingEvent } from '../src/map/taking';
import { toGrid, type LonLat, type Zone } from '../src/geometry/vn2000';
import type { Fix } from '../src/map/walk';

const FIELD: Ring = [[105.664, 18.676], [105.6645, 18.676], [105.6645, 18.6764], [105.664, 18.6764]];
const BOW_TIE: Ring = [FIELD[0]!, FIELD[2]!, FIELD[1]!, FIELD[3]!];
const after = (state: Taking, ...events: TakingEvent[]): Taking => events.reduce(transition, state);
const fixAt = (position: LonLat, seconds: number, now = seconds * 1000, accuracy = 4): TakingEvent => ({ kind: 'fix', fix: { position, accuracy, time: seconds * 1000 }, mean: { position, accuracy: accuracy / 2 }, now });
const ringOf = (state: Taking): Ring => shapeOf(state)[0]?.[0] ?? [];
const WALKED: Capture = { method: 'walked', accuracy: 4, sheet: null };
const BY_HAND: Capture = { method: 'tapped', accuracy: null, sheet: null };
const WALK: TakingEvent = { kind: 'choose', way: 'walk' };
const TAP: TakingEvent = { kind: 'choose', way: 'tap' };
const ZONE: Zone = { code: 'EPSG:9209', name: 'VN-2000 / TM-3 105°30′', meridian: 105.5, scale: 0.9999 };
const OTHER: Zone = { code: 'EPSG:9208', name: 'VN-2000 / TM-3 104°45′', meridian: 104.75, scale: 0.9999 };
const SHEET: TakingEvent = { kind: 'choose', way: 'sheet', zone: OTHER };
const START = begin('polygon', undefined);
/** From one corner to the next at a walker's speed. */
const SIDE_SECONDS = 20;
const ROUND_SECONDS = 4 * SIDE_SECONDS;
const walked = after(START, WALK, ...FIELD.map((corner, index) => fixAt(corner, SIDE_SECONDS * (index + 1))));
const tapped = after(START, TAP, ...FIELD.map((position): TakingEvent => ({ kind: 'point', position })));
const ready = after(tapped, { kind: 'close' });

describe('where taking begins', () => {
  it('asks how when nothing is there, and shows what is there', () => {
    expect(START).toEqual({ kind: 'choosing' });
    expect(begin('polygon', toGeometry([[FIELD]]))).toMatchObject({ kind: 'ready', shape: [[FIELD]], capture: { method: null }, check: { kind: 'none' } });
    expect(begin('point', undefined)).toEqual({ kind: 'position', point: null, tapped: false, accuracy: null });
    expect(begin('point', { type: 'Point', coordinates: FIELD[0] })).toEqual({ kind: 'position', point: FIELD[0], tapped: true, accuracy: null });
  });

  it('takes a walk up again with the clock of the new page, and asks the register again', () => {
    const again = resumed(walked, 50_000);
    expect(again).toMatchObject({ kind: 'walking', walk: { points: FIELD, lastTime: 40_000 } });
    const checked = after(ready, { kind: 'check', shape: shapeOf(ready), check: { kind: 'checked', messages: ['x'], proposal: [] } });
    expect(resumed(checked, 0)).toEqual(ready);
  });
});

describe('a walk', () => {
  it('takes the corners, keeps the screen on, and closes into what was walked', () => {
    expect(ringOf(walked)).toEqual(FIELD);
    expect(needsScreen(walked)).toBe(true);
    expect(after(walked, { kind: 'close' })).toMatchObject({ kind: 'ready', shape: [[FIELD]], capture: WALKED });
  });

  it('takes nothing while it is paused, and goes on after it', () => {
    const paused = after(walked, { kind: 'pause' }, fixAt([105.67, 18.68], ROUND_SECONDS + 60));
    expect(ringOf(paused)).toEqual(FIELD);
    expect(needsScreen(paused)).toBe(false);
    const fixes = [61, 62, 63].map((second) => fixAt([105.67, 18.68], ROUND_SECONDS + second));
    expect(ringOf(after(paused, { kind: 'resume' }, fixes[0]!))).toEqual(FIELD);
    expect(ringOf(after(paused, { kind: 'resume' }, ...fixes))).toHaveLength(5);
  });

  it('pauses by itself when the phone saw nothing for minutes, and says so until it goes on', () => {
    const unseen = after(walked, fixAt([105.67, 18.68], ROUND_SECONDS + 1, ROUND_SECONDS * 1000 + 5 * 60_000));
    expect(unseen).toMatchObject({ kind: 'walking', missedMinutes: 5, walk: { state: 'paused', points: FIELD } });
    expect(after(unseen, { kind: 'resume' })).toMatchObject({ missedMinutes: 0, walk: { state: 'walking' } });
  });

  it('gives the last point back, and closes only with three', () => {
    const two = after(walked, { kind: 'undo' }, { kind: 'undo' });
    expect(ringOf(two)).toEqual(FIELD.slice(0, 2));
    expect(mayClose(two)).toBe(false);
    expect(after(two, { kind: 'close' })).toBe(two);
  });
});

describe('drawing and typing', () => {
  it('takes taps as corners, and gives the last one back', () => {
    expect(ringOf(tapped)).toEqual(FIELD);
    expect(ringOf(after(tapped, { kind: 'undo' }))).toEqual(FIELD.slice(0, 3));
    expect(ready).toMatchObject({ kind: 'ready', shape: [[FIELD]], capture: BY_HAND });
  });

  it('draws a sheet when every line of it can be read', () => {
    const text = FIELD.map((corner) => toGrid(corner, ZONE)).map(({ north, east }) => `${north.toFixed(3)} ${east.toFixed(3)}`).join('\n');
    const typed = after(START, SHEET, { kind: 'zone', zone: ZONE }, { kind: 'type', text });
    const drawn = after(typed, { kind: 'close' });
    expect(drawn).toMatchObject({ kind: 'ready', capture: { method: 'sheet', sheet: { zone: ZONE } } });
    ringOf(drawn).forEach(([longitude], index) => expect(longitude).toBeCloseTo(FIELD[index]![0], 7));
    expect(mayClose(after(typed, { kind: 'type', text: `${text}\n12 345` }))).toBe(false);
    expect(after(typed, { kind: 'back' })).toEqual(START);
  });
});

describe('a closed boundary', () => {
  it('is accepted unless it crosses itself or has too few corners', () => {
    expect(mayAccept(ready)).toBe(true);
    const crossed = after(ready, { kind: 'edit' }, { kind: 'move', shape: [[BOW_TIE]] });
    expect(isCrossed(crossed)).toBe(true);
    expect(mayAccept(crossed)).toBe(false);
    expect(mayAccept(after(ready, { kind: 'edit' }, { kind: 'move', shape: [[FIELD.slice(0, 2)]] }))).toBe(false);
  });

  it('that is walked or from a sheet is one drawn by hand once its corners are moved, and is asked about again', () => {
    const checked = after(ready, { kind: 'check', shape: shapeOf(ready), check: { kind: 'checked', messages: [], proposal: [] } });
    const moved = after(checked, { kind: 'edit' }, { kind: 'move', shape: [[FIELD.slice(0, 3)]] }, { kind: 'edited' });
    expect(moved).toEqual({ kind: 'ready', shape: [[FIELD.slice(0, 3)]], capture: BY_HAND, check: { kind: 'none' } });
    const walk = after(walked, { kind: 'close' });
    expect(after(walk, { kind: 'edit' }, { kind: 'edited' })).toMatchObject({ capture: WALKED });
    expect(after(walk, { kind: 'edit' }, { kind: 'move', shape: [[FIELD]] }, { kind: 'edited' })).toMatchObject({ capture: BY_HAND });
  });

  it('takes no notice of a check of another ring', () => {
    const late: TakingEvent = { kind: 'check', shape: [[FIELD]], check: { kind: 'checked', messages: ['overlap'], proposal: [] } };
    expect(after(ready, late)).toBe(ready);
    expect(after(ready, { kind: 'clear' }, late)).toEqual(START);
  });
});

describe('a position', () => {
  it('follows the GPS until it is set by a tap', () => {
    const found = after(begin('point', undefined), fixAt(FIELD[0]!, 1));
    expect(found).toEqual({ kind: 'position', point: FIELD[0], tapped: false, accuracy: 2 });
    const set = after(found, { kind: 'point', position: FIELD[2]! }, fixAt(FIELD[1]!, 2));
    expect(set).toEqual({ kind: 'position', point: FIELD[2], tapped: true, accuracy: null });
  });
});

describe('events out of their state', () => {
  const states: Taking[] = [begin('point', undefined), START, walked, tapped, after(START, SHEET), ready, after(ready, { kind: 'edit' })];
  const taken: Record<TakingEvent['kind'], Taking['kind'][]> = {
    choose: ['choosing'], back: ['sheet'], fix: ['position', 'walking'], pause: ['walking'], resume: ['walking'], point: ['position', 'tapping'],
    undo: ['walking', 'tapping'], type: ['sheet'], close: ['walking', 'tapping'], edit: ['ready'], move: ['editing'], edited: ['editing'],
    clear: ['ready', 'editing'], check: ['ready'], zone: ['sheet'], mend: ['ready'],
  };
  const events: TakingEvent[] = [
    WALK, { kind: 'back' }, fixAt([105.67, 18.68], 2000), { kind: 'pause' }, { kind: 'resume' }, { kind: 'point', position: FIELD[0]! }, { kind: 'undo' },
    { kind: 'type', text: '1' }, { kind: 'close' }, { kind: 'edit' }, { kind: 'move', shape: [[BOW_TIE]] }, { kind: 'edited' }, { kind: 'clear' },
    { kind: 'check', shape: shapeOf(ready), check: { kind: 'asking' } }, { kind: 'zone', zone: ZONE }, { kind: 'mend', shape: [[FIELD]] },
  ];
  it.each(events)('change nothing: $kind', (event) => {
    expect(states.filter((state) => transition(state, event) !== state).map(({ kind }) => kind)).toEqual(taken[event.kind]);
  });
});

describe('what of it is stored', () => {
  it('is every point, but not every second of standing still, nor the word of the register', () => {
    const standing = after(walked, fixAt(FIELD[3]!, ROUND_SECONDS + 1));
    expect(standing).not.toBe(walked);
    expect(mustStore(walked, standing)).toBe(false);
    expect(mustStore(walked, after(walked, fixAt(FIELD[3]!, ROUND_SECONDS + 16)))).toBe(true);
    expect(mustStore(walked, after(walked, { kind: 'undo' }))).toBe(true);
    expect(mustStore(ready, after(ready, { kind: 'check', shape: shapeOf(ready), check: { kind: 'asking' } }))).toBe(false);
    expect(mustStore(null, ready)).toBe(true);
  });
});

describe('what the phone knows around', () => {
  it('forgets positions of another spot', () => {
    const here = { position: FIELD[0]!, accuracy: 4, time: 1 };
    const there = { position: FIELD[1]!, accuracy: 4, time: 20_000 };
    const measured = withFix(NO_POSITIONS, here);
    expect(withFix(measured, there).fixes).toEqual([there]);
    expect(withFix(measured, { ...here, time: 3 }).fixes).toHaveLength(2);
  });

  it('adds neighbours that only the register knows', () => {
    const [one, other] = [{ household: 'a', name: '1/2', shape: [[FIELD]] }, { household: 'b', name: '', shape: [[FIELD]] }];
    expect(withNeighbours([one], [{ ...one, name: '' }, other])).toEqual([one, other]);
  });
});

describe('positions that say nothing', () => {
  const here = (seconds: number, accuracy = 5): Fix => ({ position: FIELD[0]!, accuracy, time: seconds * 1000 });
  const away = (seconds: number): Fix => ({ position: [105.684, 18.676], accuracy: 10, time: seconds * 1000 });
  const measured = (...fixes: Fix[]): Positions => fixes.reduce(withFix, NO_POSITIONS);

  it('are those that are too inexact, for a home and a corner as for a walk', () => {
    expect(measured(here(1, 1500), here(2, 31))).toEqual({ ...NO_POSITIONS, weak: 31, reception: 'here' });
    expect(after(begin('point', undefined), fixAt(FIELD[0]!, 1, 1000, 1500))).toEqual(begin('point', undefined));
    expect(ringOf(after(START, WALK, fixAt(FIELD[0]!, 1, 1000, 1500)))).toEqual([]);
    expect(measured(here(1, 1500), here(2)).fixes).toEqual([here(2)]);
  });

  it('are those of before the GPS was lost: nobody is known to stand there still', () => {
    expect(afterFailure(1)).toEqual({ ...NO_POSITIONS, reception: 'none' });
    expect(afterFailure(2)).toEqual({ ...NO_POSITIONS, reception: 'none' });
    expect(withFix(afterFailure(2), here(9))).toEqual(measured(here(9)));
    expect(measuredAnew(measured(here(1), here(2, 50)))).toEqual({ ...NO_POSITIONS, weak: 50, reception: 'here' });
  });

  it('do not come for a while under trees: the GPS is on, and nobody is asked to turn it on', () => {
    expect(afterFailure(3)).toEqual(NO_POSITIONS);
  });

  it('are those that nobody can have walked to, until three agree', () => {
    expect(measured(here(1), away(3)).fixes).toEqual([here(1)]);
    expect(measured(here(1), away(3), here(4)).fixes).toHaveLength(2);
    expect(measured(here(1), away(2), away(3), away(4)).fixes).toEqual([away(4)]);
  });

  it('are no corners of a walk, however long one stood before', () => {
    const stood = after(walked, ...[1, 2, 3].map((minute) => fixAt(FIELD[3]!, ROUND_SECONDS + 60 * minute)));
    const last = ROUND_SECONDS + 180;
    const leapt = after(stood, fixAt([105.684, 18.676], last + 2), fixAt([105.684, 18.676], last + 3), fixAt([105.684, 18.676], last + 4), fixAt([105.684, 18.676], last + 6));
    expect(ringOf(leapt)).toEqual(FIELD);
    expect(leapt).toMatchObject({ walk: { leaps: [{}, {}, {}, {}] } });
    expect(ringOf(after(leapt, fixAt([105.6641, 18.6764], last + 8)))).toHaveLength(5);
  });

  it('may be the very first one of a walk: three others that agree outweigh it', () => {
    const begun = after(START, WALK, fixAt([105.684, 18.676], 1), fixAt(FIELD[0]!, 3), fixAt(FIELD[0]!, 4));
    expect(ringOf(begun)).toEqual([[105.684, 18.676]]);
    expect(ringOf(after(begun, fixAt(FIELD[0]!, 5)))).toEqual([FIELD[0]]);
  });
});

describe('how exact a boundary is', () => {
  it('is how exact the points of a walk were, not the place stood on last', () => {
    const standing = after(walked, fixAt(FIELD[3]!, ROUND_SECONDS + 1, undefined, 1), fixAt(FIELD[3]!, ROUND_SECONDS + 9, undefined, 25));
    expect(after(standing, { kind: 'close' })).toMatchObject({ capture: { accuracy: 4 } });
  });

  it('is that of the corners that were stood on, and unknown with one that was tapped', () => {
    const stoodOn = FIELD.map((position): TakingEvent => ({ kind: 'point', position, accuracy: 3 }));
    expect(after(START, TAP, ...stoodOn, { kind: 'close' })).toMatchObject({ capture: { method: 'walked', accuracy: 3 } });
    expect(after(START, TAP, ...stoodOn, { kind: 'point', position: [105.6639, 18.6762] }, { kind: 'close' })).toMatchObject({ capture: BY_HAND });
  });
});

describe('walking past the beginning', () => {
  const over: Ring = [...FIELD, [105.664, 18.6759], [105.66412, 18.67607]];

  it('is cut off where the line crosses itself', () => {
    // Down past the first corner, and up again across the first side.
    const ready = after(START, TAP, ...over.map((position): TakingEvent => ({ kind: 'point', position })), { kind: 'close' });
    expect(mayAccept(ready)).toBe(false);
    const cut = cutOf(ready) as Shape;
    expect(areaOf(cut[0]![0]!) / areaOf(FIELD)).toBeCloseTo(1, 1);
    const mended = after(ready, { kind: 'mend', shape: cut });
    expect(mayAccept(mended)).toBe(true);
    expect(cutOf(mended)).toBeNull();
  });

  it('leaves a walk a walk, as exact as it was', () => {
    const walkedOver = over.reduce((state, corner, index) => transition(state, fixAt(corner, SIDE_SECONDS * (index + 1))), after(START, WALK));
    const ready = after(walkedOver, { kind: 'close' });
    expect(after(ready, { kind: 'mend', shape: cutOf(ready)! })).toMatchObject({ capture: WALKED });
  });
});
