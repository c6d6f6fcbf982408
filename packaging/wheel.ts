/**
 * Builds a Python wheel with the single executable in it, for those who have pip or uv and no Node:
 * `build/zodbvault-VERSION-py3-none-manylinux_2_28_x86_64.whl`.
 *
 * Usage: npm run wheel, or, where build/zodbvault is there: tsx packaging/wheel.ts
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeWheel, type Wheel, wheelName } from './wheel-file.ts';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'build');

/** The oldest glibc with which it runs. */
const GLIBC = '2.28';
/** The index takes no larger file. */
const MOST_BYTES = 100_000_000;

const executable = readFileSync(join(OUTPUT, 'zodbvault'));
const needed = neededGlibc(executable);
if (needed !== GLIBC) throw new Error(`the executable needs glibc ${needed}, not ${GLIBC}`);

const wheel: Wheel = {
  ...about(),
  tag: `py3-none-manylinux_${GLIBC.replace('.', '_')}_x86_64`,
  description: readFileSync(join(import.meta.dirname, 'wheel.md'), 'utf8'),
  licences: filesBelow(join(OUTPUT, 'licences')),
  scripts: { zodbvault: executable },
  data: { 'share/man/man1/zodbvault.1': readFileSync(join(ROOT, 'man/zodbvault.1')) },
};
const bytes = await encodeWheel(wheel);
if (bytes.length > MOST_BYTES) throw new Error(`the wheel has ${bytes.length} bytes`);
for (const name of readdirSync(OUTPUT)) if (name.endsWith('.whl')) rmSync(join(OUTPUT, name));
const path = join(OUTPUT, wheelName(wheel));
writeFileSync(path, bytes);
process.stdout.write(`${path}\n`);

/** What package.json says. */
function about(): Pick<Wheel, 'name' | 'version' | 'fields'> {
  const { name, version, description, keywords, license } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  // Python writes versions that come before a release in another way.
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is no version of a release`);
  return {
    name,
    version,
    fields: [
      ['Summary', description],
      ['Keywords', keywords.join(',')],
      ['License-Expression', license],
      ['Classifier', 'Environment :: Console'],
      ['Classifier', 'Framework :: Plone'],
      ['Classifier', 'Framework :: ZODB'],
      ['Classifier', 'Operating System :: POSIX :: Linux'],
      ['Classifier', 'Topic :: System :: Archiving :: Backup'],
    ],
  };
}

/** The newest version of glibc of which a program asks for a function; each stands in it as a text. */
function neededGlibc(program: Buffer): string | undefined {
  const versions = program.toString('latin1').match(/(?<=\bGLIBC_)\d+\.\d+/g) ?? [];
  return versions.sort((one, other) => minorOf(one) - minorOf(other)).at(-1);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

function filesBelow(folder: string): Readonly<Record<string, Buffer>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path))]),
  );
}
