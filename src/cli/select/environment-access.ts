import { closest } from 'fastest-levenshtein';
import { homeOf } from '../../system/processes/users.ts';

/** What settings may refer to: the environment and the homes of users. */
export const PATH_ENVIRONMENT = { variables: process.env, homeOf };

/** The known name that is most like one that isn't known. */
export function nearest(name: string, known: readonly string[]): string {
  return closest(name, [...known]);
}
