// What the list says of what waits: signal is only missing where it is.
import { describe, expect, it } from 'vitest';
import { held, tries } from '../src/language/held';
import { readResponse } from '../src/sync/response';

const reasonOf = (status: number, body: unknown, type: string): string => {
  const outcome = readResponse({ status, body, type, retryAfterSeconds: null, whole: true }, 'h');
  return outcome.kind === 'again' ? outcome.reason : '';
};

describe('what waits', () => {
  it('waits for signal while nothing came from the register', () => {
    for (const reason of [null, 'lost', 'merged']) expect(held(2, 0, reason)).toBe('2 hộ chờ gửi. Sẽ tự gửi khi có sóng.');
    expect(held(1, 3, 'lost')).toMatch(/^1 hộ, 3 ảnh chờ gửi/);
  });

  it.each([[500, {}], [503, {}], [429, {}], [403, { code: 'access.request-forged' }]])('is held back by the register at %i, which is shown with its code', (status, body) => {
    const reason = reasonOf(status, body, 'application/problem+json');
    for (const text of [held(1, 0, reason), held(0, 1, reason), tries({ attempts: 3, lastFailure: reason })]) {
      expect(text).toContain('chưa nhận được');
      expect(text).toContain(`mã ${reason}`);
      expect(text).not.toContain('sóng');
    }
  });

  it('is held back by a network with a log-in of its own, or by the phone', () => {
    expect(held(0, 1, reasonOf(200, null, 'text/html'))).toBe('1 ảnh chờ gửi. Mạng này đòi đăng nhập riêng hoặc đang chặn sổ.');
    expect(held(1, 0, 'fault')).toContain('Máy gặp lỗi');
  });

  it('was tried so often', () => {
    expect(tries({ attempts: 0, lastFailure: null })).toBe('Gửi khi có sóng');
    expect(tries({ attempts: 2, lastFailure: 'lost' })).toBe('Đã thử 2 lần, sẽ tự gửi lại');
  });
});
