/** Adapter: reads the configuration and the policies of a node from disk. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { PolicySource } from '@hansa/trust'
import type { NodeConfig } from './config.ts'
import { type EffectiveSetting, effectiveSettings } from './effective-settings.ts'
import type { Environment } from './env.ts'
import { environmentOverrides } from './environment-variables.ts'
import { ConfigError, type ConfigFault, configInvalid } from './errors.ts'
import type { Overrides } from './override.ts'
import { parseConfig } from './parse-config.ts'
import { readYaml } from './yaml-source.ts'

/**
 * @param overrides of options; they go before the environment, and that before the file
 * @throws ConfigError `config_missing`, or `config_invalid` with every fault.
 */
export async function readConfig(
  path: string,
  environment: Environment,
  overrides: Overrides = [],
): Promise<NodeConfig> {
  const text = await readText(path)
  const reading = parseConfig(text, resolve(path), basename(path), [...environmentOverrides(environment), ...overrides])
  if (!reading.ok) throw configInvalid(reading.faults)
  return reading.config
}

/**
 * Every setting of a configuration and its environment, for people.
 * @throws ConfigError `config_missing`, or `config_invalid` with every fault.
 */
export async function readSettings(path: string, environment: Environment): Promise<EffectiveSetting[]> {
  const text = await readText(path)
  const overrides = environmentOverrides(environment)
  const yaml = readYaml(text)
  const reading = parseConfig(text, resolve(path), basename(path), overrides)
  if (!yaml.ok || !reading.ok) throw configInvalid(reading.ok ? [] : reading.faults)
  return effectiveSettings(yaml.source, basename(path), overrides)
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message =
      cause.code === 'ENOENT'
        ? `There is no configuration at ${path}. Make a node with: hansa init`
        : `The configuration ${path} cannot be read: ${cause.message}`
    throw new ConfigError({ code: 'config_missing', path }, message, { cause })
  })
}

export type PolicyReading = { sources: PolicySource[]; faults: ConfigFault[] }

/**
 * Reads every policy file, of a directory each file of it that ends in .yaml or .yml, by name; those that cannot be read
 * are faults. What they say is not looked at.
 */
export async function readPolicies(paths: readonly string[]): Promise<PolicyReading> {
  const reading: PolicyReading = { sources: [], faults: [] }
  for (const path of paths) {
    try {
      const files = (await stat(path)).isDirectory() ? await policyFilesOf(path) : [path]
      for (const file of files) reading.sources.push({ name: file, text: await readFile(file, 'utf8') })
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      const reason = missing ? 'there is no such policy file or directory' : `cannot be read: ${String(error)}`
      reading.faults.push({ source: path, key: '', reason })
    }
  }
  return reading
}

async function policyFilesOf(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => /^[^.].*\.ya?ml$/.test(name))
  return names.sort().map((name) => join(directory, name))
}
