import type { Remedy } from '../../../system/remedy.ts';

/** The remedies of a kind, in a form from which the compiler knows that kind and values belong together. */
export type Kinded<Kind extends Remedy['kind'] = Remedy['kind']> = {
  readonly [K in Kind]: Extract<Remedy, { readonly kind: K }> & { readonly kind: K };
}[Kind];

/** The sentences for some kinds; `part`: see `adviceOf`. */
export type RemedyTexts<Kind extends Remedy['kind'] = Remedy['kind']> = {
  readonly [K in Kind]: (remedy: Kinded<K>, part: string | undefined) => string;
};
