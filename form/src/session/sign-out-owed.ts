// Ending the register's session of somebody whose phone was erased: at once, or at the next contact.
import { PUBLIC_STORE, type Database } from '../storage/database';
import { signOut } from '../sync/account';
import { ResponseLost } from '../sync/register';

const SIGN_OUT_OWED = 'sign-out-owed';

/** After this phone was erased, by wrong PINs too, the session of its previous user must not go on. */
export async function oweSignOut(database: Database): Promise<void> {
  await database.put(PUBLIC_STORE, { name: SIGN_OUT_OWED, value: true });
  await signOutIfOwed(database);
}

export async function signOutIfOwed(database: Database): Promise<void> {
  if (!(await database.get(PUBLIC_STORE, SIGN_OUT_OWED))) return;
  try {
    await signOut();
    await database.delete(PUBLIC_STORE, SIGN_OUT_OWED);
  } catch (error) {
    // Without signal it is retried later; nobody on the phone can do anything about it, so nothing is shown.
    if (!(error instanceof ResponseLost)) throw error;
  }
}
