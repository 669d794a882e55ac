import { resolve } from 'node:path'
import type { CapabilityDetail, Entry } from '@hansa/protocols'
import type { CompiledPolicy } from '@hansa/trust'
import type { Command } from 'commander'
import type { Difference, ReplayReport, Undecidable } from '../../audit/replay/replay-log.ts'
import type { ReadableLog } from '../../audit/signed-entries.ts'
import type { Cli } from '../cli.ts'
import type { ControlClient } from '../control-client.ts'
import { failed } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { MOMENT_HELP, type Moment, moment } from '../moment.ts'
import { collect } from '../options.ts'
import type { Style } from '../print.ts'
import { counted, facts, table } from '../table.ts'

type Options = { policy: string[]; since?: Moment; peer?: string }

/** Rows of a list for people. */
const MAX_ROWS = 50

export function auditReplayCommand(cli: Cli): Command {
  return cli
    .command('replay', {
      summary: 'decide recorded calls again, under another policy',
      description:
        'Decides every call in the log again under other policy files and lists those that would have been decided otherwise: what was, what would be, and by which rules. Nothing is called, and the policy in force stays. Peers and capabilities are as they are now, the time is that of each call; limits of rate are not counted. Rules that look at arguments need them kept (audit.content); where a fact is missing the call is listed as undecidable and never guessed. Asks the running node. Exit code 0 without a difference, 1 with one.',
      examples: [
        'hansa audit replay --policy stricter.yaml',
        'hansa audit replay --policy policy.d --policy draft.yaml --since 30d',
        'hansa audit replay --policy draft.yaml --peer orgb --json | jq ".differences[]"',
      ],
    })
    .requiredOption('--policy <path>', 'policy file, or directory of such files; can be repeated', collect)
    .option('--since <time>', `only calls since then: ${MOMENT_HELP}`, moment('--since'))
    .option('--peer <peer>', 'only calls with this kernel: alias or DID')
    .action(
      cli.action<Options>(async ({ home, print, stderr, options }) => {
        const policy = await compiled(options.policy)
        const { controlClient } = await import('../control-client.ts')
        const { readableLogs } = await import('../readable-logs.ts')
        const { replayLog } = await import('../../audit/replay/replay-log.ts')
        const { systemClock } = await import('../../system-clock.ts')
        const { progress } = await import('../progress.ts')
        await using client = await controlClient(home)
        const known = await client.call('knownPeers', {})
        const peer = options.peer === undefined ? undefined : peerOf(known, options.peer)
        const since = options.since?.(systemClock.now()) ?? 0
        const { logs } = await readableLogs(home)
        const capabilities = new Map<string, CapabilityDetail>()
        const line = await progress(print, stderr, 'Reading the log')
        try {
          const report = await replayLog({
            entries: entriesOf(await logs()),
            world: {
              policy,
              peer: (did) => known.find((one) => one.did === did),
              capability: (ref) => capabilities.get(ref),
            },
            prepare: (ref) => learn(client, ref, capabilities),
            argumentsOf: (origin, calls) => keptArguments(client, origin, calls),
            wanted: (entry) => entry.t_ms >= since && (peer === undefined || entry.peer === peer),
            progress: (read) => line.show(`Deciding again: ${counted(read, 'entry', 'entries')} read`),
          })
          line.stop()
          print.result({ policy: options.policy, ...report }, (style) => reportText(style, report))
          return report.different === 0 ? exitCodes.ok : exitCodes.failed
        } finally {
          line.stop()
        }
      }),
    )
}

/** @throws CliError with every mistake of the files. */
async function compiled(paths: readonly string[]): Promise<CompiledPolicy> {
  const { compilePolicy } = await import('@hansa/trust')
  const { readPolicies } = await import('../../config/index.ts')
  const { policyFaultLine } = await import('../../start/preflight.ts')
  const { sources, faults: unread } = await readPolicies(paths.map((path) => resolve(path)))
  const policy = compilePolicy(sources)
  const faults = [...unread.map(({ source, reason }) => ({ source, reason })), ...(policy.ok ? [] : policy.faults)]
  if (policy.ok && faults.length === 0) return policy.policy
  throw failed(['The policy has mistakes, and nothing was decided by it:', ...faults.map(policyFaultLine)].join('\n'))
}

function peerOf(
  known: readonly { did: string; alias?: string | undefined; imports: readonly string[] }[],
  who: string,
) {
  const found = known.find(({ did, alias, imports }) => [did, alias, ...imports].includes(who))
  if (found !== undefined) return found.did
  if (who.startsWith('did:')) return who
  throw failed(`No peer is known as ${who}. See whom there is with: hansa peer list`)
}

async function* entriesOf(logs: readonly ReadableLog[]): AsyncGenerator<Entry> {
  const { readEntries } = await import('@hansa/trust/ledger')
  for (const { directory } of logs) for await (const { entry } of readEntries(directory)) yield entry
}

/** One that is not there any more stays unknown. */
async function learn(client: ControlClient, ref: string, known: Map<string, CapabilityDetail>): Promise<void> {
  const { CallError } = await import('@hansa/protocols')
  try {
    known.set(ref, await client.call('capability', { ref }))
  } catch (error) {
    if (!(error instanceof CallError && error.detail.code === 'not_found')) throw error
  }
}

/** Of a node that keeps nothing there are none. */
async function keptArguments(
  client: ControlClient,
  origin: string,
  calls: readonly { callId: string; argsCommitment?: string }[],
): Promise<Map<string, unknown>> {
  const { parseStrictJson } = await import('@hansa/trust')
  const commitments = new Map(calls.map(({ callId, argsCommitment }) => [callId, argsCommitment]))
  const found = await client.call('keptArguments', { origin, callIds: [...commitments.keys()] })
  const args = new Map<string, unknown>()
  for (const { callId, commitment, content } of found) {
    const parsed = parseStrictJson(Buffer.from(content, 'utf8'), 'payload')
    if (parsed.ok && commitments.get(callId) === commitment) args.set(callId, parsed.value)
  }
  return args
}

function reportText(style: Style, report: ReplayReport): string {
  const { calls, same, different, undecidable, changes, differences, undecided } = report
  const head = facts(style, [
    ['calls', `${calls} that rules decided`],
    ['the same', String(same)],
    ['otherwise', different === 0 ? style.good('0') : style.bad(String(different))],
    ...Object.entries(changes).map(([change, count]) => [`  ${change}`, String(count)] as const),
    ['undecidable', undecidable === 0 ? '0' : style.warn(String(undecidable))],
  ])
  return [
    head,
    ...differencesText(style, differences, different),
    ...undecidedText(style, undecided, undecidable),
  ].join('\n\n')
}

function differencesText(style: Style, differences: readonly Difference[], all: number): string[] {
  if (all === 0) return []
  const rows = differences
    .slice(0, MAX_ROWS)
    .map(({ time, callId, capability, principal, was, rulesWas, now, rulesNow }) => [
      time,
      callId,
      style.name(capability),
      who(principal),
      `${was} (${rulesWas.join(', ') || 'no rule'})`,
      `${now} (${rulesNow.join(', ') || 'no rule'})`,
    ])
  return [table(style, ['time', 'call', 'capability', 'who', 'then', 'now'], rows), ...rest(all)]
}

function undecidedText(style: Style, undecided: readonly Undecidable[], all: number): string[] {
  if (all === 0) return []
  const rows = undecided
    .slice(0, MAX_ROWS)
    .map(({ time, callId, capability, principal, was, rules, needs }) => [
      time,
      callId,
      style.name(capability),
      who(principal),
      was,
      `${rules.join(', ')}: ${needs.map((need) => needed[need]).join(', ')}`,
    ])
  return [table(style, ['time', 'call', 'capability', 'who', 'then', 'cannot be told'], rows), ...rest(all)]
}

const needed = {
  args: 'its arguments are not kept',
  purpose: 'its purpose is not in the log',
  capability: 'the capability is another one now',
  peer_answer: 'what its peer decided is not in the log',
  delegation: 'the chain that its intent names is not in the log',
  sponsor: 'who vouched for its agent then is not in its entry',
  agreement: 'what was agreed with its peer then is not in its entry',
} as const

function rest(all: number): string[] {
  return all > MAX_ROWS ? [`${all - MAX_ROWS} more. All of them: --json`] : []
}

/** A DID has its entropy throughout: its end tells apart what a person sees on one screen. */
function who(principal: string): string {
  return principal.replace(/^(did:\w+:).+?(\w{8})(#\w{6}|$).*$/, '$1…$2$3')
}
