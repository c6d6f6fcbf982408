import { basename, dirname, join } from 'node:path';
import { isTransactionBoundary } from '../../filestorage/committed-end.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { findFilestorageSource } from '../../sources/filestorage-source.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';

/**
 * The Data.fs of which a repository has the backups, as far as anything tells: the one that stands where
 * the recipe expects it (`VAR/filestorage/Data.fs` for `VAR/backups`, `NAME.fs` for `VAR/backups_NAME`), or one
 * of the others in which a transaction ends where the newest backup does.
 */
export async function findLiveOf(
  repository: OpenRepository,
  others: readonly string[],
): Promise<string | undefined> {
  const { name: path } = repository;
  const storage = /_(.+)$/.exec(basename(path))?.[1];
  const names = [...(storage === undefined ? [] : [storage]), 'Data'];
  for (const name of names) {
    const beside = join(dirname(path), 'filestorage', `${name}.fs`);
    if (await isThere(beside)) return beside;
  }
  for (const other of others) if (await isContinued(repository, other)) return other;
  return undefined;
}

async function isContinued(repository: OpenRepository, dataFs: string): Promise<boolean> {
  const files = (await repository.catalogue()).chains.at(-1);
  const end = files && (await repository.chainOf(files)).links.at(-1)?.range.end;
  if (end === undefined) return false;
  await using source = await findFilestorageSource(dataFs);
  if (source === undefined) return false;
  try {
    return await isTransactionBoundary(source.log, end);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
