// Ending the register's session of somebody whose phone was erased: at once, or at the next contact.
import type { Database } from '../storage/database';
import { signOut } from '../sync/account';
import { ResponseLost } from '../sync/register';

const SIGN_OUT_OWED = 'sign-out-owed';

/** Whoever erased this phone, by wrong PINs too, must not go on in the session of the one before. */
export async function oweSignOut(database: Database): Promise<void> {
  await database.put('kept', { name: SIGN_OUT_OWED, value: true });
  await signOutIfOwed(database);
}

export async function signOutIfOwed(database: Database): Promise<void> {
  if (!(await database.get('kept', SIGN_OUT_OWED))) return;
  try {
    await signOut();
    await database.delete('kept', SIGN_OUT_OWED);
  } catch (error) {
    // Without signal it stays owed; nobody on the phone can do anything about it, so nothing is shown.
    if (!(error instanceof ResponseLost)) throw error;
  }
}
