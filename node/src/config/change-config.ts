/** Adapter: changes `hansa.yaml` on disk, as a whole or not at all, and takes the change back when it cannot be used. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Clock } from '@hansa/protocols'
import { replaceFile } from '../home/replace-file.ts'
import { lockConfig } from './config-lock.ts'
import { type ConfigEdit, editConfig } from './edit-config.ts'
import type { Environment } from './env.ts'
import { environmentOverrides } from './environment-variables.ts'
import { ConfigError, configInvalid } from './errors.ts'
import { parseConfig } from './parse-config.ts'

export type ChangeConfigInit = {
  path: string
  environment: Environment
  edit: ConfigEdit
  clock: Clock
  /** Called when the change is on disk, with nobody else able to make one; what it throws takes the change back. */
  use?(): Promise<void>
}

/**
 * @throws ConfigError `config_missing`, `config_locked`, `config_unchanged` with the reason of the edit, `config_invalid` when
 * the configuration has faults before or after it; whatever `use` throws. Nothing has changed then.
 */
export async function changeConfig({ path, environment, edit, clock, use }: ChangeConfigInit): Promise<void> {
  // A configuration that is a link stays one.
  const file = await realpath(resolve(path)).catch((cause: unknown) => {
    const message = `There is no configuration at ${path}. Make a node with: hansa init`
    throw new ConfigError({ code: 'config_missing', path }, message, { cause })
  })
  const release = await lockConfig(file, clock)
  try {
    const before = await readFile(file, 'utf8')
    checkText(before, path, environment)
    const edited = editConfig(before, edit)
    if (!edited.ok) throw new ConfigError({ code: 'config_unchanged', path }, `${sentence(edited.reason)}`)
    checkText(edited.text, path, environment)
    await replaceKept(file, edited.text)
    try {
      await use?.()
    } catch (error) {
      // Whoever edits the file by hand meanwhile keeps what was written.
      if ((await readFile(file, 'utf8')) === edited.text) await replaceKept(file, before)
      throw error
    }
  } finally {
    release()
  }
}

function checkText(text: string, path: string, environment: Environment): void {
  const reading = parseConfig(text, resolve(path), basename(path), environmentOverrides(environment))
  if (!reading.ok) throw configInvalid(reading.faults)
}

/** With the rights that the file has. */
async function replaceKept(path: string, text: string): Promise<void> {
  await replaceFile(path, text, (await stat(path)).mode & 0o777)
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
}
