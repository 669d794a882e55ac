/** The one place that reads the environment. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = {
  /** `$HANSA_HOME`, or `~/.hansa`. */
  home: string
  /** `$HANSA_CONTROL`: URL of the control interface. */
  control?: string
  /** `$HANSA_CREDENTIAL`: of an agent. */
  credential?: string
  /** `$HANSA_CREDENTIAL_FILE`: where the credential is. */
  credentialFile?: string
}

export function systemEnvironment(): Environment {
  const set = (name: string) => process.env[name] || undefined
  const control = set('HANSA_CONTROL')
  const credential = set('HANSA_CREDENTIAL')
  const credentialFile = set('HANSA_CREDENTIAL_FILE')
  return {
    home: set('HANSA_HOME') ?? join(homedir(), '.hansa'),
    ...(control !== undefined && { control }),
    ...(credential !== undefined && { credential }),
    ...(credentialFile !== undefined && { credentialFile }),
  }
}
