/** Adapter: everything that is wrong with a configuration and the policies that it names, in one answer. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError, configFileSchema, type Environment, faultLine, readConfig } from '../config/index.ts'
import { readYaml } from '../config/yaml-source.ts'
import { checkedPolicies } from './preflight.ts'

/**
 * @returns one sentence for each mistake, with file, line and key; none when a node would take it.
 * @throws ConfigError `config_missing`
 */
export async function configurationFaults(path: string, environment: Environment): Promise<string[]> {
  const read = await readConfig(path, environment).then(
    ({ policies }) => ({ policies, faults: [] as string[] }),
    async (error: unknown) => {
      if (!(error instanceof ConfigError) || error.detail.code !== 'config_invalid') throw error
      return { policies: await namedPolicies(path), faults: error.detail.faults.map(faultLine) }
    },
  )
  const policies = await checkedPolicies(read.policies)
  return [...read.faults, ...(policies.ok ? [] : policies.faults)]
}

/** The policies of a configuration that has mistakes elsewhere. */
async function namedPolicies(path: string): Promise<string[]> {
  const yaml = readYaml(await readFile(path, 'utf8'))
  const value = yaml.ok ? yaml.source.value : undefined
  const policies = typeof value === 'object' && value !== null && 'policies' in value ? value.policies : undefined
  const named = configFileSchema.shape.policies.safeParse(policies)
  return (named.data ?? []).map((policy) => resolve(dirname(path), policy))
}
