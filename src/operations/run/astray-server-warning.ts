import { type AstrayServer, findAstrayServers } from '../../sources/astray-server.ts';
import { pathOfDescriptor } from '../../system/processes/open-files.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import type { JobContext } from './events.ts';

/** Warns of each server that has lost the Data.fs, and says how what it has committed is rescued. */
export async function warnOfAstrayServers(
  dataFs: string,
  { onEvent }: Pick<JobContext, 'onEvent'>,
): Promise<void> {
  for (const server of await findAstrayServers(dataFs)) {
    onEvent({ kind: 'warning', code: 'astray-server', dataFs, ...server });
  }
}

/** A sentence without its end. */
export function describeAstray({ pid, path }: AstrayServer, dataFs: string): string {
  const who = `the process ${pid} is a server of "${dataFs}", but it does not write there`;
  return path === undefined
    ? `${who}: it writes into a file that was deleted, and is lost when the process ends`
    : `${who}: it writes into "${path}", since that file was renamed while it had it open`;
}

/** What a person types to copy the file out. It works for a deleted file, too. */
export function rescueCommand({ pid, descriptor }: AstrayServer, dataFs: string): string {
  return ['cp', pathOfDescriptor(pid, descriptor), `${dataFs}.rescued`].map(quoteWord).join(' ');
}
