import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { runPython } from './python.ts';

/** A virtual environment that `test/real/environment` makes; its lock file has the same name. */
export type Environment = 'zodb' | 'plone' | 'zeo5';

const REAL = join(import.meta.dirname, '../real');
const FOLDER = process.env['TEST_VENVS'] ?? join(REAL, '../../.venv-test');

/** Path of a program of the environment: `python`, `repozo`, `runzeo`, `buildout`. */
export function programOf(environment: Environment, name: string): string {
  return join(FOLDER, environment, 'bin', name);
}

/** `describe` for tests that need an environment; where it isn't there, a line says how to get it. */
export function describeReal(environment: Environment, title: string, tests: () => void): void {
  if (isComplete(environment)) {
    describe(title, tests);
    return;
  }
  console.warn(`Skipped: ${title}. It needs test/real/environment ${environment}`);
  describe.skip(title, tests);
}

/** What the real ZODB finds in a Data.fs: see `test/real/programs/open_database.py`. */
export interface OpenedDatabase {
  readonly transactions: number;
  readonly records: number;
  readonly objects: number;
  readonly blobs: number;
  readonly blob_bytes: number;
  /** Mappings with a blob and its sha256, which must fit. */
  readonly documents: number;
  readonly last: string;
  readonly sha256: string;
  readonly problems: readonly string[];
}

/** Opens a Data.fs with the real ZODB, loads every object, reads every blob. */
export function openDatabase(
  dataFs: string,
  {
    blobs,
    wrapped = false,
    environment = 'zodb',
  }: {
    readonly blobs?: string;
    readonly wrapped?: boolean;
    /** Where the classes of the objects are. */
    readonly environment?: Environment;
  } = {},
): OpenedDatabase {
  const words = [
    ...(wrapped ? ['--wrapped'] : []),
    dataFs,
    ...(blobs === undefined ? [] : [blobs]),
  ];
  return JSON.parse(runProgramOf(environment, 'open_database.py', words)) as OpenedDatabase;
}

/** Runs a program of `test/real/programs/` and gives what it prints; an error if it fails. */
export function runProgramOf(
  environment: Environment,
  program: string,
  words: readonly string[],
): string {
  return runPython(programOf(environment, 'python'), [join(REAL, 'programs', program), ...words]);
}

/** An environment of another lock file, or one that was not finished, doesn't count. */
function isComplete(environment: Environment): boolean {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  const lock = read(join(REAL, 'requirements', `${environment}.txt`));
  return lock !== undefined && lock === read(join(FOLDER, environment, 'made-from.txt'));
}
