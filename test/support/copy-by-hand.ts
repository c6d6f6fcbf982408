import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../docs/copy-by-hand.md');

/** The lines for a shell on docs/copy-by-hand.md: its steps, in their order. */
export function stepsByHand() {
  const blocks = readFileSync(PAGE, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  const [repository = '', repozo = '', withoutRepozo = '', blobs = '', ...more] = [...blocks].map(
    ([, lines = '']) => lines,
  );
  if (blobs === '' || more.length > 0) throw new Error('the page has other steps now');
  return { repository, repozo, withoutRepozo, blobs };
}

/** Runs lines of the page in a folder that has `copy` and `key.txt`; an error if one of them fails. */
export function runByHand(
  lines: string,
  { cwd, path }: { readonly cwd: string; readonly path?: string },
): void {
  const env = path === undefined ? {} : { env: { ...process.env, PATH: path } };
  execFileSync('bash', ['-e', '-o', 'pipefail', '-c', lines], { cwd, ...env, stdio: 'pipe' });
}
