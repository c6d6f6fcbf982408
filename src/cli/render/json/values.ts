import * as v from 'valibot';

/** The same schema, with what the reference says of it. */
export function said<Schema extends v.GenericSchema>(text: string, schema: Schema) {
  return v.pipe(schema, v.description(text));
}

/** The same for what may be absent. */
export function maybe<Schema extends v.GenericSchema>(text: string, schema: Schema) {
  return v.optional(said(text, schema));
}

export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const Bytes = Count;
export const Seconds = v.pipe(v.number(), v.minValue(0));
/** ISO 8601, UTC: `2026-03-01T04:05:06.000Z`; of a transaction, with microseconds. */
export const Moment = v.pipe(v.string(), v.isoTimestamp());
/** The date in the name of a backup, UTC: what every command takes for a restore point. */
export const Stamp = v.pipe(v.string(), v.regex(/^\d{4}(?:-\d\d){5}$/));
/** 16 hex digits. */
export const Id = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
export const Kind = v.picklist(['backup', 'snapshot', 'zip', 'alternative']);

/** Says of what something is. */
export const Label = {
  site: said('the name of the site, or of the part of the buildout', v.string()),
  storage: said(
    'the name of the storage; the main one is `Data`, unless the site has another name for it',
    v.string(),
  ),
  kind: said('as in `--kind`', Kind),
  fingerprint: said(
    'the sum modulo 2^256 of the sha256 of oid, tid and stored data of each object, in hex',
    v.string(),
  ),
} as const;

export const ofSite = { site: Label.site };
const ofStorage = { ...ofSite, storage: Label.storage };
export const ofPlace = { ...ofStorage, kind: Label.kind };

/** What became of something that people may be asked about, or only want to see. */
export const Outcome = maybe(
  '`planned`: with `--dry-run`. `declined`: the answer to the question was no. Absent if the command failed',
  v.picklist(['done', 'planned', 'declined']),
);

/** What a command says by --json, beside what all say. */
export type Result<Entries extends v.ObjectEntries> = v.InferOutput<
  v.StrictObjectSchema<Entries, undefined>
>;
