import { readdirSync, readFileSync } from 'node:fs';

/** A process that another one has started. */
export interface Child {
  readonly pid: number;
  /** Its command line. */
  readonly words: string;
}

/** The children of a process that run. */
export function childrenOf(parent: number): readonly Child[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // Behind the name of the program, which may hold anything: state, and the number of the parent.
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(ppid) !== parent || state === 'Z') return [];
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid: Number(name), words }];
    } catch {
      return []; // It has ended.
    }
  });
}
