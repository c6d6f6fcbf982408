/**
 * Builds `dist/`: the command in few files, since Node needs longer to find and read many than to run them, and the
 * library with its types.
 *
 * Usage: npm run build [-- --source-maps]
 *
 * With --if-changed, as npm runs it after an installation, it builds only what it hasn't built already: `npx` installs
 * the clone that it stands in.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { forgetBuild, hashBuildInputs, isBuiltOf, noteBuild } from './build-inputs.ts';
import { inPlaceOf } from './in-place-of.ts';
import { NATIVE_OF_SSH2 } from './native-of-ssh2.ts';
import { sharedFile } from './shared-file.ts';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'dist');
const COMMAND = join(OUTPUT, 'cli/main.js');

const inputs = hashBuildInputs(ROOT);
const isBuilt = existsSync(COMMAND) && isBuiltOf(inputs, ROOT);
if (isBuilt && process.argv.includes('--if-changed')) process.exit();

forgetBuild(ROOT);
rmSync(OUTPUT, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
const common = {
  absWorkingDir: ROOT,
  outdir: OUTPUT,
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // What is written as modules can be taken in part: of Amazon's client, a quarter.
  mainFields: ['module', 'main'],
  // Native code: npm installs it beside this package where it can. ssh2 does without its own.
  external: ['koffi', ...NATIVE_OF_SSH2],
  // Of the packages that are written in CommonJS.
  banner: {
    js: "import { createRequire as zodbvaultRequire } from 'node:module'; const require = zodbvaultRequire(import.meta.url), __dirname = import.meta.dirname;",
  },
  legalComments: 'linked',
  sourcemap: process.argv.includes('--source-maps') ? 'linked' : false,
  logLevel: 'warning',
  // What a package of pure functions is loaded for, `sharedFile` need not say.
  logOverride: { 'ignored-bare-import': 'silent' },
} satisfies BuildOptions;
const placed = inPlaceOf({ packaging: join(import.meta.dirname, 'package-packaging.ts') });
const command = {
  ...common,
  entryPoints: {
    'cli/main': 'src/cli/main.ts',
    // Loaded, it runs nothing.
    'cli/program': 'src/cli/program.ts',
  },
} satisfies BuildOptions;
const { metafile } = await build({
  ...command,
  plugins: [placed],
  metafile: true,
  write: false,
});
await build({ ...command, plugins: [placed, sharedFile(ROOT, metafile.inputs)] });
// None of these loads the command. Built together with it, they would divide its files further.
await build({
  ...common,
  entryPoints: {
    'cli/worker': 'src/worker.ts',
    'cli/isal': 'src/isal.ts',
    'cli/zstd': 'src/zstd.ts',
    index: 'src/index.ts',
  },
  plugins: [placed],
});
chmodSync(COMMAND, 0o755);
noteBuild(inputs, ROOT);
