// What is read, altered and written is tried again when another tab was faster: within a bound, with a growing pause.

/** What an attempt resolves with when it found that somebody else wrote since it read. */
export const STALE = Symbol('stale');

/** Others wrote the same thing again and again; nothing was stored. */
export class StillChanging extends Error {}

export const ATTEMPTS = 20;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs `attempt`, again while it is STALE; each attempt has to read again what it changes. Raises StillChanging at the bound. */
export async function retried<Result>(attempt: () => Promise<Result | typeof STALE>, pause = sleep): Promise<Result> {
  let milliseconds = FIRST_PAUSE_MS;
  for (let number = 1; number <= ATTEMPTS; number += 1) {
    const result = await attempt();
    if (result !== STALE) return result;
    if (number < ATTEMPTS) await pause(milliseconds * (0.5 + Math.random() / 2));
    milliseconds = Math.min(milliseconds * 2, LONGEST_PAUSE_MS);
  }
  throw new StillChanging('another tab changed it at every attempt');
}
