/** The only place in the node that reads the environment, once. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

/** The variable that says where the node lives. */
export const HOME_VARIABLE = 'HANSA_HOME'

/** What the environment says, unchecked. */
export type Environment = {
  /** Absolute path: `$HANSA_HOME`, or `~/.hansa`. */
  home: string
  /** Every other variable that begins with `HANSA_`; an empty one counts as unset. */
  variables?: Readonly<Record<string, string>>
}

export function readEnvironment(all: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const ours = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[0].startsWith('HANSA_') && entry[0] !== HOME_VARIABLE && !!entry[1],
  )
  return { home: resolve(all[HOME_VARIABLE] || join(homedir(), '.hansa')), variables: Object.fromEntries(ours) }
}
