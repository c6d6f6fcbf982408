import type { Site } from '../../../config/model/site.ts';
import { findHiddenServer } from '../../../operations/run/hidden-server.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Notes of which servers nobody can see whether they have lost their Data.fs. */
export async function noteHiddenServers(
  sites: readonly { readonly site: Site }[],
  { notice }: Pick<Terminal, 'notice'>,
): Promise<void> {
  for (const { site } of sites) {
    for (const { dataFs } of site.contents === 'blobs' ? [] : site.storages) {
      const hidden = await findHiddenServer(dataFs);
      if (hidden === undefined) continue;
      const { lock, pid } = hidden;
      const who =
        pid === undefined
          ? `a process that is not seen from here, as in another container, holds "${lock}"`
          : `the process ${pid} of another user holds "${lock}"`;
      notice(
        `${who}: "backup" and "check" can not tell whether it still writes into "${dataFs}"; as its user, or as root, and where it runs, they can`,
      );
    }
  }
}
