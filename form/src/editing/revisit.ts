// Opening a household of the register again: the newest record that is available, but never a masked one instead of a complete one.
import { go } from '../session/route.svelte';
import { isMasked, isObject, textAt, type Household } from '../record/household';
import { ResponseLost, call } from '../sync/register';
import { recordIn } from '../sync/response';
import { openHousehold } from './opening';

/** Milliseconds that a person waits for the register's own record before the one on the phone is taken. */
const PATIENCE = 4000;

export type Revisiting = 'opened' | 'masked';

/** Opens the household for editing and goes there; 'masked' where neither phone nor register gives this account the whole record. Raises PhoneFull. */
export async function revisit(household: Household): Promise<Revisiting> {
  const record = (await fromRegister(textAt(household, 'id'))) ?? household;
  // What is hidden from this account must not be written back as if somebody had entered it.
  if (isMasked(record)) return 'masked';
  const entry = await openHousehold(record);
  go({ screen: 'household', entry: entry.id, at: '' });
  return 'opened';
}

/** The list may be masked or old: the register's own record is better, where it responds. */
async function fromRegister(id: string): Promise<Household | null> {
  try {
    const response = await call(`/v1/households/${id}`, { limit: PATIENCE });
    const { status, body } = response;
    return status === 200 && isObject(body) ? recordIn(response, body) : null;
  } catch (error) {
    // Without signal the record on the phone serves; the register compares revisions on receipt.
    if (error instanceof ResponseLost) return null;
    throw error;
  }
}
