// A household is opened again whole, or not at all, and then the screen says why.
import { beforeEach, expect, it, vi } from 'vitest';
import { PhoneFull } from '../src/storage/room';

vi.stubGlobal('matchMedia', () => ({ matches: false }));
const openHousehold = vi.fn<(record: object) => Promise<{ id: string }>>();
const go = vi.fn();
vi.mock('../src/editing/opening', () => ({ openHousehold }));
vi.mock('../src/session/route.svelte', () => ({ go }));
const { revisit } = await import('../src/editing/revisit');
const { shell } = await import('../src/session/shell.svelte');
const { masked } = await import('../src/record/household');

const RECORD = { id: 'h', head: { full_name: 'N. An' } };
const responds = (sight: string): void => void vi.stubGlobal('fetch', () => Promise.resolve(Response.json(RECORD, { headers: { Sight: sight } })));
const withoutSignal = (): void => void vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no signal')));

beforeEach(() => {
  vi.clearAllMocks();
  openHousehold.mockResolvedValue({ id: 'e' });
  shell.message = '';
});

it("is opened from the register's whole record, though the copy on the phone is masked", async () => {
  responds('personal');
  await revisit(masked(RECORD));
  expect(openHousehold).toHaveBeenCalledWith(RECORD);
  expect(go).toHaveBeenCalledOnce();
  expect(shell.message).toBe('');
});

it('is not opened from a masked one, and the reason is that of whose copy it is', async () => {
  withoutSignal();
  await revisit(masked(RECORD));
  expect(shell.message).toContain('khi có sóng');
  responds('masked');
  await revisit(RECORD);
  expect(shell.message).toContain('Tài khoản này');
  expect(openHousehold).not.toHaveBeenCalled();
});

it('says so where the phone is full', async () => {
  withoutSignal();
  openHousehold.mockRejectedValue(new PhoneFull('x'));
  await revisit(RECORD);
  expect(shell.message).toContain('hết chỗ');
  expect(go).not.toHaveBeenCalled();
});
