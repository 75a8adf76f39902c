// Unhandled errors, shown on every page.
import { say } from '../language/language.svelte';
import { PhoneFull } from '../storage/entry-store';
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

const isFull = (fault: Error): boolean => fault instanceof PhoneFull || fault.name === 'QuotaExceededError';
