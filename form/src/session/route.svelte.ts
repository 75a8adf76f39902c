// Where the person is: the part of the address after #, so that the phone's own back key works and no server is involved.

export type Route =
  | { screen: 'home' }
  | { screen: 'household'; entry: string; at: string }
  | { screen: 'conflict'; entry: string }
  | { screen: 'commune' }
  | { screen: 'verify' }
  | { screen: 'settings' };

let current = $state<Route>(read(location.hash));
addEventListener('hashchange', () => {
  current = read(location.hash);
});

export function route(): Route {
  return current;
}

export function address(to: Route): string {
  switch (to.screen) {
    case 'household':
      return `#/household/${to.entry}${to.at}`;
    case 'conflict':
      return `#/conflict/${to.entry}`;
    default:
      return to.screen === 'home' ? '#/' : `#/${to.screen}`;
  }
}

export function go(to: Route, replace = false): void {
  if (replace) {
    history.replaceState(null, '', address(to));
    current = to;
  } else {
    location.hash = address(to).slice(1);
  }
}

function read(hash: string): Route {
  const [screen = '', id = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  if (screen === 'household' && id) return { screen, entry: id, at: rest.length > 0 ? `/${rest.join('/')}` : '' };
  if (screen === 'conflict' && id) return { screen, entry: id };
  if (screen === 'commune' || screen === 'verify' || screen === 'settings') return { screen };
  return { screen: 'home' };
}
