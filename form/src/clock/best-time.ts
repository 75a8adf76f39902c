// Which time is true, from the phone's clock and the last time that the register's showed. Pure.

/** The last time that the register's clock showed, and the phone's then, both in milliseconds. */
export interface RegisterTime {
  at: number;
  /** By how much it was ahead of the phone's. */
  ahead: number;
}

/** A smaller difference is left alone: the way takes time too. */
export const TOLERATED_MILLISECONDS = 120_000;
/** So long after the register's time was received its difference is still that of this clock; a larger leap means that the clock was set. */
const LONGEST_SILENCE_MILLISECONDS = 90 * 86_400_000;

/** Now, in milliseconds; `phone` is what the phone's clock says. Never before the last time that the register sent. */
export function bestTime(received: RegisterTime | null, phone: number): number {
  if (received === null) return phone;
  const corrected = Math.abs(received.ahead) > TOLERATED_MILLISECONDS ? phone + received.ahead : phone;
  const earliest = received.at - TOLERATED_MILLISECONDS;
  if (corrected >= earliest && corrected - received.at <= LONGEST_SILENCE_MILLISECONDS) return corrected;
  // The clock was set since then: right, or back to before that.
  return phone >= earliest ? phone : received.at;
}
