// Where every page begins: language, what all pages do, then the one page that the address asks for.
import './design/tokens.css';
import './design/base.css';
import { mount } from 'svelte';
import { say, startLanguage } from './language/language.svelte';
import { watchForFaults } from './session/faults';
import { shell } from './session/shell.svelte';
import { openDatabase } from './storage/database';
import { eraseRevoked } from './storage/vault';
import { whenRevoked } from './sync/register';
import { watchForUpdates } from './sync/updates';

const target = document.getElementById('form')!;

/** The pages by their addresses: the same as in the service and in the service worker, which a test compares. */
const PAGES: Record<string, () => Promise<void>> = {
  '/': async () => {
    const [{ default: App }, { start }] = await Promise.all([import('./App.svelte'), import('./session/start')]);
    mount(App, { target });
    void start();
    void watchForUpdates(shell);
  },
  '/dashboard': async () => {
    mount((await import('./dashboard/Dashboard.svelte')).default, { target });
  },
};

/** Shows a message with a button to retry if a page's files cannot be loaded (weak signal at the first visit, or a new release in the meantime). */
function showUnopened(): void {
  const notice = document.createElement('p');
  notice.className = 'notice bad';
  notice.role = 'alert';
  notice.textContent = say('fault.part');
  const reload = document.createElement('button');
  reload.className = 'button wide';
  reload.textContent = say('fault.reload');
  reload.onclick = () => location.reload();
  const page = document.createElement('main');
  page.className = 'column page stack';
  page.append(notice, reload);
  target.replaceChildren(page);
}

watchForFaults();
await startLanguage();
// On every page, so that none can forget it. The form's door replaces it by its own, which also leaves what is open.
whenRevoked(async () => {
  if (await eraseRevoked(await openDatabase())) location.replace('/');
});
try {
  await (PAGES[location.pathname] ?? PAGES['/']!)();
} catch (error) {
  console.error(error);
  showUnopened();
}
