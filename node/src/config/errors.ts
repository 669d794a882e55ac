import { KernelError } from '@hansa/protocols'

/** One mistake in what an operator wrote. */
export type ConfigFault = {
  /** The file, or the environment variable or option that overrides it. */
  source: string
  /** Counts from 1. */
  line?: number
  /** Dotted path of the key; empty for the file as a whole. */
  key: string
  /** One sentence without a full stop. */
  reason: string
}

export type ConfigErrorDetail =
  /** There is no configuration, or it cannot be read. */
  | { code: 'config_missing'; path: string }
  /** Another process changes it, and does not end. */
  | { code: 'config_locked'; path: string }
  /** What was to be changed is not there, or is there already. */
  | { code: 'config_unchanged'; path: string }
  /** Every mistake that was found, in order of the file. */
  | { code: 'config_invalid'; faults: readonly ConfigFault[] }

export class ConfigError extends KernelError<ConfigErrorDetail> {
  override readonly name: string = 'ConfigError'
}

/** `hansa.yaml:3: listen: ...`, as editors and terminals make it a link. */
export function faultLine({ source, line, key, reason }: ConfigFault): string {
  const place = line === undefined ? source : `${source}:${line}`
  return key === '' ? `${place}: ${reason}` : `${place}: ${key}: ${reason}`
}

export function configInvalid(faults: readonly ConfigFault[]): ConfigError {
  const count = faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`
  const message = [`The configuration has ${count}:`, ...faults.map((fault) => `  - ${faultLine(fault)}`)].join('\n')
  return new ConfigError({ code: 'config_invalid', faults }, message)
}
