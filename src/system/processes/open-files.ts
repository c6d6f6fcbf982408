import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileIdentity } from '../files/byte-source.ts';

/** A file that a process has open, as Linux tells it (proc(5), `/proc/PID/fd`). */
export interface OpenFile {
  readonly descriptor: number;
  /** Where it is now, or was when it was deleted. */
  readonly path: string;
  readonly isDeleted: boolean;
}

/** What Linux writes behind the path of a deleted file. */
const DELETED = ' (deleted)';

/** The processes that are seen from here; none where there is no `/proc`. */
export async function processIds(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/**
 * What a process has open; undefined where it has ended, or only its own user and root may look. Linux answers from
 * memory: to hand each name to a thread would take ten times as long.
 */
export function openFilesOf(pid: number): readonly OpenFile[] | undefined {
  const folder = `/proc/${pid}/fd`;
  const names = unlessGone(() => readdirSync(folder));
  return names?.flatMap((name) => {
    const target = unlessGone(() => readlinkSync(`${folder}/${name}`));
    // Others are sockets, pipes and the like.
    if (target === undefined || !target.startsWith('/')) return [];
    const isDeleted = target.endsWith(DELETED);
    const path = isDeleted ? target.slice(0, -DELETED.length) : target;
    return [{ descriptor: Number(name), path, isDeleted }];
  });
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** A path by which anybody who may look into a process reads what it has open, be that deleted. */
export function pathOfDescriptor(pid: number, descriptor: number): string {
  return `/proc/${pid}/fd/${descriptor}`;
}

/** Whether the process can write through a descriptor: the last two bits of its flags (open(2)). */
export async function isWritable(pid: number, descriptor: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
  const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

/** Which file a path leads to, as a process sees it: a container has other mounts. Undefined: nothing is there. */
export function identityFor(pid: number, path: string): Promise<FileIdentity | undefined> {
  return identityAt(join(`/proc/${pid}/root`, path));
}

/** Which file a path leads to; undefined: nothing is there, or it can't be looked at. */
export async function identityAt(path: string): Promise<FileIdentity | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && { device: found.dev, inode: found.ino };
}
