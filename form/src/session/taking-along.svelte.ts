// Taking a commune along: its households, then what else is needed there without signal. Goes on when the screen is left.
import { isFull } from '../storage/room';
import { fetchBorder } from '../sync/borders';
import { fetchCommune, type Progress } from '../sync/households';
import { ResponseLost } from '../sync/register';
import { door } from './door.svelte';
import { reference } from './reference.svelte';

class TakingAlong {
  progress = $state.raw<Progress | null>(null);
  /** The result of the last attempt: nothing was loaded, or the households without everything that belongs to them. */
  problem = $state<'full' | 'lost' | 'partly' | null>(null);

  /** Takes the households of a commune along, with its border, the definition and the lists of communes. One commune at a time. */
  async take(commune: string): Promise<void> {
    if (this.progress) return;
    this.progress = { households: 0, total: null, bytes: 0 };
    this.problem = null;
    let stored = false;
    try {
      const households = await fetchCommune(commune, (now) => (this.progress = now));
      await reference.communes.replace(commune, households);
      stored = true;
      const complete = await reference.refresh();
      await fetchBorder(door.database, commune);
      if (!complete) this.problem = 'partly';
    } catch (error) {
      const full = isFull(error);
      if (!full && !(error instanceof ResponseLost)) throw error;
      this.problem = full ? 'full' : stored ? 'partly' : 'lost';
    } finally {
      this.progress = null;
    }
  }
}

export const takingAlong = new TakingAlong();
