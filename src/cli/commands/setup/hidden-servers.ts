import type { Site } from '../../../config/model/site.ts';
import { findHiddenServer } from '../../../operations/run/hidden-server.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Notes of which servers nobody can see whether they have lost their Data.fs. */
export async function noteHiddenServers(
  sites: readonly { readonly site: Site }[],
  terminal: Terminal,
): Promise<void> {
  for (const { site } of sites) {
    for (const { dataFs } of site.contents === 'blobs' ? [] : site.storages) {
      const hidden = await findHiddenServer(dataFs);
      if (hidden === undefined) continue;
      renderWarning({ kind: 'notice', code: 'hidden-server', dataFs, ...hidden }, terminal);
    }
  }
}
