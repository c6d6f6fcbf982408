import * as v from 'valibot';

/** A place that gets a copy of each backup. */
export const CopySettingsSchema = v.object({
  /** A path of this machine, or a URL without anything secret. */
  url: v.string(),
  /** What people call it. */
  name: v.string(),
  /** Name of the site there. */
  site: v.string(),
  /** Chains of each kind of backup that it keeps; 0: all. */
  keep: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Whether somebody declares that no other machine writes there. */
  singleWriter: v.boolean(),
});
export type CopySettings = v.InferOutput<typeof CopySettingsSchema>;
