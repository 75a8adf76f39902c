// What nothing foresaw is shown, on every page; a full phone by what helps.
import { afterEach, expect, it, vi } from 'vitest';
import { PhoneFull } from '../src/storage/room';

vi.stubGlobal('matchMedia', () => ({ matches: false }));
const page = new EventTarget();
vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
const { unlessFull, watchForFaults } = await import('../src/session/faults');
const { shell } = await import('../src/session/shell.svelte');
watchForFaults();

afterEach(() => {
  shell.message = '';
});

it.each(['unhandledrejection', 'error'])('%s', (kind) => {
  const happens = (fault: unknown): string => {
    shell.message = '';
    page.dispatchEvent(Object.assign(new Event(kind), { reason: fault, error: fault }));
    return shell.message;
  };
  expect(happens(new TypeError('x'))).toContain('Có lỗi ngoài dự tính');
  for (const full of [new PhoneFull('x'), new DOMException('x', 'QuotaExceededError')]) expect(happens(full)).toContain('Máy đã hết chỗ');
  expect(happens(undefined)).toBe('');
});

it('a full phone is reported where something is stored for a person; any other fault passes', async () => {
  await unlessFull(() => Promise.reject(new PhoneFull('x')));
  expect(shell.message).toContain('Máy đã hết chỗ');
  await expect(unlessFull(() => Promise.reject(new RangeError('x')))).rejects.toThrow(RangeError);
});
