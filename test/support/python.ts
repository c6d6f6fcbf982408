import { spawnSync } from 'node:child_process';

/** The first Python that can import all these modules; undefined if there is none. */
export function findPython(...modules: readonly string[]): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (path) => spawnSync(path, ['-c', `import ${modules.join(', ')}`]).status === 0,
  );
}

/** Runs a script and gives what it prints; an error if it fails. */
export function runPython(python: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, words, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return stdout;
  throw new Error(`${python} ended with ${status}: ${stderr}`);
}
