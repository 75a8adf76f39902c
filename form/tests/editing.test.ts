// When what is typed is stored.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Throttle } from '../src/editing/throttle';

describe('storing while somebody types', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('happens again and again for somebody who never pauses', () => {
    const act = vi.fn();
    const throttle = new Throttle(act, 150);
    for (let key = 0; key < 30; key++) {
      throttle.request();
      vi.advanceTimersByTime(50);
    }
    expect(act).toHaveBeenCalledTimes(10);
  });

  test('happens once after a single key, and not at all when taken back', () => {
    const act = vi.fn();
    const throttle = new Throttle(act, 150);
    throttle.request();
    vi.advanceTimersByTime(1000);
    throttle.request();
    throttle.cancel();
    vi.advanceTimersByTime(1000);
    expect(act).toHaveBeenCalledTimes(1);
  });
});
