// What time it is. The phone's clock may be years off; the register's is right, so the last time it was heard corrects this one, without signal too.
import { bestTime, type Heard } from './best-time';

const STORED = 'clock';
const NEWS_MILLISECONDS = 20_000;

let heard = $state.raw<Heard | null>(stored());

/** Now, as well as this phone knows it. Everything that is recorded or shown as a time uses this. */
export function bestKnownTime(): Date {
  return new Date(bestTime(heard, Date.now()));
}

/** The same as a record has it. */
export function momentNow(): string {
  return bestKnownTime().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Milliseconds of the phone's own clock: for how long something lasted, never for when it was. */
export function phoneTime(): number {
  return Date.now();
}

/** Seconds by which the phone's clock is behind (negative: ahead); null before the register was ever heard. */
export function secondsBehind(): number | null {
  if (heard === null) return null;
  const now = Date.now();
  const corrected = bestTime(heard, now) - now;
  return Math.round((corrected === 0 ? heard.ahead : corrected) / 1000);
}

/** The register's time, as one of its responses has just stated it. */
export function hearRegister(time: number): void {
  const ahead = time - Date.now();
  // Every response states it; what is known already is not written again.
  if (heard !== null && Math.abs(time - heard.at) < NEWS_MILLISECONDS && Math.abs(ahead - heard.ahead) < NEWS_MILLISECONDS) return;
  heard = { at: time, ahead };
  try {
    localStorage.setItem(STORED, JSON.stringify(heard));
  } catch {
    // A phone without room goes by what this page has heard; the form says elsewhere that there is no room.
  }
}

function stored(): Heard | null {
  try {
    const read = JSON.parse(localStorage.getItem(STORED) ?? 'null') as Heard | null;
    return Number.isFinite(read?.at) && Number.isFinite(read?.ahead) ? read : null;
  } catch {
    // Damaged, or not allowed: the next response states the time again.
    return null;
  }
}
