import * as v from 'valibot';
import { CountSchema, KeepRulesSchema } from './keep-rules.ts';

/** A place that gets a copy of each backup. */
export const CopySettingsSchema = v.object({
  /** A path of this machine, or a URL without anything secret. */
  url: v.string(),
  /** What people call it. */
  name: v.string(),
  /** Name of the site there. */
  site: v.string(),
  /** Chains of each kind of backup that it keeps; 0: all, or with `keepRules` as many as these keep. */
  keep: CountSchema,
  keepRules: v.optional(KeepRulesSchema),
  /** Public keys of age, for whose owners the copy is closed: each a key, or `@` and a file of them; none: for nobody. */
  recipients: v.pipe(v.array(v.string()), v.readonly()),
  /** A file with a secret key that a passphrase encrypts: the copy keeps it; absent: none. */
  keyFile: v.optional(v.string()),
  /** What becomes of data files: they stay as they are, or are compressed again. */
  compression: v.picklist(['as-is', 'zstd']),
  /** Whether somebody declares that no other machine writes there. */
  singleWriter: v.boolean(),
  /** Whether this machine removes nothing there but its own lock. */
  appendOnly: v.boolean(),
  /** For so many days, what is written once there is locked for everybody; 0: it isn't. */
  lockDays: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** How the place is reached; absent: as usual. See `stores/objects/open-object-store.ts`. */
  access: v.optional(
    v.object({
      endpoint: v.optional(v.string()),
      region: v.optional(v.string()),
      pathStyle: v.optional(v.boolean()),
      credentialsFile: v.optional(v.string()),
      knownHosts: v.optional(v.string()),
      identityFile: v.optional(v.string()),
      bytesPerSecond: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
});
export type CopySettings = v.InferOutput<typeof CopySettingsSchema>;

/** The copy of a site in a place that no configuration describes. */
export function settingsOfPlace(place: string, site: string): CopySettings {
  return {
    ...{ url: place, name: place, site, keep: 0, recipients: [], compression: 'as-is' },
    ...{ singleWriter: false, appendOnly: false, lockDays: 0 },
  };
}
