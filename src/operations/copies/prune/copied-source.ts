import { createHash } from 'node:crypto';
import type { CopiedSource } from '../../../copies/layout/point-record.ts';
import { sourceFaultsOf, sparesOlder } from '../../../repository/lineage/source-faults.ts';
import type { Identity } from '../../../repository/records/repository-id.ts';
import type { LocalData } from '../local-points.ts';

const ID_DIGITS = 16;

/**
 * What a record says in clear of the Data.fs that was backed up. The path is mixed with the id of the repository, which
 * is as closed as the path: nobody can guess it.
 */
export function sourceOf(
  { chain, link }: LocalData,
  repository: Pick<Identity, 'id'> | undefined,
): CopiedSource | undefined {
  const known = sourceFaultsOf(chain);
  const doubt = sparesOlder(known) ? 'lacks' : known.mayLack ? 'may-lack' : undefined;
  const path = link.record?.source ?? '';
  const id =
    path === '' || repository === undefined
      ? undefined
      : createHash('sha256').update(`${repository.id} ${path}`).digest('hex').slice(0, ID_DIGITS);
  if (id === undefined && doubt === undefined) return undefined;
  return { ...(id !== undefined && { id }), ...(doubt !== undefined && { doubt }) };
}
