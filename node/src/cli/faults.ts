/** Any error as what a person is told and what the process exits with. No stack ever leaves here. */
import type { Code } from '@hansa/protocols'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Fault } from './print.ts'

/** What to do about a refusal or failure of a kernel: total over the closed list of codes. */
export const remedies: Readonly<Record<Code, string>> = {
  invalid_request: 'Correct the request; see the arguments with: hansa capabilities --json',
  not_found: 'See what there is with: hansa capabilities',
  unsupported: 'The other kernel may be of an older version; see what it offers with: hansa peers',
  identity_unavailable: 'Check the network between the two kernels and try again.',
  handshake_failed: 'Try again; if it stays so, import the peer again and compare its fingerprint.',
  clock_skew: 'Set the clocks of both machines by NTP and try again.',
  token_rejected:
    'A token is valid only in the kernel that minted it and until it ends; get a new one with: hansa token grant',
  policy_denied:
    'Ask which rule decided with: hansa call ... --explain, or look for the denial id with: hansa audit show',
  policy_stale: 'Try again: the decision has to be made under the current policy.',
  approval_required: 'Have a person run: hansa approve ID, then repeat the call with --approval ID',
  descriptor_mismatch: 'The peer changed the capability; see how with: hansa refresh ALIAS',
  firewall_blocked: 'See what was found with: hansa audit show --call ID',
  budget_exceeded: 'Ask for less, or raise the limits of the capability.',
  rate_limited: 'Wait a minute and try again, or raise the limit of the rule.',
  busy: 'Try again in a moment.',
  deadline: 'Try again with a longer --deadline; the action may have happened.',
  remote_refused: 'Check that the peer runs and can be reached with: hansa discover URL',
  outcome_unknown: 'Find out at the peer whether it happened before you repeat it.',
  log_full:
    'Make room on the disk of the node, or raise limits.log_max_gib; see: hansa doctor. Nothing is done while nothing can be recorded.',
  internal: 'Look into the log of the node; if it stays so, it is a fault of hansa.',
}

/** Codes of our own errors that mean that what was given has to be corrected. */
const usageCodes = new Set([
  'usage',
  'config_missing',
  'config_invalid',
  'config_unchanged',
  'home_missing',
  'home_exists',
  'home_format',
  'home_newer',
  'home_migration',
  'home_logs',
  'backup_exists',
  'backup_invalid',
  'backup_sealed',
  'key_file_missing',
  'key_file_exposed',
  'key_file_malformed',
  'log_missing',
  'node_cannot_start',
  'node_running',
])
const unreachableCodes = new Set(['node_not_running', 'not_permitted', 'not_a_node', 'connection_lost'])

export function faultOf(error: unknown): { fault: Fault; exit: ExitCode } {
  const detail = detailOf(error)
  if (!(error instanceof Error) || detail === undefined) {
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
  const remedy = Object.hasOwn(remedies, code) ? remedies[code as Code] : undefined
  if (remedy !== undefined) fault.remedy = filledIn(remedy, fault)
  return { fault, exit: exitOf(code) }
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
