// What time it is. The phone's clock may be years off; the register's is right, so the last one that it sent corrects this one, without signal too.
import { bestTime, type RegisterTime } from './best-time';

const STORED = 'clock';
const NEWS_MILLISECONDS = 20_000;

let received = $state.raw<RegisterTime | null>(stored());

/** Now, as well as this phone knows it. Everything that is recorded or shown as a time uses this. */
export function bestKnownTime(): Date {
  return new Date(bestTime(received, Date.now()));
}

/** The same as a record has it. */
export function momentNow(): string {
  return bestKnownTime().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Milliseconds of the phone's own clock: for how long something lasted, never for when it was. */
export function phoneTime(): number {
  return Date.now();
}

/** Seconds by which the phone's clock is behind (negative: ahead); null before the register sent a time. */
export function secondsBehind(): number | null {
  if (received === null) return null;
  const now = Date.now();
  const corrected = bestTime(received, now) - now;
  return Math.round((corrected === 0 ? received.ahead : corrected) / 1000);
}

/** The register's time, as one of its responses has just stated it. */
export function noteRegisterTime(time: number): void {
  const ahead = time - Date.now();
  // Every response states it; what is known already is not written again.
  if (received !== null && Math.abs(time - received.at) < NEWS_MILLISECONDS && Math.abs(ahead - received.ahead) < NEWS_MILLISECONDS) return;
  received = { at: time, ahead };
  try {
    localStorage.setItem(STORED, JSON.stringify(received));
  } catch {
    // A phone without room goes by what this page has received; the form says elsewhere that there is no room.
  }
}

function stored(): RegisterTime | null {
  try {
    const read = JSON.parse(localStorage.getItem(STORED) ?? 'null') as RegisterTime | null;
    return Number.isFinite(read?.at) && Number.isFinite(read?.ahead) ? read : null;
  } catch {
    // Damaged, or not allowed: the next response states the time again.
    return null;
  }
}
