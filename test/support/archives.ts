import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Names in an archive, in their order, as GNU tar lists them. */
export function archiveMembers(path: string): readonly string[] {
  return execFileSync('tar', ['tf', path], { encoding: 'utf8' }).split('\n').slice(0, -1);
}

/** Makes an archive as the recipe does: `tar cf T [--listed-incremental=X.snar] -C S .` */
export function archiveAsRecipe(
  source: string,
  { to, state }: { readonly to: string; readonly state?: string },
): void {
  const listed = state === undefined ? [] : [`--listed-incremental=${state}`];
  execFileSync('tar', [to.endsWith('.gz') ? 'czf' : 'cf', to, ...listed, '-C', source, '.']);
}

/** Unpacks a chain as the recipe does: `tar xf T [--incremental] -C S`, one after the other. */
export function extractAsRecipe(archives: readonly string[], folder: string): void {
  mkdirSync(folder);
  const incremental = archives.length > 1 ? ['--incremental'] : [];
  for (const path of archives) {
    const letters = path.endsWith('.gz') ? 'xzf' : 'xf';
    execFileSync('tar', [letters, path, ...incremental, '-C', folder]);
  }
}
