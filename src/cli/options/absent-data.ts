import type { SettledSite } from '../../config/resolve/resolve-site.ts';
import { signOfBlobCache } from '../../operations/run/blob-cache.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Notes what of the live data isn't there, or isn't it: a mistyped path would come out only at night. */
export async function noteAbsentData(
  sites: readonly Pick<SettledSite, 'site' | 'relativePaths'>[],
  { notice, advise }: Pick<Terminal, 'notice' | 'advise'>,
): Promise<void> {
  for (const { site, relativePaths } of sites) {
    const { part, storages, contents } = site;
    const beginning = relativePaths === undefined ? '' : ` (${relativePaths})`;
    for (const { name, dataFs, blobs } of storages) {
      const [fileOption, folderOption] =
        name === 'Data'
          ? ['datafs', 'blob_storage']
          : [`the storage "${name}"`, `the storage "${name}"`];
      const said = [
        ...(contents === 'blobs' ? [] : [{ path: dataFs, what: 'Data.fs', option: fileOption }]),
        ...(blobs === undefined
          ? []
          : [{ path: blobs, what: 'blob directory', option: folderOption }]),
      ];
      for (const { path, what, option } of said) {
        if (await isThere(path)) continue;
        notice(
          `[${part}] ${option}: there is no ${what} "${path}"; a new site has none before its first start, otherwise correct this${beginning}`,
        );
      }
      const sign = blobs === undefined ? undefined : await signOfBlobCache(blobs);
      if (sign === undefined) continue;
      advise(`[${part}] ${folderOption}: "${blobs}" is the cache of a ZEO client, ${sign}`);
    }
  }
}
