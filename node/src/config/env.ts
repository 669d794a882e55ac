/** The only place in the node that reads the environment, once. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

/** What the environment says, unchecked; an empty variable counts as unset. */
export type Environment = {
  /** Absolute path: `$HANSA_HOME`, or `~/.hansa`. */
  home: string
  listen?: string
  logLevel?: string
  operationsListen?: string
  publicUrl?: string
}

/** Setting to variable. */
export const environmentNames = {
  home: 'HANSA_HOME',
  listen: 'HANSA_LISTEN',
  logLevel: 'HANSA_LOG_LEVEL',
  operationsListen: 'HANSA_OPERATIONS_LISTEN',
  publicUrl: 'HANSA_PUBLIC_URL',
} as const

export function readEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const read = (name: keyof typeof environmentNames) => variables[environmentNames[name]] || undefined
  const environment: Environment = { home: resolve(read('home') ?? join(homedir(), '.hansa')) }
  for (const name of ['listen', 'logLevel', 'operationsListen', 'publicUrl'] as const) {
    const value = read(name)
    if (value !== undefined) environment[name] = value
  }
  return environment
}
