import { basename } from 'node:path';
import { TOML_NAME } from '../../config/discover/discovery.ts';
import type { Site } from '../../config/model/site.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { findAstrayServers } from '../../sources/astray-server.ts';
import { openFilestorageSource } from '../../sources/filestorage-source.ts';
import type { Source } from '../../sources/source.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import type { Remedy } from '../../system/remedy.ts';

/** Whose Data.fs it is, and the folder of its backups. */
export interface OwnerOfData {
  readonly site: Site;
  readonly repository: OpenRepository;
}

/** Whether a Data.fs can be read. Failures: see {@link openDataFs}. */
export async function checkDataFs(path: string, owner?: OwnerOfData): Promise<void> {
  await using _source = await openDataFs(path, owner);
}

/** Opens a Data.fs; the failure `not-found` says where it is, or how it comes back. Others: `system`, `usage`. */
export async function openDataFs(path: string, owner?: OwnerOfData): Promise<Source> {
  try {
    return await openFilestorageSource(path);
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    const [astray] = await findAstrayServers(path);
    if (astray === undefined) throw await failureForGone(error, owner);
    throw new Failure('not-found', error.message, {
      hint: { kind: 'rescue-data-fs', before: 'backup', dataFs: path, ...astray },
      cause: error,
    });
  }
}

/** What to do where a Data.fs is gone: bring it back, if there is a backup of it, or say where it is. */
async function failureForGone(cause: Failure, owner: OwnerOfData | undefined): Promise<Failure> {
  return new Failure('not-found', cause.message, {
    hint: {
      kind: 'bring-back-data-fs',
      hasBackups: owner === undefined || (await hasBackups(owner.repository)),
      saidBy: whatSays(owner?.site),
    },
    cause,
  });
}

/** What says where the Data.fs is. Only of several sites in a zodbvault.toml, the name matters. */
function whatSays(
  site: Site | undefined,
): Extract<Remedy, { readonly kind: 'bring-back-data-fs' }>['saidBy'] {
  if (site === undefined) return { is: 'nothing' };
  const { config, buildout, part } = site;
  if (config !== undefined && basename(config) === TOML_NAME && part !== 'backup') {
    return { is: 'toml', path: config, part };
  }
  if (buildout !== undefined) return { is: 'buildout', path: buildout, part };
  return config === undefined ? { is: 'nothing' } : { is: 'file', path: config };
}

async function hasBackups(repository: OpenRepository): Promise<boolean> {
  const catalogue = await repository.catalogueIfThere();
  return catalogue !== undefined && catalogue.chains.length > 0;
}
