// Opening a household of the register again: the newest record that is available, but never a masked one instead of a complete one.
import { say } from '../language/language.svelte';
import { unlessFull } from '../session/faults';
import { go } from '../session/route.svelte';
import { shell } from '../session/shell.svelte';
import { isMasked, isObject, textAt, type Household } from '../record/household';
import { ResponseLost, call } from '../sync/register';
import { recordIn } from '../sync/response';
import { openHousehold } from './opening';

/** Milliseconds that a person waits for the register's own record before the one on the phone is taken. */
const PATIENCE = 4000;

/** Opens the household for editing and goes there, or says why it cannot. */
export async function revisit(household: Household): Promise<void> {
  const current = await fromRegister(textAt(household, 'id'));
  const record = current ?? household;
  // What is hidden from this account must not be written back as if somebody had entered it.
  if (isMasked(record)) {
    shell.message = say(current ? 'home.maskedForYou' : 'home.masked');
    return;
  }
  await unlessFull(async () => {
    const entry = await openHousehold(record);
    go({ screen: 'household', entry: entry.id, at: '' });
  });
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
