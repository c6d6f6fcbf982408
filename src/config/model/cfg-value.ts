import type { Origin } from './origin.ts';

/** The text of an option, with the place where it was last set. */
export interface CfgValue {
  readonly text: string;
  readonly origin: Origin;
}

/** The options of a section, in the order in which they were first written. */
export type CfgSection = ReadonlyMap<string, CfgValue>;

/** The sections of a configuration, in order. */
export type CfgSections = ReadonlyMap<string, CfgSection>;
