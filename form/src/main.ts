// Where every page begins: language, what all pages do, then the one page that the address asks for.
import './design/tokens.css';
import './design/base.css';
import { mount } from 'svelte';
import { startLanguage } from './language/language.svelte';
import { openDatabase } from './storage/database';
import { eraseRevoked } from './storage/vault';
import { whenRevoked } from './sync/register';
import { watchForUpdates } from './sync/updates';

const target = document.getElementById('form')!;

/** The pages by their addresses: the same as in the service and in the service worker, which a test compares. */
const PAGES: Record<string, () => Promise<void>> = {
  '/': async () => {
    const [{ default: App }, { start }, { shell }] = await Promise.all([import('./App.svelte'), import('./session/start'), import('./session/shell.svelte')]);
    mount(App, { target });
    void start();
    void watchForUpdates(shell);
  },
  '/dashboard': async () => {
    mount((await import('./dashboard/Dashboard.svelte')).default, { target });
  },
};

await startLanguage();
// On every page, so that none can forget it. The form's door replaces it by its own, which also leaves what is open.
whenRevoked(async () => {
  if (await eraseRevoked(await openDatabase())) location.replace('/');
});
await (PAGES[location.pathname] ?? PAGES['/']!)();
