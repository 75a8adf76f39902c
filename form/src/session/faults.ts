// Unhandled errors, shown on every page.
import { say } from '../language/language.svelte';
import { isFull } from '../storage/room';
import { shell } from './shell.svelte';

/** Shows an unhandled error; the console has its details. */
export function watchForFaults(): void {
  addEventListener('unhandledrejection', ({ reason }) => showFault(reason));
  addEventListener('error', ({ error }) => showFault(error));
}

/** Browsers also report harmless events as errors, e.g. of a ResizeObserver; those carry no error. */
function showFault(fault: unknown): void {
  if (fault instanceof Error) shell.message = say(isFull(fault) ? 'saving.fullHelp' : 'fault.unexpected');
}

/** Does what stores something for a person, and says so where the phone is full. Any other fault passes. */
export async function unlessFull(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isFull(error)) throw error;
    shell.message = say('saving.fullHelp');
  }
}
