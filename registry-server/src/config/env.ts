/** The only place that reads the environment. */

/** What the environment says, unchecked; an empty variable counts as unset. */
export type RegistrySettings = {
  listen?: string
  database?: string
  ttl?: string
  deadAfter?: string
  logKey?: string
  logOrigin?: string
  /** Separated by spaces or commas, like the three that follow. */
  replicateFrom?: string
  allowPrivate?: string
  trustProxy?: string
  pin?: string
}

/** Setting to variable. */
export const environmentNames = {
  listen: 'HANSA_REGISTRY_LISTEN',
  database: 'DATABASE_URL',
  ttl: 'HANSA_REGISTRY_TTL',
  deadAfter: 'HANSA_REGISTRY_DEAD_AFTER',
  logKey: 'HANSA_REGISTRY_LOG_KEY',
  logOrigin: 'HANSA_REGISTRY_LOG_ORIGIN',
  replicateFrom: 'HANSA_REGISTRY_REPLICATE_FROM',
  allowPrivate: 'HANSA_REGISTRY_ALLOW_PRIVATE',
  trustProxy: 'HANSA_REGISTRY_TRUST_PROXY',
  pin: 'HANSA_REGISTRY_PIN',
} as const satisfies Record<keyof RegistrySettings, string>

export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): RegistrySettings {
  const settings: RegistrySettings = {}
  for (const name of Object.keys(environmentNames) as (keyof RegistrySettings)[]) {
    const value = env[environmentNames[name]]
    if (value !== undefined && value !== '') settings[name] = value
  }
  return settings
}
