// A household whose screen is left while the phone cannot store it: shown on the list, tried again, and there when it is opened again.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Definition } from '../src/definition/definition';
import { EntryGone, type OpenedEntry } from '../src/storage/entry-store';
import { PhoneFull } from '../src/storage/room';

const saveContent = vi.fn<(...given: unknown[]) => Promise<unknown>>();
const outbox = vi.hoisted(() => ({ store: {} as Record<string, unknown>, photos: [], noteUnstored: (() => undefined) as (id: string, why: string | null) => void, sendNow: vi.fn() }));
vi.mock('../src/session/outbox.svelte', () => ({ outbox }));
vi.mock('../src/session/reference.svelte', () => ({ reference: {} }));
vi.mock('../src/editing/opening', () => ({ rememberAnswers: () => Promise.reject(new PhoneFull('x')) }));
const { Editor } = await import('../src/editing/editor.svelte');

const noted = new Map<string, string | null>();
const entry = { id: 'e', household: 'h', contentVersion: 2, state: { kind: 'draft' }, content: {}, changedAt: '', step: 0 } as unknown as OpenedEntry;
const stored = { contentVersion: 3, changedAt: '' };

beforeEach(() => {
  vi.useFakeTimers();
  outbox.store = { saveContent: (...given: unknown[]) => saveContent(...given), change: () => Promise.resolve() };
  outbox.noteUnstored = (id, why) => void noted.set(id, why);
});
afterEach(() => vi.useRealTimers());

it('is shown until the phone has stored it', async () => {
  saveContent.mockRejectedValueOnce(new PhoneFull('x')).mockResolvedValue(stored);
  const editor = new Editor(entry, () => ({}) as Definition);
  editor.answer('/village', 'K1');
  await editor.leave();
  expect(noted.get('e')).toBe('full');
  await vi.advanceTimersByTimeAsync(5000);
  expect(noted.get('e')).toBeNull();
  expect(Editor.takeUp('e')).toBeNull();
});

it('is shown no longer once its entry is gone, and not tried again', async () => {
  saveContent.mockReset().mockRejectedValueOnce(new PhoneFull('x')).mockRejectedValueOnce(new EntryGone('e'));
  const editor = new Editor(entry, () => ({}) as Definition);
  editor.answer('/village', 'K1');
  await editor.leave();
  expect(noted.get('e')).toBe('full');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(saveContent).toHaveBeenCalledTimes(2);
  expect(noted.get('e')).toBeNull();
  expect(Editor.takeUp('e')).toBeNull();
});

it('is taken up where it is opened again before that', async () => {
  saveContent.mockRejectedValueOnce(new Error('x')).mockResolvedValue(stored);
  vi.spyOn(console, 'error').mockReturnValueOnce();
  const editor = new Editor(entry, () => ({}) as Definition);
  editor.answer('/village', 'K2');
  await editor.leave();
  expect(noted.get('e')).toBe('failed');
  const again = Editor.takeUp('e');
  expect(again).toBe(editor);
  expect(noted.get('e')).toBeNull();
  expect(again!.content).toEqual({ village: 'K2' });
});

it('that is sent is in the queue even where nothing more can be remembered', async () => {
  vi.spyOn(console, 'error').mockReturnValueOnce();
  saveContent.mockResolvedValue(stored);
  expect(await new Editor(entry, () => ({}) as Definition).queue()).toBe(true);
  expect(outbox.sendNow).toHaveBeenCalledOnce();
});
