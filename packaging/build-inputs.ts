import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Files and folders of the repository of which `dist/` is made; the lock file stands for the packages. */
const INPUTS = [
  'package-lock.json',
  'package.json',
  'packaging',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** It goes with the packages: after `npm ci`, everything is built anew. */
const NOTE = 'node_modules/.cache/zodbvault-build';

/** The sha256, in hex, of the names and bytes of everything that a build reads. */
export function hashBuildInputs(root: string): string {
  const hash = createHash('sha256');
  for (const name of INPUTS) addTo(hash, { root, path: name });
  return hash.digest('hex');
}

/** @param path - below the root, wherever that lies */
function addTo(
  hash: ReturnType<typeof createHash>,
  { root, path }: { readonly root: string; readonly path: string },
): void {
  const file = join(root, path);
  if (statSync(file).isDirectory()) {
    for (const name of readdirSync(file).sort()) addTo(hash, { root, path: join(path, name) });
    return;
  }
  const bytes = readFileSync(file);
  hash.update(`${path.length} ${path} ${bytes.length} `).update(bytes);
}

/** Whether the last build was made of these inputs. */
export function isBuiltOf(inputs: string, root: string): boolean {
  const note = join(root, NOTE);
  return existsSync(note) && readFileSync(note, 'utf8') === inputs;
}

/** To be called before a build begins: what is killed half-way is no build. */
export function forgetBuild(root: string): void {
  rmSync(join(root, NOTE), { force: true });
}

/** Notes, when all is built, of which inputs. */
export function noteBuild(inputs: string, root: string): void {
  const note = join(root, NOTE);
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, inputs);
}
