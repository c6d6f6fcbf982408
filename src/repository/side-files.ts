import type { FileFinding, FileState } from './file-finding.ts';
import type { ChainLink } from './layout/chain.ts';
import { datFileName, recordFileName } from './layout/file-names.ts';
import type { OpenRepository } from './open-repository.ts';
import type { RestorePoint } from './restore-point.ts';

/**
 * What is wrong with the files beside the data files of a restore point: a `.dat` that is missing or
 * doesn't list all that is there, records that can't be read or say something else than the `.dat`.
 */
export async function checkSideFiles(
  repository: OpenRepository,
  point: RestorePoint,
): Promise<readonly FileFinding[]> {
  const catalogue = await repository.catalogue();
  const [first] = point.files;
  const files = catalogue.chains.find(({ full }) => full.name === first?.name);
  if (files === undefined) return [];
  const { links, faults } = await repository.chainOf(files);
  const bad = (file: string, state: FileState): FileFinding => ({ kind: 'bad', file, state });
  const found: FileFinding[] = [];
  const isLast = point.kind === 'unlisted' || point.links.length === links.length;
  for (const fault of faults) {
    if (fault.kind === 'missing-dat') {
      found.push(bad(fault.fileName, { kind: 'missing-or-empty' }));
    } else if (!isLast) continue;
    else if (fault.kind === 'unlisted-file') {
      found.push(bad(fault.fileName, { kind: 'in-no-dat' }));
    } else found.push(bad(datFileName(files.full.stamp), { kind: 'chain-fault', fault }));
  }
  const names = new Set(catalogue.names);
  for (const link of point.kind === 'listed' ? point.links : []) {
    const name = recordFileName(link.file.stamp);
    const state = names.has(name) ? stateOfRecord(link) : undefined;
    if (state !== undefined) found.push(bad(name, state));
  }
  return found;
}

function stateOfRecord({ file, record, range, md5 }: ChainLink): FileState | undefined {
  if (record === undefined) return { kind: 'no-record-of', dataFile: file.name };
  const { start, end } = record;
  if (start === range.start && end === range.end && record.md5 === md5) return undefined;
  return {
    kind: 'differs-from-dat',
    record: `${start} ${end} ${record.md5}`,
    dat: `${range.start} ${range.end} ${md5}`,
  };
}
