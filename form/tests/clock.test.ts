// Which time is true, when the phone's clock is not.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bestTime, type RegisterTime } from '../src/clock/best-time';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const RECEIVED_AT = Date.parse('2026-11-28T01:00:00Z');
/** The register's time was received by a phone whose clock was behind by so much. */
const received = (behind: number): RegisterTime => ({ at: RECEIVED_AT, ahead: behind });

describe('the best known time', () => {
  it('is the phone’s own before the register sent one, and where both agree', () => {
    expect(bestTime(null, 5)).toBe(5);
    expect(bestTime(received(90_000), RECEIVED_AT)).toBe(RECEIVED_AT);
  });

  it.each([-YEAR, -DAY, 600_000, DAY, 11 * YEAR])('follows the register where the clock is behind by %i', (behind) => {
    for (const later of [0, DAY, 60 * DAY]) expect(bestTime(received(behind), RECEIVED_AT - behind + later)).toBe(RECEIVED_AT + later);
  });

  it.each([-YEAR, YEAR, 11 * YEAR])('is the phone’s own again once a clock that was off by %i is set right', (behind) => {
    expect(bestTime(received(behind), RECEIVED_AT + DAY)).toBe(RECEIVED_AT + DAY);
  });

  it('is never before the last time that the register sent: a battery that was taken out sets a clock back', () => {
    const fallenBack = Date.parse('2015-01-01T00:00:00Z');
    for (const behind of [0, -DAY, DAY]) expect(bestTime(received(behind), fallenBack)).toBe(RECEIVED_AT);
  });

  it('never runs backwards for the small difference that a slow response makes', () => {
    expect(bestTime(received(-100_000), RECEIVED_AT - 50_000)).toBe(RECEIVED_AT - 50_000);
  });
});

describe('the time that the register sent', () => {
  const stored = new Map<string, string>();

  beforeEach(() => {
    vi.resetModules();
    stored.clear();
    vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value) });
  });

  it('is stored, so that it corrects the clock of a page that is opened without signal', async () => {
    const before = await import('../src/clock/clock.svelte');
    expect(before.secondsBehind()).toBeNull();
    before.noteRegisterTime(Date.now() + YEAR);
    vi.resetModules();
    const after = await import('../src/clock/clock.svelte');
    expect(after.secondsBehind()).toBeCloseTo(YEAR / 1000, -1);
    expect(after.bestKnownTime().getTime()).toBeCloseTo(Date.now() + YEAR, -4);
  });

  it('is nothing where the store is damaged', async () => {
    stored.set('clock', '{"at": "x"}');
    const { secondsBehind } = await import('../src/clock/clock.svelte');
    expect(secondsBehind()).toBeNull();
  });
});
