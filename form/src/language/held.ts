// What waits on the phone, and what holds it back, in words.
import { hindranceOf } from '../sync/hindrance';
import { say } from './language.svelte';

/** So many households and photos wait; `lastFailure` is why the sender's last pass ended early. */
export function held(households: number, photos: number, lastFailure: string | null): string {
  const what = [households > 0 ? say('sync.households', { count: households }) : '', photos > 0 ? say('sync.photos', { count: photos }) : ''];
  return say(`sync.held.${hindranceOf(lastFailure)}`, { what: what.filter(Boolean).join(', '), reason: lastFailure ?? '' });
}

/** How often a household or a photo was tried, and the register's code where it is the register that holds it back. */
export function tries({ attempts, lastFailure }: { attempts: number; lastFailure: string | null }): string {
  if (attempts === 0) return say('home.willSend');
  return hindranceOf(lastFailure) === 'register' ? say('home.refused', { count: attempts, reason: lastFailure ?? '' }) : say('home.tried', { count: attempts });
}
