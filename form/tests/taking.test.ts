// Taking a boundary: every way through the state machine, without a map, a GPS or a phone.
import { describe, expect, it } from 'vitest';
import { withFix } from '../src/map/fixes';
import { withNeighbours } from '../src/map/neighbours';
import { toPolygon, type Ring } from '../src/map/shape';
import { begin, isCrossed, mayAccept, mayClose, mustStore, needsScreen, resumed, ringOf, transition, type Taking, type TakingEvent } from '../src/map/taking';
import { toGrid, type LonLat, type Zone } from '../src/map/vn2000';

const FIELD: Ring = [[105.664, 18.676], [105.6645, 18.676], [105.6645, 18.6764], [105.664, 18.6764]];
const BOW_TIE: Ring = [FIELD[0]!, FIELD[2]!, FIELD[1]!, FIELD[3]!];
const after = (state: Taking, ...events: TakingEvent[]): Taking => events.reduce(transition, state);
const fixAt = (position: LonLat, seconds: number, now = seconds * 1000, accuracy = 4): TakingEvent => ({ kind: 'fix', fix: { position, accuracy, time: seconds * 1000 }, mean: position, now });
const WALK: TakingEvent = { kind: 'choose', way: 'walk' };
const TAP: TakingEvent = { kind: 'choose', way: 'tap' };
const ZONE: Zone = { code: 'EPSG:9209', name: 'VN-2000 / TM-3 105°30′', meridian: 105.5, scale: 0.9999 };
const OTHER: Zone = { code: 'EPSG:9208', name: 'VN-2000 / TM-3 104°45′', meridian: 104.75, scale: 0.9999 };
const SHEET: TakingEvent = { kind: 'choose', way: 'sheet', zone: OTHER };
const START = begin('polygon', undefined);
const walked = after(START, WALK, ...FIELD.map((corner, index) => fixAt(corner, 3 * (index + 1))));
const tapped = after(START, TAP, ...FIELD.map((position): TakingEvent => ({ kind: 'point', position })));
const ready = after(tapped, { kind: 'close' });

describe('where taking begins', () => {
  it('asks how when nothing is there, and shows what is there', () => {
    expect(START).toEqual({ kind: 'choosing' });
    expect(begin('polygon', toPolygon(FIELD))).toMatchObject({ kind: 'ready', ring: FIELD, method: null, check: { kind: 'none' } });
    expect(begin('point', undefined)).toEqual({ kind: 'position', point: null, tapped: false });
    expect(begin('point', { type: 'Point', coordinates: FIELD[0] })).toEqual({ kind: 'position', point: FIELD[0], tapped: true });
  });

  it('takes a walk up again with the clock of the new page, and asks the register again', () => {
    const again = resumed(walked, 50_000);
    expect(again).toMatchObject({ kind: 'walking', walk: { points: FIELD, lastTime: 40_000 } });
    const checked = after(ready, { kind: 'check', ring: ringOf(ready), check: { kind: 'checked', messages: ['x'] } });
    expect(resumed(checked, 0)).toEqual(ready);
  });
});

describe('a walk', () => {
  it('takes the corners, keeps the screen on, and closes into what was walked', () => {
    expect(ringOf(walked)).toEqual(FIELD);
    expect(needsScreen(walked)).toBe(true);
    expect(after(walked, { kind: 'close' })).toMatchObject({ kind: 'ready', ring: FIELD, method: 'walked' });
  });

  it('takes nothing while it is paused, and goes on after it', () => {
    const paused = after(walked, { kind: 'pause' }, fixAt([105.67, 18.68], 60));
    expect(ringOf(paused)).toEqual(FIELD);
    expect(needsScreen(paused)).toBe(false);
    expect(ringOf(after(paused, { kind: 'resume' }, fixAt([105.67, 18.68], 61)))).toHaveLength(5);
  });

  it('pauses by itself when the phone saw nothing for minutes, and says so until it goes on', () => {
    const unseen = after(walked, fixAt([105.67, 18.68], 13, 12_000 + 5 * 60_000));
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
    expect(ready).toMatchObject({ kind: 'ready', ring: FIELD, method: 'tapped' });
  });

  it('draws a sheet when every line of it can be read', () => {
    const text = FIELD.map((corner) => toGrid(corner, ZONE)).map(({ north, east }) => `${north.toFixed(3)} ${east.toFixed(3)}`).join('\n');
    const typed = after(START, SHEET, { kind: 'zone', zone: ZONE }, { kind: 'type', text });
    const drawn = after(typed, { kind: 'close' });
    expect(drawn).toMatchObject({ kind: 'ready', method: 'sheet' });
    ringOf(drawn).forEach(([longitude], index) => expect(longitude).toBeCloseTo(FIELD[index]![0], 7));
    expect(mayClose(after(typed, { kind: 'type', text: `${text}\n12 345` }))).toBe(false);
    expect(after(typed, { kind: 'back' })).toEqual(START);
  });
});

describe('a closed boundary', () => {
  it('is accepted unless it crosses itself or has too few corners', () => {
    expect(mayAccept(ready)).toBe(true);
    const crossed = after(ready, { kind: 'edit' }, { kind: 'move', ring: BOW_TIE });
    expect(isCrossed(crossed)).toBe(true);
    expect(mayAccept(crossed)).toBe(false);
    expect(mayAccept(after(ready, { kind: 'edit' }, { kind: 'move', ring: FIELD.slice(0, 2) }))).toBe(false);
  });

  it('keeps how it was taken while its corners are moved, and is asked about anew', () => {
    const checked = after(ready, { kind: 'check', ring: ringOf(ready), check: { kind: 'checked', messages: [] } });
    const moved = after(checked, { kind: 'edit' }, { kind: 'move', ring: FIELD.slice(0, 3) }, { kind: 'edited' });
    expect(moved).toEqual({ kind: 'ready', ring: FIELD.slice(0, 3), method: 'tapped', check: { kind: 'none' } });
  });

  it('takes no notice of a check of another ring', () => {
    const late: TakingEvent = { kind: 'check', ring: [...FIELD], check: { kind: 'checked', messages: ['overlap'] } };
    expect(after(ready, late)).toBe(ready);
    expect(after(ready, { kind: 'clear' }, late)).toEqual(START);
  });
});

describe('a position', () => {
  it('follows the GPS until it is set by a tap', () => {
    const found = after(begin('point', undefined), fixAt(FIELD[0]!, 1));
    expect(found).toEqual({ kind: 'position', point: FIELD[0], tapped: false });
    const set = after(found, { kind: 'point', position: FIELD[2]! }, fixAt(FIELD[1]!, 2));
    expect(set).toEqual({ kind: 'position', point: FIELD[2], tapped: true });
  });
});

describe('events out of their state', () => {
  const states: Taking[] = [begin('point', undefined), START, walked, tapped, after(START, SHEET), ready, after(ready, { kind: 'edit' })];
  const taken: Record<TakingEvent['kind'], Taking['kind'][]> = {
    choose: ['choosing'], back: ['sheet'], fix: ['position', 'walking'], pause: ['walking'], resume: ['walking'], point: ['position', 'tapping'],
    undo: ['walking', 'tapping'], type: ['sheet'], close: ['walking', 'tapping'], edit: ['ready'], move: ['editing'], edited: ['editing'],
    clear: ['ready', 'editing'], check: ['ready'], zone: ['sheet'],
  };
  const events: TakingEvent[] = [
    WALK, { kind: 'back' }, fixAt([105.67, 18.68], 20), { kind: 'pause' }, { kind: 'resume' }, { kind: 'point', position: FIELD[0]! }, { kind: 'undo' },
    { kind: 'type', text: '1' }, { kind: 'close' }, { kind: 'edit' }, { kind: 'move', ring: BOW_TIE }, { kind: 'edited' }, { kind: 'clear' },
    { kind: 'check', ring: ringOf(ready), check: { kind: 'asking' } }, { kind: 'zone', zone: ZONE },
  ];
  it.each(events)('change nothing: $kind', (event) => {
    expect(states.filter((state) => transition(state, event) !== state).map(({ kind }) => kind)).toEqual(taken[event.kind]);
  });
});

describe('what of it is stored', () => {
  it('is every point, but not every second of standing still, nor the word of the register', () => {
    const standing = after(walked, fixAt(FIELD[3]!, 13));
    expect(standing).not.toBe(walked);
    expect(mustStore(walked, standing)).toBe(false);
    expect(mustStore(walked, after(walked, fixAt(FIELD[3]!, 28)))).toBe(true);
    expect(mustStore(walked, after(walked, { kind: 'undo' }))).toBe(true);
    expect(mustStore(ready, after(ready, { kind: 'check', ring: ringOf(ready), check: { kind: 'asking' } }))).toBe(false);
    expect(mustStore(null, ready)).toBe(true);
  });
});

describe('what the phone knows around', () => {
  it('forgets positions of another spot', () => {
    const here = { position: FIELD[0]!, accuracy: 4, time: 1 };
    const there = { position: FIELD[1]!, accuracy: 4, time: 2 };
    expect(withFix([here], there)).toEqual([there]);
    expect(withFix([here], { ...here, time: 3 })).toHaveLength(2);
  });

  it('adds neighbours that only the register knows', () => {
    const [one, other] = [{ household: 'a', name: '1/2', ring: FIELD }, { household: 'b', name: '', ring: FIELD }];
    expect(withNeighbours([one], [{ ...one, name: '' }, other])).toEqual([one, other]);
  });
});
