/**
 * The rules that `hansa peer add` offers: what a peer may call here, and what own agents may call there. Nothing is
 * allowed that was not named. Pure; the file names its own hash, so that a change of a person is seen and kept.
 */
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

export type PeerRules = {
  alias: string
  /** Patterns of own capabilities that the peer may call. */
  serve: readonly string[]
  /** Patterns of the peer's capabilities that own agents may call, without the alias. */
  use: readonly string[]
  /** Labels that it may be sent; data of every other label is taken out of results. @default [] */
  clearance?: readonly string[]
}

const MARK = '# Written by hansa peer add. What you change here is kept. Hash of the rest: '

export function peerRulesText({ alias, serve, use, clearance = [] }: PeerRules): string {
  const rules = [
    ...(serve.length === 0 ? [] : [servedRule(alias, serve, clearance)]),
    ...(use.length === 0 ? [] : [usedRule(alias, use)]),
  ]
  const body = stringify({ rules }, { lineWidth: 0 })
  return `${MARK}${hashOf(body)}\n${body}`
}

/** What is printed when nothing was asked for: to be filled in and put into a policy file. */
export function peerRulesTemplate(alias: string): string {
  return stringify(
    { rules: [servedRule(alias, ['CAPABILITY'], []), usedRule(alias, ['CAPABILITY'])] },
    { lineWidth: 0 },
  ).trimEnd()
}

/** Whether nobody has changed the file since it was written. */
export function isUnchanged(text: string): boolean {
  const end = text.indexOf('\n')
  return end > 0 && text.slice(0, end) === `${MARK}${hashOf(text.slice(end + 1))}`
}

const REDACTABLE = ['PII', 'PCI', 'SECRET']

function servedRule(alias: string, patterns: readonly string[], clearance: readonly string[]) {
  const redacted = REDACTABLE.filter((label) => !clearance.includes(label))
  return {
    id: `peer-${alias}-may-call`,
    description: `What ${alias} may call here.`,
    effect: 'allow',
    subject: `peer:${alias}`,
    action: 'invoke',
    resource: [...patterns],
    ...(redacted.length === 0 ? {} : { obligations: redacted.map((label) => `redact:${label}`) }),
  }
}

function usedRule(alias: string, patterns: readonly string[]) {
  return {
    id: `agents-may-call-${alias}`,
    description: `What own agents may call at ${alias}.`,
    effect: 'allow',
    subject: 'agent:*',
    action: 'invoke',
    resource: patterns.map((pattern) => `${alias}/${pattern}`),
  }
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url')
}
