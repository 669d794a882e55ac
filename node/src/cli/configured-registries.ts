import { type Environment, readConfig } from '../config/index.ts'
import { homePaths } from '../home/home-paths.ts'

/**
 * The registries of the home's configuration.
 * @returns none when it names none, or there is no configuration.
 * @throws ConfigError `config_invalid`
 */
export async function configuredRegistries(home: string, environment: Environment): Promise<readonly string[]> {
  try {
    return (await readConfig(homePaths(home).config, environment)).registryUrls
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? (error.detail as { code?: unknown }) : undefined
    if (detail?.code === 'config_missing') return []
    throw error
  }
}
