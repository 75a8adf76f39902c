// Putting this phone under another PIN.
import { changePin, pinProblem } from '../storage/vault';
import { door } from './door.svelte';

/** What became of it. Where the last try was wrong the phone is erased, and the page begins anew. */
export type PinChange = { kind: 'changed' } | { kind: NonNullable<ReturnType<typeof pinProblem>> } | { kind: 'wrong'; triesLeft: number } | { kind: 'broken' | 'wiped' };

/** Changes the PIN if the old one is right; a wrong one counts as a try, but not where the new one will not do. */
export async function putUnder(newPin: string, oldPin: string): Promise<PinChange> {
  const problem = pinProblem(newPin);
  if (problem) return { kind: problem };
  const unlocking = await changePin(door.database, oldPin, newPin);
  if (unlocking.kind === 'wiped') await door.wipe();
  return unlocking.kind === 'open' ? { kind: 'changed' } : unlocking;
}
