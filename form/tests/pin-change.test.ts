// Another PIN: what becomes of it, and that one that will not do costs no try.
import { beforeEach, expect, it, vi } from 'vitest';

const changePin = vi.fn();
const wipe = vi.fn();
vi.mock('../src/storage/vault', async (real) => ({ ...(await real<object>()), changePin }));
vi.mock('../src/session/door.svelte', () => ({ door: { database: {}, wipe } }));
const { putUnder } = await import('../src/session/pin-change');

beforeEach(() => void vi.clearAllMocks());

it.each([['12', 'short'], ['111111', 'guessable']])('%s is refused as %s before the old one is tried', async (pin, kind) => {
  expect(await putUnder(pin, '482916')).toEqual({ kind });
  expect(changePin).not.toHaveBeenCalled();
});

it('is changed with the right old one, and a wrong one says how many tries are left', async () => {
  changePin.mockResolvedValueOnce({ kind: 'open' }).mockResolvedValueOnce({ kind: 'wrong', triesLeft: 3 });
  expect(await putUnder('593027', '482916')).toEqual({ kind: 'changed' });
  expect(await putUnder('593027', '000000')).toEqual({ kind: 'wrong', triesLeft: 3 });
  expect(wipe).not.toHaveBeenCalled();
});

it('erases the phone with the last wrong one', async () => {
  changePin.mockResolvedValueOnce({ kind: 'wiped' });
  expect(await putUnder('593027', '000000')).toEqual({ kind: 'wiped' });
  expect(wipe).toHaveBeenCalledOnce();
});
