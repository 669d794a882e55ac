/** The one place that reads the environment. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = {
  /** `$HANSA_HOME`, or `~/.hansa`. */
  home: string
}

export function systemEnvironment(): Environment {
  const home = process.env.HANSA_HOME
  return { home: home === undefined || home === '' ? join(homedir(), '.hansa') : home }
}
