// One tab edits an entry: opening it in another takes it away from this one, which stops writing.

/** Takes the entry to this tab. `taken` is called when another tab takes it. Returns a function that releases it. */
export function holdEntry(entry: string, taken: () => void): () => void {
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  navigator.locks.request(`edit ${entry}`, { steal: true }, () => held).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
    taken();
  });
  return () => release?.();
}
