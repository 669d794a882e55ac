/** The only place that reads the environment. */

/** What the environment says, unchecked; an empty variable counts as unset. */
export type RegistrySettings = { listen?: string; database?: string; ttl?: string }

/** Setting to variable. */
export const environmentNames = {
  listen: 'HANSA_REGISTRY_LISTEN',
  database: 'DATABASE_URL',
  ttl: 'HANSA_REGISTRY_TTL',
} as const satisfies Record<keyof RegistrySettings, string>

export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): RegistrySettings {
  const settings: RegistrySettings = {}
  for (const name of ['listen', 'database', 'ttl'] as const) {
    const value = env[environmentNames[name]]
    if (value !== undefined && value !== '') settings[name] = value
  }
  return settings
}
