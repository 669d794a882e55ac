import { rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type CallId, callIdSchema } from '@hansa/protocols'
import type { ProvenEntry } from '@hansa/trust/ledger'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'
import { counted, table } from '../table.ts'

type Options = { call: string; out?: string }

type Written = { log: number; seq: number; type: string; size: number; proof: string; entry: string }

export function auditProofCommand(cli: Cli): Command {
  return cli
    .command('proof', {
      summary: 'write proofs that the entries of one call are in the log',
      description:
        'Writes, for each entry of a call, a C2SP tlog-proof file and beside it the entry itself, byte for byte. Who has both and the key of the log can check them without the log and without a network: hansa verify FILE. An entry says who called what; content is in it by hash only. Works with the node running or not.',
      examples: [
        'hansa audit proof --call V1StGXR8Z5jdHi6BmyT31A',
        'hansa audit proof --call V1StGXR8Z5jdHi6BmyT31A --out ./evidence/order-4711 --json',
      ],
    })
    .requiredOption('--call <id>', 'which call')
    .option('--out <prefix>', 'what the names of the files begin with; none of them may exist (default: call-ID)')
    .action(
      cli.action<Options>(async ({ home, print, stderr, options }) => {
        const call = callIdSchema.safeParse(options.call)
        if (!call.success) throw usage(`--call ${JSON.stringify(options.call)} is not the id of a call.`)
        const { progress } = await import('../progress.ts')
        const line = await progress(print, stderr, 'Reading the log')
        const prefix = resolve(options.out ?? `call-${call.data}`)
        const files = await writeProofs(home, call.data, prefix, (text) => line.show(text)).finally(() => line.stop())
        if (files.length === 0) throw failed(notFound(call.data))
        print.result({ call: call.data, files }, (style) => {
          const rows = files.map(({ log, seq, type, size, proof }) => [
            String(log),
            String(seq),
            style.bold(type),
            `${size} entries`,
            style.name(proof),
          ])
          const shown = table(style, ['log', 'seq', 'entry', 'checkpoint', 'proof'], rows)
          return `${shown}\n${counted(files.length, 'proof')}, each with its entry beside it. Check one with: hansa verify FILE --key KEY-OF-THE-LOG`
        })
        return undefined
      }),
    )
}

function notFound(call: CallId): string {
  return `No signed entry is about call ${call}. An entry is signed within seconds; see what there is with: hansa audit show --call ${call}`
}

async function writeProofs(
  home: string,
  call: CallId,
  prefix: string,
  show: (text: string) => void,
): Promise<Written[]> {
  const { proveCall } = await import('@hansa/trust/ledger')
  const { homePaths } = await import('../../home/home-paths.ts')
  const { numberedLogs } = await import('../../home/published-logs.ts')
  const logs = await numberedLogs(homePaths(home))
  if (logs.length === 0) throw usage(`There is no log in ${home} yet. A node writes one when it runs: hansa up`)
  const written: Written[] = []
  const made: string[] = []
  try {
    for (const { number, directory } of logs.toReversed()) {
      const progress = (read: number, all: number) => show(`Reading log ${number}: ${Math.floor((100 * read) / all)} %`)
      for await (const proven of proveCall(directory, call, { progress })) {
        written.push(await writeProof(proven, number, `${prefix}-${number}-${proven.entry.seq}`, made))
      }
    }
    return written
  } catch (error) {
    // All of them or none.
    for (const file of made) await rm(file, { force: true })
    throw error
  }
}

async function writeProof(
  { entry, bytes, proof, checkpoint }: ProvenEntry,
  log: number,
  name: string,
  made: string[],
): Promise<Written> {
  const files = { proof: `${name}.tlog-proof`, entry: `${name}.json` }
  await writeNew(files.proof, Buffer.from(proof), made)
  await writeNew(files.entry, bytes, made)
  return { log, seq: entry.seq, type: entry.type, size: checkpoint.size, ...files }
}

async function writeNew(file: string, bytes: Uint8Array, made: string[]): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 })
    made.push(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw usage(`${file} exists already. Choose other names with --out.`)
  }
}
