import { type Environment, readConfig } from '../config/index.ts'
import { homePaths } from '../home/home-paths.ts'

/**
 * The registry of the home's configuration.
 * @returns undefined when it names none, or there is no configuration.
 * @throws ConfigError `config_invalid`
 */
export async function configuredRegistry(home: string, environment: Environment): Promise<string | undefined> {
  try {
    return (await readConfig(homePaths(home).config, environment)).registryUrl
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? (error.detail as { code?: unknown }) : undefined
    if (detail?.code === 'config_missing') return undefined
    throw error
  }
}
