/**
 * Calls back after collections, without polling: a token that nobody holds is
 * collected with the rest, and a new one takes its place. The engine reports
 * in a later task, several collections at once as one, so not each is seen.
 *
 * @returns A function that ends it.
 */
export function onCollection(callback: () => void): () => void {
  let active = true;
  const registry = new FinalizationRegistry(() => {
    if (!active) return;
    arm();
    callback();
  });
  const arm = () => registry.register({ token: true }, undefined);
  arm();
  return () => {
    active = false;
  };
}
