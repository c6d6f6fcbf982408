import { basename } from 'node:path';
import { TOML_NAME } from '../../config/discover/discovery.ts';
import type { Site } from '../../config/model/site.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';

/** Whose Data.fs it is, and the folder of its backups. */
export interface OwnerOfData {
  readonly site: Site;
  readonly repository: OpenRepository;
}

/** What to do where a Data.fs is gone: bring it back, if there is a backup of it, or say where it is. */
export async function failureForGone(
  cause: Failure,
  owner: OwnerOfData | undefined,
): Promise<Failure> {
  const part = owner && partOfToml(owner.site);
  const restore = part === undefined ? 'zodbvault restore' : `zodbvault restore --part ${part}`;
  const place =
    part === undefined
      ? correctionOf(owner?.site)
      : `correct datafs in [sites.${part}] of "${owner?.site.config}"`;
  const canRestore = owner === undefined || (await hasBackups(owner.repository));
  const hint = (back: string, correct: string) =>
    canRestore
      ? `If it is lost, ${back} brings it back; if it is elsewhere, ${correct}.`
      : `There is no backup of it yet. If it is elsewhere, ${correct}.`;
  return new Failure('not-found', cause.message, {
    hint: hint(`"${restore}"`, place),
    hintInPart: (name) =>
      hint('a restore', `${correctPart(name)} and run "zodbvault install" again`),
    cause,
  });
}

/** Where it is said where the Data.fs is: --datafs goes with no file that says it. */
function correctionOf(site: Site | undefined): string {
  if (site?.buildout !== undefined) return `${correctPart(site.part)} in "${site.buildout}"`;
  if (site?.config !== undefined) return `correct "${site.config}"`;
  return 'go to the folder of the site, or name it with --datafs';
}

function correctPart(name: string): string {
  return `correct datafs or additional_filestorages in [${name}], or the part that says where it is,`;
}

/** Its name where it is one of several in a zodbvault.toml: there, no option says where the data is. */
function partOfToml({ config, part }: Site): string | undefined {
  if (config === undefined || basename(config) !== TOML_NAME || part === 'backup') return undefined;
  return part;
}

async function hasBackups(repository: OpenRepository): Promise<boolean> {
  if (!(await isThere(repository.name))) return false;
  const { chains } = await repository.catalogue();
  return chains.length > 0;
}
