import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A PATH in a folder of its own, with some programs of this machine and some of a test. */
export function pathWith(
  folder: string,
  {
    programs,
    scripts = {},
  }: {
    readonly programs: readonly string[];
    /** Text of shell scripts by their names; `REAL` in it stands for the path of the real program. */
    readonly scripts?: Readonly<Record<string, string>>;
  },
): string {
  mkdirSync(folder, { recursive: true });
  for (const name of programs) symlinkSync(realPath(name), join(folder, name));
  for (const [name, text] of Object.entries(scripts)) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text.replaceAll('REAL', realPath(name))}\n`);
    chmodSync(path, 0o755);
  }
  return folder;
}

/** What backups and restores of plain directories need beside rsync. */
export const BASIC_PROGRAMS = ['sh', 'env', 'flock', 'sync', 'sleep'] as const;

function realPath(name: string): string {
  return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
}
