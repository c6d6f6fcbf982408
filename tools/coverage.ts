/**
 * Measures which lines of src/ the tests reach: those that they run themselves, and those that the built command runs
 * in processes of its own, as most tests start it.
 *
 * Usage: npm run coverage [-- words for vitest, such as test/command]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BundleCoverage, type Range } from './bundle-coverage.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'coverage');
/** Where each process leaves what V8 has counted when it ends. */
const PROCESSES = join(FOLDER, 'processes');

/** Of one source file: its lines with code, and whether a test has reached them. */
type Lines = Map<number, boolean>;

interface Process {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
}

/** What vitest writes of each file (the format of Istanbul). */
type OwnCoverage = Readonly<
  Record<
    string,
    {
      readonly statementMap: Readonly<
        Record<string, { readonly start: { readonly line: number } }>
      >;
      readonly s: Readonly<Record<string, number>>;
    }
  >
>;

rmSync(FOLDER, { recursive: true, force: true });
run('npx', ['tsx', 'packaging/package.ts', '--source-maps']);
const isGreen = runTests(process.argv.slice(2));
const files = linesOfTests();
addProcesses(files);
report(files);
process.exitCode = isGreen ? 0 : 1;

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  execFileSync(program, words, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
}

/** What failing tests have reached counts, too. */
function runTests(words: readonly string[]): boolean {
  const options = ['provider=v8', 'include=src/**/*.ts', 'reporter=json', 'reportOnFailure=true'];
  const how = [...options, `reportsDirectory=${FOLDER}/vitest`].map((one) => `--coverage.${one}`);
  try {
    const project = ['--project', 'tests'];
    run('npx', ['vitest', 'run', ...project, '--coverage', ...how, ...words], {
      COVERAGE_OF_PROCESSES: PROCESSES,
    });
    return true;
  } catch {
    return false;
  }
}

function linesOfTests(): ReadonlyMap<string, Lines> {
  const text = readFileSync(join(FOLDER, 'vitest/coverage-final.json'), 'utf8');
  return new Map(
    Object.entries(JSON.parse(text) as OwnCoverage).map(([path, { statementMap, s }]) => {
      const lines: Lines = new Map();
      for (const [id, { start }] of Object.entries(statementMap)) {
        lines.set(start.line, (lines.get(start.line) ?? false) || (s[id] ?? 0) > 0);
      }
      return [path, lines];
    }),
  );
}

/** Adds what the processes of the built command have reached. */
function addProcesses(files: ReadonlyMap<string, Lines>): void {
  const bundles = new Map<string, BundleCoverage>();
  for (const name of existsSync(PROCESSES) ? readdirSync(PROCESSES) : []) {
    for (const { url, functions } of readProcess(join(PROCESSES, name))) {
      const path = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!path.startsWith(join(ROOT, 'dist'))) continue;
      const bundle = bundles.get(path) ?? new BundleCoverage(path);
      bundles.set(path, bundle);
      bundle.add(functions.flatMap(({ ranges }) => ranges));
    }
  }
  for (const bundle of bundles.values()) {
    for (const { path, line } of bundle.reached()) {
      if (files.get(path)?.has(line)) files.get(path)?.set(line, true);
    }
  }
}

/** What a process has counted; nothing of one that was killed while it wrote that down. */
function readProcess(path: string): Process['result'] {
  const text = readFileSync(path, 'utf8');
  try {
    return (JSON.parse(text) as Process).result;
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function report(files: ReadonlyMap<string, Lines>): void {
  const folders = new Map<string, boolean[]>();
  for (const [path, lines] of files) {
    const [folder = ''] = relative(join(ROOT, 'src'), path).split('/');
    if (lines.size === 0) continue;
    for (const name of [folder, 'all']) {
      folders.set(name, [...(folders.get(name) ?? []), ...lines.values()]);
    }
  }
  for (const [name, lines] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const reached = lines.filter(Boolean).length;
    const share = ((100 * reached) / lines.length).toFixed(1);
    process.stdout.write(`${name.padEnd(14)} ${share.padStart(5)} % of ${lines.length} lines\n`);
  }
}
