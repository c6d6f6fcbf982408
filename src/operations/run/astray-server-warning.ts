import { type AstrayServer, findAstrayServers } from '../../sources/astray-server.ts';
import type { JobContext } from './events.ts';

/** Warns of each server that has lost the Data.fs: what it has committed can still be copied. */
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
