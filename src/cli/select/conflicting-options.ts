import { dirname, resolve } from 'node:path';
import { kindOfConfig, TOML_NAME } from '../../config/discover/discovery.ts';
import type { PlainSite } from '../../config/plain/plain-site.ts';
import type { RecipePart } from '../../config/recipe/recipe-part.ts';
import { Failure } from '../../system/failure.ts';
import { leadingTo } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import { DEFAULT_CFG } from './select-buildout-part.ts';
import type { SiteSelection } from './site-selection.ts';

/** Failure for a part where nothing has any. */
export function noParts(part: string): Failure {
  return new Failure(
    'usage',
    `Cannot find the part "${part}": there is no ${DEFAULT_CFG} and no ${TOML_NAME} here, so there are no parts`,
    { hint: 'Leave out --part, go to the folder of the buildout, or name its file with --config.' },
  );
}

/** What is no buildout and no zodbvault.toml describes one site. */
export function refusePart(part: string | undefined, path: string): void {
  if (part === undefined || part === 'backup') return;
  throw new Failure('usage', `Cannot find the part "${part}" in "${path}": it has no parts`, {
    hint: 'Leave out --part; or write several sites into a zodbvault.toml.',
  });
}

/** What the command line says twice: the file that says where the data is, and the data. */
export async function twoWays({ config, part }: SiteSelection): Promise<Failure> {
  const kind =
    config !== undefined ? await kindOfConfig(resolve(config)) : await kindOfParts(part ?? '');
  if (kind === 'buildout') {
    return new Failure('usage', 'Cannot use a buildout and places of one’s own at once', {
      hint: 'Leave out --config and --part, or the places: the part says where everything is.',
    });
  }
  const [option, file] = config === undefined ? ['--part', TOML_NAME] : ['--config', config];
  return new Failure(
    'usage',
    `Cannot use ${option} with --datafs or --blob-storage: "${file}" says where the data is`,
    {
      hint: `Leave out ${option}, or those two; --location and --blobbackuplocation can be named with it.`,
    },
  );
}

async function kindOfParts(part: string): Promise<'toml' | 'buildout'> {
  if (await isThere(resolve(TOML_NAME))) return 'toml';
  if (await isThere(resolve(DEFAULT_CFG))) return 'buildout';
  throw noParts(part);
}

/** Failure `refused` where no part has the Data.fs that is in the usual place. */
export async function refuseOtherThan(
  parts: readonly RecipePart[],
  plain: PlainSite,
): Promise<void> {
  const own = parts.flatMap(({ site }) => site.storages.map(({ dataFs }) => dataFs));
  const dataFs = plain.site.storages.at(-1)?.dataFs ?? '';
  if ((await leadingTo(dataFs, own)).size > 0) return;
  throw new Failure(
    'refused',
    `Cannot tell which Data.fs is meant: the buildout has "${own.join('", "')}", in the usual place is "${dataFs}"`,
    { hint: 'Name it with --datafs, and the blob directory with --blob-storage.' },
  );
}

/** A new site has its folder before it has a Data.fs; without either, the variable names another folder. */
export async function refuseEmptyVolume(dataFs: string): Promise<void> {
  if (await isThere(dirname(dataFs))) return;
  const volume = dirname(dirname(dataFs));
  throw new Failure(
    'not-found',
    `Cannot find a Data.fs: ZODBVAULT_DATA names "${volume}", and there is no "${dirname(dataFs)}"`,
    {
      hint: 'Correct the variable, or unset it; where the data is lost, "zodbvault restore" brings it back.',
    },
  );
}
