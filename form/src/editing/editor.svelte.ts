// Editing one entry: values go to memory at once and to the disk soon after; "saved" is shown only when the disk has them.
import { bestKnownTime } from '../clock/clock.svelte';
import { SvelteSet } from 'svelte/reactivity';
import { ruleFindings } from '../definition/rules';
import { findErrors, findMissing, nextStage, reachedStage, type Missing } from '../definition/check';
import type { Finding } from '../definition/finding';
import type { Definition, Stage } from '../definition/definition';
import { withValue } from '../definition/pointer';
import { normalize } from '../search/fold';
import { EntryChangedElsewhere, EntryGone, EntryNotEditable, type OpenedEntry } from '../storage/entry-store';
import { isFull } from '../storage/room';
import type { Household, Json } from '../record/household';
import { outbox } from '../session/outbox.svelte';
import { reference } from '../session/reference.svelte';
import { withListDay } from './commune';
import { rememberAnswers } from './opening';
import { Throttle } from './throttle';

/**
 * From a change to the write that stores it. A page that is being unloaded cannot finish a write (encryption is asynchronous), so
 * this and the write itself are what a reload can lose: together at most 300 milliseconds of typing.
 */
const UNSTORED_MILLISECONDS = 120;
const RETRY_MILLISECONDS = 5000;
/** "Saved" is shown this long after the last change: while somebody types it would flicker, and be read out again and again. */
const CALM_MILLISECONDS = 300;

export type Saving =
  | { kind: 'saved'; at: string }
  | { kind: 'waiting' }
  /** Nothing is lost while the page is open, but the phone is full or the write failed: it is retried. */
  | { kind: 'full' | 'failed' }
  /** Another tab holds a newer version; this one must not overwrite it. */
  | { kind: 'elsewhere' };

export class Editor {
  content = $state.raw<Household>({});
  saving = $state<Saving>({ kind: 'waiting' });
  readonly id: string;
  readonly household: string;
  /** Whether the entry was made by opening it, with nothing entered before. */
  #fresh: boolean;
  readonly #definition: () => Definition;
  #contentVersion: number;
  #step: number;
  /** Pointers that were changed since the entry was opened: what the register reported about them before no longer applies. */
  readonly #answered = new SvelteSet<string>();
  #dirty = false;
  readonly #soon = new Throttle(() => void this.save(), UNSTORED_MILLISECONDS);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #calm: ReturnType<typeof setTimeout> | undefined;
  #changedAt = 0;
  #writing: Promise<void> = Promise.resolve();
  #left = false;

  missing: Missing[] = $derived.by(() => findMissing(this.#definition(), this.content));
  errors: Finding[] = $derived.by(() => findErrors(this.#definition(), this.content, bestKnownTime()));
  /** What is wrong between items, by the rules that the definition lets a phone check. */
  between: Finding[] = $derived.by(() => ruleFindings(this.#definition().checks, this.content, bestKnownTime()));
  reached: Stage | null = $derived(reachedStage(this.missing));
  next: Stage | null = $derived(nextStage(this.reached));

  constructor(entry: OpenedEntry, definition: () => Definition) {
    this.id = entry.id;
    this.household = entry.household;
    this.#fresh = entry.contentVersion === 1 && entry.state.kind === 'draft';
    this.content = entry.content;
    this.saving = { kind: 'saved', at: entry.changedAt };
    this.#contentVersion = entry.contentVersion;
    this.#step = entry.step;
    this.#definition = definition;
  }

  /** Removes the entry again if nothing was changed, so that opening a household leaves no draft. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.save();
    this.#noteUnstored();
    if (!this.#fresh || this.#answered.size > 0 || !this.stored) return;
    const photographed = outbox.photos.some(({ entry }) => entry === this.id);
    // Photos of a household that the register has go by themselves; those of a new one wait for its record.
    if (photographed && (await outbox.store.get(this.id)).basis.kind === 'new') return;
    await outbox.store.remove(this.id);
    if (photographed) outbox.sendNow();
  }

  get step(): number {
    return this.#step;
  }

  /** Takes a value; undefined removes it. */
  readonly answer = (pointer: string, value: Json | undefined): void => {
    this.content = withValue(this.content, pointer, value);
    if (pointer === '/commune') this.content = withListDay(this.content, reference.units);
    this.#answered.add(pointer);
    this.#changed();
  };

  /** Another tab edits the entry now: this one must not overwrite it. */
  takenElsewhere(): void {
    this.saving = { kind: 'elsewhere' };
  }

  /** Whether `pointer`, or what contains it or is inside it, was changed since the entry was opened. */
  answeredSince(pointer: string): boolean {
    return [...this.#answered].some((each) => each === pointer || pointer.startsWith(`${each}/`) || each.startsWith(`${pointer}/`));
  }

  stepTo(step: number): void {
    if (this.#step === step) return;
    this.#step = step;
    this.#changed();
  }

  #changed(): void {
    if (this.saving.kind === 'elsewhere') return;
    this.#dirty = true;
    this.#changedAt = performance.now();
    clearTimeout(this.#calm);
    if (this.saving.kind === 'saved') this.saving = { kind: 'waiting' };
    this.#soon.request();
  }

  /** Stores at once whenever the page is hidden or left: a phone may stop it without a further event. Returns a function that stops this. */
  saveWhenHidden(): () => void {
    const save = (): void => void this.save();
    const onVisibility = (): void => {
      if (document.visibilityState === 'hidden') save();
    };
    addEventListener('pagehide', save);
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      removeEventListener('pagehide', save);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }

  /** Stores what is not stored yet. Resolves when it is on the disk or cannot be. */
  save(): Promise<void> {
    this.#soon.cancel();
    clearTimeout(this.#retry);
    // One write at a time: the second builds on the version that the first made.
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#dirty || this.saving.kind === 'elsewhere') return;
    this.#dirty = false;
    try {
      const stored = await outbox.store.saveContent(this.id, this.#contentVersion, this.content, this.#step);
      this.#contentVersion = stored.contentVersion;
      this.#showSaved(stored.changedAt);
    } catch (error) {
      this.#dirty = true;
      this.saving = savingAfter(error);
      if (this.saving.kind !== 'elsewhere') this.#retry = setTimeout(() => void this.save(), RETRY_MILLISECONDS);
    } finally {
      // Also when retries end because the entry is gone or belongs to another tab: the list must not show it for ever.
      this.#noteUnstored();
    }
  }

  /** An editor without a screen continues to retry: the list shows what it could not store, and opening the household again reuses it. */
  #noteUnstored(): void {
    if (!this.#left) return;
    const { kind } = this.saving;
    const unstored = !this.stored && (kind === 'full' || kind === 'failed');
    if (unstored) leftUnstored.set(this.id, this);
    else leftUnstored.delete(this.id);
    outbox.noteUnstored(this.id, unstored ? kind : null);
  }

  /** Reuses an editor whose screen was left before its content could be stored; null if there is none. */
  static takeUp(id: string): Editor | null {
    const editor = leftUnstored.get(id) ?? null;
    if (editor) {
      editor.#left = false;
      leftUnstored.delete(id);
      outbox.noteUnstored(id, null);
    }
    return editor;
  }

  #showSaved(at: string): void {
    clearTimeout(this.#calm);
    const show = (): void => {
      if (this.stored) this.saving = { kind: 'saved', at };
    };
    const calm = performance.now() - this.#changedAt;
    if (calm >= CALM_MILLISECONDS) show();
    else this.#calm = setTimeout(show, CALM_MILLISECONDS - calm);
  }

  /** Whether all that was typed is on the disk; to be read after `save` has resolved. */
  get stored(): boolean {
    return !this.#dirty && this.saving.kind !== 'elsewhere';
  }

  /** Puts the record in the queue. Returns whether it is there, on the disk. */
  async queue(): Promise<boolean> {
    await this.save();
    if (!this.stored) return false;
    this.#fresh = false;
    const content = tidy(this.content);
    try {
      await outbox.store.change(this.id, (entry) => {
        if (entry.contentVersion !== this.#contentVersion) throw new EntryChangedElsewhere(this.id);
        return { ...entry, content, state: { kind: 'queued', attempts: 0, lastFailure: null } };
      });
    } catch (error) {
      this.saving = savingAfter(error);
      return false;
    }
    outbox.sendNow();
    try {
      await rememberAnswers(this.#definition(), this.content);
    } catch (error) {
      // The household is queued. If this fails, only the next household has less to copy, which is no reason to stop anybody.
      console.error(error);
    }
    return true;
  }
}

/** What the screen says after a write that failed. A fault without a name of its own is shown too, and goes to the console. */
function savingAfter(error: unknown): Saving {
  if (isFull(error)) return { kind: 'full' };
  if (error instanceof EntryChangedElsewhere || error instanceof EntryNotEditable || error instanceof EntryGone) return { kind: 'elsewhere' };
  console.error(error);
  return { kind: 'failed' };
}

/** What is sent: text as the register stores it, and nothing that is empty. */
function tidy(value: Household): Household {
  return (tidied(value) ?? {}) as Household;
}

function tidied(value: Json): Json | undefined {
  if (typeof value === 'string') return normalize(value) || undefined;
  if (Array.isArray(value)) {
    const filled = value.map(tidied).filter((each): each is Json => each !== undefined);
    return filled.length > 0 ? filled : undefined;
  }
  if (typeof value === 'object' && value !== null) {
    const filled = Object.entries(value).flatMap(([name, each]) => {
      const tidyEach = tidied(each);
      return tidyEach === undefined ? [] : [[name, tidyEach] as const];
    });
    return filled.length > 0 ? Object.fromEntries(filled) : undefined;
  }
  return value === null ? undefined : value;
}

/** Editors whose screen was left while their content could not be stored. */
const leftUnstored = new Map<string, Editor>();
