import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';

/** Home of a user of this machine, or of the one who runs this (undefined). */
export function homeOf(user: string | undefined): string | undefined {
  if (user === undefined) return homedir();
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find(([name]) => name === user)?.[5];
}

/** The name of a user of this machine; undefined where no line of /etc/passwd has it. */
export function userName(uid: number): string | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find(([, , id]) => id === String(uid))?.[0];
}
