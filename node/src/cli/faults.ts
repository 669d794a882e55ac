/** Any error as what a person is told and what the process exits with. No stack ever leaves here. */
import { type Code, contentResultSchema, refusedBySchema } from '@hansa/protocols'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Fault } from './print.ts'
import { systemFault } from './system-fault.ts'

/** What to do about a refusal or failure of a kernel: total over the closed list of codes. */
export const remedies: Readonly<Record<Code, string>> = {
  invalid_request:
    'Correct the arguments: what it takes is shown by hansa capability show, what was wrong by hansa audit show --call ID',
  not_found: 'See what there is with: hansa capabilities',
  unsupported: 'The other kernel may be of an older version; see what it offers with: hansa peers',
  identity_unavailable: 'Check the network between the two kernels and try again.',
  handshake_failed: 'Try again; if it stays so, import the peer again and compare its fingerprint.',
  clock_skew: 'Set the clocks of both machines by NTP and try again.',
  token_rejected:
    'A token is valid only in the kernel that minted it and until it ends; get a new one with: hansa token grant',
  policy_denied: 'See which rule decided with: hansa audit show --call ID, or before a call: hansa call ... --explain',
  policy_stale: 'Try again: the decision has to be made under the current policy.',
  approval_required: 'Have a person run: hansa approve ID, then repeat the call with --approval ID',
  descriptor_mismatch: 'The peer changed the capability; see how with: hansa refresh ALIAS',
  firewall_blocked: 'See what was found with: hansa audit show --call ID',
  budget_exceeded: 'Ask for less, or ask for a delegation with larger limits, or raise those of the capability.',
  rate_limited: 'Wait a minute and try again, or raise the limit of the rule.',
  busy: 'Try again in a moment. Whether a peer was cut off, and why, is in: hansa peers',
  deadline: 'Try again with a longer --deadline; the action may have happened.',
  remote_refused: 'Check that the peer runs and can be reached with: hansa refresh ALIAS',
  outcome_unknown: 'Find out at the peer whether it happened before you repeat it.',
  log_full:
    'Make room on the disk of the node, or raise limits.log_max_gib; see: hansa doctor. Nothing is done while nothing can be recorded.',
  internal: 'See what failed with: hansa audit show --call ID; if it stays so, it is a fault of hansa.',
}

/** What to do instead where the place of the refusal says more. */
const remediesAt: Readonly<Record<string, Partial<Record<Code, string>>>> = {
  receive: {
    rate_limited:
      'The other kernel has denied too many calls. Correct them, or ask its operator for a rule that allows them; whose they are is shown by hansa audit show --call ID',
  },
  driver: { internal: 'What serves the capability failed; see how with: hansa audit show --call ID' },
  remote: {
    invalid_request: 'Correct the arguments; see what it takes with: hansa capability show',
    internal: 'It failed at the other kernel, whose operator finds the reason by the denial id.',
    policy_denied: 'The other kernel does not permit it; ask its operator for a rule that allows it.',
  },
}

/** Codes of our own errors that mean that what was given has to be corrected. */
const usageCodes = new Set([
  'usage',
  'config_missing',
  'config_invalid',
  'config_unchanged',
  'home_missing',
  'home_exists',
  'home_closed',
  'home_format',
  'home_newer',
  'home_migration',
  'cursor_malformed',
  'home_logs',
  'backup_exists',
  'backup_invalid',
  'backup_sealed',
  'key_file_missing',
  'key_file_exposed',
  'key_file_malformed',
  'log_missing',
  'tiles_foreign',
  'node_cannot_start',
  'node_running',
])
const unreachableCodes = new Set(['node_not_running', 'not_permitted', 'not_a_node', 'connection_lost'])

/** Characters of what a capability says of its failure. */
const MAX_SAID = 2_000

/** @returns the texts of a frame that tells of a failure. */
function wordsOf(frame: unknown): string | undefined {
  const value = typeof frame === 'object' && frame !== null && 'value' in frame ? frame.value : undefined
  const content = contentResultSchema.safeParse(value)
  if (!content.success) return undefined
  const words = content.data.content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return words.length === 0 ? undefined : words.join(' ').slice(0, MAX_SAID).toWellFormed()
}

export function faultOf(error: unknown): { fault: Fault; exit: ExitCode } {
  const detail = detailOf(error)
  if (!(error instanceof Error) || detail === undefined) {
    const refused = systemFault(error)
    if (refused !== undefined) return { fault: refused, exit: exitCodes.usage }
    const text = error instanceof Error ? error.message : String(error)
    const message = `internal: something failed that should not: ${text}`
    return {
      fault: { code: 'internal', message, remedy: 'This is a fault of hansa; please report it.' },
      exit: exitCodes.failed,
    }
  }
  const { code, ...facts } = detail
  const fault: Fault = { code, message: error.message === code ? `${code}: it failed.` : error.message }
  for (const name of ['denialId', 'callId', 'stage', 'approvalId'] as const) {
    const fact = facts[name]
    if (typeof fact === 'string') fault[name] = fact
  }
  const refusedBy = refusedBySchema.safeParse(facts.refusedBy).data
  if (refusedBy !== undefined) fault.refusedBy = refusedBy
  const said = wordsOf(facts.frame)
  if (said !== undefined) fault.said = said
  const remedy = remedyOf(fault)
  if (remedy !== undefined) fault.remedy = filledIn(remedy, fault)
  // What was asked of the node itself, and not of a capability, was wrong on the command line.
  return { fault, exit: code === 'invalid_request' && !isCall(fault) ? exitCodes.usage : exitOf(code) }
}

function remedyOf(fault: Fault): string | undefined {
  if (!Object.hasOwn(remedies, fault.code)) return undefined
  const code = fault.code as Code
  // Of anything but a call the message says all that there is to say.
  if ((code === 'invalid_request' || code === 'not_found') && !isCall(fault)) return undefined
  return remediesAt[fault.stage ?? '']?.[code] ?? remedies[code]
}

function isCall({ callId, stage }: Fault): boolean {
  return callId !== undefined || stage !== undefined
}

function exitOf(code: string): ExitCode {
  if (usageCodes.has(code)) return exitCodes.usage
  if (unreachableCodes.has(code)) return exitCodes.unreachable
  return code === 'approval_required' ? exitCodes.incomplete : exitCodes.failed
}

function filledIn(remedy: string, { approvalId, callId, stage }: Fault): string {
  const id = approvalId ?? callId
  const whose = stage === 'remote' ? remedy.replace('a person run', 'a person of the other kernel run') : remedy
  return id === undefined ? whose : whose.replace(/\bID\b/g, id)
}

/** By shape and not by class: errors cross bundles. */
function detailOf(error: unknown): (Record<string, unknown> & { code: string }) | undefined {
  if (!(error instanceof Error) || !('detail' in error)) return undefined
  const { detail } = error
  const known = typeof detail === 'object' && detail !== null && 'code' in detail && typeof detail.code === 'string'
  return known ? (detail as Record<string, unknown> & { code: string }) : undefined
}
