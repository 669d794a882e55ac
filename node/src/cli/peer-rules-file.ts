/** Adapter: the file of rules that `hansa peer add` writes for a peer, in `policy.d` of the home. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compilePolicy } from '@hansa/trust'
import { homePaths } from '../home/home-paths.ts'
import { replaceFile } from '../home/replace-file.ts'
import { policyFaultLine } from '../start/preflight.ts'
import { failed, usage } from './errors.ts'
import { isUnchanged, type PeerRules, peerRulesText } from './peer-rules.ts'

/** @param alias of the form of an alias, so that it is a file name. */
export function peerRulesPath(home: string, alias: string): string {
  return join(homePaths(home).policies, `peer-${alias}.yaml`)
}

/** @throws CliError `usage` that names the option, for a pattern that no rule can hold. */
export function checkPattern(option: string, pattern: string): void {
  const compiled = compilePolicy([{ name: option, text: peerRulesText({ alias: 'peer', serve: [pattern], use: [] }) }])
  if (compiled.ok) return
  const reasons = compiled.faults.map(({ reason }) => reason).join('; ')
  throw usage(`${option}: "${pattern}" is not a pattern of capabilities, such as reports.*: ${reasons}`)
}

/** @throws CliError `usage` for a pattern that is none: nothing is written then. */
export function checkedRulesText(rules: PeerRules): string {
  const text = peerRulesText(rules)
  const compiled = compilePolicy([{ name: 'rules', text }])
  if (!compiled.ok) throw usage(`These rules cannot be used: ${compiled.faults.map(policyFaultLine).join('\n  ')}`)
  return text
}

/** Replaces the file as a whole. @throws CliError `failed` when a person has changed it. */
export async function writePeerRules(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before !== undefined && !isUnchanged(before)) {
    throw failed(`${path} was changed by hand and is kept. Move it away, or put the rules into it yourself:\n${text}`)
  }
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  await replaceFile(path, text)
}

/** @returns whether there is none any more; false for one that a person has changed, which stays. */
export async function removePeerRules(path: string): Promise<'removed' | 'none' | 'kept'> {
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before === undefined) return 'none'
  if (!isUnchanged(before)) return 'kept'
  await rm(path, { force: true })
  return 'removed'
}
