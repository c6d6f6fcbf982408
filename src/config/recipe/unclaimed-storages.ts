import type { Site } from '../model/site.ts';
import type { BuildoutData } from './plone-parts.ts';

/**
 * The storages of several ZEO servers that no backup part takes, one sentence each. Of one server alone, its one
 * part takes all; of a server that another buildout runs, nobody here can.
 */
export function unclaimedStorages(
  { servers, mounted }: BuildoutData,
  sites: readonly Site[],
): readonly string[] {
  const claimed = sites.flatMap(({ storages, contents }) =>
    contents === 'blobs' ? [] : storages.map(({ dataFs }) => dataFs),
  );
  const mains = servers.map(({ part, dataFs }) => ({ server: part, what: 'Data.fs', dataFs }));
  const storages = mounted.flatMap(({ server, name, dataFs }) =>
    server === undefined ? [] : [{ server, what: `storage "${name}"`, dataFs }],
  );
  return [...(servers.length > 1 ? mains : []), ...storages]
    .filter(({ dataFs }) => servers.length > 0 && !claimed.includes(dataFs))
    .map(({ server, what, dataFs }) => {
      const main = servers.find(({ part }) => part === server)?.dataFs;
      const remedy =
        main === undefined
          ? 'no part of this buildout runs that server; back it up where it runs'
          : `a backup part with "datafs = ${main}" does it`;
      return `the ${what} of the ZEO server [${server}], "${dataFs}", is not backed up: ${remedy}`;
    });
}
