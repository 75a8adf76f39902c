// What holds back what waits on the phone. Pure.

/** Signal, a network with a log-in of its own, the register itself, or the phone. */
export type Hindrance = 'signal' | 'network' | 'register' | 'phone';

/** Reasons that the next try resolves by itself: nothing but signal is missing. */
const PASSING: readonly (string | null)[] = [null, 'lost', 'merged', 'taken-back', 'sign-in'];

/** What the reason of a failed try (`Outcome`, `SenderView.lastFailure`) means for the person who waits. */
export function hindranceOf(reason: string | null): Hindrance {
  if (PASSING.includes(reason)) return 'signal';
  if (reason === 'not-the-register') return 'network';
  return reason === 'fault' ? 'phone' : 'register';
}
