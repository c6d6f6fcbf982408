import * as v from 'valibot';
import type { AdoptedBlobs, AdoptedRepository } from '../../../../operations/verify/adopt.ts';
import { describeNamedProblem } from '../../problems.ts';
import { FindingSchema, findingAsJson } from '../findings.ts';
import { Count, maybe, Outcome, type Result, Stamp, said } from '../values.ts';

const RepositorySchema = v.strictObject({
  path: v.string(),
  fileNames: said('of the backups', v.array(v.string())),
  fullBackups: Count,
  oldest: Stamp,
  newest: Stamp,
  recorded: said('backups that got a record, or would get one', v.array(v.string())),
  problems: said('in words', v.array(v.string())),
  findings: said('from a deep verification of the newest restore point', v.array(FindingSchema)),
  blobFolder: maybe('with the backups of its blobs', v.string()),
});

const BlobFolderSchema = v.strictObject({
  path: v.string(),
  directory: said('name of the blob directory', v.string()),
  names: said('of the copies and archives', v.array(v.string())),
  known: said('how many of them zodbvault made', Count),
});

export const adoptResult = {
  outcome: Outcome,
  repositories: v.array(RepositorySchema),
  blobFolders: v.array(BlobFolderSchema),
};
export type AdoptResult = Result<typeof adoptResult>;

export function repositoryAsJson(found: AdoptedRepository): v.InferOutput<typeof RepositorySchema> {
  return {
    path: found.path,
    fileNames: [...found.files],
    fullBackups: found.fulls,
    oldest: found.oldest,
    newest: found.newest,
    recorded: [...found.recorded],
    problems: found.problems.map(describeNamedProblem),
    findings: found.findings.map(findingAsJson),
    blobFolder: found.blobs.kind === 'found' ? found.blobs.place.folder : undefined,
  };
}

export function blobFolderAsJson(found: AdoptedBlobs): v.InferOutput<typeof BlobFolderSchema> {
  const { path, base: directory, entries, known } = found;
  return { path, directory, names: [...entries], known };
}
