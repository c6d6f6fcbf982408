import { findAstrayServers } from '../../sources/astray-server.ts';
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
