// A commune is taken along only with all that is needed there without signal.
import { beforeEach, expect, it, vi } from 'vitest';
import { PhoneFull } from '../src/storage/room';

const replace = vi.fn<() => Promise<void>>();
const refresh = vi.fn<() => Promise<boolean>>();
vi.mock('../src/session/reference.svelte', () => ({ reference: { communes: { replace: () => replace() }, refresh: () => refresh() } }));
vi.mock('../src/session/door.svelte', () => ({ door: { database: { put: () => Promise.resolve() } } }));
const { takingAlong } = await import('../src/session/taking-along.svelte');

/** What the register responds with: to the list of households, and to the border. */
async function taken(households: number, border: number): Promise<typeof takingAlong.problem> {
  vi.stubGlobal('fetch', (path: string) => Promise.resolve(Response.json({ items: [] }, { status: path.endsWith('/border') ? border : households })));
  await takingAlong.take('16681');
  expect(takingAlong.progress).toBeNull();
  return takingAlong.problem;
}

beforeEach(() => {
  replace.mockResolvedValue();
  refresh.mockResolvedValue(true);
});

it('is whole with households, border and lists; a commune may have no border', async () => {
  expect(await taken(200, 200)).toBeNull();
  expect(await taken(200, 404)).toBeNull();
});

it('is partial without the border, or without the lists', async () => {
  expect(await taken(200, 500)).toBe('partly');
  refresh.mockResolvedValue(false);
  expect(await taken(200, 200)).toBe('partly');
});

it('is nothing without households, or without room for them', async () => {
  expect(await taken(503, 200)).toBe('lost');
  replace.mockRejectedValue(new PhoneFull('x'));
  expect(await taken(200, 200)).toBe('full');
});
