import { dataPrefix, pointKey } from '../../../copies/layout/keys.ts';
import { type CopyPlace, isSamePlace } from '../../../copies/layout/place.ts';
import type { DataFileDetails, PointDetails } from '../../../copies/layout/point-details.ts';
import type { CopiedDataFile, PointRecord } from '../../../copies/layout/point-record.ts';
import { AS_IS, type StoredForm } from '../../../copies/layout/stored-form.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import type { ReadPoint } from '../../../copies/read-copy.ts';
import { type ObjectContent, sha256Of } from '../../../copies/store-object.ts';
import type { ChainLink } from '../../../repository/layout/chain.ts';
import { indexFileName, recordIndexFileName } from '../../../repository/layout/file-names.ts';
import { Failure } from '../../../system/failure.ts';
import {
  encodeMemberLengths,
  readMemberLengths,
} from '../../../system/streams/gzip/member-lengths.ts';
import { each } from '../../../system/streams/pipeline.ts';
import { type FileToCopy, fileToCopy } from '../forms/file-to-copy.ts';
import type { LocalData } from '../local-points.ts';
import type { ProgressLog } from './progress-log.ts';
import { type PushRun, pushObject } from './push-run.ts';

/** Earlier data files that one record names; those before are in the record of another point. */
const MOST_EARLIER = 100;

type CopiedData = NonNullable<PointRecord['data']>;

/** What became of the data file of a point, and of the files beside it. */
export interface PushedData {
  readonly data: CopiedData;
  readonly details: PointDetails['data'];
}

/** Where it goes. */
interface Pushing {
  readonly place: CopyPlace;
  readonly run: PushRun;
  readonly progress: ProgressLog;
}

/** Members that nobody needs to be told of. */
const FEW_MEMBERS = 8;

/** Copies a data file, then its index and its record index. Failure `refused` where the copy has another chain. */
export async function pushData(
  { store, chain, position, link }: LocalData,
  { place, run, progress }: Pushing,
): Promise<PushedData> {
  const { file, record } = link;
  const before = chain.links[position - 1];
  const earlier =
    before === undefined
      ? { earlier: [] }
      : earlierFiles(await copiedPoint(before, { place, run }), { before, link, run });
  const { forms } = run;
  const push = async (content: Omit<ObjectContent, 'key'>, name: string, form: StoredForm) => {
    const object = { ...content, key: dataPrefix(place) + name };
    const { suffix: _, ...stored } = await pushObject(object, { run, progress, form });
    return stored;
  };
  const beside = async (name: string, known: { readonly sha256: string } | undefined) => {
    const found = await store.look(name);
    if (found?.kind !== 'file') return undefined;
    const { sizeBytes } = found;
    const content = { read: () => store.read(name), sizeBytes, sha256: known?.sha256 };
    return await push(content, name, forms.others);
  };
  const copied = fileToCopy(store, { link, form: forms.data });
  const stored = await push(copied.content, copied.name, forms.data);
  const isGzip = copied.name === file.name && file.isGzip;
  const members = isGzip ? await pushMembers(file, { store, place, run, progress }) : undefined;
  const index = await beside(indexFileName(file.stamp), record?.index);
  // One that no record speaks of doesn't count.
  const records =
    record?.records && (await beside(recordIndexFileName(file.stamp), record.records));
  const known = earlier.earlier.flatMap((one, index) => {
    const before = chain.links[position - earlier.earlier.length + index];
    return before === undefined ? [] : [[one.stamp, detailsOfEarlier(before, one)] as const];
  });
  const ownRecord = await copied.record();
  const own = { md5: link.md5, ...(ownRecord && { record: ownRecord }) };
  return {
    data: {
      file: { ...copiedFile(link, { copied, stored }), ...(members && { members }) },
      ...earlier,
      ...(index && { index }),
      ...(records && { records }),
    },
    details: Object.fromEntries([...known, [file.stamp, own]]),
  };
}

/** What a gzip file is divided into, where that are many pieces: from far away, nobody walks through them. Sizes stay in clear. */
async function pushMembers(
  { name, stamp }: ChainLink['file'],
  { store, place, run, progress }: Pick<LocalData, 'store'> & Pushing,
): Promise<StoredObjectRecord | undefined> {
  await using file = await store.open(name);
  const lengths = await readMemberLengths(file);
  if (lengths === undefined || lengths.length <= FEW_MEMBERS) return undefined;
  const bytes = encodeMemberLengths(lengths);
  const key = `${dataPrefix(place)}${stamp}.members`;
  const object = {
    key,
    read: () => each([bytes]),
    sizeBytes: bytes.length,
    sha256: sha256Of(bytes),
  };
  const { suffix: _, ...stored } = await pushObject(object, { run, progress, form: AS_IS });
  return stored;
}

/** The point of the data file before: what is older is copied first. */
async function copiedPoint(
  { file: { stamp } }: ChainLink,
  { place, run: { points, site } }: { readonly place: CopyPlace; readonly run: PushRun },
): Promise<ReadPoint> {
  const name = points.newestOf((one) => one.stamp === stamp && isSamePlace(one.place, place));
  if (name !== undefined) return await points.read(name);
  throw otherChain(site.name, `it has no backup of ${stamp}, which this one continues`);
}

function earlierFiles(
  { name, record, sha256 }: ReadPoint,
  {
    before,
    link,
    run,
  }: { readonly before: ChainLink; readonly link: ChainLink; readonly run: PushRun },
): Pick<CopiedData, 'earlier' | 'continues'> {
  const { data } = record;
  const local = before.record?.stored.sha256;
  const isAsIs = data?.file.stored.form.length === 0;
  const isOther = isAsIs && local !== undefined && data.file.stored.sha256 !== local;
  if (data === null || data.file.end !== link.range.start || isOther) {
    throw otherChain(run.site.name, `its backup of ${name.stamp} is not the one that is here`);
  }
  if (data.earlier.length >= MOST_EARLIER) {
    return { earlier: [], continues: { key: pointKey(name), sha256 } };
  }
  const { continues } = data;
  return { earlier: [...data.earlier, data.file], ...(continues && { continues }) };
}

function copiedFile(
  { file, range, record }: ChainLink,
  {
    copied: { name, content },
    stored,
  }: { readonly copied: FileToCopy; readonly stored: StoredObjectRecord },
): CopiedDataFile {
  const firstTid = record?.firstTid ?? undefined;
  return {
    ...{ stamp: file.stamp, name, sizeBytes: content.sizeBytes },
    ...{ start: range.start, end: range.end },
    ...(firstTid !== undefined && { firstTid }),
    ...(record !== undefined && {
      lastTid: record.lastTid,
      transactionCount: record.transactionCount,
    }),
    stored,
  };
}

/**
 * Samples are for a comparison with the Data.fs: of earlier files, the record of their own point has them. Of one that
 * the copy has unzipped, only that has the whole record.
 */
function detailsOfEarlier(
  { md5, file, record }: ChainLink,
  copied: CopiedDataFile,
): DataFileDetails {
  if (record === undefined || copied.name !== file.name) return { md5 };
  return { md5, record: { ...record, samples: [] } };
}

function otherChain(copy: string, state: string): Failure {
  return new Failure('refused', `Cannot go on with the copy in "${copy}": ${state}`, {
    hint: 'Another site may copy to the same place under the same name. Give each site a name of its own there.',
  });
}
