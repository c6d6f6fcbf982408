import type { ResolvedSite } from '../../config/resolve/resolve-site.ts';
import { signOfBlobCache } from '../../operations/run/blob-cache.ts';
import { isThere } from '../../system/files/presence.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Notes what of the live data isn't there, or isn't it: a mistyped path would come out only at night. */
export async function noteAbsentData(
  sites: readonly Pick<ResolvedSite, 'site' | 'relativePaths'>[],
  terminal: Terminal,
): Promise<void> {
  for (const { site, relativePaths } of sites) {
    const { part, storages, contents } = site;
    for (const { name, dataFs, blobs } of storages) {
      const [fileOption, folderOption] =
        name === 'Data'
          ? ['datafs', 'blob_storage']
          : [`the storage "${name}"`, `the storage "${name}"`];
      const said = [
        ...(contents === 'blobs'
          ? []
          : [{ path: dataFs, is: 'Data.fs', option: fileOption } as const]),
        ...(blobs === undefined
          ? []
          : [{ path: blobs, is: 'blob directory', option: folderOption } as const]),
      ];
      for (const one of said) {
        if (await isThere(one.path)) continue;
        renderWarning(
          { kind: 'notice', code: 'live-data-absent', part, relativePaths, ...one },
          terminal,
        );
      }
      const sign = blobs === undefined ? undefined : await signOfBlobCache(blobs);
      if (blobs === undefined || sign === undefined) continue;
      const cache = { part, option: folderOption, path: blobs, sign };
      renderWarning({ kind: 'advice', code: 'blob-directory-is-cache', ...cache }, terminal);
    }
  }
}
