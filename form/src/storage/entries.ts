// What waits on the phone: an entry is one version of one household on its way to the register, in exactly one state.
import type { Household, Problem } from '../record/household';

/** A union instead of booleans: an entry is in exactly one of these states, with the data that the state needs. */
export type EntryState =
  | { kind: 'draft' }
  | { kind: 'queued'; attempts: number; lastFailure: string | null }
  | { kind: 'sending'; attempts: number }
  | { kind: 'sent'; at: string; revision: number }
  | { kind: 'conflict'; theirs: Household; theirRevision: number }
  | { kind: 'rejected'; problem: Problem };

export type EntryKind = EntryState['kind'];

/** What an entry was made from: nothing (a new household), a revision of the register, or an entry that goes before it. */
export type Basis = { kind: 'new' } | { kind: 'revision'; revision: number } | { kind: 'entry'; entry: string };

export interface Entry {
  /** Own id of the entry, not of the household. */
  id: string;
  household: string;
  /** Order on this phone; entries of one household leave in this order. */
  sequence: number;
  /** Counts stored changes: a tab that holds an older one must not overwrite a newer one. */
  version: number;
  basis: Basis;
  state: EntryState;
  content: Household;
  /** What `content` was made from: two versions are merged by it. Null for a new household. */
  base: Household | null;
  /** When it was last changed on this phone, by the best known time (for people to read, never to order by). */
  changedAt: string;
  /** Step of the form that was open, so that a restart continues there. */
  step: number;
}

/** Whether the content may still be changed in place. Once an attempt was made, the register may know it: a change follows as an entry of its own. */
export function isEditable(entry: Entry): boolean {
  switch (entry.state.kind) {
    case 'draft':
    case 'rejected':
    case 'conflict':
      return true;
    case 'queued':
      return entry.state.attempts === 0;
    case 'sending':
    case 'sent':
      return false;
  }
}

/** The entries that may be sent now, in order: per household only the first that has not arrived, and only if it is queued. */
export function sendable(entries: readonly Entry[]): Entry[] {
  const blocked = new Set<string>();
  const ready: Entry[] = [];
  for (const entry of [...entries].sort((a, b) => a.sequence - b.sequence)) {
    if (entry.state.kind === 'sent') continue;
    if (entry.state.kind === 'queued' && !blocked.has(entry.household) && entry.basis.kind !== 'entry') ready.push(entry);
    blocked.add(entry.household);
  }
  return ready;
}

/** The returned households that are not corrected yet, i.e. neither queued nor sent since; each once, as listed last. */
export function stillReturned(returned: readonly Household[], entries: readonly Entry[]): Household[] {
  const all = new Map(returned.map((household) => [household['id'], household]));
  for (const { household, state } of entries) {
    const newer = state.kind === 'sent' && state.revision > Number(all.get(household)?.['revision'] ?? 0);
    if (newer || state.kind === 'queued' || state.kind === 'sending') all.delete(household);
  }
  return [...all.values()];
}
