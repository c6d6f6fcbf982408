import { type PointName, pointKey } from '../../../copies/layout/keys.ts';
import type { PointDetails } from '../../../copies/layout/point-details.ts';
import { encodePointRecord, type PointRecord } from '../../../copies/layout/point-record.ts';
import { sha256Of } from '../../../copies/store-object.ts';
import { readIdentity } from '../../../repository/records/repository-id.ts';
import { Failure } from '../../../system/failure.ts';
import { VERSION } from '../../../system/processes/version.ts';
import { collect, each } from '../../../system/streams/pipeline.ts';
import type { CopyForms } from '../forms/copy-forms.ts';
import type { LocalPoint } from '../local-points.ts';
import { sourceOf } from '../prune/copied-source.ts';
import type { NewestRecord } from './newest-record.ts';
import { ProgressLog } from './progress-log.ts';
import { type PushedBlobs, pushArchives } from './push-archives.ts';
import { pushBlobCopy } from './push-blob-copy.ts';
import { type PushedData, pushData } from './push-data.ts';
import type { PushRun } from './push-run.ts';

/**
 * Copies a restore point: its data file, what lies beside it, its blobs, their list, and last its record. Nothing
 * counts before that is there. Failure `refused` where another run has written a record of the same name.
 */
export async function pushPoint(
  point: LocalPoint,
  { run, newest }: { readonly run: PushRun; readonly newest: NewestRecord },
): Promise<NewestRecord> {
  const { place, stamp, part, data } = point;
  const progress = await ProgressLog.open(run.site, place);
  const pushedData = data && (await pushData(data, { place, run, progress }));
  const pushedBlobs = await pushBlobs(point, { run, progress });
  const name = { place, stamp, part, sequence: newest.sequence + 1 };
  const record = await recordOf(point, {
    ...{ name, data: pushedData, blobs: pushedBlobs },
    ...{ before: newest.link, run },
  });
  const link = await publish(name, record, run);
  await progress.clear();
  return { sequence: name.sequence, link };
}

async function pushBlobs(
  { place, blobs }: LocalPoint,
  { run, progress }: { readonly run: PushRun; readonly progress: ProgressLog },
): Promise<PushedBlobs> {
  const found = blobs();
  if (found.kind !== 'found') {
    return { blobs: { kind: found.kind }, details: { blobRecords: {}, others: [] } };
  }
  const { store, choice } = found;
  const pushing = { store, place, run, progress };
  if (choice.kind === 'directory') return await pushBlobCopy(choice.entry, pushing);
  return await pushArchives(choice.chain, pushing);
}

async function recordOf(
  { stamp, run, data: local }: LocalPoint,
  {
    name: { place, sequence, part },
    data,
    blobs,
    before,
    run: pushing,
  }: {
    readonly name: PointName;
    readonly data: PushedData | undefined;
    readonly blobs: PushedBlobs;
    readonly before: PointRecord['before'];
    readonly run: PushRun;
  },
): Promise<PointRecord> {
  const repository = local && (await readIdentity(local.store));
  const madeAt = local?.link.record?.madeAt;
  const source = local && sourceOf(local, repository);
  const details: PointDetails = {
    data: data?.details ?? {},
    ...(repository && { repository }),
    ...blobs.details,
  };
  return {
    format: 1,
    tool: `zodbvault ${VERSION}`,
    ...place,
    ...{ stamp, sequence, part, before },
    copiedAt: pushing.now().toISOString(),
    ...(madeAt !== undefined && { madeAt }),
    run,
    data: data?.data ?? null,
    ...(source && { source }),
    blobs: blobs.blobs,
    details: await writeDetails(details, pushing.forms),
  };
}

/** Paths and users, and checksums of what is closed to others, are closed to others, too. */
async function writeDetails(
  details: PointDetails,
  { others: form, codec }: CopyForms,
): Promise<PointRecord['details']> {
  if (form.length === 0) return { kind: 'clear', details };
  const text = Buffer.from(JSON.stringify(details));
  const sealed = await collect(codec.encode(each([text]), form));
  return { kind: 'age', content: sealed.toString('base64') };
}

/** From here on, the point counts. */
async function publish(
  name: PointName,
  record: PointRecord,
  { site, storing, points }: PushRun,
): Promise<NonNullable<PointRecord['before']>> {
  const key = pointKey(name);
  const bytes = encodePointRecord(record);
  const sha256 = sha256Of(bytes);
  await storing.confirm();
  const outcome = await site.put(
    key,
    bytes,
    site.conditions === 'none' ? undefined : { kind: 'absent' },
  );
  if (outcome.kind === 'refused') throw otherRun(site.nameOf(key));
  points.add(name, { record, sha256 });
  return { key, sha256 };
}

function otherRun(object: string): Failure {
  return new Failure('refused', `Cannot write "${object}": another run has written it`, {
    hint: 'Nothing was lost. Make sure that one machine alone copies this site there, and copy again.',
  });
}
