// Starts the form: puts the door, the account, reference data and the outbox together. Nothing else knows all of them.
import { account } from './account.svelte';
import { door } from './door.svelte';
import { outbox } from './outbox.svelte';
import { reference } from './reference.svelte';
import { shell } from './shell.svelte';

export async function start(): Promise<void> {
  shell.watchForInstallation();
  door.whenUnlocked(
    async (vault) => {
      reference.unlock(vault);
      await account.restore();
      await outbox.unlock(vault);
      void account.refresh();
      void shell.askToKeep();
    },
    () => outbox.close(),
  );
  account.whenSignedIn(async () => {
    outbox.signedIn();
    await reference.refresh();
  });
  if (await door.prepare()) await reference.start();
}
