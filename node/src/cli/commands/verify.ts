import type { TlogPolicy } from '@hansa/trust/ledger'
import type { Command } from 'commander'
import { systemClock } from '../../system-clock.ts'
import type { Cli, Invocation } from '../cli.ts'
import { collect, integer } from '../options.ts'
import { type GivenSince, readSince } from '../verify/since.ts'
import type { VerifyProgress } from '../verify/verify-progress.ts'
import type { VerifyThreadData } from '../verify/verify-thread.ts'
import type { LogKeys } from '../verify-keys.ts'
import type { WitnessOptions } from '../verify-witnesses.ts'

type Options = WitnessOptions & {
  key?: string[]
  did?: string[]
  checkpoint?: string[]
  call?: string
  since?: GivenSince
  threads?: number
}

/** Below this, threads take longer to start than to verify, bytes. */
const THREADS_FROM = 8_388_608
const MAX_THREADS = 16

export function verifyCommand(cli: Cli): Command {
  return cli
    .command('verify', {
      summary: 'verify a log, the logs of two kernels, an audit export, or a proof',
      description:
        'Verifies a log, two logs against each other, what hansa audit export wrote, by itself or against the own log, a proof that hansa audit proof wrote, or the proof that a log has two histories or that a kernel signed two manifests of one number, without a network, without a node and without changing a byte. The key comes from outside the directory; what the directory and the keys cannot settle is listed. Exit code 0 clean, 1 violation, 2 incomplete, 3 not a log or not a key.',
      examples: [
        'hansa verify',
        'hansa verify ~/.hansa/log --key @orgb.manifest',
        'hansa verify orga/log orgb/log --key @orga.manifest --key @orgb.manifest',
        'hansa verify orga/log orgb/log --key @orga.manifest --key @orgb.manifest --did orga.did.jsonl --did orgb.did.jsonl',
        'hansa verify tiles-of-orgb --key @orgb.manifest',
        'hansa verify orga/log orgb/log --call V1StGXR8Z5jdHi6BmyT31A',
        'hansa verify orga/log --since 2026-11-01',
        'hansa verify call-V1StGXR8Z5jdHi6BmyT31A-1-12.tlog-proof --key @orgb.manifest',
        'hansa verify from-orgb.hansa-audit orga --key did:key:z6Mk…',
        'hansa verify ~/.hansa/evidence/fork-1800000900-0LsuXIqp.json --key did:key:z6Mk…',
        'hansa verify equivocation-0LsuXIqp.json --did orgb.did.jsonl',
        'hansa verify ~/.hansa/log --key @own.manifest --policy witnesses.policy',
        'hansa verify copy-of-log --key did:key:z6Mk… --checkpoint kept-last-month.txt --json',
      ],
    })
    .argument(
      '[directory]',
      'a log with those frozen before it, the home of a node, a log as tiles, or the file of an audit export, of a tlog-proof, of a fork proof or of an equivocation proof (default: --home)',
    )
    .argument('[other]', 'the log of the kernel that it traded with; of a proof the file of the entry')
    .option('--key <key>', 'log key (vkey), DID, or @FILE with either or with a manifest; can be repeated', collect)
    .option(
      '--did <file>',
      'did.jsonl of a kernel that signed, or the home of its node: its keys are judged by the time of each signature; can be repeated',
      collect,
    )
    .option('--checkpoint <file>', 'a checkpoint of the log that was kept elsewhere; can be repeated', collect)
    .option('--policy <file>', 'witnesses of the log and their quorum, as a tlog-policy file')
    .option('--witness <vkey>', 'verifier key of a witness, instead of --policy; can be repeated', collect)
    .option(
      '--quorum <n>',
      'how many of the witnesses have to have cosigned (default: more than half)',
      integer('--quorum', 1, 64),
    )
    .option('--call <id>', 'tell one call: every entry about it, and what each signature proves')
    .option(
      '--since <time|seq>',
      'verify the signatures in entries from this time, or number, on only; form, chain and tree are verified from the first entry',
      readSince,
    )
    .option(
      '--threads <n>',
      'threads that inspect entries beside the main one; 0 for none (default: the other processors, for 8 MiB or more)',
      integer('--threads', 0, MAX_THREADS),
    )
    .action(
      cli.action<Options>(async (invocation) => {
        const { verifyProgress } = await import('../verify/verify-progress.ts')
        const { readLogKeys } = await import('../verify-keys.ts')
        const progress = await verifyProgress(invocation.print, invocation.stderr)
        try {
          const { home, options, args } = invocation
          const [directory = home, other] = args
          const directories = [directory, other].filter((one): one is string => typeof one === 'string')
          const { readDidFiles, resolverOf } = await import('../verify/did-files.ts')
          const didFiles = await readDidFiles(options.did ?? [])
          const now = Math.floor(systemClock.now() / 1000)
          const keys = await readLogKeys(options.key ?? [], resolverOf(didFiles, now))
          const { readWitnesses } = await import('../verify-witnesses.ts')
          const witnesses = await readWitnesses(options)
          for (const { verifier } of witnesses?.logs ?? []) keys.vkeys.set(verifier.name, { vkey: verifier.vkey })
          const { isProof } = await import('../verify/proof-verification.ts')
          if (await isProof(directories[0] ?? ''))
            return await verifyAProof(invocation, directories, { keys, witnesses })
          const { proofKind } = await import('../verify/fork-verification.ts')
          const kind = await proofKind(directories[0] ?? '')
          if (kind === 'fork') return await verifyAFork(invocation, directories, keys)
          if (kind === 'equivocation') return await verifyAnEquivocation(invocation, directories, keys)
          const { isHashesOnly } = await import('../verify/hashes-verification.ts')
          if (directories.length === 1 && (await isHashesOnly(directories[0] ?? '')))
            return await verifySomeHashes(invocation, directories, { keys, witnesses })
          const { isExport } = await import('../export-verification.ts')
          return (await isExport(directories[0] ?? ''))
            ? await verifyAnExport(invocation, directories, keys, progress)
            : await verifyDirectories(
                invocation,
                directories,
                { keys, witnesses, threadData: { didFiles, now } },
                progress,
              )
        } finally {
          progress.stop()
        }
      }),
    )
}

async function verifyAProof(
  { print, options }: Invocation<Options>,
  [file = '', entry]: readonly string[],
  { keys, witnesses }: { keys: LogKeys; witnesses: TlogPolicy | undefined },
): Promise<number> {
  const { usage } = await import('../errors.ts')
  const { verifyProofFile } = await import('../verify/proof-verification.ts')
  const { proofText } = await import('../verify/proof-text.ts')
  const { call, since, threads, checkpoint } = options
  if ([call, since, threads, checkpoint].some((given) => given !== undefined)) {
    throw usage('--call, --since, --threads and --checkpoint are for logs; a proof is of one entry.')
  }
  const verified = await verifyProofFile(file, entry, { keys, witnesses })
  print.result({ file: verified.file, entryFile: verified.entryFile, ...verified.report }, (style) =>
    proofText(style, verified),
  )
  return verified.report.exitCode
}

async function verifySomeHashes(
  { print, options }: Invocation<Options>,
  [directory = '']: readonly string[],
  { keys, witnesses }: { keys: LogKeys; witnesses: TlogPolicy | undefined },
): Promise<number> {
  const { usage } = await import('../errors.ts')
  const { verifyHashesIn } = await import('../verify/hashes-verification.ts')
  const { logText } = await import('../verify/log-text.ts')
  const { call, since, threads, checkpoint: checkpoints = [] } = options
  if ([call, since, threads].some((given) => given !== undefined)) {
    throw usage('--call, --since and --threads are for entries, and here are only hashes.')
  }
  const report = await verifyHashesIn(directory, { keys, witnesses, checkpoints })
  print.result(report, (style) => logText(style, report))
  return report.exitCode
}

async function verifyAFork(
  { print }: Invocation<Options>,
  [file = '', other]: readonly string[],
  keys: LogKeys,
): Promise<number> {
  const { usage } = await import('../errors.ts')
  if (other !== undefined) throw usage('A fork proof is verified by itself, with the key of the log.')
  const { forkText, verifyForkFile } = await import('../verify/fork-verification.ts')
  const report = await verifyForkFile(file, keys)
  print.result(report, (style) => forkText(style, report))
  return report.exitCode
}

async function verifyAnEquivocation(
  { print }: Invocation<Options>,
  [file = '', other]: readonly string[],
  keys: LogKeys,
): Promise<number> {
  const { usage } = await import('../errors.ts')
  if (other !== undefined) throw usage('An equivocation proof is verified by itself, with the keys of its kernel.')
  const { equivocationText, verifyEquivocationFile } = await import('../verify/equivocation-verification.ts')
  const report = await verifyEquivocationFile(file, keys)
  print.result(report, (style) => equivocationText(style, report))
  return report.exitCode
}

async function verifyAnExport(
  { print, options }: Invocation<Options>,
  [file = '', own]: readonly string[],
  keys: LogKeys,
  progress: VerifyProgress,
): Promise<number> {
  const { usage } = await import('../errors.ts')
  if (options.call !== undefined || options.since !== undefined || options.threads !== undefined) {
    throw usage('--call, --since and --threads are for logs; an export is verified as a whole.')
  }
  const { verifyExportFile } = await import('../export-verification.ts')
  const { exportPairText, exportText } = await import('../export-text.ts')
  const verified = await verifyExportFile(file, own, keys, (bytes) => progress.read(bytes))
  progress.stop()
  print.result(verified.report, (style) =>
    verified.kind === 'alone' ? exportText(style, verified.report) : exportPairText(style, verified.report),
  )
  return verified.report.exitCode
}

async function verifyDirectories(
  { print, options }: Invocation<Options>,
  directories: readonly string[],
  { keys, witnesses, threadData }: { keys: LogKeys; witnesses: TlogPolicy | undefined; threadData: VerifyThreadData },
  progress: VerifyProgress,
): Promise<number> {
  const { entryBytes, logSources } = await import('../verify-sources.ts')
  const { threadedInspector, usualThreads } = await import('../verify/threaded-inspector.ts')
  const { verifyLogs } = await import('../verify/verify-logs.ts')
  const { verifiedText } = await import('../verify/verified-text.ts')
  let read = 0
  const found = await logSources(directories, keys, options.checkpoint ?? [], (bytes) => {
    read += bytes
    progress.read(bytes)
  })
  const sources = found.map((source) => (witnesses === undefined ? source : { ...source, witnesses }))
  const all = await entryBytes(sources)
  progress.expect(all)
  const threads = options.threads ?? (all < THREADS_FROM ? 0 : usualThreads())
  await using inspector = threads === 0 ? undefined : threadedInspector(threads, threadData)
  const { call } = options
  const since = options.since?.(systemClock.now())
  const { resolver } = keys
  const verified = await verifyLogs(sources, { call, since, inspector, threads, resolver, bytes: () => read })
  progress.stop()
  print.result(verified.report, (style) => verifiedText(style, verified))
  return verified.report.exitCode
}
