// Where the form begins: language first, then the one page that the address asks for.
import './design/tokens.css';
import './design/base.css';
import { mount } from 'svelte';
import { startLanguage } from './language/language.svelte';
import { openDatabase } from './storage/database';
import { eraseRevoked } from './storage/vault';
import { whenRevoked } from './sync/register';
import { watchForUpdates } from './sync/updates';

const target = document.getElementById('form')!;
await startLanguage();
if (location.pathname === '/dashboard') {
  whenRevoked(async () => {
    if (await eraseRevoked(await openDatabase())) location.replace('/');
  });
  mount((await import('./dashboard/Dashboard.svelte')).default, { target });
} else {
  const [{ default: App }, { start }, { shell }] = await Promise.all([import('./App.svelte'), import('./session/start'), import('./session/shell.svelte')]);
  mount(App, { target });
  void start();
  void watchForUpdates(shell);
}
