import type { SettingsAdvice } from '../model/settings-advice.ts';
import type { Site } from '../model/site.ts';
import type { BuildoutData } from './plone-parts.ts';

/**
 * The storages of several ZEO servers that no backup part takes. Of one server alone, its one
 * part takes all; of a server that another buildout runs, nobody here can.
 */
export function unclaimedStorages(
  { servers, mounted }: BuildoutData,
  sites: readonly Site[],
): readonly SettingsAdvice[] {
  const claimed = sites.flatMap(({ storages, contents }) =>
    contents === 'blobs' ? [] : storages.map(({ dataFs }) => dataFs),
  );
  const mains = servers.map(({ part, dataFs }) => ({ server: part, storage: undefined, dataFs }));
  const storages = mounted.flatMap(({ server, name, dataFs }) =>
    server === undefined ? [] : [{ server, storage: name, dataFs }],
  );
  return [...(servers.length > 1 ? mains : []), ...storages]
    .filter(({ dataFs }) => servers.length > 0 && !claimed.includes(dataFs))
    .map((one) => {
      const main = servers.find(({ part }) => part === one.server)?.dataFs;
      return { kind: 'advice', code: 'unclaimed-storage', ...one, main };
    });
}
