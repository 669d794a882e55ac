/** Runs the shipped verifier over copies of the logs, and reads whom it names. It is given public keys and directories. */
import { execFile } from 'node:child_process'
import type { LogReport, PairReport, Side } from '@hansa/trust/ledger'
import { HANSA_BIN } from '../../harness/hansa-command.ts'
import { childEnvironment } from '../../harness/spawned-process.ts'
import type { Organisation } from '../report.ts'

export type Judgement = {
  detected: boolean
  blamed: Organisation | null
  verdict: 'suspected' | 'exposed' | null
  /** What the verifier says, the gravest first. */
  said: Said[]
  entries: number
}

export type Said = { text: string; callId?: string }

export type Given = {
  /** Directories of logs. */
  logs: Partial<Record<Organisation, string>>
  /** Files with manifests. */
  manifests: Record<Organisation, string>
  /** A file with a checkpoint from before. */
  checkpoint?: string
}

export async function judge({ logs, manifests, checkpoint }: Given): Promise<Judgement> {
  const names = (['orga', 'orgb'] as const).filter((name) => logs[name] !== undefined)
  const args = names
    .flatMap((name) => [logs[name] ?? ''])
    .concat(names.flatMap((name) => ['--key', `@${manifests[name]}`]))
  if (checkpoint !== undefined) args.push('--checkpoint', checkpoint)
  const report = await verified(args)
  if ('a' in report) return ofPair(report, names as [Organisation, Organisation])
  return ofLog(report, names[0] ?? 'orga')
}

async function verified(args: readonly string[]): Promise<LogReport | PairReport> {
  const { stdout, stderr, code } = await new Promise<{ stdout: string; stderr: string; code: unknown }>((resolve) => {
    const options = { env: childEnvironment, maxBuffer: 64 * 1_048_576 }
    execFile(process.execPath, [HANSA_BIN, 'verify', ...args, '--json'], options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error === null ? 0 : error.code }),
    )
  })
  const report = JSON.parse(stdout || '{}') as LogReport | PairReport | { error?: object }
  if ('verdict' in report) return report
  throw new Error(`hansa verify ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
}

function ofLog({ faults, faultCount, size }: LogReport, by: Organisation): Judgement {
  const detected = faultCount > 0
  return {
    detected,
    blamed: detected ? by : null,
    verdict: detected ? 'exposed' : null,
    said: faults.map(({ text }) => ({ text })),
    entries: size,
  }
}

function ofPair({ a, b, findings }: PairReport, [first, second]: [Organisation, Organisation]): Judgement {
  const nameOf = (side: Side) => (side === 'a' ? first : second)
  const faults = [a, b].flatMap(({ log }, at) =>
    log.faults.map(({ text }) => ({ who: at === 0 ? first : second, verdict: 'exposed' as const, text })),
  )
  const claims = findings.flatMap(({ blamed, verdict, text, callId }) =>
    blamed === undefined || verdict === undefined
      ? []
      : [{ who: nameOf(blamed), verdict, text, ...(callId && { callId }) }],
  )
  const all: (Said & { who: Organisation; verdict: 'suspected' | 'exposed' })[] = [...faults, ...claims]
  const [gravest] = all.sort((one, two) => Number(two.verdict === 'exposed') - Number(one.verdict === 'exposed'))
  return {
    detected: all.length > 0 || findings.length > 0,
    blamed: gravest?.who ?? null,
    verdict: gravest?.verdict ?? null,
    said: [...all, ...findings.filter(({ blamed }) => blamed === undefined)].map(({ text, callId }) => ({
      text,
      ...(callId && { callId }),
    })),
    entries: a.log.size + b.log.size,
  }
}
