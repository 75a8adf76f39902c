// How long to wait before the next try. Stored in memory only: a wrong clock or a restart must not hold an entry back.

const FIRST_SECONDS = 2;
const LONGEST_SECONDS = 300;

/** Seconds before try number `failures` + 1: doubling, capped, with up to a quarter of jitter so that a village's phones spread out. */
export function waitSeconds(failures: number, requestedSeconds: number | null, random: () => number = Math.random): number {
  const doubled = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures, 20));
  const base = requestedSeconds === null ? doubled : Math.min(Math.max(requestedSeconds, doubled), LONGEST_SECONDS);
  return base * (1 + random() / 4);
}
